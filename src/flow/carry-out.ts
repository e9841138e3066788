import type { Address, InboundMessage, Outcome } from '../channel.ts'
import type { DeskFacts } from '../commands/command.ts'
import { addNote } from '../commands/note.ts'
import { concerned, tellAgents } from '../commands/notify.ts'
import { answerRequester, hasRecipients } from '../commands/reply.ts'
import { oneLine } from '../core/address.ts'
import { isOld } from '../core/age.ts'
import { plainSubject } from '../core/reference.ts'
import type { Decision } from '../core/threading.ts'
import { aboveMarker, visibleReply, withoutForwardMark } from '../core/visible.ts'
import { DeskError } from '../errors.ts'
import { newId } from '../store/id.ts'
import { insertMessage, type Message, type PreparedMessage, prepareMessage } from '../store/messages.ts'
import { acknowledgedSince, dropAcknowledgements, queue } from '../store/outbox.ts'
import { addParticipant, type Participant } from '../store/participants.ts'
import type { Person } from '../store/people.ts'
import type { Tx } from '../store/sql.ts'
import { type Change, moveReplyTo, openTicket, recordEvent, type Ticket, ticketById } from '../store/tickets.ts'
import { recordBounce } from './bounced.ts'
import { type Intake, meet, type Origin } from './context.ts'
import { rememberThread } from './conversation.ts'
import { recordAlert } from './repeated.ts'

const MOST_COPIED = 50
const MOST_ACKNOWLEDGEMENTS = 10 // to one address
const BRAKE_MS = 60 * 60 * 1000

/** Stands for whoever wrote a message without a sender; such a ticket has no address until one is invited. */
const NOBODY: Address = { address: 'nobody@sender.invalid', name: 'Unknown sender' }

/** What a message became, for its arrival. */
export interface Became {
  outcome: Outcome
  ticketId: string | null
  messageId: string | null
  acknowledgement: string | null
  /** Reference of the ticket. */
  ref: string | null
}

export type Append = Extract<Decision, { action: 'append' }>

/** A message on its way into a ticket. */
export interface Entry {
  intake: Intake
  origin: Origin
  message: InboundMessage
  sender: Person
  change: Change
  /** Reached the organisation so long ago that nobody is told. */
  old: boolean
}

async function entryFor(tx: Tx, intake: Intake, origin: Origin, message: InboundMessage): Promise<Entry> {
  const { facts, context } = intake
  const sender = await meet(tx, intake, { kind: origin.kind, ...(writerOf(message) ?? NOBODY) })
  const old = isOld(message.reachedAt, context.clock.now(), context.acknowledgeWithin)
  return { intake, origin, message, sender, old, change: { at: facts.at, actorId: sender.id, channel: origin.channel } }
}

/** Whoever filled in a form, not the program that sent it. */
function writerOf({ bulk, replyTo, from }: InboundMessage): Address | null {
  return bulk === 'form' && replyTo && replyTo !== from?.address ? { address: replyTo, name: '' } : from
}

/** Opens a ticket with its first message; `recordedBy` is the agent who forwarded it. */
export async function openWith(
  tx: Tx,
  intake: Intake,
  origin: Origin,
  message: InboundMessage,
  recordedBy?: Person,
): Promise<Became> {
  const { facts } = intake
  const entry = await entryFor(tx, intake, origin, message)
  const { sender } = entry
  const change = recordedBy ? { ...entry.change, actorId: recordedBy.id } : entry.change
  const opening = {
    id: newId(),
    number: await tx.number('ticket', intake.group),
    desk: origin.desk,
    channel: origin.channel,
    subject: oneLine(plainSubject(message.subject, facts.prefixes)) || '(no subject)',
    replyTo: answerAddress(facts, message),
    requester: sender,
    ...(recordedBy ? { recordedBy } : {}),
  }
  const prepared = prepareIncoming(entry, opening.id)
  const { id: messageId } = prepared.message
  const copied = message.kind === 'person' ? await copiedOn(tx, entry) : []
  const data = {
    number: opening.number,
    desk: origin.desk.id,
    requester: sender.id,
    copied: copied.map(each => each.personId),
    message: messageId,
    content: prepared.content,
    ...(recordedBy ? { recordedBy: recordedBy.id } : {}),
  }
  const ticket = await openTicket(tx, opening, prepared, { type: 'opened', data }, change)
  const writer = writerOf(message)
  const requester = writer ? [participant(origin, writer, sender, 'requester')] : []
  for (const each of [...requester, ...copied]) await addParticipant(tx, ticket.id, each, facts.at)
  await rememberThread(tx, origin.channel, message, ticket.id)
  await recordAlert(tx, entry, ticket)
  const acknowledgement = await acknowledge(tx, entry, ticket, messageId)
  if (!entry.old) {
    await tellAgents(tx, facts, concerned(facts, null, sender.id), {
      kind: 'notify-opened',
      purpose: ticket.replyTo ? 'answer' : 'internal',
      channel: origin.channel,
      ticketId: ticket.id,
      messageId,
    })
  }
  return { outcome: 'opened', ticketId: ticket.id, messageId, acknowledgement, ref: ticket.ref }
}

