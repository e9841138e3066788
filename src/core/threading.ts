import type { MessageKind } from '../channel.ts'
import type { Purpose } from './token.ts'

/** A reason to believe that a message belongs to a ticket. */
export type Clue =
  /** A token that we signed. `issuedToSender`: the message with it was sent to this very address. */
  | { by: 'token'; ticketId: string; purpose: Purpose; issuedToSender: boolean }
  /** It answers a message that we had, or only heard of. */
  | { by: 'references'; ticketId: string; known: 'seen' | 'mentioned' }
  /** The conversation's own key, in chat. */
  | { by: 'thread'; ticketId: string }
  /** Its subject names the ticket; bracketed is how we write it. */
  | { by: 'subject'; ticketId: string; bracketed: boolean }

export interface Arrival {
  kind: MessageKind
  /** Strongest first: tokens, thread, references, subject. */
  clues: readonly Clue[]
  senderIsAgent: boolean
  /** Whether the sender's address takes part in a ticket. */
  takesPart(ticketId: string): boolean
}

export type Decision =
  | { action: 'open' }
  /** `in`: from those we answer. `out`: an agent's answer to them. `internal`: among agents. */
  | { action: 'append'; ticketId: string; direction: 'in' | 'out' | 'internal'; rule: string }
  | { action: 'hold'; ticketId: string | null; reason: string }
  | { action: 'ignore'; rule: string }

/** Which ticket a message belongs to, and whether its sender may join it. */
export function decide(arrival: Arrival): Decision {
  if (arrival.kind !== 'person') return decideAutomatic(arrival)
  if (arrival.senderIsAgent) return decideAgent(arrival)
  return decidePerson(arrival)
}

function decidePerson({ clues, takesPart }: Arrival): Decision {
  const own = clues.find(clue => takesPart(clue.ticketId))
  const strongest = clues.find(isStrong)
  // A stronger clue to a ticket that is not theirs beats a weaker one to a ticket that is: an agent decides.
  if (own && (!strongest || own.ticketId === strongest.ticketId || clues.indexOf(own) < clues.indexOf(strongest))) {
    return { action: 'append', ticketId: own.ticketId, direction: 'in', rule: own.by }
  }
  if (strongest) return { action: 'hold', ticketId: strongest.ticketId, reason: strangerReason(strongest) }
  return { action: 'open' }
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
  return { action: 'append', ticketId: clue.ticketId, direction: 'out', rule: 'sent-by-hand' }
}

/** A clue that says "I belong to this ticket" rather than just mentioning something it knows. */
function isStrong(clue: Clue): boolean {
  if (clue.by === 'references') return clue.known !== 'mentioned'
  return clue.by !== 'subject' || clue.bracketed
}

function strangerReason(clue: Clue): string {
  const reasons = {
    token: 'stranger-with-token',
    thread: 'stranger-in-thread',
    references: 'stranger-with-references',
    subject: 'stranger-with-reference',
  }
  return reasons[clue.by]
}

/**
 * An agent's mail goes to a requester only if it answers a notification that says so, was sent to this agent, and no
 * other token contradicts it. Whatever is doubtful stays internal.
 */
function decideAgent({ clues, takesPart }: Arrival): Decision {
  const tokens = clues.filter(clue => clue.by === 'token')
  const [token] = tokens
  if (token) {
    const { ticketId } = token
    const agreed = tokens.every(other => other.ticketId === ticketId && other.purpose === token.purpose)
    if (agreed && token.purpose === 'requester' && takesPart(ticketId)) {
      return { action: 'append', ticketId, direction: 'in', rule: 'token' }
    }
    if (agreed && token.purpose === 'answer' && token.issuedToSender) {
      return { action: 'append', ticketId, direction: 'out', rule: 'token' }
    }
    const rule = !agreed ? 'tokens-disagree' : token.purpose === 'answer' ? 'token-of-another' : 'token'
    return { action: 'append', ticketId, direction: 'internal', rule }
  }
  const clue = clues.find(isStrong) ?? clues.find(weak => takesPart(weak.ticketId))
  if (!clue) return { action: 'open' }
  const direction = takesPart(clue.ticketId) ? 'in' : 'internal'
  return { action: 'append', ticketId: clue.ticketId, direction, rule: clue.by }
}

/**
 * What a machine wrote joins only what it certainly belongs to: a bounce by the token of what bounced, an auto-reply by
 * one that its sender got. A report or an auto-reply to nothing is left alone.
 */
function decideAutomatic({ kind, clues, takesPart }: Arrival): Decision {
  const token = clues.find(clue => clue.by === 'token')
  // Kept among agents whatever kind of machine it was: held, it would be told of, and answered again.
  if (token && token.purpose !== 'requester' && (kind === 'bounce' || token.issuedToSender)) {
    return { action: 'append', ticketId: token.ticketId, direction: 'internal', rule: 'token' }
  }
  const trusted = token && (kind === 'bounce' || (kind === 'auto-reply' && token.issuedToSender))
  const clue = clues.find(each => isStrong(each) && takesPart(each.ticketId)) ?? (trusted ? token : undefined)
  if (clue) return { action: 'append', ticketId: clue.ticketId, direction: 'in', rule: clue.by }
  if (token) return { action: 'hold', ticketId: token.ticketId, reason: strangerReason(token) }
  return kind === 'bulk' ? { action: 'open' } : { action: 'ignore', rule: kind }
}
