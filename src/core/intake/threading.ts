// Which ticket a mail belongs to, and whether its sender may join it.
import type { Authenticity, BulkSort, MessageKind } from '../../channel/message.ts'
import type { HeldReason, IgnoredReason } from '../../outcome.ts'
import type { Purpose } from '../ticket/token.ts'
import { isBelieved } from './sender-trust.ts'

/** A reason to believe that a message belongs to a ticket. */
export type Clue =
  /**
   * A token that we signed. `issuedToSender`: the message with it was sent to this very address. `seen`: others know
   * it by now.
   */
  | { by: 'token'; ticketId: string; purpose: Purpose; issuedToSender: boolean; seen?: true }
  /** It answers a message that we had, or only heard of. */
  | { by: 'references'; ticketId: string; known: 'seen' | 'mentioned' }
  /** The conversation's own key, in chat. `named`: it only began with the ticket's reference, where others read it. */
  | { by: 'thread'; ticketId: string; internal?: boolean; named?: boolean }
  /** Its subject names the ticket; bracketed is how we write it. */
  | { by: 'subject'; ticketId: string; bracketed: boolean }
  /** A bounce with an empty envelope sender is about somebody to whom the ticket's answers went lately, and says of which mail in no other way. */
  | { by: 'recipient'; ticketId: string; purpose: Purpose }
  /** The same alert came before: its ticket, or the one before it if that is closed. */
  | { by: 'alert'; ticketId: string; closed: boolean }

export interface Arrival {
  kind: MessageKind
  /** What sort of bulk it is; left out for every other kind. */
  bulk?: BulkSort | null
  /** Of an alert: it says that all is well again. */
  recovered?: boolean
  /** It forwards a mail of somebody who is no agent, to begin something new. */
  forwards?: boolean
  /** Whether newsletters are left alone. */
  ignoresNewsletters?: boolean
  /** Of a bounce: it came with an empty envelope sender, as what mail systems report does (RFC 5321 section 4.5.5). */
  nullSender?: boolean
  /** Strongest first: tokens, thread, references, subject. */
  clues: readonly Clue[]
  senderIsAgent: boolean
  /** How far the sender's address can be believed. Left out: nobody says anything. */
  authenticity?: Authenticity
  /** Whether the sender's address takes part in a ticket: as it is, or as another address of the same mailbox. */
  takesPart(ticketId: string): boolean
  isAlias?(ticketId: string): boolean
}

/** Why somebody may join a ticket. */
export type JoinReason =
  /** Takes part in it already. */
  | 'participant'
  /** What they answer was sent to this very address. */
  | 'addressee'
  /** Takes part under another address of the same mailbox. */
  | 'alias'
  /** Writes where everybody who reads can write, as in a channel of a chat. */
  | 'present'
  | 'agent'
  /** An agent let them in. */
  | 'decided'
  /** A machine, which is kept with the ticket and wakes nobody. */
  | 'machine'

export type Decision =
  /** `forwarded`: for the writer of what an agent forwards. `follows`: goes on from a ticket that is closed for good. */
  | { action: 'open'; forwarded?: true; follows?: string }
  /** `in`: from those we answer. `out`: an agent's answer to them. `internal`: among agents. */
  | { action: 'append'; ticketId: string; direction: 'in' | 'out' | 'internal'; rule: string; allowed: JoinReason }
  | { action: 'hold'; ticketId: string | null; reason: HeldReason }
  | { action: 'ignore'; rule: IgnoredReason }

/** Which ticket a message belongs to, and whether its sender may join it. */
export function decide(arrival: Arrival): Decision {
  if (arrival.kind !== 'person' && !isPost(arrival)) return decideAutomatic(arrival)
  if (arrival.senderIsAgent && isBelievedIn(arrival)) return decideAgent(arrival)
  return decidePerson(arrival)
}

/** A person's mail that came through a list: it gets in as any other. What an agent posts is no answer to anybody. */
function isPost({ kind, bulk, senderIsAgent }: Arrival): boolean {
  return kind === 'bulk' && bulk === 'list' && !senderIsAgent
}