/**
 * An agent forwarded a mail that came to them: the ticket is its writer's, and they are told of it. What the agent
 * wrote above it stays among agents.
 */
export async function openForwarded(tx: Tx, intake: Intake, origin: Origin, message: InboundMessage): Promise<Became> {
  const { forwarded, from } = message
  if (!forwarded || !from) throw new DeskError('unsound', 'A message that forwards nothing was taken for a forward.')
  const agent = await meet(tx, intake, { kind: origin.kind, ...from })
  const original: InboundMessage = {
    ...message,
    from: forwarded.from,
    replyTo: forwarded.from.address,
    to: [],
    cc: [],
    subject: forwarded.subject || withoutForwardMark(message.subject),
    text: forwarded.text,
    visible: forwarded.text ? visibleReply(forwarded.text) : '',
    messageId: forwarded.messageId,
  }
  const became = await openWith(tx, intake, origin, original, agent)
  await rememberThread(tx, origin.channel, message, became.ticketId ?? '')
  const ticket = became.ticketId === null ? undefined : await ticketById(tx, became.ticketId)
  const { comment } = forwarded
  if (ticket && comment) {
    const change = { at: intake.facts.at, actorId: agent.id, channel: origin.channel }
    await addNote(tx, intake.facts, ticket, change, { author: agent, text: comment, attachments: [], kind: 'person' })
  }
  return became
}

/** Queues the acknowledgement, or gives the reason for none. */
async function acknowledge(tx: Tx, entry: Entry, ticket: Ticket, messageId: string): Promise<string> {
  const { message, old, sender } = entry
  if (message.kind !== 'person') return `none:${message.kind}`
  if (old) return 'none:old'
  if (!ticket.replyTo) return 'none:no-address'
  // Two machines that answer each other without saying so fall silent here; a person never gets this far.
  const since = new Date(Date.parse(entry.change.at) - BRAKE_MS).toISOString()
  if ((await acknowledgedSince(tx, ticket.replyTo, since)) >= MOST_ACKNOWLEDGEMENTS) return 'none:too-many'
  await queue(
    tx,
    {
      kind: 'acknowledgement',
      purpose: 'requester',
      channel: ticket.channel,
      ticketId: ticket.id,
      messageId,
      inReplyTo: message.messageId,
      refs: message.messageId ? [message.messageId] : [],
    },
    [{ recipient: ticket.replyTo, name: message.from?.name || sender.name, shown: 'to' }],
    entry.change.at,
  )
  return 'queued'
}

/** Puts a message into a ticket, as what the decision says it is. */
export async function appendMessage(
  tx: Tx,
  intake: Intake,
  origin: Origin,
  message: InboundMessage,
  decision: Append,
): Promise<Became> {
  await tx.lock([`ticket ${decision.ticketId}`])
  const ticket = await ticketById(tx, decision.ticketId)
  if (!ticket) throw new DeskError('unsound', `Ticket ${decision.ticketId} is named by a thread and not stored.`)
  const entry = await entryFor(tx, intake, origin, message)
  const append = message.sentByHand ? appendSentByHand : decision.direction === 'in' ? appendIncoming : appendFromAgent
  const messageId = await append(tx, entry, ticket, decision)
  await rememberThread(tx, origin.channel, message, ticket.id)
  return { outcome: 'appended', ticketId: ticket.id, messageId, acknowledgement: null, ref: ticket.ref }
}

