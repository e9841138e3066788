// Decides what becomes of a message, and why.
import type { InboundMessage } from '../../channel/message.ts'
import { canonicalAddress } from '../../core/text/address.ts'
import { type ChatArrival, decideChat, isAlike } from '../../core/ticket/chat-decision.ts'
import { isOverFor } from '../../core/ticket/history-lines.ts'
import { isSmallTalk } from '../../core/ticket/small-talk.ts'
import { type Clue, type Decision, decide, decideSentByHand } from '../../core/ticket/threading.ts'
import { isDone } from '../../core/ticket/ticket-state.ts'
import { tokensIn, verifyToken } from '../../core/ticket/token.ts'
import { type ArrivalVerdict, verdictOf } from '../../core/ticket/verdict.ts'
import { isAgent } from '../../people/access.ts'
import { chatRow, rowKey } from '../../store/chat-rows.ts'
import { recall } from '../../store/engine/memory.ts'
import type { Tx } from '../../store/engine/sql.ts'
import { firstMessage } from '../../store/messages.ts'
import { type Participant, participantsOf, takesPart, wasTakenOff } from '../../store/participants.ts'
import type { Person } from '../../store/people.ts'
import { currentTicket, ticketById } from '../../store/tickets.ts'
import { type Intake, knownPerson, type Origin, personByOther } from '../context.ts'
import { type AgentCommands, findAgentCommands, NO_COMMANDS } from '../mail-commands/agent-commands.ts'
import { cluesOf, noticeKey } from './clues.ts'
import { bearsToken } from './proof.ts'
import { passScan } from './scan.ts'
import { passSenderGate } from './sender-gate.ts'

/** What becomes of a message, and why. */
export interface Decided {
  decision: Decision
  verdict: ArrivalVerdict
  asked: AgentCommands
}

/** Decides what becomes of a message. */
export async function decideOn(tx: Tx, intake: Intake, origin: Origin, message: InboundMessage): Promise<Decided> {
  const early = decideEarly(intake, message)
  if (early) return { decision: early, verdict: verdictOf(message, [], early), asked: NO_COMMANDS }
  const clues = await cluesOf(tx, intake.facts, intake.keys, origin.channel, message)
  const matched =
    (await decideInChat(tx, intake, origin, message, clues)) ??
    (await (message.sentByHand ? decideOnSent : decideByClues)(tx, intake, origin, message, clues))
  const decided = asksForStatus(message, matched)
    ? ({ action: 'ignore', rule: 'status' } as const)
    : await passWindow(tx, intake, message, matched)
  const { decision: wanted, ...asked } = await findAgentCommands(tx, intake, origin, message, decided)
  const passed = await passSenderGate(tx, intake, origin, message, wanted)
  const { decision, found } = await passScan(tx, intake, origin, message.id, passed)
  const verdict = { ...verdictOf(message, clues, decision), ...(found === null ? {} : { scan: found }) }
  return { decision, verdict, asked: decision === wanted ? asked : NO_COMMANDS }
}

/** Nothing but the word: whoever writes that asks how their tickets are. */
function asksForStatus(
  { kind, subject, visible, authentication, attachments }: InboundMessage,
  decision: Decision,
): boolean {
  if (decision.action !== 'open' || decision.forwarded || kind !== 'person') return false
  if (authentication.result === 'fail' || attachments.length > 0) return false
  const text = visible.trim()
  return STATUS.test(text) || (text === '' && STATUS.test(subject.trim()))
}

const STATUS = /^!?(?:my\s+)?(?:status|tickets)\s*[?.!]*$/i

/** What comes long after a ticket was closed begins a new one, linked to it. */
async function passWindow(tx: Tx, intake: Intake, { kind }: InboundMessage, decision: Decision): Promise<Decision> {
  if (decision.action !== 'append' || decision.direction !== 'in' || kind !== 'person') return decision
  const ticket = await ticketById(tx, decision.ticketId)
  const over = ticket && isOverFor(ticket, intake.facts.at, intake.context.policy.reopenWithin)
  return over ? { action: 'open', follows: ticket.id } : decision
}