function isBelievedIn({ authenticity = 'none' }: Arrival): boolean {
  return isBelieved(authenticity)
}

function decidePerson(arrival: Arrival): Decision {
  const { clues } = arrival
  const ownClue = clues.find(clue => mayJoin(arrival, clue))
  const strongest = clues.find(isStrong)
  // A stronger clue to a ticket that is not theirs beats a weaker one to a ticket that is: an agent decides.
  if (
    ownClue &&
    (!strongest || ownClue.ticketId === strongest.ticketId || clues.indexOf(ownClue) < clues.indexOf(strongest))
  ) {
    const allowed = arrival.takesPart(ownClue.ticketId) ? 'participant' : isAddressee(ownClue) ? 'addressee' : 'alias'
    return { action: 'append', ticketId: ownClue.ticketId, direction: 'in', rule: ownClue.by, allowed }
  }
  if (!strongest) return { action: 'open' }
  const known = arrival.takesPart(strongest.ticketId) || arrival.senderIsAgent
  const reason = known && !isBelievedIn(arrival) ? 'unauthenticated' : strangerReason(strongest)
  return { action: 'hold', ticketId: strongest.ticketId, reason }
}

/**
 * A secret that we sent to somebody who takes part lets its bearer in, whatever became of the mail on its way. Without
 * one the address must be believed, and another address of the same mailbox be vouched for by its domain.
 */
function mayJoin(arrival: Arrival, clue: Clue): boolean {
  const { takesPart, isAlias, authenticity } = arrival
  if (isAddressee(clue)) return true
  const alias = isAlias?.(clue.ticketId) ?? false
  if (clue.by === 'token' && !arrival.senderIsAgent) return takesPart(clue.ticketId) || alias
  return (takesPart(clue.ticketId) && isBelievedIn(arrival)) || (alias && authenticity === 'pass')
}

/** The answer went to this address because its owner asked for that (Reply-To); whoever reads it may answer. */
function isAddressee(clue: Clue): boolean {
  return clue.by === 'token' && clue.purpose === 'requester' && clue.issuedToSender
}

/**
 * What a colleague sent from the desk's own mailbox is an answer on the ticket that it belongs to, if it went to
 * somebody who takes part in it; anything else is their own affair.
 */
export function decideSentByHand({
  kind,
  clues,
  sentTo,
}: Pick<Arrival, 'kind' | 'clues'> & { sentTo: (ticketId: string) => boolean }): Decision {
  const clue = clues.find(each => isStrong(each) && sentTo(each.ticketId))
  if (kind !== 'person' || !clue) return { action: 'ignore', rule: 'sent-elsewhere' }
  return { action: 'append', ticketId: clue.ticketId, direction: 'out', rule: 'sent-by-hand', allowed: 'agent' }
}

/** A clue that says "I belong to this ticket" rather than just mentioning something it knows. */
function isStrong(clue: Clue): boolean {
  if (clue.by === 'references') return clue.known !== 'mentioned'
  if (clue.by === 'recipient' || clue.by === 'alert') return false
  return clue.by !== 'subject' || clue.bracketed
}

function strangerReason(clue: Clue): HeldReason {
  const reasons = {
    token: 'stranger-with-token',
    thread: 'stranger-in-thread',
    references: 'stranger-with-references',
    subject: 'stranger-with-reference',
    recipient: 'stranger',
    alert: 'stranger',
  } as const
  return reasons[clue.by]
}

/**
 * An agent's mail goes to a requester only if it answers a notification that says so, was sent to this agent, and no
 * other token contradicts it. Whatever is doubtful stays internal.
 */
