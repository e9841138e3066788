// What is to be sent, and to whom.
import type { Trust } from '../core/intake/sender-trust.ts'
import { type Purpose, signToken } from '../core/ticket/token.ts'
import { DeskError } from '../errors.ts'
import { newId } from './engine/id.ts'
import { list, type Sql, type Tx } from './engine/sql.ts'
import { tokenKeys } from './keys.ts'
import { domainOf, laneOf } from './outbox-turns.ts'

/** What is sent; also the name of its template. */
export type OutboxKind =
  | 'acknowledgement'
  | 'reply'
  | 'ask-solved'
  | 'ask-belongs'
  | 'expectation'
  | 'recorded'
  | 'status'
  | 'notify-change'
  | 'notify-opened'
  | 'notify-received'
  | 'notify-note'
  | 'notify-sent'
  | 'notify-held'
  | 'notify-undelivered'
  | 'notify-backlog'
  | 'notify-alarm'
  | 'notify-refused'
  | 'notify-doubtful'
  | 'notify-commands'

export interface OutboxRecipient {
  /** Opaque to all but the channel. */
  recipient: string
  name: string
  shown: 'to' | 'cc'
}

export interface OutboxEntry {
  id: string
  number: number
  kind: OutboxKind
  purpose: Purpose
  token: string
  channel: string
  ticketId: string | null
  /** What it carries or tells of. */
  messageId: string | null
  /** A sentence of ours that it carries. */
  note: string | null
  inReplyTo: string | null
  /** Message-IDs, oldest first, separated by blanks. */
  refs: string
  queuedAt: string
  /** What its readers were shown of the ticket: its newest event. Null where it tells of none. */
  shownSeq: number | null
  /** Digest of who would read an answer to the ticket then. */
  readers: string | null
  /** Since when others than its recipient know the token; null: nobody does. */
  seenAt: string | null
  /** How far the sender of what it answers, or tells of, can be believed; null: it is an agent's doing. */
  cause: Trust | null
}

/** What is to be sent, before it has a number and a token. */
export interface Draft {
  kind: OutboxKind
  /** What an answer to it will mean. */
  purpose: Purpose
  channel: string
  ticketId?: string
  messageId?: string
  note?: string
  inReplyTo?: string | null
  refs?: readonly string[]
  /** What an agent is shown with it. */
  shown?: { seq: number; readers: string | null }
  /** Of what a message caused: how far its sender can be believed. */
  cause?: Trust
}

/** Queues a message to each recipient, signed with the newest key, to leave at `dueAt`. Gives its token. */
export async function queue(
  tx: Tx,
  draft: Draft,
  recipients: readonly OutboxRecipient[],
  at: string,
  dueAt = at,
): Promise<{ id: string; token: string }> {
  const [key] = await tokenKeys(tx)
  if (!key) throw new DeskError('unsound', 'There is no key to sign messages with: run relaydesk keys rotate.')
  const id = newId()
  const number = await tx.number('outbox')
  const token = signToken(key, { purpose: draft.purpose, number })
  await tx`
    INSERT INTO outbox (id, number, kind, purpose, token, channel, ticket_id, message_id, note, in_reply_to, refs,
                        queued_at, shown_seq, readers, cause)
    VALUES (${id}, ${number}, ${draft.kind}, ${draft.purpose}, ${token}, ${draft.channel}, ${draft.ticketId ?? null},
            ${draft.messageId ?? null}, ${draft.note ?? null}, ${draft.inReplyTo ?? null},
            ${(draft.refs ?? []).join(' ')}, ${at}, ${draft.shown?.seq ?? null}, ${draft.shown?.readers ?? null},
            ${draft.cause ?? null})`
  const lane = laneOf(draft.kind)
  for (const { recipient, name, shown } of recipients) {
    await tx`
      INSERT INTO outbox_recipients (outbox_id, recipient, name, shown, state, next_try_at, channel, lane, domain)
      VALUES (${id}, ${recipient}, ${name}, ${shown}, 'queued', ${dueAt}, ${draft.channel}, ${lane},
              ${domainOf(recipient)})
      ON CONFLICT (outbox_id, recipient) DO NOTHING`
  }
  tx.wake()
  return { id, token }
}

export async function outboxByNumber(sql: Sql, number: number): Promise<OutboxEntry | undefined> {
  const [found] = await outboxByNumbers(sql, [number])
  return found
}

/** Those of these messages that there are, in any order. */
export async function outboxByNumbers(sql: Sql, numbers: readonly number[]): Promise<OutboxEntry[]> {
  if (numbers.length === 0) return []
  return sql<OutboxEntry>`
    SELECT id, number, kind, purpose, token, channel, ticket_id AS "ticketId", message_id AS "messageId",
           note, in_reply_to AS "inReplyTo", refs, queued_at AS "queuedAt", shown_seq AS "shownSeq", readers,
           seen_at AS "seenAt", cause
    FROM outbox WHERE number IN (${list(numbers)})`
}

/** The newest event of a ticket that one of these recipients was shown in a notification; null if none was. */
export async function newestShownTo(sql: Sql, ticketId: string, recipients: readonly string[]): Promise<number | null> {
  if (recipients.length === 0) return null
  const [row] = await sql<{ seq: number | null }>`
    SELECT max(o.shown_seq) AS seq FROM outbox o JOIN outbox_recipients r ON r.outbox_id = o.id
    WHERE o.ticket_id = ${ticketId} AND r.state = 'sent' AND r.recipient IN (${list(recipients)})`
  return row?.seq ?? null
}

