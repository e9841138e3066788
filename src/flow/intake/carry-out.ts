import type { InboundMessage } from '../../channel/message.ts'
import { queueAcknowledgement } from '../../commands/command/acknowledge.ts'
import type { DeskFacts } from '../../commands/command/command.ts'
import { agentsToNotify, notifyAgents } from '../../commands/command/notify-agents.ts'
import { linkBoth } from '../../commands/sort/link.ts'
import { addNote } from '../../commands/talk/note.ts'
import { quoted } from '../../commands/talk/unseen.ts'
import { withoutForwardMark } from '../../core/mail/visible.ts'
import { oneLine } from '../../core/text/address.ts'
import { plainSubject } from '../../core/ticket/reference.ts'
import { countedAs, isBelieved, nothingConfirms, type Trust, trustOf, UNKNOWN } from '../../core/ticket/sender-trust.ts'
import { isSmallTalk } from '../../core/ticket/small-talk.ts'
import { isDone } from '../../core/ticket/ticket-state.ts'
import { DeskError } from '../../errors.ts'
import { goOnRow, rowKey } from '../../store/chat-rows.ts'
import { keepDoubt } from '../../store/doubts.ts'
import { newId } from '../../store/engine/id.ts'
import type { Tx } from '../../store/engine/sql.ts'
import { insertMessage, type PreparedMessage, prepareMessage, textsBy } from '../../store/messages.ts'
import { newestSentTo } from '../../store/outbox.ts'
import { addParticipants } from '../../store/participants.ts'
import type { Person } from '../../store/people.ts'
import { countRate } from '../../store/rates.ts'
import { moveThread } from '../../store/threads.ts'
import { currentTicket, moveReplyTo, openTicket, recordEvent, type Ticket, ticketById } from '../../store/tickets.ts'
import { type Intake, meet, type Origin } from '../context.ts'
import { appendFromAgent, appendSentByHand, keepOrders } from '../mail-commands/from-agent.ts'
import type { MailCommands, PendingCommands } from '../mail-commands/mail-command.ts'
import { readMailCommands } from '../mail-commands/read-mail-commands.ts'
import { isToldAlone } from '../outgoing/backlog.ts'
import { rememberThread } from './clues.ts'
import {
  type Append,
  type IncomingMessage,
  type IntakeResult,
  incomingMessage,
  messageRow,
  wakes,
  writerOf,
} from './incoming-message.ts'
import { isShown, proofOf } from './proof.ts'
import { recordBounce } from './record-bounce.ts'
import { recordAlert } from './repeat-alert.ts'
import { takeAnswer } from './solved-reply.ts'
import { copiedOn, inviteSender, isWrittenTo, letIn, movePeople, participant } from './take-part.ts'

const MOST_ACKNOWLEDGEMENTS = 10 // to one address
const BRAKE_MS = 60 * 60 * 1000
const ECHO_MS = 3 * 60 * 1000
const DAY_MS = 24 * 60 * 60 * 1000
const ROBOT_MS = 10 * 60 * 1000 // until the slower ones have answered
const REMEMBERED = 20 // messages of one writer on a ticket
const COMPARED = 2_000 // characters of each
const MOST_ALIKE = 3 // under one subject on one day

/** What a message became, and the commands in it that are carried out next. */
export interface Placed {
  became: IntakeResult
  pending: PendingCommands | null
}

/** What a ticket is opened with beside its first message. */
interface Opened {
  /** The agent who forwarded it. */
  recordedBy?: Person
  /** What speaks against that. */
  doubt?: string | null
  /** The ticket that it goes on from. */
  follows?: string | undefined
  /** Adds to the ticket before agents are told of it. Gives what they are told beside it, undefined for nothing. */
  beforeTelling?: (ticket: Ticket) => Promise<string | undefined>
}

