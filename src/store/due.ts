// Tickets of which something was put off until a time.
import type { Sql } from './engine/sql.ts'
import type { Ticket } from './tickets.ts'

export interface DueTicket {
  id: string
  ref: string
}

/** The first of each kind that something was put off for until now: waiting, offered, or resolved long enough. */
export async function dueTickets(
  sql: Sql,
  { now, resolvedBefore, limit }: { now: string; resolvedBefore: string; limit: number },
): Promise<DueTicket[]> {
  // Each along its index and no further, however many are due.
  return sql<DueTicket>`
    SELECT t.id, d.prefix || '-' || t.number AS ref FROM tickets t JOIN desks d ON d.id = t.desk_id WHERE t.id IN (
      SELECT id FROM (
      SELECT * FROM (SELECT id FROM tickets WHERE resume_at <= ${now} ORDER BY resume_at, id LIMIT ${limit}) AS waiting
      UNION ALL SELECT * FROM (
        SELECT id FROM tickets WHERE offered_until <= ${now} ORDER BY offered_until, id LIMIT ${limit}) AS offered
      UNION ALL SELECT * FROM (
        SELECT id FROM tickets WHERE resolved_at <= ${resolvedBefore} AND closed_at IS NULL
        ORDER BY resolved_at, id LIMIT ${limit}) AS resolved) AS due)
    ORDER BY t.id`
}

/** Open tickets of an owner that come back, or are expected to be solved, before a time; the earliest first. */
export async function dueOf(sql: Sql, ownerId: string, before: string, limit: number): Promise<Ticket[]> {
  return sql<Ticket>`
    SELECT * FROM tickets_read
    WHERE "ownerId" = ${ownerId} AND "closedAt" IS NULL AND ("resumeAt" < ${before} OR "expectedAt" < ${before})
    ORDER BY coalesce("resumeAt", "expectedAt"), number LIMIT ${limit}`
}
