// Puts a message into a ticket: a requester's, a colleague's, an agent's.
import { agentsToNotify, notifyAgents } from '../../commands/command/notify-agents.ts'
import { wakes } from '../../core/intake/copies.ts'
import { isShown } from '../../core/intake/proof.ts'
import { isSmallTalk } from '../../core/intake/small-talk.ts'
import { isDone } from '../../core/ticket/ticket-state.ts'
import { DeskError } from '../../errors.ts'
import { isAgent } from '../../people/access.ts'
import { goOnRow, rowKey } from '../../store/chat-rows.ts'
import { keepDoubt } from '../../store/doubts.ts'
import type { Tx } from '../../store/engine/sql.ts'
import { insertMessage, textsBy } from '../../store/messages.ts'
import { newestSentTo } from '../../store/outbox.ts'
import { currentTicket, moveReplyTo, recordEvent, type Ticket, ticketById } from '../../store/tickets.ts'
import type { Intake } from '../context.ts'
import { appendFromAgent, appendSentByHand, storeCommands } from '../mail-commands/from-agent.ts'
import type { PendingCommands } from '../mail-commands/mail-command.ts'
import { readConfirmedCommands, refuseBelowNote } from '../mail-commands/read-mail-commands.ts'
import { rememberThread } from './clues.ts'
import type { IntakeSituation } from './gather.ts'
import {
  type Append,
  answerAddress,
  type IncomingMessage,
  type IntakeResult,
  incomingMessage,
  prepareIncoming,
  trustIn,
} from './incoming-message.ts'
import { recordBounce } from './record-bounce.ts'
import { recordAlert } from './repeat-alert.ts'
import { takeAnswer } from './solved-reply.ts'
import { copiedOn, inviteSender, isWrittenTo, letIn, movePeople } from './take-part.ts'

const ROBOT_MS = 10 * 60 * 1000 // until the slower ones have answered
const REMEMBERED = 20 // messages of one writer on a ticket
const COMPARED = 2_000 // characters of each

/** What a message became, and the commands in it that are carried out next. */
export interface PlacedMessage {
  result: IntakeResult
  pending: PendingCommands | null
}

/** Puts a message into a ticket, as what the decision says it is. */
export async function appendMessage(
  tx: Tx,
  intake: Intake,
  situation: IntakeSituation,
  { decision, hasCommands }: { decision: Append; hasCommands: boolean },
): Promise<PlacedMessage> {
  const { origin, message } = situation
  await tx.lock([`ticket ${decision.ticketId}`])
  const named = await currentTicket(tx, decision.ticketId)
  // It became part of another while this waited for its turn.
  const isOther = named !== undefined && named.id !== decision.ticketId
  if (isOther) await tx.lock([`ticket ${named.id}`])
  const ticket = isOther ? await ticketById(tx, named.id) : named
  if (!ticket) throw new DeskError('unsound', `Ticket ${decision.ticketId} is named by a thread and not stored.`)
  intake.facts.at = intake.context.clock.now().toISOString() // nothing in a ticket is older than what came before it
  const commands = hasCommands ? await readConfirmedCommands(tx, intake, situation, ticket) : null
  if (commands && decision.direction === 'out') refuseBelowNote(message, commands)
  const entry = await incomingMessage(tx, intake, situation, { commands })
  // Written by an agent where the requester reads it.
  const inPlace = decision.direction === 'out' && decision.rule === 'thread'
  // Where others read it, a reference leads to what may be private: what follows there goes on with nothing.
  const isNamedInPublic = decision.rule === 'subject' && message.chat?.shared === true
  if (message.chat?.row && decision.direction === 'in' && !isNamedInPublic)
    await goOnRow(tx, rowKey(origin.channel, message.chat?.row.key), ticket.id, message.sentAt ?? intake.facts.at)
  const append =
    message.mail.sentByHand || inPlace
      ? appendSentByHand
      : decision.direction === 'in'
        ? appendIncoming
        : appendFromAgent
  const messageId = await append(tx, entry, ticket, decision)
  const refused = decision.direction === 'out' && commands !== null && commands.mistakes.length > 0
  const isNamed = isNamedInPublic || decision.rule === 'named-thread'
  await rememberThread(tx, origin.channel, message, ticket.id, { named: isNamed })
  const result = {
    outcome: 'appended',
    ticketId: ticket.id,
    messageId,
    acknowledgement: null,
    ref: ticket.ref,
  } as const
  const pending =
    commands && !refused ? { origin, commands, actor: entry.sender, ticket, files: message.attachments } : null
  return { result, pending }
}

async function appendIncoming(tx: Tx, incoming: IncomingMessage, ticket: Ticket, decision: Append): Promise<string> {
  const { commands } = incoming
  const hasValidCommands = commands !== null && commands.mistakes.length === 0
  if (hasValidCommands && !commands.text) return storeCommands(tx, incoming, ticket)
  const entry = hasValidCommands ? { ...incoming, message: { ...incoming.message, visible: commands.text } } : incoming
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
  if (message.kind === 'person' && !GUESSED.includes(decision.rule) && isShown(entry.proof, isAgent(sender))) {
    if (isWrittenTo(entry)) now = await letIn(tx, entry, now, await copiedOn(tx, entry))
    now = await movePeople(tx, entry, now, decision)
    const replyTo = answerAddress(facts, message)
    const sameWay = facts.kindOf(ticket.channel) === entry.origin.kind
    // What was asked in private is not answered where others read it, whatever is said there.
    const stays = facts.isShared(ticket.channel, replyTo) && !facts.isShared(ticket.channel, ticket.replyTo)
    const isOnlyRequester = sender.id === ticket.requesterId && isTheirsAlone(entry)
    if (isOnlyRequester && replyTo && sameWay && !stays) await moveReplyTo(tx, ticket.id, replyTo)
  }
  // In a chat people say thanks; that opens nothing again.
  if (isDone(now.state) && message.chat?.thread !== undefined && isSmallTalk(message.visible)) return id
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
  if (!message.from || message.chat?.thread !== undefined) return false
  const since = new Date(Date.parse(change.at) - ROBOT_MS).toISOString()
  if (!(await newestSentTo(tx, message.from.address, since))) return false
  const query = { ticketId, authorId: sender.id, limit: REMEMBERED, doubted: doubt !== null, longest: COMPARED }
  const now = withoutNumbers(message.visible.slice(0, COMPARED))
  return (await textsBy(tx, query)).filter(text => withoutNumbers(text) === now).length > 1
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

/** What shows that they wrote it was nobody else's: others who got the same mail are not in. */
function isTheirsAlone({ proof }: IncomingMessage): boolean {
  return proof?.by === 'transport' || (proof?.alone.length ?? 0) > 0
}
