// How far agents have looked at tickets, so that an answer is held against what its writer has seen.
import type { Sql, Tx } from './engine/sql.ts'

/** An agent was shown a ticket up to this event. */
export async function rememberSeen(tx: Tx, ticketId: string, personId: string, seq: number): Promise<void> {
  await tx`
    INSERT INTO looks (ticket_id, person_id, seq) VALUES (${ticketId}, ${personId}, ${seq})
    ON CONFLICT (ticket_id, person_id) DO UPDATE SET seq = excluded.seq WHERE looks.seq < excluded.seq`
}

/** The newest event that an agent was shown when they looked; null if they never did. */
export async function seenUpTo(sql: Sql, ticketId: string, personId: string): Promise<number | null> {
  const [look] = await sql<{ seq: number }>`
    SELECT seq FROM looks WHERE ticket_id = ${ticketId} AND person_id = ${personId}`
  return look?.seq ?? null
}
