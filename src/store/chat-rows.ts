// What one person writes in a row in a chat.
import { keyOf } from './engine/id.ts'
import type { Sql, Tx } from './engine/sql.ts'

export interface ChatRow {
  ticketId: string
  /** When its newest line came. */
  at: string
}

export function rowKey(channel: string, row: string): string {
  return keyOf('row', channel, row)
}

export async function chatRow(sql: Sql, key: string): Promise<ChatRow | undefined> {
  const [found] = await sql<ChatRow>`SELECT ticket_id AS "ticketId", at FROM chat_rows WHERE key = ${key}`
  return found
}

/** The line that came now belongs to this ticket. */
export async function goOnRow(tx: Tx, key: string, ticketId: string, at: string): Promise<void> {
  await tx`
    INSERT INTO chat_rows (key, ticket_id, at) VALUES (${key}, ${ticketId}, ${at})
    ON CONFLICT (key) DO UPDATE SET ticket_id = excluded.ticket_id, at = excluded.at`
}
