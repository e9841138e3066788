// Makes the message that an outbox entry stands for, at each attempt.
import type { Address } from '../../channel/message.ts'
import type { OutboundMessage } from '../../channel/outbound.ts'
import {
  leftOffInWords,
  type Readers,
  readersInWords,
  readersOf,
  whoInWords,
} from '../../commands/command/recipients.ts'
import { REPLY_MARKER } from '../../core/mail/visible.ts'
import { oneLine, plainName, withoutLinks } from '../../core/text/address.ts'
import { fileDanger } from '../../core/text/file-danger.ts'
import { momentInWords } from '../../core/text/time-expressions.ts'
import { stateInWords } from '../../core/ticket/ticket-state.ts'
import { signLink, type TokenKey } from '../../core/ticket/token.ts'
import { LONGEST_SPAN, numbersIn } from '../../core/ticket/token-search.ts'
import { outcomeInWords } from '../../outcome.ts'
import { type Arrival, arrivalByNumber } from '../../store/arrivals.ts'
import { readBlob } from '../../store/blobs.ts'
import { doubtAbout } from '../../store/doubts.ts'
import type { Sql } from '../../store/engine/sql.ts'
import { arrivalsOfNotice } from '../../store/held-notices.ts'
import { tokenKeys } from '../../store/keys.ts'
import { attachmentsOf, type Message, messageById, type StoredAttachment, threadIds } from '../../store/messages.ts'
import { type OutboxEntry, recipientsByNumber, recipientsOf } from '../../store/outbox.ts'
import { personByIdentity } from '../../store/people.ts'
import { type Ticket, ticketById, ticketsOfAddress } from '../../store/tickets.ts'
import { type Context, channelFacts, ourAddresses } from '../context.ts'
import { actionsFor } from './message-actions.ts'
import { redactedWith } from './redact.ts'
import { Answer, type Renderer, type TemplateValues } from './render.ts'
import { spoilTokens } from './token-files.ts'

const MOST_HELD = 25 // messages that one notification lists
const MOST_IDS = 500 // Message-IDs of a ticket that are looked through
const QUOTED = 20_000 // characters of a requester's message that a notification shows

/** Makes the message that an outbox entry stands for, to those of its recipients who are due. */
export async function compose(
  context: Context,
  renderer: Renderer,
  entry: OutboxEntry,
  due: readonly string[],
  attempt: number,
): Promise<OutboundMessage> {
  const { read } = context.store
  const ticket = entry.ticketId ? await ticketById(read, entry.ticketId) : undefined
  const keys = await tokenKeys(read)
  // Whole, before it is laid out: a token may go over several lines.
  const stored = entry.messageId ? await messageById(read, entry.messageId) : undefined
  const message = redactedWith(keys, entry.kind === 'reply' ? stored : beginningOf(stored), entry.number)
  const held = entry.kind === 'notify-held' ? await heldIn(read, entry) : NOTHING_HELD
  const files = message ? await attachmentsOf(read, message.id) : []
  const values = await valuesFor(context, entry, { ticket, message, held, files })
  const medium = context.channels.get(entry.channel)?.kind === 'email' ? 'mail' : 'chat'
  const { subject, text } = renderer.render(entry.kind, values, medium)
  const shown = await recipientsOf(read, entry.id)
  const { inReplyTo, references } = await conversationOf(
    read,
    keys,
    entry,
    shown.map(each => each.recipient),
  )
  const without = <T>(value: T): T => redactedWith(keys, value, entry.number)
  const addresses = (where: 'to' | 'cc'): Address[] =>
    shown.filter(each => each.shown === where).map(each => ({ address: each.recipient, name: without(each.name) }))
  const isReply = entry.kind === 'reply'
  return {
    id: entry.id,
    token: entry.token,
    recipients: shown.map(each => each.recipient).filter(recipient => due.includes(recipient)),
    to: addresses('to'),
    cc: addresses('cc'),
    fromName: without(isReply ? `${message?.authorName ?? ''} (${values.desk.name})` : values.desk.name),
    subject: without(oneLine(subject, 400)),
    text: without(text),
    automatic: !isReply,
    inReplyTo,
    references,
    attachments: isReply ? files.map(file => attachmentOf(context, keys, file)) : [],
    actions: medium === 'chat' ? without(actionsFor(entry, await actedOn(context, entry, ticket, held))) : [],
    attempt,
    queuedAt: entry.queuedAt,
  }
}