async function appendIncoming(tx: Tx, entry: Entry, ticket: Ticket, decision: Append): Promise<string> {
  const { message, sender, change, intake } = entry
  const { facts } = intake
  const prepared = prepareIncoming(entry, ticket.id)
  const { id } = prepared.message
  await insertMessage(tx, prepared)
  const data = { message: id, content: prepared.content, kind: message.kind, rule: decision.rule }
  let now = await recordEvent(tx, ticket, { type: 'received', data }, change)
  if (message.kind === 'bounce') now = await recordBounce(tx, entry, now, id)
  now = await recordAlert(tx, entry, now)
  if (!wakes(message)) return id // marked and kept; wakes nobody, lets nobody in
  // A reference in the subject can be guessed: it lets the message in, and changes nothing of who is answered.
  if (message.kind === 'person' && decision.rule !== 'subject') {
    now = await letIn(tx, entry, now, decision)
    const replyTo = answerAddress(facts, message)
    if (sender.id === ticket.requesterId && replyTo) await moveReplyTo(tx, ticket.id, replyTo)
  }
  if (now.state === 'closed') now = await recordEvent(tx, now, { type: 'reopened', data: { by: 'message' } }, change)
  if (!entry.old) {
    await tellAgents(tx, facts, concerned(facts, now.ownerId, sender.id), {
      kind: 'notify-received',
      purpose: 'answer',
      channel: ticket.channel,
      ticketId: ticket.id,
      messageId: id,
    })
  }
  return id
}

/** A person's message, also one that came through a list; a machine's wakes nobody (RFC 3834 section 2). */
function wakes({ kind, bulk }: InboundMessage): boolean {
  return kind === 'person' || bulk === 'list'
}

/** The sender, if an agent said so, and everybody on To and Cc take part from now on. */
async function letIn(tx: Tx, entry: Entry, ticket: Ticket, decision: Append): Promise<Ticket> {
  const { message, origin, sender, change } = entry
  const invited = decision.rule === 'agent' && message.from ? [participant(origin, message.from, sender, 'copied')] : []
  let now = ticket
  for (const each of [...invited, ...(await copiedOn(tx, entry))]) {
    if (!(await addParticipant(tx, ticket.id, each, change.at))) continue
    now = await recordEvent(tx, now, { type: 'joined', data: { person: each.personId, role: 'copied' } }, change)
  }
  return now
}

/** An agent's mail: an answer to the requester, or a note. What it quotes of our notification never leaves. */
async function appendFromAgent(tx: Tx, entry: Entry, ticket: Ticket, decision: Append): Promise<string> {
  const { message, sender: author, change } = entry
  const { facts } = entry.intake
  const { attachments } = message
  const raw = message.raw.sha256
  const written = aboveMarker(message.visible).trim()
  const refusal = await whyNotSent(tx, facts, ticket, decision, written, attachments)
  if (decision.direction === 'out' && refusal === null) {
    const answered = await answerRequester(tx, facts, ticket, change, { author, text: written, attachments, raw })
    if (answered.doubtful) await tellOfDoubt(tx, facts, ticket, author, answered.messageId, answered.doubtful)
    return answered.messageId
  }
  const note = {
    author,
    text: written || message.text,
    attachments,
    kind: message.kind,
    raw,
    externalId: message.messageId,
  }
  const messageId = await addNote(tx, facts, ticket, change, note)
  if (message.kind === 'bounce') {
    const now = await ticketById(tx, ticket.id)
    if (now) await recordBounce(tx, entry, now, messageId)
  }
  if (refusal !== null) {
    const self = facts.agents.filter(agent => agent.id === author.id)
    const draft = { kind: 'notify-refused', purpose: 'internal', channel: ticket.channel } as const
    await tellAgents(tx, facts, self, { ...draft, ticketId: ticket.id, messageId, note: refusal })
  }
  return messageId
}

/** The answer is on its way to an address that did not take the one before. */
async function tellOfDoubt(
  tx: Tx,
  facts: DeskFacts,
  ticket: Ticket,
  author: Person,
  messageId: string,
  note: string,
): Promise<void> {
  const self = facts.agents.filter(agent => agent.id === author.id)
  const draft = { kind: 'notify-doubtful', purpose: 'internal', channel: ticket.channel } as const
  await tellAgents(tx, facts, self, { ...draft, ticketId: ticket.id, messageId, note })
}

