// Decides what becomes of a message, from its situation alone.
import { canonicalAddress } from '../text/address.ts'
import { decideChat } from './chat-decision.ts'
import type { Counter } from './flood-limits.ts'
import { held, passSender } from './sender-policy.ts'
import type { Situation, TicketSituation } from './situation.ts'
import { isSmallTalk } from './small-talk.ts'
import { type Clue, type Decision, decide, decideSentByHand } from './threading.ts'
import { type ArrivalVerdict, verdictOf } from './verdict.ts'

/** What becomes of a message, and why. */
export interface MessageDecision {
  decision: Decision
  verdict: ArrivalVerdict
  /** What becomes of the commands in it: `unconfirmed`, and not done, where nothing says that the agent gave them. */
  commands: 'none' | 'unconfirmed' | 'confirmed'
  /** What it counts towards. */
  counters: readonly Counter[]
  /** What the virus scanner said was asked for. */
  isScanned: boolean
}

/** A decision that somebody else made. */
export function decidedAs({ message }: Situation, decision: Decision): MessageDecision {
  return {
    decision,
    verdict: verdictOf(message, [], decision),
    commands: 'none',
    counters: [],
    isScanned: false,
  }
}

/** Decides what becomes of a message. Each step takes the decision of the one before, or another in its place. */
export function decideMessage(situation: Situation): MessageDecision {
  const ownDecision = decideOwn(situation)
  if (ownDecision) return decidedAs(situation, ownDecision)
  const matched = passWindow(situation, passStatus(situation, matchTicket(situation)))
  const { decision: commandDecision, commands } = passCommands(situation, matched)
  const { decision: passed, counters } = passFlood(situation, passSenderGate(situation, commandDecision))
  const { decision, isScanned, found } = passScan(situation, passed)
  const verdict = verdictOf(situation.message, situation.clues, decision)
  return {
    decision,
    verdict: found === null ? verdict : { ...verdict, scan: found },
    commands: decision === commandDecision ? commands : 'none',
    counters,
    isScanned,
  }
}

/** What is ours, whatever it refers to. */
function decideOwn({ message, isOwn, isOurs }: Situation): Decision | undefined {
  if (isOwn) return { action: 'ignore', rule: 'own-message' }
  const {
    from,
    replyTo,
    bulk,
    mail: { sentByHand },
  } = message
  if (sentByHand || !from || !isOurs(from.address)) return undefined
  // A contact form of ours writes in our name for somebody else.
  const forOther = replyTo !== null && !isOurs(replyTo)
  if (forOther && bulk === 'form') return undefined
  return forOther
    ? { action: 'hold', ticketId: null, reason: 'own-address' }
    : { action: 'ignore', rule: 'own-address' }
}

function matchTicket(situation: Situation): Decision {
  const {
    mail: { sentByHand },
  } = situation.message
  return decideInChat(situation) ?? (sentByHand ? decideOnSent(situation) : decideByClues(situation))
}

/** What a colleague sent from the desk's own mailbox. */
function decideOnSent({ message, kind, clues, tickets }: Situation): Decision {
  const addresses = new Set([...message.mail.to, ...message.mail.cc].map(each => each.address))
  const sentTo = (ticketId: string) =>
    participantsOf(tickets, ticketId).some(each => each.kind === kind && addresses.has(each.address))
  return decideSentByHand({ kind: message.kind, clues, sentTo })
}

function decideByClues(situation: Situation): Decision {
  const { message, clues: found, tickets, sender } = situation
  const {
    kind,
    bulk,
    from,
    mail: { forwarded, through },
  } = message
  // It answers a message of ours that has no ticket, such as an alarm.
  if (found.length === 0 && situation.bearsToken) return { action: 'ignore', rule: 'answer-to-alarm' }
  if (!from && kind === 'person' && !through)
    return { action: 'hold', ticketId: found[0]?.ticketId ?? null, reason: 'no-sender' }
  // Whoever was taken off a ticket still has what was sent to them; it lets nobody back in.
  const clues = found.map(
    (clue): Clue =>
      clue.by === 'token' && tickets.get(clue.ticketId)?.isSenderRemoved ? { ...clue, issuedToSender: false } : clue,
  )
  const byAgent = sender?.isAgent ?? false
  const decision = decide({
    kind,
    bulk,
    recovered: message.alert?.recovered ?? false,
    forwards: byAgent && forwarded !== null && situation.forwardsStranger,
    ignoresNewsletters: situation.ignoresNewsletters,
    clues,
    senderIsAgent: byAgent,
    authenticity: message.authentication.result,
    nullSender: message.mail.nullSender ?? false,
    takesPart: ticketId => takesPart(situation, ticketId),
    isAlias: ticketId => !takesPart(situation, ticketId) && takesPartAsAlias(situation, ticketId),
  })
  // Several people would be one requester, and nobody could answer them.
  const nameless = !from && through && (kind === 'person' || bulk === 'list')
  return nameless && decision.action === 'open' ? { action: 'hold', ticketId: null, reason: 'no-writer' } : decision
}

const BEGINS_WITH_REFERENCE = /^\W{0,3}[a-z]{1,10}-\d/i