/** Of these messages, each with who got it, those that there are. */
export async function recipientsByNumber(sql: Sql, numbers: readonly number[]): Promise<Map<number, string[]>> {
  const found = new Map<number, string[]>()
  if (numbers.length === 0) return found
  const rows = await sql<{ number: number; recipient: string }>`
    SELECT o.number, r.recipient FROM outbox o JOIN outbox_recipients r ON r.outbox_id = o.id
    WHERE o.number IN (${list(numbers)})`
  for (const { number, recipient } of rows) found.set(number, [...(found.get(number) ?? []), recipient])
  return found
}

/** Who would read an answer, as a message names them by now; null where earlier attempts at it may have named others. */
export async function noteReaders(tx: Tx, id: string, readers: string | null): Promise<void> {
  await tx`UPDATE outbox SET readers = ${readers} WHERE id = ${id}`
}

/** Others than its recipient know the tokens of these messages. */
export async function markSeen(tx: Tx, ids: readonly string[], at: string): Promise<void> {
  if (ids.length === 0) return
  await tx`UPDATE outbox SET seen_at = ${at} WHERE id IN (${list(ids)}) AND seen_at IS NULL`
}

/** Number of the newest question on a ticket whether it is solved; undefined if it was never asked. */
export async function newestQuestion(sql: Sql, ticketId: string): Promise<number | undefined> {
  const [found] = await sql<{ number: number | null }>`
    SELECT max(number) AS number FROM outbox WHERE ticket_id = ${ticketId} AND kind = 'ask-solved'`
  return found?.number ?? undefined
}

/** The newest message on a ticket that was sent to this recipient since then. */
export async function newestSentTo(sql: Sql, recipient: string, since: string): Promise<OutboxEntry | undefined> {
  const [found] = await sql<{ number: number }>`
    SELECT o.number FROM outbox_recipients r JOIN outbox o ON o.id = r.outbox_id
    WHERE r.recipient = ${recipient} AND r.state = 'sent' AND r.settled_at >= ${since} AND o.ticket_id IS NOT NULL
    ORDER BY o.number DESC LIMIT 1`
  return found && outboxByNumber(sql, found.number)
}

export async function outboxById(sql: Sql, id: string): Promise<OutboxEntry | undefined> {
  const [found] = await sql<{ number: number }>`SELECT number FROM outbox WHERE id = ${id}`
  return found && outboxByNumber(sql, found.number)
}

export async function recipientsOf(sql: Sql, outboxId: string): Promise<OutboxRecipient[]> {
  return sql<OutboxRecipient>`
    SELECT recipient, name, shown FROM outbox_recipients WHERE outbox_id = ${outboxId} ORDER BY shown DESC, recipient`
}

/** An acknowledgement still queued says nothing new once an answer is queued. */
export async function dropAcknowledgements(
  tx: Tx,
  ticketId: string,
  at: string,
  reason = 'an answer was sent first',
): Promise<void> {
  await tx`
    UPDATE outbox_recipients SET state = 'dropped', next_try_at = NULL, settled_at = ${at}, error = ${reason}
    WHERE state = 'queued' AND attempts = 0
      AND outbox_id IN (SELECT id FROM outbox WHERE ticket_id = ${ticketId} AND kind = 'acknowledgement')`
}

/** One recipient of one message, for people. */
export interface OutboxLine {
  number: number
  kind: OutboxKind
  channel: string
  ticketNumber: number | null
  prefix: string | null
  messageId: string | null
  recipient: string
  state: 'queued' | 'sent' | 'failed' | 'dropped'
  attempts: number
  nextTryAt: string | null
  error: string | null
  queuedAt: string
  settledAt: string | null
}

/** Queued and failed ones, or all; newest first. */
export async function listOutbox(sql: Sql, all: boolean, limit: number): Promise<OutboxLine[]> {
  // Each message has a recipient, so the newest recipients are among those of the newest messages.
  if (all)
    return sql<OutboxLine>`
      SELECT * FROM outbox_lines WHERE number IN (SELECT number FROM outbox ORDER BY number DESC LIMIT ${limit})
      ORDER BY number DESC, recipient LIMIT ${limit}`
  return sql<OutboxLine>`
    SELECT * FROM outbox_lines WHERE state IN ('queued', 'failed') ORDER BY number DESC, recipient LIMIT ${limit}`
}

/** Deliveries to requesters of a ticket, oldest first. */
export async function deliveriesOf(sql: Sql, ticketId: string): Promise<OutboxLine[]> {
  return sql<OutboxLine>`
    SELECT * FROM outbox_lines WHERE "ticketId" = ${ticketId} AND purpose = 'requester' ORDER BY number, recipient`
}

/** Makes the unsent recipients of a message due now, given-up ones too. Gives how many. */
export async function retryOutbox(tx: Tx, number: number, now: string): Promise<number> {
  const rows = await tx`
    UPDATE outbox_recipients SET state = 'queued', next_try_at = ${now}, settled_at = NULL
    WHERE state IN ('queued', 'failed') AND outbox_id IN (SELECT id FROM outbox WHERE number = ${number})
    RETURNING outbox_id`
  if (rows.length > 0) tx.wake()
  return rows.length
}

/** Gives up the unsent recipients of a message. Gives how many. */
export async function dropOutbox(tx: Tx, number: number, reason: string, at: string): Promise<number> {
  const rows = await tx`
    UPDATE outbox_recipients SET state = 'dropped', next_try_at = NULL, settled_at = ${at}, error = ${reason}
    WHERE state IN ('queued', 'failed') AND outbox_id IN (SELECT id FROM outbox WHERE number = ${number})
    RETURNING outbox_id`
  return rows.length
}
