// Which senders are held.
import type { HeldReason } from '../../outcome.ts'
import type { Decision } from './threading.ts'

/** What is known of a sender, beside what the message says. */
export interface SenderFacts {
  /** The configuration says that nothing of this sender is wanted. */
  blocked: boolean
  /** The configuration or an agent says that this sender's mail is wanted, whatever filters say. */
  isWelcome: boolean
  /** An agent said that this sender writes spam. */
  marked: boolean
  /** A filter that we trust takes the message for spam. */
  spam: boolean
}

/**
 * The decision on a message, unless what is known of its sender stands in the way. What answers a ticket of its own is
 * never taken for spam by a filter's word alone. Nothing is lost: all but what is blocked waits in the list.
 */
export function passSender(decision: Decision, sender: SenderFacts): Decision {
  if (decision.action === 'ignore' || (decision.action === 'append' && decision.allowed === 'agent')) return decision
  if (sender.blocked) return { action: 'ignore', rule: 'blocked' }
  if (sender.marked) return held(decision, 'spam')
  return decision.action === 'open' && sender.spam && !sender.isWelcome ? held(decision, 'spam') : decision
}

/** An agent decides instead, knowing which ticket it was for. */
export function held(decision: Decision, reason: HeldReason): Decision {
  return { action: 'hold', ticketId: 'ticketId' in decision ? decision.ticketId : null, reason }
}
