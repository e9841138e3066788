// What in a message names a ticket, and the keys of its conversation.
import type { InboundMessage, LostMessage, RevisedMessage, UnreadableMessage } from '../../channel/message.ts'
import type { DeskFacts } from '../../commands/command/command.ts'
import { referencesIn } from '../../core/ticket/reference.ts'
import type { Clue } from '../../core/ticket/threading.ts'
import { isDone } from '../../core/ticket/ticket-state.ts'
import { type TokenClaim, type TokenKey, tokensIn, verifyToken } from '../../core/ticket/token.ts'
import { alertByKey, alertKey } from '../../store/alerts.ts'
import { rowKey } from '../../store/chat-rows.ts'
import type { Sql, Tx } from '../../store/engine/sql.ts'
import { newestSentTo, type OutboxEntry, outboxByNumber, recipientsOf } from '../../store/outbox.ts'
import { addThread, findThreads, messageKey, threadKey } from '../../store/threads.ts'
import { mergesAmong, ticketById, ticketIdByNumber } from '../../store/tickets.ts'

const CLUES = 50 // Message-IDs looked at in one message: the newest, and the first

/** Keys of the conversation, strongest first; the message's own is the last. */
function keysOf(channel: string, message: InboundMessage): string[] {
  const { references } = message
  const forwarded = message.forwarded?.messageId ? [messageKey(message.forwarded.messageId)] : []
  const near = references.length > CLUES ? [...references.slice(0, CLUES - 1), references.at(-1) ?? ''] : references
  return [
    ...(message.thread === undefined ? [] : [threadKey(channel, message.thread)]),
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
  const own = `arrival ${channel} ${message.id}`
  if ('revises' in message) return [own, `arrival ${channel} ${message.revises}`]
  if (!('from' in message)) return [own]
  return [
    own,
    ...keysOf(channel, message),
    ...(message.from ? [`person ${message.from.address}`] : []),
    ...(message.alert ? [alertKey(channel, message)] : []),
    ...(message.row ? [rowKey(channel, message.row.key)] : []),
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
  keys: readonly TokenKey[],
  channel: string,
  message: InboundMessage,
): Promise<Clue[]> {
  const clues = [
    ...(await tokenClues(sql, keys, message)),
    ...(await threadClues(sql, channel, message)),
    ...(await subjectClues(sql, facts, message)),
    ...(await alertClues(sql, channel, message)),
  ]
  await followMerges(sql, clues)
  // A bounce that names a mail which is none of ours is about that one.
  if (message.kind !== 'bounce' || clues.length > 0 || message.references.length > 0) return clues
  const sent = (await sentThatBounced(sql, keys, facts, message))?.sent
  return sent?.ticketId ? [{ by: 'recipient', ticketId: sent.ticketId, purpose: sent.purpose }] : []
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

/**
 * Which message of ours a bounce is about: by its token, else the newest one to a recipient that it names. That anybody
 * can do who knows the address (`confirmed` is false).
 */
export async function sentThatBounced(
  sql: Sql,
  keys: readonly TokenKey[],
  facts: Pick<DeskFacts, 'at'>,
  message: InboundMessage,
): Promise<{ sent: OutboxEntry; confirmed: boolean } | undefined> {
  for (const claim of claimsOf(keys, message)) {
    const sent = await outboxByNumber(sql, claim.number)
    if (sent) return { sent, confirmed: true }
  }
  const since = new Date(Date.parse(facts.at) - BOUNCES_WITHIN_MS).toISOString()
  for (const { address } of message.failures.slice(0, MOST_FAILURES)) {
    const sent = await newestSentTo(sql, address, since)
    if (sent) return { sent, confirmed: false }
  }
  return undefined
}

/**
 * What the tokens of ours claim that a message names, in what it answers and whom it is addressed to. A signature says
 * nothing of whom its bytes were handed to: of a message that nothing else confirms, what stands on the envelope alone
 * is the word of whoever handed it over. Reports come to the envelope (RFC 3834 section 4), and change nothing.
 */
export function claimsOf(keys: readonly TokenKey[], message: InboundMessage): TokenClaim[] {
  const { references, to, cc, addressedTo, authentication, kind } = message
  const isReport = kind === 'bounce' || kind === 'auto-reply'
  if (authentication.result !== 'pass' || !authentication.signed || isReport) {
    return claimsIn(keys, [...references, ...addressedTo])
  }
  const written = new Set([...to, ...cc].map(each => each.address))
  return claimsIn(keys, [...references, ...addressedTo.filter(address => written.has(address))])
}

/** What the tokens of ours among these claim, wherever they stand: what others put before them is no token of ours. */
function claimsIn(keys: readonly TokenKey[], texts: readonly string[]): TokenClaim[] {
  const claims = [...new Set(texts.flatMap(tokensIn))].map(token => verifyToken(keys, token))
  return claims.filter(claim => claim !== null).slice(0, CLUES)
}

/** What it answers says more than the address it was sent to. */
async function tokenClues(sql: Sql, keys: readonly TokenKey[], message: InboundMessage): Promise<Clue[]> {
  const clues: Clue[] = []
  for (const claim of claimsOf(keys, message)) {
    const sent = await outboxByNumber(sql, claim.number)
    if (!sent?.ticketId) continue
    const recipients = await recipientsOf(sql, sent.id)
    const issuedToSender = recipients.some(each => each.recipient === message.from?.address)
    const seen = sent.seenAt === null ? {} : ({ seen: true } as const)
    clues.push({ by: 'token', ticketId: sent.ticketId, purpose: claim.purpose, issuedToSender, ...seen })
  }
  return clues
}

async function threadClues(sql: Sql, channel: string, message: InboundMessage): Promise<Clue[]> {
  const clues: Clue[] = []
  const keys = keysOf(channel, message)
  const threads = await findThreads(sql, keys)
  const own = message.messageId === null ? undefined : messageKey(message.messageId)
  for (const key of keys) {
    const thread = threads.find(each => each.key === key)
    if (!thread) continue
    const { ticketId, internal, known } = thread
    if (message.thread !== undefined && key === threadKey(channel, message.thread))
      clues.push({
        by: 'thread',
        ticketId,
        ...(internal ? { internal } : {}),
        ...(known === 'mentioned' ? { named: true } : {}),
      })
    // Its own Message-ID says only that somebody answered it before it came.
    else clues.push({ by: 'references', ticketId, known: key === own ? 'mentioned' : known })
  }
  return clues
}

async function subjectClues(sql: Sql, facts: DeskFacts, message: InboundMessage): Promise<Clue[]> {
  const clues: Clue[] = []
  for (const { number, bracketed } of referencesIn(message.subject, facts.prefixes).slice(0, CLUES)) {
    const ticketId = await ticketIdByNumber(sql, number)
    if (ticketId) clues.push({ by: 'subject', ticketId, bracketed })
  }
  return clues
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
  const own = message.messageId === null ? undefined : messageKey(message.messageId)
  const thread = message.thread === undefined ? undefined : threadKey(channel, message.thread)
  for (const key of keys)
    await addThread(tx, { key, ticketId, known: key === own || (key === thread && !named) ? 'seen' : 'mentioned' })
}
