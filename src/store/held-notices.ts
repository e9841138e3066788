// Which held messages a notification tells of.
import { list, type Sql, type Tx } from './engine/sql.ts'

/**
 * The notification of held messages to somebody that can still take in more, because nothing of it was tried yet; it
 * leaves no later than `dueAt`. Until the end of the transaction nobody else sends it.
 */
export async function takeOpenNotice(tx: Tx, recipient: string, dueAt: string): Promise<string | undefined> {
  const [taken] = await tx<{ id: string }>`
    UPDATE outbox_recipients SET next_try_at = CASE WHEN next_try_at > ${dueAt} THEN ${dueAt} ELSE next_try_at END
    WHERE recipient = ${recipient} AND state = 'queued' AND attempts = 0 AND outbox_id IN (
      SELECT o.id FROM outbox o JOIN outbox_recipients r ON r.outbox_id = o.id
      WHERE o.kind = 'notify-held' AND r.recipient = ${recipient} AND r.state = 'queued' AND r.attempts = 0
      ORDER BY o.number DESC LIMIT 1)
    RETURNING outbox_id AS id`
  if (taken) tx.wake()
  return taken?.id
}

/** When somebody was last told of held messages. */
export async function lastToldOfHeld(sql: Sql, recipient: string): Promise<string | undefined> {
  const [found] = await sql<{ at: string | null }>`
    SELECT coalesce(r.settled_at, r.next_try_at) AS at FROM outbox o JOIN outbox_recipients r ON r.outbox_id = o.id
    WHERE o.kind = 'notify-held' AND r.recipient = ${recipient} AND r.attempts > 0 ORDER BY o.number DESC LIMIT 1`
  return found?.at ?? undefined
}

/** A notification tells of this message, too. */
export async function addToNotice(tx: Tx, outboxId: string, arrival: number): Promise<void> {
  await tx`
    INSERT INTO held_notices (outbox_id, arrival) VALUES (${outboxId}, ${arrival})
    ON CONFLICT (outbox_id, arrival) DO NOTHING`
}

/** Whether one of these notifications tells of a message. */
export async function isToldOf(sql: Sql, outboxIds: readonly string[], arrival: number): Promise<boolean> {
  if (outboxIds.length === 0) return false
  const found = await sql`
    SELECT 1 AS one FROM held_notices WHERE arrival = ${arrival} AND outbox_id IN (${list(outboxIds)}) LIMIT 1`
  return found.length > 0
}

/** Numbers of the first messages that a notification tells of, oldest first, and how many there are. */
export async function arrivalsOfNotice(
  sql: Sql,
  outboxId: string,
  limit: number,
): Promise<{ numbers: number[]; count: number }> {
  const rows = await sql<{ arrival: number }>`
    SELECT arrival FROM held_notices WHERE outbox_id = ${outboxId} ORDER BY arrival LIMIT ${limit}`
  const [all] = await sql<{ count: number }>`SELECT count(*) AS count FROM held_notices WHERE outbox_id = ${outboxId}`
  return { numbers: rows.map(row => row.arrival), count: all?.count ?? 0 }
}
