import type { InboundMessage, LostMessage, UnreadableMessage } from '../channel.ts'
import type { DeskFacts } from '../commands/command.ts'
import { referencesIn } from '../core/reference.ts'
import type { Clue } from '../core/threading.ts'
import { type TokenKey, tokensIn, verifyToken } from '../core/token.ts'
import { outboxByNumber, recipientsOf } from '../store/outbox.ts'
import type { Sql, Tx } from '../store/sql.ts'
import { addThread, findThreads, messageKey, threadKey } from '../store/threads.ts'
import { ticketIdByNumber } from '../store/tickets.ts'

const CLUES = 50 // Message-IDs looked at in one message: the newest, and the first

/** Keys of the conversation, strongest first; the message's own is the last. */
function keysOf(channel: string, message: InboundMessage): string[] {
  const { references } = message
  const near = references.length > CLUES ? [...references.slice(0, CLUES - 1), references.at(-1) ?? ''] : references
  return [
    ...(message.thread === undefined ? [] : [threadKey(channel, message.thread)]),
    ...near.map(messageKey),
    ...(message.messageId ? [messageKey(message.messageId)] : []),
  ]
}

/** What transactions about one conversation take turns on. */
export function lockKeys(channel: string, message: InboundMessage | UnreadableMessage | LostMessage): string[] {
  const own = `arrival ${channel} ${message.id}`
  if (!('from' in message)) return [own]
  return [own, ...keysOf(channel, message), ...(message.from ? [`person ${message.from.address}`] : [])]
}

/** Every reason to believe that the message belongs to a ticket; strongest first. */
export async function cluesOf(
  sql: Sql,
  facts: DeskFacts,
  keys: readonly TokenKey[],
  channel: string,
  message: InboundMessage,
): Promise<Clue[]> {
  return [
    ...(await tokenClues(sql, keys, message)),
    ...(await threadClues(sql, channel, message)),
    ...(await subjectClues(sql, facts, message)),
  ]
}

/** What it answers says more than the address it was sent to. */
async function tokenClues(sql: Sql, keys: readonly TokenKey[], message: InboundMessage): Promise<Clue[]> {
  const clues: Clue[] = []
  const tokens = [...message.references.slice(0, CLUES), ...message.addressedTo].flatMap(tokensIn)
  for (const token of [...new Set(tokens)].slice(0, CLUES)) {
    const claim = verifyToken(keys, token)
    const sent = claim ? await outboxByNumber(sql, claim.number) : undefined
    if (!claim || !sent?.ticketId) continue
    const recipients = await recipientsOf(sql, sent.id)
    const issuedToSender = recipients.some(each => each.recipient === message.from?.address)
    clues.push({ by: 'token', ticketId: sent.ticketId, purpose: claim.purpose, issuedToSender })
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
    const { ticketId } = thread
    if (message.thread !== undefined && key === threadKey(channel, message.thread))
      clues.push({ by: 'thread', ticketId })
    // Its own Message-ID says only that somebody answered it before it came.
    else clues.push({ by: 'references', ticketId, known: key === own ? 'mentioned' : thread.known })
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

/** From now on this message, and what it answers, lead to the ticket. */
export async function rememberThread(
  tx: Tx,
  channel: string,
  message: InboundMessage,
  ticketId: string,
): Promise<void> {
  const keys = keysOf(channel, message)
  const own = message.messageId === null ? undefined : messageKey(message.messageId)
  const thread = message.thread === undefined ? undefined : threadKey(channel, message.thread)
  for (const key of keys)
    await addThread(tx, { key, ticketId, known: key === own || key === thread ? 'seen' : 'mentioned' })
}
