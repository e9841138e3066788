// What in a message names a ticket, and the keys of its conversation.
import type { InboundMessage, LostMessage, RevisedMessage, UnreadableMessage } from '../../channel/message.ts'
import type { DeskFacts } from '../../commands/command/command.ts'
import type { AnsweredMail } from '../../core/intake/proof.ts'
import type { Clue } from '../../core/intake/threading.ts'
import { canonicalAddress } from '../../core/text/address.ts'
import { referencesIn } from '../../core/ticket/reference.ts'
import { isDone } from '../../core/ticket/ticket-state.ts'
import { alertByKey, alertKey } from '../../store/alerts.ts'
import { rowKey } from '../../store/chat-rows.ts'
import type { Sql, Tx } from '../../store/engine/sql.ts'
import { newestSentTo, type OutboxEntry } from '../../store/outbox.ts'
import { addThread, findThreads, messageKey, threadKey } from '../../store/threads.ts'
import { mergesAmong, ticketById, ticketIdsByNumbers } from '../../store/tickets.ts'

const CLUES = 50 // Message-IDs looked at in one message: the newest, and the first

/** Keys of the conversation, strongest first; the message's own is the last. */
function keysOf(channel: string, message: InboundMessage): string[] {
  const {
    mail: { references },
  } = message
  const forwarded = message.mail.forwarded?.messageId ? [messageKey(message.mail.forwarded.messageId)] : []
  const near = references.length > CLUES ? [...references.slice(0, CLUES - 1), references.at(-1) ?? ''] : references
  return [
    ...(message.chat?.thread === undefined ? [] : [threadKey(channel, message.chat?.thread)]),
    ...near.map(messageKey),
    ...forwarded,
    ...(message.messageId ? [messageKey(message.messageId)] : []),
  ]
}

/** What transactions about one conversation take turns on. */
export function lockKeys(
  channel: string,
  message: InboundMessage | UnreadableMessage | LostMessage | RevisedMessage,
): string[] {
  const ownKey = `arrival ${channel} ${message.id}`
  if ('revises' in message) return [ownKey, `arrival ${channel} ${message.revises}`]
  if (!('from' in message)) return [ownKey]
  return [
    ownKey,
    ...keysOf(channel, message),
    ...(message.from ? [`person ${message.from.address}`, `sender ${canonicalAddress(message.from.address)}`] : []),
    ...(message.alert ? [alertKey(channel, message)] : []),
    ...(message.chat?.row ? [rowKey(channel, message.chat?.row.key)] : []),
  ]
}

/** What a channel remembers of a conversation that began with a notice to an agent about no ticket. */
export function noticeKey(thread: string): string {
  return `notice ${thread}`
}

/** Every reason to believe that the message belongs to a ticket; strongest first. */
export async function cluesOf(
  sql: Sql,
  facts: DeskFacts,
  channel: string,
  message: InboundMessage,
  answered: readonly AnsweredMail<OutboxEntry>[],
  bounced: BouncedMail | undefined,
): Promise<Clue[]> {
  const clues = [
    ...tokenClues(message, answered),
    ...(await threadClues(sql, channel, message)),
    ...(await subjectClues(sql, facts, message)),
    ...(await alertClues(sql, channel, message)),
  ]
  await followMerges(sql, clues)
  // A bounce that names a mail which is none of ours is about that one.
  if (clues.length > 0 || message.mail.references.length > 0 || !bounced?.sent.ticketId) return clues
  return [{ by: 'recipient', ticketId: bounced.sent.ticketId, purpose: bounced.sent.purpose }]
}

/** What leads to a ticket that became part of another leads to that one. */
async function followMerges(sql: Sql, clues: Clue[]): Promise<void> {
  const moved = await mergesAmong(sql, [...new Set(clues.map(clue => clue.ticketId))])
  for (const clue of clues) clue.ticketId = moved.get(clue.ticketId) ?? clue.ticketId
}