/** What is ours, whatever it refers to. */
function decideEarly({ facts, keys }: Intake, message: InboundMessage): Decision | undefined {
  const { from } = message
  const ownTokens = [message.messageId ?? '', ...(message.marks ?? [])].flatMap(tokensIn)
  if (ownTokens.some(token => verifyToken(keys, token))) return { action: 'ignore', rule: 'own-message' }
  if (message.sentByHand || !from || !facts.isOurs(from.address)) return undefined
  // A contact form of ours writes in our name for somebody else.
  const forOther = message.replyTo !== null && !facts.isOurs(message.replyTo)
  if (forOther && message.bulk === 'form') return undefined
  return forOther
    ? { action: 'hold', ticketId: null, reason: 'own-address' }
    : { action: 'ignore', rule: 'own-address' }
}

async function decideByClues(
  tx: Tx,
  intake: Intake,
  origin: Origin,
  message: InboundMessage,
  clues: readonly Clue[],
): Promise<Decision> {
  const { keys, context } = intake
  const { kind, bulk, from, forwarded, through } = message
  // It answers a message of ours that has no ticket, such as an alarm.
  if (clues.length === 0 && bearsToken(keys, message)) return { action: 'ignore', rule: 'answer-to-alarm' }
  if (!from && kind === 'person' && !through)
    return { action: 'hold', ticketId: clues[0]?.ticketId ?? null, reason: 'no-sender' }
  const mine = new Set<string>()
  const alias = new Set<string>()
  const sender = from ? await writerOf(tx, intake, origin, message, from.address) : undefined
  for (const { ticketId } of clues) {
    if (!from) break
    const participants = await participantsOf(tx, ticketId)
    if (isAmong(participants, origin.kind, from.address, sender)) mine.add(ticketId)
    else if (isAmongAs(participants, origin.kind, from.address)) alias.add(ticketId)
  }
  // Whoever was taken off a ticket still has what was sent to them; it lets nobody back in.
  for (const clue of clues) {
    if (clue.by !== 'token' || !clue.issuedToSender || !from) continue
    if (await wasTakenOff(tx, clue.ticketId, origin.kind, from.address)) clue.issuedToSender = false
  }
  const byAgent = isAgent(sender)
  const decision = decide({
    kind,
    bulk,
    recovered: message.alert?.recovered ?? false,
    forwards: byAgent && forwarded !== null && !(await isOneOfUs(tx, intake, origin, forwarded.from.address)),
    ignoresNewsletters: context.machines.newsletters === 'ignore',
    clues,
    senderIsAgent: byAgent,
    authenticity: message.authentication.result,
    nullSender: message.nullSender ?? false,
    takesPart: ticketId => mine.has(ticketId),
    isAlias: ticketId => alias.has(ticketId),
  })
  // Several people would be one requester, and nobody could answer them.
  const nameless = !from && through && (kind === 'person' || bulk === 'list')
  return nameless && decision.action === 'open' ? { action: 'hold', ticketId: null, reason: 'no-writer' } : decision
}

const BEGINS_WITH_REFERENCE = /^\W{0,3}[a-z]{1,10}-\d/i

