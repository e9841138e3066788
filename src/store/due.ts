import type { Sql } from './sql.ts'
import type { Ticket } from './tickets.ts'

export interface DueTicket {
  id: string
}

/** Tickets that something was put off for until now: waiting, offered, or resolved long enough. */
export async function dueTickets(
  sql: Sql,
  { now, resolvedBefore, limit }: { now: string; resolvedBefore: string; limit: number },
): Promise<DueTicket[]> {
  return sql<DueTicket>`
    SELECT DISTINCT id FROM (
      SELECT id FROM tickets WHERE resume_at <= ${now}
      UNION ALL SELECT id FROM tickets WHERE offered_until <= ${now}
      UNION ALL SELECT id FROM tickets WHERE resolved_at <= ${resolvedBefore} AND closed_at IS NULL) AS due
    ORDER BY id LIMIT ${limit}`
}

/** Open tickets of an owner that come back, or are expected to be solved, before a time; the earliest first. */
export async function dueOf(sql: Sql, ownerId: string, before: string, limit: number): Promise<Ticket[]> {
  return sql<Ticket>`
    SELECT * FROM tickets_read
    WHERE "ownerId" = ${ownerId} AND "closedAt" IS NULL AND ("resumeAt" < ${before} OR "expectedAt" < ${before})
    ORDER BY coalesce("resumeAt", "expectedAt"), number LIMIT ${limit}`
}