async function alertClues(sql: Sql, channel: string, message: InboundMessage): Promise<Clue[]> {
  if (!message.alert) return []
  const before = await alertByKey(sql, alertKey(channel, message))
  const ticket = before && (await ticketById(sql, before.ticketId))
  return ticket ? [{ by: 'alert', ticketId: ticket.id, closed: isDone(ticket.state) }] : []
}

const MOST_FAILURES = 10
const BOUNCES_WITHIN_MS = 7 * 24 * 60 * 60 * 1000 // most systems give up after five days

/** A mail of ours that a bounce is about; `confirmed`: it bears its token. */
export interface BouncedMail {
  sent: OutboxEntry
  confirmed: boolean
}

/**
 * Which mail of ours a bounce is about: by its token, else the newest one to a recipient that it names. That anybody
 * can do who knows the address.
 */
export async function bouncedMail(
  sql: Sql,
  facts: Pick<DeskFacts, 'at'>,
  message: InboundMessage,
  [first]: readonly AnsweredMail<OutboxEntry>[],
): Promise<BouncedMail | undefined> {
  if (first) return { sent: first.sent, confirmed: true }
  const since = new Date(Date.parse(facts.at) - BOUNCES_WITHIN_MS).toISOString()
  for (const { address } of message.mail.failures.slice(0, MOST_FAILURES)) {
    const sent = await newestSentTo(sql, address, since)
    if (sent) return { sent, confirmed: false }
  }
  return undefined
}

/** What it answers says more than the address it was sent to. */
function tokenClues({ from }: InboundMessage, answered: readonly AnsweredMail<OutboxEntry>[]): Clue[] {
  return answered.flatMap(({ purpose, sent, recipients }): Clue[] => {
    if (!sent.ticketId) return []
    const issuedToSender = from !== null && recipients.includes(from.address)
    const seen = sent.seenAt === null ? {} : ({ seen: true } as const)
    return [{ by: 'token', ticketId: sent.ticketId, purpose, issuedToSender, ...seen }]
  })
}

async function threadClues(sql: Sql, channel: string, message: InboundMessage): Promise<Clue[]> {
  const clues: Clue[] = []
  const keys = keysOf(channel, message)
  const threads = await findThreads(sql, keys)
  const ownKey = message.messageId === null ? undefined : messageKey(message.messageId)
  for (const key of keys) {
    const thread = threads.find(each => each.key === key)
    if (!thread) continue
    const { ticketId, internal, known } = thread
    if (message.chat?.thread !== undefined && key === threadKey(channel, message.chat?.thread))
      clues.push({
        by: 'thread',
        ticketId,
        ...(internal ? { internal } : {}),
        ...(known === 'mentioned' ? { named: true } : {}),
      })
    // Its own Message-ID says only that somebody answered it before it came.
    else clues.push({ by: 'references', ticketId, known: key === ownKey ? 'mentioned' : known })
  }
  return clues
}

async function subjectClues(sql: Sql, facts: DeskFacts, message: InboundMessage): Promise<Clue[]> {
  const named = referencesIn(message.subject, facts.prefixes).slice(0, CLUES)
  const ids = await ticketIdsByNumbers(
    sql,
    named.map(each => each.number),
  )
  return named.flatMap(({ number, bracketed }): Clue[] => {
    const ticketId = ids.get(number)
    return ticketId ? [{ by: 'subject', ticketId, bracketed }] : []
  })
}

/**
 * From now on this message, and what it answers, lead to the ticket. `named`: the conversation of a chat is none of the
 * ticket's, it only began with its reference.
 */
export async function rememberThread(
  tx: Tx,
  channel: string,
  message: InboundMessage,
  ticketId: string,
  { named = false } = {},
): Promise<void> {
  const keys = keysOf(channel, message)
  const ownKey = message.messageId === null ? undefined : messageKey(message.messageId)
  const thread = message.chat?.thread === undefined ? undefined : threadKey(channel, message.chat?.thread)
  for (const key of keys)
    await addThread(tx, { key, ticketId, known: key === ownKey || (key === thread && !named) ? 'seen' : 'mentioned' })
}