/** Opens a ticket with its first message. */
export async function openWith(
  tx: Tx,
  intake: Intake,
  origin: Origin,
  message: InboundMessage,
  { recordedBy, doubt = null, follows, beforeTelling }: Opened = {},
): Promise<IntakeResult> {
  const { facts } = intake
  const entry = await incomingMessage(tx, intake, origin, message, { opens: true })
  const { sender } = entry
  const change = recordedBy ? { ...entry.change, actorId: recordedBy.id } : entry.change
  const number = await tx.number('ticket', intake.group)
  // Mail that lay somewhere before it came may be one of thousands.
  const waited = !message.live && !entry.old && origin.kind === 'email'
  const place = { deskId: origin.desk.id, number, channel: origin.channel }
  const alone = !waited || (await isToldAlone(tx, place, facts.at))
  const opening = {
    id: newId(),
    number,
    desk: origin.desk,
    channel: origin.channel,
    subject: oneLine(plainSubject(message.subject, facts.prefixes)) || '(no subject)',
    replyTo: answerAddress(facts, message),
    requester: sender,
    room: facts.roomOf(origin.desk.id),
    quiet: !alone,
    ...(recordedBy ? { recordedBy } : {}),
  }
  const prepared = prepareIncoming(entry, opening.id)
  const { id: messageId } = prepared.message
  // Whatever its domain disowns, its writer brings nobody along; nor does what was signed for others and handed on here.
  const { result, signed } = message.authentication
  const brings = message.kind === 'person' && isBelieved(result) && (!signed || isWrittenTo(entry))
  const copied = brings ? await copiedOn(tx, entry) : []
  const data = {
    number: opening.number,
    desk: origin.desk.id,
    requester: sender.id,
    copied: copied.map(each => each.personId),
    message: messageId,
    content: prepared.content,
    ...(recordedBy ? { recordedBy: recordedBy.id } : {}),
    ...(follows ? { follows } : {}),
  }
  const opened = await openTicket(tx, opening, prepared, { type: 'opened', data }, change)
  await keepDoubt(tx, messageId, recordedBy ? doubt : entry.doubt)
  const before = follows ? await ticketById(tx, follows) : undefined
  const ticket = before ? await linkBoth(tx, opened, 'followed', before, { ...change, actorId: null }) : opened
  const writer = writerOf(message)
  const requester = writer ? [participant(origin, writer, sender, 'requester')] : []
  await addParticipants(tx, ticket.id, [...requester, ...copied], facts.at)
  await rememberThread(tx, origin.channel, message, ticket.id)
  if (follows && message.thread !== undefined) await moveThread(tx, origin.channel, message.thread, ticket.id)
  await recordAlert(tx, entry, ticket)
  if (message.row) await goOnRow(tx, rowKey(origin.channel, message.row.key), ticket.id, message.sentAt ?? facts.at)
  if (message.urgency) await recordEvent(tx, ticket, { type: 'classified', data: { urgency: message.urgency } }, change)
  const acknowledgement = await acknowledge(tx, entry, ticket, messageId)
  const note = beforeTelling && (await beforeTelling((await ticketById(tx, ticket.id)) ?? ticket))
  if (!entry.old && alone) {
    await notifyAgents(tx, facts, agentsToNotify(facts, null, sender.id), {
      kind: 'notify-opened',
      purpose: ticket.replyTo ? 'answer' : 'internal',
      channel: origin.channel,
      ticketId: ticket.id,
      messageId,
      ...(note === undefined ? {} : { note }),
      cause: trustIn(entry),
    })
  }
  return { outcome: 'opened', ticketId: ticket.id, messageId, acknowledgement, ref: ticket.ref }
}

/**
 * An agent forwarded a mail that came to them: the ticket is its writer's, and they are told of it. What the agent
 * wrote above it stays among agents.
 */
export async function openForwarded(
  tx: Tx,
  intake: Intake,
  origin: Origin,
  message: InboundMessage,
  mayOrder: boolean,
): Promise<Placed> {
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
    visible: forwarded.visible,
    messageId: forwarded.messageId,
    authentication: UNKNOWN, // that of the agent says nothing of the writer
  }
  const shown = isShown(await proofOf(tx, intake.keys, message), agent)
  const doubt = shown ? null : nothingConfirms(agent.name, 'this forward')
  let orders: MailCommands | null = null
  const keepNote = async (ticket: Ticket): Promise<string | undefined> => {
    await rememberThread(tx, origin.channel, message, ticket.id)
    if (mayOrder) orders = await readMailCommands(tx, intake, message, ticket)
    const text = orders && orders.mistakes.length === 0 ? orders.text : forwarded.comment
    if (!text) return undefined
    const change = { at: intake.facts.at, actorId: agent.id, channel: origin.channel }
    const note = { author: agent, text, attachments: [], kind: 'person' } as const
    await addNote(tx, intake.facts, ticket, change, { ...note, doubt: shown ? null : nothingConfirms(agent.name) })
    return `${agent.name} forwarded it, with this note for agents:\n\n${quoted(text)}`
  }
  const became = await openWith(tx, intake, origin, original, { recordedBy: agent, doubt, beforeTelling: keepNote })
  const ticket = became.ticketId === null ? undefined : await ticketById(tx, became.ticketId)
  return { became, pending: orders && { origin, orders, actor: agent, ticket, files: [] } }
}

