// What waits in the outbox: whose turn it is to leave, and how each attempt went.
import { fragment, list, type Sql, type Tx } from './engine/sql.ts'

/** Told to agents as it happens, and of all that leaves what can best wait. */
const NEWS: ReadonlySet<string> = new Set([
  'notify-opened',
  'notify-received',
  'notify-note',
  'notify-sent',
  'notify-change',
  'notify-doubtful',
])

/**
 * Which queue of its channel a message stands in: 0 for answers, 2 for what somebody waits for or must decide, 4 for
 * news. Once it was tried it stands in the odd one behind: what is stuck never comes first again.
 */
export function laneOf(kind: string): number {
  if (kind === 'reply') return 0
  return NEWS.has(kind) ? 4 : 2
}

/** Where a message goes, to share places among: the domain of an address, or a conversation of a chat as it is. */
export function domainOf(recipient: string): string {
  return recipient.slice(recipient.lastIndexOf('@') + 1).toLowerCase()
}

/** A message with recipients whose turn has come. */
export interface Candidate {
  outboxId: string
  domain: string
  /** It was tried before. */
  repeated: boolean
}

/** What is wanted of a channel's queue. */
export interface TurnQuery {
  channel: string
  now: string
  /** Domains that have all the places they get. */
  full: readonly string[]
  /** Whether what was tried before may be tried now. */
  again: boolean
  limit: number
}

/**
 * Whose turn it is in a channel, in order; of messages to several, once for each. A younger answer waits for an older
 * one to the same recipient that is still queued, and so does the question whether it is solved; automatic messages
 * block nothing.
 */
export async function nextCandidates(sql: Sql, { channel, now, full, again, limit }: TurnQuery): Promise<Candidate[]> {
  const fresh = again ? fragment`1 = 1` : fragment`due.attempts = 0`
  const elsewhere = full.length === 0 ? fragment`1 = 1` : fragment`due.domain NOT IN (${list(full)})`
  const rows = await sql<{ outboxId: string; domain: string; attempts: number }>`
    SELECT due.outbox_id AS "outboxId", due.domain, due.attempts FROM outbox_recipients due
    WHERE due.state = 'queued' AND due.channel = ${channel} AND due.next_try_at <= ${now} AND ${fresh} AND ${elsewhere}
      AND NOT EXISTS (${olderAnswer()})
    ORDER BY due.lane, due.next_try_at, due.outbox_id LIMIT ${limit}`
  return rows.map(({ outboxId, domain, attempts }) => ({ outboxId, domain, repeated: attempts > 0 }))
}

/** An answer to the same recipient that was queued before and has not left. */
function olderAnswer() {
  return fragment`
    SELECT 1 FROM outbox o JOIN outbox oo ON oo.ticket_id = o.ticket_id AND oo.kind = 'reply' AND oo.number < o.number
      JOIN outbox_recipients older ON older.outbox_id = oo.id AND older.recipient = due.recipient
    WHERE o.id = due.outbox_id AND o.kind IN ('reply', 'ask-solved') AND older.state = 'queued'`
}

/** A recipient of a queued message, counted as tried once more. */
export interface TakenRecipient {
  outboxId: string
  recipient: string
  attempts: number
}

/**
 * Takes the due recipients of these messages and counts the attempt before it is made: after a crash in the middle the
 * next try is at `nextTryAt`. What another process has taken meanwhile is left out.
 */
export async function takeDue(
  tx: Tx,
  outboxIds: readonly string[],
  { now, nextTryAt }: { now: string; nextTryAt: string },
): Promise<TakenRecipient[]> {
  const taken = await tx<TakenRecipient & { number: number }>`
    UPDATE outbox_recipients AS due SET attempts = due.attempts + 1, lane = due.lane | 1, next_try_at = ${nextTryAt}
    WHERE due.outbox_id IN (${list(outboxIds)}) AND due.state = 'queued' AND due.next_try_at <= ${now}
      AND NOT EXISTS (${olderAnswer()})
    RETURNING outbox_id AS "outboxId", recipient, attempts, (SELECT number FROM outbox WHERE id = outbox_id) AS number`
  return taken.sort((a, b) => a.number - b.number || (a.recipient < b.recipient ? -1 : 1))
}

