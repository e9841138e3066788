import type { Sql } from './sql.ts'

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
    LIMIT ${limit}`
}