/** Queues the acknowledgement, or gives the reason for none. */
async function acknowledge(tx: Tx, entry: IncomingMessage, ticket: Ticket, messageId: string): Promise<string> {
  const { message, old, sender } = entry
  if (message.kind !== 'person') return `none:${message.kind}`
  if (old) return 'none:old'
  if (!ticket.replyTo) return 'none:no-address'
  const chat = message.thread !== undefined || entry.origin.kind !== 'email'
  // RFC 3834 section 2: who did not write must not be written to.
  if (message.authentication.result === 'fail') return 'none:unconfirmed'
  const cause = trustIn(entry)
  const name = countedAs(ticket.replyTo, cause)
  if (!chat && (await isEcho(tx, entry, name))) return 'none:echo'
  // Two machines that answer each other without saying so fall silent here; a person never gets this far.
  const lately = await countRate(tx, `acknowledged ${name}`, entry.change.at, BRAKE_MS)
  if (lately > MOST_ACKNOWLEDGEMENTS) return 'none:too-many'
  const first = { id: messageId, externalId: message.messageId }
  await queueAcknowledgement(tx, ticket, first, message.from?.name || sender.name, entry.change.at, cause)
  return 'queued'
}

/**
 * Whether this may be the answer of a machine that says nothing of itself: under the same subject, numbers aside, as
 * the last one, and within minutes, or time and again on one day. A person who writes so has got one already.
 */
async function isEcho(tx: Tx, { message, change }: IncomingMessage, name: string): Promise<boolean> {
  const subject = message.subject.toLowerCase().replace(/\d+/g, '0').replace(/\s+/g, ' ').trim()
  const soon = await countRate(tx, `acknowledged ${name} ${subject}`, change.at, ECHO_MS)
  const today = await countRate(tx, `acknowledged ${name} ${subject} in a day`, change.at, DAY_MS)
  return soon > 1 || today > MOST_ALIKE
}

/** Puts a message into a ticket, as what the decision says it is. */
export async function appendMessage(
  tx: Tx,
  intake: Intake,
  origin: Origin,
  message: InboundMessage,
  decision: Append,
  orders: MailCommands | null = null,
): Promise<Placed> {
  await tx.lock([`ticket ${decision.ticketId}`])
  const named = await currentTicket(tx, decision.ticketId)
  // It became part of another while this waited for its turn.
  const isOther = named !== undefined && named.id !== decision.ticketId
  if (isOther) await tx.lock([`ticket ${named.id}`])
  const ticket = isOther ? await ticketById(tx, named.id) : named
  if (!ticket) throw new DeskError('unsound', `Ticket ${decision.ticketId} is named by a thread and not stored.`)
  intake.facts.at = intake.context.clock.now().toISOString() // nothing in a ticket is older than what came before it
  const entry = await incomingMessage(tx, intake, origin, message, { orders })
  // Written by an agent where the requester reads it.
  const inPlace = decision.direction === 'out' && decision.rule === 'thread'
  // Where others read it, a reference leads to what may be private: what follows there goes on with nothing.
  const isNamedInPublic = decision.rule === 'subject' && message.shared === true
  if (message.row && decision.direction === 'in' && !isNamedInPublic)
    await goOnRow(tx, rowKey(origin.channel, message.row.key), ticket.id, message.sentAt ?? intake.facts.at)
  const append =
    message.sentByHand || inPlace ? appendSentByHand : decision.direction === 'in' ? appendIncoming : appendFromAgent
  const messageId = await append(tx, entry, ticket, decision)
  const refused = decision.direction === 'out' && orders !== null && orders.mistakes.length > 0
  const isNamed = isNamedInPublic || decision.rule === 'named-thread'
  await rememberThread(tx, origin.channel, message, ticket.id, { named: isNamed })
  const became = {
    outcome: 'appended',
    ticketId: ticket.id,
    messageId,
    acknowledgement: null,
    ref: ticket.ref,
  } as const
  const pending =
    orders && !refused ? { origin, orders, actor: entry.sender, ticket, files: message.attachments } : null
  return { became, pending }
}

