import type { Sql, Tx } from './sql.ts'

/** The notification of held messages to somebody that can still take in more, because nothing of it was tried yet. */
export async function openHeldNotice(sql: Sql, recipient: string): Promise<string | undefined> {
  const [found] = await sql<{ id: string }>`
    SELECT o.id FROM outbox o JOIN outbox_recipients r ON r.outbox_id = o.id
    WHERE o.kind = 'notify-held' AND r.recipient = ${recipient} AND r.state = 'queued' AND r.attempts = 0
    ORDER BY o.number DESC LIMIT 1`
  return found?.id
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

/** Has a notification leave no later than this. */
export async function hastenNotice(tx: Tx, outboxId: string, at: string): Promise<void> {
  await tx`
    UPDATE outbox_recipients SET next_try_at = ${at}
    WHERE outbox_id = ${outboxId} AND state = 'queued' AND attempts = 0 AND next_try_at > ${at}`
  tx.wake()
}

/** Numbers of the messages that a notification tells of, oldest first. */
export async function arrivalsOfNotice(sql: Sql, outboxId: string): Promise<number[]> {
  const rows = await sql<{ arrival: number }>`
    SELECT arrival FROM held_notices WHERE outbox_id = ${outboxId} ORDER BY arrival`
  return rows.map(row => row.arrival)
}
