import type { InboundAttachment } from '../channel.ts'
import { isDone } from '../core/ticket-state.ts'
import { DeskError } from '../errors.ts'
import { hardBounced } from '../store/bounces.ts'
import { newId } from '../store/id.ts'
import {
  answerOfAnother,
  insertMessage,
  type Message,
  nameMessage,
  prepareMessage,
  threadIds,
} from '../store/messages.ts'
import { dropAcknowledgements, type OutboxRecipient, queue } from '../store/outbox.ts'
import { participantsOf } from '../store/participants.ts'
import type { Person } from '../store/people.ts'
import type { Tx } from '../store/sql.ts'
import { type Change, recordEvent, type Ticket } from '../store/tickets.ts'
import { type Call, type DeskFacts, onTicket } from './command.ts'
import { othersInChats, whoInWords } from './recipients.ts'

const THREAD_LENGTH = 20 // Message-IDs in References; mail programs need the first and the last few

export const reply = onTicket({
  word: 'reply',
  aliases: ['answer'],
  summary:
    'Sends the text to the requester, through the channel the question came in on; --anyway though somebody else just answered.',
  body: 'required',
  options: { anyway: 'flag' },
  async writes(tx, call, ticket, change) {
    const { actor, body, attachments } = call
    if (!body.trim() && attachments.length === 0) {
      throw new DeskError('usage', `Write what to answer: reply ${ticket.ref} followed by your text.`)
    }
    if (!call.options.has('anyway')) await refuseCrossing(tx, call, ticket)
    const { recipients, doubtful } = await answerRequester(tx, call, ticket, change, {
      author: actor,
      text: body,
      attachments,
    })
    const to = recipients.map(each => each.recipient)
    const text = `On its way to ${recipients.map(({ kind, name, recipient }) => whoInWords(kind, name, recipient)).join(', ')} (${ticket.ref}).`
    return { text: doubtful ? `${text}\n${doubtful}` : text, data: { ref: ticket.ref, to, warning: doubtful } }
  },
})

const CROSSING_MS = 10 * 60 * 1000
const SHOWN = 500 // characters

/** Whoever answers at the same time as a colleague sees that answer first. */
async function refuseCrossing(tx: Tx, call: Call, ticket: Ticket): Promise<void> {
  const since = new Date(Date.parse(call.at) - CROSSING_MS).toISOString()
  const crossing = await answerOfAnother(tx, { ticketId: ticket.id, authorId: call.actor.id, since })
  if (crossing) throw new DeskError('conflict', crossingInWords(ticket.ref, crossing))
}

/** `Eve answered HD-7 at 10:02: ...`, and what to do now. */
export function crossingInWords(ref: string, { authorName, text, storedAt }: Message): string {
  const said = (text ?? '').trim()
  const shown = said.length > SHOWN ? `${said.slice(0, SHOWN)}…` : said
  return `${authorName} answered ${ref} meanwhile, at ${storedAt.slice(11, 16)} UTC:\n\n> ${shown.replaceAll('\n', '\n> ')}\n\nTo send yours as well, write: reply ${ref} --anyway followed by your text.`
}

export interface Answer {
  author: Person
  /** Markdown. */
  text: string
  attachments: readonly InboundAttachment[]
  /** Digest of the mail it came in, where it did. */
  raw?: string
}