function attachmentOf(
  context: Context,
  keys: readonly TokenKey[],
  { name, type, size, sha256 }: StoredAttachment,
): OutboundMessage['attachments'][number] {
  const read = async () => spoilTokens(await readBlob(context.store.read, context.files, sha256), keys)
  return { name: redactedWith(keys, name), type: redactedWith(keys, type), size, read }
}

/** What it answers, and the conversation so far: of mails of ours those that every reader of this one got. */
async function conversationOf(
  sql: Sql,
  keys: readonly TokenKey[],
  { inReplyTo, refs, ticketId }: OutboxEntry,
  readers: readonly string[],
): Promise<Pick<OutboundMessage, 'inReplyTo' | 'references'>> {
  const all = refs ? refs.split(' ') : []
  const numbers = new Map([...all, inReplyTo ?? ''].map(id => [id, numbersIn(id, keys)]))
  const got = await recipientsByNumber(sql, [...new Set([...numbers.values()].flat())])
  const mayKnow = (id: string) =>
    (numbers.get(id) ?? []).every(number => readers.every(reader => got.get(number)?.includes(reader)))
  const references = all.filter(mayKnow)
  // Where it goes on from nothing but mails that some of them did not get, what came in last has a name that all may know.
  if (references.length === 0 && all.length > 0 && ticketId !== null) {
    const known = await threadIds(sql, ticketId, MOST_IDS)
    references.push(...known.filter(id => id.startsWith('<') && numbersIn(id, keys).length === 0).slice(0, 1))
  }
  const answered = inReplyTo !== null && mayKnow(inReplyTo) ? inReplyTo : (references.at(-1) ?? null)
  return { inReplyTo: answered, references }
}

interface Subject {
  ticket: Ticket | undefined
  message: Message | undefined
  held: TemplateValues['held']
  files: StoredAttachment[]
}

async function valuesFor(context: Context, entry: OutboxEntry, about: Subject): Promise<TemplateValues> {
  const { ticket, message, held, files } = about
  const { read } = context.store
  const doubt = message && entry.purpose !== 'requester' ? await doubtAbout(read, message.id) : null
  const desk = deskOf(context, ticket, entry)
  const readers = entry.purpose === 'answer' && ticket ? await readersNow(context, ticket) : undefined
  const to = readers ? readersInWords(readers) : ''
  return {
    desk: { name: desk },
    marker: markerFor(entry, to, desk),
    ticket: {
      ref: ticket?.ref ?? '',
      subject:
        entry.purpose === 'requester' && entry.kind !== 'reply'
          ? withoutLinks(ticket?.subject ?? '')
          : (ticket?.subject ?? ''),
      requester: plainName(ticket?.requesterName ?? ''),
      owner: ticket?.ownerName ?? '',
    },
    message: {
      author: message?.authorName ?? '',
      from: message
        ? whoInWords(channelFacts(context).kindOf(message.channel), message.authorName, message.authorAddress ?? '')
        : '',
      text: textOf(entry, message),
      files: files.map(fileLine),
    },
    answers: { to, without: readers && ticket ? leftOffInWords(readers, ticket.ref) : '' },
    held,
    // Of what an agent is told: whose words these may not be.
    note: [doubt, entry.note].filter(each => each !== null && each !== '').join('\n\n'),
    link: await linkOf(context, entry),
    tickets: entry.kind === 'status' ? await statusOf(context, entry) : [],
  }
}

/** The page on which a question is answered with a click. */
async function linkOf({ store, publicUrl }: Context, entry: OutboxEntry): Promise<string> {
  if (entry.kind !== 'ask-solved' || !publicUrl) return ''
  const secret = signLink(await tokenKeys(store.read), entry.token)
  return secret === null ? '' : `${publicUrl}/solved/${secret}`
}

const MOST_STATUS = 50
const STATUS_DAYS_MS = 30 * 24 * 60 * 60 * 1000

/** What somebody who asks for it learns of their tickets. */
async function statusOf(context: Context, entry: OutboxEntry): Promise<TemplateValues['tickets']> {
  const { read } = context.store
  const [to] = await recipientsOf(read, entry.id)
  if (!to) return []
  const kind = context.channels.get(entry.channel)?.kind ?? 'email'
  const closedSince = new Date(Date.parse(entry.queuedAt) - STATUS_DAYS_MS).toISOString()
  const tickets = await ticketsOfAddress(read, { kind, address: to.recipient }, { closedSince, limit: MOST_STATUS })
  return tickets.map(ticket => ({
    ref: ticket.ref,
    subject: withoutLinks(ticket.subject),
    state: ticket.state === 'waiting-on-requester' ? 'waiting for you' : stateInWords(ticket.state),
    owner: ticket.ownerName ?? '',
    expected: ticket.expectedAt ? momentInWords(ticket.expectedAt) : '',
    opened: ticket.openedAt.slice(0, 10),
  }))
}