/** By where in a chat it was written; undefined for mail, and for what nothing there decides. */
async function decideInChat(
  tx: Tx,
  intake: Intake,
  origin: Origin,
  message: InboundMessage,
  clues: readonly Clue[],
): Promise<Decision | undefined> {
  const { from, row, thread } = message
  if (thread === undefined || !from || message.kind !== 'person') return undefined
  const sender = await writerOf(tx, intake, origin, message, from.address)
  const own = clues.find(clue => clue.by === 'thread')
  // What an agent says below a notice about no ticket is nobody's request.
  const mayAnswerNotice = !own && message.id !== thread
  if (mayAnswerNotice && (await recall(tx, origin.channel, noticeKey(thread))) !== undefined) {
    return { action: 'ignore', rule: 'answer-to-alarm' }
  }
  const takesPartIn = own && isAmong(await participantsOf(tx, own.ticketId), origin.kind, from.address, sender)
  const before = row ? await lineBefore(tx, intake, origin.channel, message, row.key) : null
  // Whoever names another ticket of theirs means that one, and not what they wrote last.
  const begins = BEGINS_WITH_REFERENCE.test(message.subject)
  const named = clues.find(
    clue => clue.by === 'subject' && clue.ticketId !== before?.ticketId && (clue.bracketed || begins),
  )
  const meansOther = named && isAmong(await participantsOf(tx, named.ticketId), origin.kind, from.address, sender)
  return decideChat({
    senderIsAgent: isAgent(sender),
    internal: message.internal ?? false,
    shared: message.shared ?? false,
    thread: own ? { ticketId: own.ticketId, internal: own.internal ?? false, named: own.named ?? false } : null,
    before: meansOther ? null : before,
    withinMs: row?.within ?? 0,
    smallTalk: message.attachments.length === 0 && isSmallTalk(message.visible),
    takesPart: () => takesPartIn ?? false,
  })
}

/** Who has this address, or another one for which the transport vouches. */
async function writerOf(
  tx: Tx,
  intake: Intake,
  { kind }: Origin,
  { alsoKnownAs = [] }: InboundMessage,
  address: string,
): Promise<Person | undefined> {
  return (await knownPerson(tx, intake, kind, address)) ?? (await personByOther(tx, alsoKnownAs))
}

/** What the same person wrote in the same place before this. */
async function lineBefore(
  tx: Tx,
  { facts }: Intake,
  channel: string,
  message: InboundMessage,
  key: string,
): Promise<ChatArrival['before']> {
  const row = await chatRow(tx, rowKey(channel, key))
  const ticket = row && (await currentTicket(tx, row.ticketId))
  if (!row || !ticket) return null
  const first = await firstMessage(tx, ticket.id)
  const agoMs = Date.parse(message.sentAt ?? facts.at) - Date.parse(row.at)
  return {
    ticketId: ticket.id,
    agoMs: Math.max(0, agoMs),
    open: !isDone(ticket.state),
    alike: isAlike(message.visible, `${ticket.subject} ${first?.visible ?? first?.text ?? ''}`),
  }
}

/** By this address, or by another one of the same person. */
function isAmong(
  participants: readonly Participant[],
  kind: string,
  address: string,
  person: Person | undefined,
): boolean {
  return participants.some(each => (each.kind === kind ? each.address === address : each.personId === person?.id))
}

/** Under another address of the same mailbox. */
function isAmongAs(participants: readonly Participant[], kind: string, address: string): boolean {
  const canonical = canonicalAddress(address)
  return participants.some(each => each.kind === kind && canonicalAddress(each.address) === canonical)
}

/** The desk itself, or one of its agents: what they wrote is not recorded for somebody else. */
export async function isOneOfUs(tx: Tx, intake: Intake, origin: Origin, address: string): Promise<boolean> {
  if (intake.facts.isOurs(address)) return true
  return isAgent(await knownPerson(tx, intake, origin.kind, address))
}

async function decideOnSent(
  tx: Tx,
  _intake: Intake,
  origin: Origin,
  message: InboundMessage,
  clues: readonly Clue[],
): Promise<Decision> {
  const mine = new Set<string>()
  for (const { ticketId } of clues) {
    for (const { address } of [...message.to, ...message.cc]) {
      if (await takesPart(tx, ticketId, origin.kind, address)) mine.add(ticketId)
    }
  }
  return decideSentByHand({ kind: message.kind, clues, sentTo: ticketId => mine.has(ticketId) })
}