/** Stores an agent's answer and queues it to the requester and everybody copied. The first to answer becomes owner. */
export async function answerRequester(
  tx: Tx,
  facts: DeskFacts,
  ticket: Ticket,
  change: Change,
  answer: Answer,
): Promise<{ messageId: string; ticket: Ticket; recipients: Recipient[]; doubtful: string | null }> {
  const recipients = await recipientsFor(tx, facts, ticket)
  if (recipients.length === 0) {
    throw new DeskError(
      'conflict',
      `${ticket.ref} has no address to answer to: add one with invite ${ticket.ref} ADDRESS.`,
    )
  }
  const message = {
    id: newId(),
    ticketId: ticket.id,
    direction: 'out' as const,
    authorId: answer.author.id,
    authorName: answer.author.name,
    authorAddress: null,
    channel: ticket.channel,
    externalId: null,
    subject: ticket.subject,
    text: answer.text,
    visible: null,
    kind: 'person' as const,
    sentAt: change.at,
    storedAt: change.at,
    raw: answer.raw ?? null,
  }
  const earlier = await threadIds(tx, ticket.id, THREAD_LENGTH)
  const prepared = prepareMessage(message, answer.attachments)
  await insertMessage(tx, prepared)
  await dropAcknowledgements(tx, ticket.id, change.at)
  const draft = {
    kind: 'reply',
    purpose: 'requester',
    ticketId: ticket.id,
    messageId: message.id,
    inReplyTo: earlier[0] ?? null,
    refs: earlier.toReversed(),
  } as const
  // Mail programs thread by the token of a mail, so the one that left by mail names the answer.
  const byChannel = [...Map.groupBy(recipients, each => each.channel)]
  const mailFirst = byChannel.toSorted(([a], [b]) => Number(isMail(facts, b)) - Number(isMail(facts, a)))
  for (const [index, [channel, group]] of mailFirst.entries()) {
    const { token } = await queue(tx, { ...draft, channel }, group, change.at)
    if (index === 0) await nameMessage(tx, message.id, token)
  }
  const answered = await recordEvent(
    tx,
    ticket,
    { type: 'replied', data: { message: message.id, content: prepared.content } },
    change,
  )
  const takes = !ticket.ownerId && !isDone(ticket.state)
  const now = takes
    ? await recordEvent(tx, answered, { type: 'claimed', data: { owner: answer.author.id } }, change)
    : answered
  return { messageId: message.id, ticket: now, recipients, doubtful: await doubtsOf(tx, ticket, recipients) }
}

/** Whom it may not reach, because earlier mail to the address came back for good. */
async function doubtsOf(tx: Tx, ticket: Ticket, recipients: readonly OutboxRecipient[]): Promise<string | null> {
  const addresses = recipients.map(each => each.recipient)
  const bounced = await hardBounced(tx, ticket.id, addresses)
  const sentences = bounced.map(
    ({ recipient, reason, bouncedAt }) =>
      `It may not reach ${recipient}: mail to it came back on ${bouncedAt.slice(0, 10)}${reason ? `, because ${reason}` : ''}.`,
  )
  return sentences.length > 0 ? sentences.join('\n') : null
}

/** Whether an answer to this ticket would reach anybody. */
export async function hasRecipients(tx: Tx, facts: DeskFacts, ticket: Ticket): Promise<boolean> {
  return (await recipientsFor(tx, facts, ticket)).length > 0
}

/** Somebody who gets an answer, and through which channel. */
interface Recipient extends OutboxRecipient {
  channel: string
  kind: string
}

/**
 * The requester where the question came in, and everybody copied where their address is of that kind, by mail
 * otherwise. Whoever takes part in a chat reads the answer in the conversation itself.
 */
async function recipientsFor(tx: Tx, facts: DeskFacts, ticket: Ticket): Promise<Recipient[]> {
  const kind = facts.kindOf(ticket.channel)
  const participants = await participantsOf(tx, ticket.id)
  const requester = participants.find(each => each.role === 'requester' && each.kind === kind)
  const to = ticket.replyTo && !facts.isOurs(ticket.replyTo) ? ticket.replyTo : requester?.address
  const own = to
    ? [{ recipient: to, name: ticket.requesterName, shown: 'to' as const, channel: ticket.channel, kind }]
    : []
  const others = participants.filter(
    each =>
      each.role === 'copied' &&
      each.address !== to &&
      !facts.isOurs(each.address) &&
      (each.kind === 'email' || !to || kind === 'email'),
  )
  const copied = others.flatMap(each => {
    const channel =
      each.kind === kind ? ticket.channel : each.kind === 'email' ? facts.mailChannel(ticket.deskId) : undefined
    if (channel === undefined) return []
    return [{ recipient: each.address, name: each.name, shown: 'cc' as const, channel, kind: each.kind }]
  })
  const inChats = (await othersInChats(tx, facts, ticket)).filter(each => each.recipient !== to)
  return [...own, ...copied, ...inChats.map(each => ({ ...each, shown: 'cc' as const }))]
}

function isMail(facts: DeskFacts, channel: string): boolean {
  return facts.kindOf(channel) === 'email'
}