function fileLine({ name, type }: StoredAttachment): string {
  const danger = fileDanger(name, type)
  return danger ? `${oneLine(name)} (take care: ${danger})` : oneLine(name)
}

const NOTHING_HELD: TemplateValues['held'] = { count: '0', first: '', number: '', messages: [], more: '' }

async function heldIn(sql: Sql, entry: OutboxEntry): Promise<TemplateValues['held']> {
  const { numbers, count } = await arrivalsOfNotice(sql, entry.id, MOST_HELD)
  const arrivals = await Promise.all(numbers.map(number => arrivalByNumber(sql, number)))
  const messages = await Promise.all(arrivals.filter(each => each !== undefined).map(each => heldMessage(sql, each)))
  const [first] = messages
  return {
    count: String(count),
    first: first?.subject ?? '',
    number: first?.number ?? '',
    messages,
    more: count > MOST_HELD ? String(count - MOST_HELD) : '',
  }
}

async function heldMessage(sql: Sql, arrival: Arrival): Promise<TemplateValues['held']['messages'][number]> {
  const ticket = arrival.ticketId === null ? undefined : await ticketById(sql, arrival.ticketId)
  const decided = arrival.outcome.startsWith('held:') ? '' : 'already decided'
  return {
    number: String(arrival.number),
    reason: decided || outcomeInWords(arrival.outcome),
    from: arrival.sender ?? 'nobody',
    subject: arrival.subject || '(no subject)',
    ref: ticket?.ref ?? '',
  }
}

/** Of a message no more than a notification shows, and what a token that begins there may go on with. */
function beginningOf(message: Message | undefined): Message | undefined {
  if (!message) return undefined
  const longest = QUOTED + LONGEST_SPAN
  const cut = (text: string | null) => (text !== null && text.length > longest ? text.slice(0, longest) : text)
  return { ...message, text: cut(message.text), visible: cut(message.visible) }
}

/** An answer goes out whole; a notification shows the new part of what was written. */
function textOf(entry: OutboxEntry, message: Message | undefined): string | Answer {
  const text = (entry.kind === 'reply' ? message?.text : (message?.visible ?? message?.text)) ?? '(erased)'
  if (entry.kind === 'reply') return new Answer(text, message?.markdown ?? null)
  return text.length <= QUOTED ? text : `${text.slice(0, QUOTED)}…`
}

function deskOf(context: Context, ticket: Ticket | undefined, entry: OutboxEntry): string {
  const id = ticket?.deskId ?? context.channels.get(entry.channel)?.deskId
  return (context.desks.find(desk => desk.id === id) ?? context.desks[0])?.name ?? 'Help desk'
}

/** Who reads an answer to a ticket as it is now, as a notification names them. */
export function readersNow(context: Context, ticket: Ticket): Promise<Readers> {
  return readersOf(context.store.read, { ...channelFacts(context), isOurs: ourAddresses(context) }, ticket)
}

/** What the buttons below a message depend on. */
async function actedOn(
  context: Context,
  entry: OutboxEntry,
  ticket: Ticket | undefined,
  held: TemplateValues['held'],
): Promise<Parameters<typeof actionsFor>[1]> {
  const { read } = context.store
  const [first] = ticket?.offeredTo ? await recipientsOf(read, entry.id) : []
  const kind = context.channels.get(entry.channel)?.kind ?? 'email'
  const reader = first && (await personByIdentity(read, kind, first.recipient))
  return {
    // What has happened since it was queued is nothing that it shows.
    ticket: ticket && { ...ticket, eventSeq: entry.shownSeq ?? ticket.eventSeq },
    readers: ticket && (await readersNow(context, ticket)),
    held: held.messages.map(each => each.number),
    facts: context,
    offered: reader !== undefined && reader.id === ticket?.offeredTo,
  }
}

/** The first line of each mail of ours: where an answer goes. What is quoted below it is cut off again. */
function markerFor(entry: OutboxEntry, answersTo: string, desk: string): string {
  if (entry.purpose === 'requester') return REPLY_MARKER
  if (entry.purpose === 'answer') return `##- Reply above this line: your reply goes to ${answersTo}, from ${desk} -##`
  if (entry.kind === 'notify-held' || (entry.kind === 'notify-commands' && !entry.ticketId))
    return '##- Answer above this line with commands; nothing else in your answer is read -##'
  if (!entry.ticketId) return '##- Nobody reads replies to this mail -##'
  return '##- Reply above this line: your reply stays internal, only agents see it -##'
}