async function appendIncoming(tx: Tx, asked: IncomingMessage, ticket: Ticket, decision: Append): Promise<string> {
  const { orders } = asked
  const ordered = orders !== null && orders.mistakes.length === 0
  if (ordered && !orders.text) return keepOrders(tx, asked, ticket)
  const entry = ordered ? { ...asked, message: { ...asked.message, visible: orders.text } } : asked
  const { message, sender, change, intake } = entry
  const { facts } = intake
  const prepared = prepareIncoming(entry, ticket.id)
  const { id } = prepared.message
  await insertMessage(tx, prepared)
  await keepDoubt(tx, id, entry.doubt)
  const data = { message: id, content: prepared.content, kind: message.kind, rule: decision.rule }
  let now = await recordEvent(tx, ticket, { type: 'received', data }, change)
  if (message.kind === 'bounce') now = await recordBounce(tx, entry, now, id)
  now = await recordAlert(tx, entry, now)
  if (!wakes(message)) return id // marked and kept; wakes nobody, lets nobody in
  // A reference in the subject can be guessed: it lets the message in, and changes nothing of who is answered.
  // One of which nothing confirms who wrote it lets nobody in, and no answer goes another way for it.
  if (message.kind === 'person' && decision.rule === 'agent') now = await inviteSender(tx, entry, now)
  if (message.kind === 'person' && !GUESSED.includes(decision.rule) && isShown(entry.proof, sender)) {
    if (isWrittenTo(entry)) now = await letIn(tx, entry, now, await copiedOn(tx, entry))
    now = await movePeople(tx, entry, now, decision)
    const replyTo = answerAddress(facts, message)
    const sameWay = facts.kindOf(ticket.channel) === entry.origin.kind
    // What was asked in private is not answered where others read it, whatever is said there.
    const stays = facts.isShared(ticket.channel, replyTo) && !facts.isShared(ticket.channel, ticket.replyTo)
    const own = sender.id === ticket.requesterId && isTheirsAlone(entry)
    if (own && replyTo && sameWay && !stays) await moveReplyTo(tx, ticket.id, replyTo)
  }
  // In a chat people say thanks; that opens nothing again.
  if (isDone(now.state) && message.thread !== undefined && isSmallTalk(message.visible)) return id
  const answer = message.kind === 'person' ? await takeAnswer(tx, entry, now, id, prepared.content) : undefined
  if (answer) return id
  if (!(isDone(now.state) && (await answersByItself(tx, entry, ticket.id)))) now = await wake(tx, entry, now)
  if (!entry.old) {
    await notifyAgents(tx, facts, agentsToNotify(facts, now.ownerId, sender.id), {
      kind: 'notify-received',
      purpose: 'answer',
      channel: ticket.channel,
      ticketId: ticket.id,
      messageId: id,
      cause: trustIn(entry),
    })
  }
  return id
}

const GUESSED: readonly string[] = ['subject', 'named-thread']

/**
 * A program that says nothing of itself: within minutes of a mail of ours it says the same as before, numbers aside. That
 * opens nothing again; whoever worked on it is told of it, as of any message.
 */
async function answersByItself(
  tx: Tx,
  { message, sender, change, doubt }: IncomingMessage,
  ticketId: string,
): Promise<boolean> {
  if (!message.from || message.thread !== undefined) return false
  const since = new Date(Date.parse(change.at) - ROBOT_MS).toISOString()
  if (!(await newestSentTo(tx, message.from.address, since))) return false
  const asked = { ticketId, authorId: sender.id, limit: REMEMBERED, doubted: doubt !== null, longest: COMPARED }
  const now = withoutNumbers(message.visible.slice(0, COMPARED))
  return (await textsBy(tx, asked)).filter(text => withoutNumbers(text) === now).length > 1
}

function withoutNumbers(text: string): string {
  return text.toLowerCase().replace(/\d+/g, '0').replace(/\s+/g, ' ').trim()
}

/** A message goes on with what waited for it, or was done. */
async function wake(tx: Tx, { change, sender }: IncomingMessage, ticket: Ticket): Promise<Ticket> {
  if (isDone(ticket.state)) return recordEvent(tx, ticket, { type: 'reopened', data: { by: 'message' } }, change)
  const awaited =
    ticket.state === 'waiting-on-requester' ||
    (ticket.state === 'waiting-on-third-party' && sender.id !== ticket.requesterId)
  return awaited ? recordEvent(tx, ticket, { type: 'resumed', data: { by: 'message' } }, change) : ticket
}

/** How far it is sure that its sender wrote it. */
function trustIn({ message, proof, sender }: IncomingMessage): Trust {
  return trustOf(message.authentication.result, isShown(proof, sender))
}

/** What shows that they wrote it was nobody else's: others who got the same mail are not in. */
function isTheirsAlone({ proof }: IncomingMessage): boolean {
  return proof?.by === 'transport' || (proof?.alone.length ?? 0) > 0
}

/** Where the sender wants to be answered; never an address of ours. */
function answerAddress(facts: DeskFacts, message: InboundMessage): string | null {
  const wanted = [isBelieved(message.authentication.result) ? message.replyTo : null, message.from?.address ?? null]
  return wanted.find(address => address !== null && !facts.isOurs(address)) ?? null
}

function prepareIncoming(entry: IncomingMessage, ticketId: string): PreparedMessage {
  return prepareMessage(messageRow(entry, ticketId), entry.message.attachments)
}
