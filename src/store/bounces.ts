// Recipients that mail of ours did not reach.
import { list, type Sql, type Tx } from './engine/sql.ts'

/** One recipient that did not get what we sent. */
export interface Bounce {
  /** The message that told of it. */
  messageId: string
  /** Whom we sent it to. */
  recipient: string
  outboxId: string
  ticketId: string
  /** Which address failed: another one where the recipient's mail goes on. */
  address: string
  status: string
  /** In a few words, or ''. */
  reason: string
  /** `hard`: the address will not work later either. `delayed`: it is still being tried. */
  kind: 'hard' | 'soft' | 'delayed'
  bouncedAt: string
  /** 0: it names no mail of ours, so that anybody may have written it. */
  confirmed: 0 | 1
}

export async function addBounce(tx: Tx, b: Bounce): Promise<void> {
  await tx`
    INSERT INTO bounces (message_id, recipient, outbox_id, ticket_id, address, status, reason, kind, bounced_at,
                         confirmed)
    VALUES (${b.messageId}, ${b.recipient}, ${b.outboxId}, ${b.ticketId}, ${b.address}, ${b.status}, ${b.reason},
            ${b.kind}, ${b.bouncedAt}, ${b.confirmed})
    ON CONFLICT (message_id, recipient) DO NOTHING`
}

/** What came back on a ticket, oldest first. */
export async function bouncesOf(sql: Sql, ticketId: string): Promise<(Bounce & { outboxNumber: number })[]> {
  return sql<Bounce & { outboxNumber: number }>`
    SELECT b.message_id AS "messageId", b.recipient, b.outbox_id AS "outboxId", b.ticket_id AS "ticketId", b.address,
           b.status, b.reason, b.kind, b.bounced_at AS "bouncedAt", b.confirmed, o.number AS "outboxNumber"
    FROM bounces b JOIN outbox o ON o.id = b.outbox_id WHERE b.ticket_id = ${ticketId} ORDER BY b.bounced_at, b.recipient`
}

/** The newest hard bounce of each of these recipients, on any ticket, unless they wrote on this one since. */
export async function newestHardBounces(
  sql: Sql,
  ticketId: string,
  recipients: readonly string[],
): Promise<{ recipient: string; reason: string; bouncedAt: string }[]> {
  if (recipients.length === 0) return []
  return sql`
    SELECT b.recipient, max(b.reason) AS reason, max(b.bounced_at) AS "bouncedAt" FROM bounces b
    WHERE b.recipient IN (${list(recipients)}) AND b.kind = 'hard' AND b.confirmed = 1 AND NOT EXISTS (
      SELECT 1 FROM messages m
      WHERE m.ticket_id = ${ticketId} AND m.author_address = b.recipient AND m.direction = 'in' AND m.kind = 'person'
        AND m.stored_at > b.bounced_at)
    GROUP BY b.recipient ORDER BY b.recipient`
}