/** By where in a chat it was written; undefined for mail, and for what nothing there decides. */
function decideInChat(situation: Situation): Decision | undefined {
  const { message, chat, clues, sender } = situation
  if (!chat) return undefined
  // What an agent says below a notice about no ticket is nobody's request.
  if (chat.answersNotice) return { action: 'ignore', rule: 'answer-to-alarm' }
  const threadClue = clues.find(clue => clue.by === 'thread')
  // Whoever names another ticket of theirs means that one, and not what they wrote last.
  const begins = BEGINS_WITH_REFERENCE.test(message.subject)
  const named = clues.find(
    clue => clue.by === 'subject' && clue.ticketId !== chat.before?.ticketId && (clue.bracketed || begins),
  )
  return decideChat({
    senderIsAgent: sender?.isAgent ?? false,
    internal: message.chat?.internal ?? false,
    shared: message.chat?.shared ?? false,
    thread: threadClue
      ? { ticketId: threadClue.ticketId, internal: threadClue.internal ?? false, named: threadClue.named ?? false }
      : null,
    before: named && takesPart(situation, named.ticketId) ? null : chat.before,
    withinMs: message.chat?.row?.within ?? 0,
    smallTalk: message.attachments.length === 0 && isSmallTalk(message.visible),
    takesPart: ticketId => takesPart(situation, ticketId),
  })
}

type Tickets = Situation['tickets']

function participantsOf(tickets: Tickets, ticketId: string): TicketSituation['participants'] {
  return tickets.get(ticketId)?.participants ?? []
}

/** By the address that the message names, or by another one of the same person. */
function takesPart({ message: { from }, kind, sender, tickets }: Situation, ticketId: string): boolean {
  if (!from) return false
  return participantsOf(tickets, ticketId).some(each =>
    each.kind === kind ? each.address === from.address : each.personId === sender?.id,
  )
}

/** Under another address of the same mailbox. */
function takesPartAsAlias({ message: { from }, kind, tickets }: Situation, ticketId: string): boolean {
  if (!from) return false
  const canonical = canonicalAddress(from.address)
  return participantsOf(tickets, ticketId).some(
    each => each.kind === kind && canonicalAddress(each.address) === canonical,
  )
}

const STATUS = /^!?(?:my\s+)?(?:status|tickets)\s*[?.!]*$/i

/** Nothing but the word: whoever writes that asks how their tickets are. */
function passStatus({ message }: Situation, decision: Decision): Decision {
  const { kind, subject, visible, authentication, attachments } = message
  if (decision.action !== 'open' || decision.forwarded || kind !== 'person') return decision
  if (authentication.result === 'fail' || attachments.length > 0) return decision
  const text = visible.trim()
  const asks = STATUS.test(text) || (text === '' && STATUS.test(subject.trim()))
  return asks ? { action: 'ignore', rule: 'status' } : decision
}

/** What comes long after a ticket was closed begins a new one, linked to it. */
function passWindow({ message, tickets }: Situation, decision: Decision): Decision {
  if (decision.action !== 'append' || decision.direction !== 'in' || message.kind !== 'person') return decision
  return tickets.get(decision.ticketId)?.isOver ? { action: 'open', follows: decision.ticketId } : decision
}

/**
 * Commands are taken from an agent whose address is confirmed, or who answers a mail that the desk sent to that very
 * address alone: a token that went to others as well, such as that of an answer with the agent on Cc, says nothing of
 * who sends it.
 */
function passCommands(
  { commands, proof }: Situation,
  decision: Decision,
): { decision: Decision; commands: MessageDecision['commands'] } {
  if (!commands || decision.action === 'hold') return { decision, commands: 'none' }
  const { hasText, areIntended, alone } = commands
  if (!proof || (proof.by === 'token' && proof.alone.length === 0)) {
    const refused: Decision = { action: 'hold', ticketId: null, reason: 'commands' }
    return { decision: decision.action === 'open' && !hasText ? refused : decision, commands: 'unconfirmed' }
  }
  // A forward has a ticket of its own as soon as it is opened; its commands are about that.
  const hasTicket = decision.action === 'append' || (decision.action === 'open' && decision.forwarded)
  if (hasTicket) return { decision, commands: 'confirmed' }
  // Somebody who asks for something may begin with what only looks like a command.
  const isRequest = decision.action === 'open' && alone.hasText && !alone.areUnderstood && !areIntended
  if (isRequest) return { decision, commands: 'none' }
  return { decision: { action: 'ignore', rule: 'commands' }, commands: 'confirmed' }
}

/** Holds what comes from senders whose mail is not wanted. */
function passSenderGate({ message, senderJudgement }: Situation, decision: Decision): Decision {
  const sender = message.from ?? message.mail.through?.lists[0]
  if (decision.action === 'ignore' || sender === undefined || message.mail.sentByHand) return decision
  const { isBlocked, isAllowed, verdict } = senderJudgement
  return passSender(decision, {
    blocked: isBlocked,
    isWelcome: verdict === 'wanted' || isAllowed,
    marked: verdict === 'spam',
    spam: message.spam.length > 0,
  })
}

/** Holds what comes from senders who write more than anybody would. */
function passFlood(
  { message, counts, counters: all }: Situation,
  decision: Decision,
): { decision: Decision; counters: readonly Counter[] } {
  if (message.mail.sentByHand || (decision.action !== 'open' && decision.action !== 'append'))
    return { decision, counters: [] }
  const counters = all[decision.action]
  const isTooMuch = counters.some(({ key, most }) => (counts.get(key) ?? 0) + 1 > most)
  return { decision: isTooMuch ? held(decision, 'flood') : decision, counters }
}

/** Holds what the scanner found something in, and what it could not look at. */
function passScan(
  { scan }: Situation,
  decision: Decision,
): { decision: Decision; isScanned: boolean; found: string | null } {
  // What is ignored is not read by anybody; the files of commands may leave with an answer.
  const isRead = decision.action !== 'ignore' || decision.rule === 'commands'
  if (!scan || !isRead) return { decision, isScanned: false, found: null }
  switch (scan.result) {
    case 'clean':
      return { decision, isScanned: true, found: null }
    case 'found':
      return { decision: held(decision, 'virus'), isScanned: true, found: scan.name }
    case 'unscanned':
      return { decision: held(decision, 'unscanned'), isScanned: true, found: scan.reason }
  }
}
