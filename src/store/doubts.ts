// What speaks against a message being of whom it names.
import { list, type Sql, type Tx } from './engine/sql.ts'

/** Keeps what speaks against a message being of whom it names; null: nothing does. */
export async function keepDoubt(tx: Tx, messageId: string, doubt: string | null): Promise<void> {
  if (doubt === null) return
  await tx`
    INSERT INTO message_doubts (message_id, doubt) VALUES (${messageId}, ${doubt})
    ON CONFLICT (message_id) DO NOTHING`
}

/** What is doubted of these messages, by their ids. */
export async function doubtsAbout(sql: Sql, messageIds: readonly string[]): Promise<Map<string, string>> {
  if (messageIds.length === 0) return new Map()
  const rows = await sql<{ id: string; doubt: string }>`
    SELECT message_id AS id, doubt FROM message_doubts WHERE message_id IN (${list(messageIds)})`
  return new Map(rows.map(({ id, doubt }) => [id, doubt]))
}

/** What is doubted of a message; null where nothing is. */
export async function doubtAbout(sql: Sql, messageId: string): Promise<string | null> {
  return (await doubtsAbout(sql, [messageId])).get(messageId) ?? null
}