/** It left already, without us: it counts as an answer, and whoever works on the ticket must know. */
async function appendSentByHand(tx: Tx, entry: Entry, ticket: Ticket): Promise<string> {
  const { message, change, intake, origin, sender } = entry
  const prepared = prepareMessage(
    {
      ...incoming(entry, ticket.id),
      direction: 'out',
      text: aboveMarker(message.visible).trim() || message.text,
      visible: null,
    },
    message.attachments,
  )
  const { id } = prepared.message
  await insertMessage(tx, prepared)
  await dropAcknowledgements(tx, ticket.id, change.at)
  await recordEvent(tx, ticket, { type: 'replied', data: { message: id, content: prepared.content } }, change)
  await tellAgents(tx, intake.facts, concerned(intake.facts, ticket.ownerId, sender.id), {
    kind: 'notify-sent',
    purpose: 'internal',
    channel: origin.channel,
    ticketId: ticket.id,
    messageId: id,
  })
  return id
}

const KEPT: Record<string, string> = {
  'tokens-disagree': 'Your mail answers messages of different kinds',
  'token-of-another': 'Your mail answers a notification that went to another agent',
  references: 'Your mail does not answer a notification of ours',
  subject: 'Your mail does not answer a notification of ours',
}

/** Why an agent's mail that may have been meant for the requester stays a note; null if there is nothing to tell. */
async function whyNotSent(
  tx: Tx,
  facts: DeskFacts,
  ticket: Ticket,
  decision: Append,
  written: string,
  attachments: InboundMessage['attachments'],
): Promise<string | null> {
  const kept = KEPT[decision.rule]
  if (decision.direction !== 'out')
    return kept ? `${kept}, so it was kept as an internal note and sent to nobody.` : null
  if (!written && attachments.length === 0) {
    return 'Your mail had no text of its own, so nothing was sent; it was kept as an internal note.'
  }
  if (attachments.some(file => file.type.startsWith('message/'))) {
    return 'Your mail has a mail attached, which may hold what the requester must not see, so it was kept as an internal note.'
  }
  if (await hasRecipients(tx, facts, ticket)) return null
  return `The ticket has no address to answer to, so your mail was kept as an internal note: invite ${ticket.ref} ADDRESS.`
}

/** Colleagues on To and Cc, who take part from now on. */
async function copiedOn(tx: Tx, { message, intake, origin }: Entry): Promise<Participant[]> {
  const others = new Map([...message.to, ...message.cc].map(each => [each.address, each]))
  others.delete(message.from?.address ?? '')
  const copied: Participant[] = []
  for (const other of [...others.values()].filter(each => !intake.facts.isOurs(each.address)).slice(0, MOST_COPIED)) {
    copied.push(participant(origin, other, await meet(tx, intake, { kind: origin.kind, ...other }), 'copied'))
  }
  return copied
}

function participant(origin: Origin, who: Address, person: Person, role: Participant['role']): Participant {
  return { kind: origin.kind, address: who.address, name: who.name || person.name, personId: person.id, role }
}

/** Where the sender wants to be answered; never an address of ours. */
function answerAddress(facts: DeskFacts, message: InboundMessage): string | null {
  const wanted = [message.replyTo, message.from?.address ?? null]
  return wanted.find(address => address !== null && !facts.isOurs(address)) ?? null
}

function prepareIncoming(entry: Entry, ticketId: string): PreparedMessage {
  return prepareMessage(incoming(entry, ticketId), entry.message.attachments)
}

function incoming({ message, sender, origin, change }: Entry, ticketId: string): Omit<Message, 'salt'> {
  return {
    id: newId(),
    ticketId,
    direction: 'in' as const,
    authorId: sender.id,
    authorName: oneLine(message.from?.name || sender.name),
    authorAddress: message.from?.address ?? null,
    channel: origin.channel,
    externalId: message.messageId,
    subject: message.subject,
    text: message.text,
    visible: message.visible === message.text ? null : message.visible,
    kind: message.kind,
    sentAt: message.sentAt,
    storedAt: change.at,
    raw: message.raw.sha256,
  }
}