function decideAgent({ clues, takesPart, forwards, authenticity }: Arrival): Decision {
  const tokens = clues.filter(clue => clue.by === 'token')
  const [token] = tokens
  if (token) {
    const { ticketId } = token
    const agreed = tokens.every(other => other.ticketId === ticketId && other.purpose === token.purpose)
    if (agreed && token.purpose === 'requester' && takesPart(ticketId)) {
      return { action: 'append', ticketId, direction: 'in', rule: 'token', allowed: 'participant' }
    }
    // Once others have seen it, the address alone says too little.
    const isTheirs = token.issuedToSender && (!token.seen || authenticity === 'pass')
    if (agreed && token.purpose === 'answer' && isTheirs) {
      return { action: 'append', ticketId, direction: 'out', rule: 'token', allowed: 'agent' }
    }
    const others = token.issuedToSender ? 'token-seen' : 'token-of-another'
    const rule = !agreed ? 'tokens-disagree' : token.purpose === 'answer' ? others : 'token'
    return { action: 'append', ticketId, direction: 'internal', rule, allowed: 'agent' }
  }
  const clue = clues.find(isStrong) ?? clues.find(weak => takesPart(weak.ticketId))
  if (!clue) return forwards ? { action: 'open', forwarded: true } : { action: 'open' }
  const takes = takesPart(clue.ticketId)
  const allowed = takes ? 'participant' : 'agent'
  return { action: 'append', ticketId: clue.ticketId, direction: takes ? 'in' : 'internal', rule: clue.by, allowed }
}

/**
 * What a machine wrote joins only what it certainly belongs to: a bounce by the token of what bounced, an auto-reply by
 * one that its sender got, an alert the ticket of the one before. A report or an auto-reply to nothing is left alone.
 */
function decideAutomatic(arrival: Arrival): Decision {
  const { kind, clues, takesPart } = arrival
  const machine = { action: 'append', allowed: 'machine' } as const
  const token = clues.find(clue => clue.by === 'token')
  // Kept among agents whatever kind of machine it was: held, it would be told of, and answered again.
  if (token && token.purpose !== 'requester' && (kind === 'bounce' || token.issuedToSender)) {
    return { ...machine, ticketId: token.ticketId, direction: 'internal', rule: 'token' }
  }
  const trusted = token && (kind === 'bounce' || (kind === 'auto-reply' && token.issuedToSender))
  const believed = isBelievedIn(arrival)
  const ownClue = clues.find(each => isStrong(each) && takesPart(each.ticketId) && (believed || each.by === 'token'))
  const clue = ownClue ?? (trusted ? token : undefined)
  if (clue) return { ...machine, ticketId: clue.ticketId, direction: 'in', rule: clue.by }
  if (token) return { action: 'hold', ticketId: token.ticketId, reason: strangerReason(token) }
  if (!believed && arrival.bulk === 'list') {
    const ownTicketClue = clues.find(each => isStrong(each) && takesPart(each.ticketId))
    if (ownTicketClue) return { action: 'hold', ticketId: ownTicketClue.ticketId, reason: 'unauthenticated' }
  }
  // What answers for an agent opens no ticket: the others would be told of it, and what answers for them open the next.
  const answers = arrival.senderIsAgent && arrival.bulk !== 'list' && arrival.bulk !== 'form' && clues.some(isStrong)
  if (kind === 'bulk' && answers) return { action: 'ignore', rule: 'answer-for-agent' }
  if (kind === 'bulk') return decideBulk(arrival)
  // Without a token of ours anybody could have made it up; mail systems at least name no sender.
  const sent = kind === 'bounce' && arrival.nullSender ? clues.find(each => each.by === 'recipient') : undefined
  if (!sent) return { action: 'ignore', rule: kind === 'bounce' ? 'bounce' : 'auto-reply' }
  const direction = sent.purpose === 'requester' ? 'in' : 'internal'
  return { ...machine, ticketId: sent.ticketId, direction, rule: 'recipient' }
}

/** Newsletters are left alone; a repeat joins its alert, and so does the note that all is well, even if that is closed. */
function decideBulk(arrival: Arrival): Decision {
  const { bulk, clues, recovered, ignoresNewsletters } = arrival
  if (bulk === 'newsletter' && ignoresNewsletters) return { action: 'ignore', rule: 'newsletter' }
  const before = isBelievedIn(arrival) ? clues.find(each => each.by === 'alert') : undefined
  if (!before || (before.closed && !recovered)) return { action: 'open' }
  return { action: 'append', ticketId: before.ticketId, direction: 'in', rule: 'alert', allowed: 'machine' }
}
