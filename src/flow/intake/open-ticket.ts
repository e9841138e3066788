// Opens a ticket with its first message, acknowledges it and tells agents.
import { agentsToNotify, notifyAgents } from '../../commands/command/notify-agents.ts'
import { linkBoth } from '../../commands/sort/link.ts'
import { isBelieved } from '../../core/intake/sender-trust.ts'
import { oneLine } from '../../core/text/address.ts'
import { plainSubject } from '../../core/ticket/reference.ts'
import { goOnRow, rowKey } from '../../store/chat-rows.ts'
import { keepDoubt } from '../../store/doubts.ts'
import { newId } from '../../store/engine/id.ts'
import type { Tx } from '../../store/engine/sql.ts'
import { addParticipants } from '../../store/participants.ts'
import type { Person } from '../../store/people.ts'
import { moveThread } from '../../store/threads.ts'
import { openTicket, recordEvent, type Ticket, ticketById } from '../../store/tickets.ts'
import type { Intake } from '../context.ts'
import { isNotifiedAlone } from '../outgoing/backlog.ts'
import { acknowledge } from './acknowledgement-rule.ts'
import { rememberThread } from './clues.ts'
import type { IntakeSituation } from './gather.ts'
import {
  answerAddress,
  type IntakeResult,
  incomingMessage,
  prepareIncoming,
  trustIn,
  writerOf,
} from './incoming-message.ts'
import { recordAlert } from './repeat-alert.ts'
import { copiedOn, isWrittenTo, participant } from './take-part.ts'

/** What a ticket is opened with beside its first message. */
interface OpeningFacts {
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
  situation: IntakeSituation,
  { recordedBy, doubt = null, follows, beforeTelling }: OpeningFacts = {},
): Promise<IntakeResult> {
  const { facts } = intake
  const { origin, message } = situation
  const entry = await incomingMessage(tx, intake, situation, { opens: true })
  const { sender } = entry
  const change = recordedBy ? { ...entry.change, actorId: recordedBy.id } : entry.change
  const number = await tx.number('ticket', intake.group)
  // Mail that lay somewhere before it came may be one of thousands.
  const waited = !message.live && !entry.old && origin.kind === 'email'
  const place = { deskId: origin.desk.id, number, channel: origin.channel }
  const alone = !waited || (await isNotifiedAlone(tx, place, facts.at))
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
  if (follows && message.chat?.thread !== undefined)
    await moveThread(tx, origin.channel, message.chat?.thread, ticket.id)
  await recordAlert(tx, entry, ticket)
  if (message.chat?.row)
    await goOnRow(tx, rowKey(origin.channel, message.chat?.row.key), ticket.id, message.sentAt ?? facts.at)
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