/**
 * Earliest time after this one at which something will be due; undefined if nothing will. What was due before and was
 * not taken waits for a place, or for an older answer, which is due itself.
 */
export async function nextDue(sql: Sql, after: string): Promise<string | undefined> {
  const [row] = await sql<{ at: string | null }>`
    SELECT min(next_try_at) AS at FROM outbox_recipients WHERE state = 'queued' AND next_try_at > ${after}`
  return row?.at ?? undefined
}

/** Channels that anything is queued in. */
export async function channelsInQueue(sql: Sql): Promise<string[]> {
  const rows = await sql<{ channel: string }>`
    SELECT DISTINCT channel FROM outbox_recipients WHERE state = 'queued'`
  return rows.map(each => each.channel)
}

export async function markSent(tx: Tx, taken: TakenRecipient, at: string): Promise<void> {
  await tx`
    UPDATE outbox_recipients SET state = 'sent', next_try_at = NULL, settled_at = ${at}, error = NULL
    WHERE outbox_id = ${taken.outboxId} AND recipient = ${taken.recipient} AND state = 'queued'`
}

/** Of what waits for somebody in a channel and was never tried: which part of it. */
export interface Waiting {
  recipient: string
  /** To requesters, or to agents. */
  toRequester: boolean
  /** Caused in a name that nothing confirms. */
  doubtful: boolean
  /** Kinds that stay. */
  except: readonly string[]
  limit: number
}

/** Drops what waits for somebody, up to a limit. Gives how many there were. */
export async function dropWaiting(tx: Tx, waiting: Waiting, reason: string, at: string): Promise<number> {
  const { recipient, toRequester, doubtful, except, limit } = waiting
  const side = toRequester ? fragment`o.purpose = 'requester'` : fragment`o.purpose <> 'requester'`
  const cause = doubtful
    ? fragment`o.cause IN ('unconfirmed', 'disowned')`
    : fragment`(o.cause IS NULL OR o.cause NOT IN ('unconfirmed', 'disowned'))`
  const rows = await tx`
    UPDATE outbox_recipients SET state = 'dropped', next_try_at = NULL, settled_at = ${at}, error = ${reason}
    WHERE recipient = ${recipient} AND state = 'queued' AND outbox_id IN (
      SELECT r.outbox_id FROM outbox_recipients r JOIN outbox o ON o.id = r.outbox_id
      WHERE r.recipient = ${recipient} AND r.settled_at IS NULL AND r.state = 'queued' AND r.attempts = 0
        AND o.kind NOT IN (${list(except)}) AND ${side} AND ${cause} LIMIT ${limit})
    RETURNING outbox_id`
  return rows.length
}

/** One recipient does not get it after all. */
export async function dropTaken(
  tx: Tx,
  { outboxId, recipient }: TakenRecipient,
  reason: string,
  at: string,
): Promise<void> {
  await tx`
    UPDATE outbox_recipients SET state = 'dropped', next_try_at = NULL, settled_at = ${at}, error = ${reason}
    WHERE outbox_id = ${outboxId} AND recipient = ${recipient} AND state = 'queued'`
}

/** False if the recipient was settled meanwhile. */
export async function markFailed(tx: Tx, taken: TakenRecipient, error: string, at: string): Promise<boolean> {
  const rows = await tx`
    UPDATE outbox_recipients SET state = 'failed', next_try_at = NULL, settled_at = ${at}, error = ${error}
    WHERE outbox_id = ${taken.outboxId} AND recipient = ${taken.recipient} AND state = 'queued' RETURNING outbox_id`
  return rows.length > 0
}

export async function markRetry(tx: Tx, taken: TakenRecipient, error: string, nextTryAt: string): Promise<void> {
  await tx`
    UPDATE outbox_recipients SET next_try_at = ${nextTryAt}, error = ${error}
    WHERE outbox_id = ${taken.outboxId} AND recipient = ${taken.recipient} AND state = 'queued'`
}
