// What became of mail to requesters.
import { list, type Sql } from './engine/sql.ts'
import type { OutboxLine } from './outbox.ts'

/** Deliveries to requesters of what is about these messages, oldest first. */
export async function deliveriesOfMessages(sql: Sql, messageIds: readonly string[]): Promise<OutboxLine[]> {
  if (messageIds.length === 0) return []
  return sql<OutboxLine>`
    SELECT * FROM outbox_lines WHERE "messageId" IN (${list(messageIds)}) AND purpose = 'requester'
    ORDER BY number, recipient`
}
