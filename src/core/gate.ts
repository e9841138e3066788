import type { Decision } from './threading.ts'

/** What is known of a sender, beside what the message says. */
export interface GateFacts {
  /** The configuration says that nothing of this sender is wanted. */
  blocked: boolean
  /** The configuration or an agent says that this sender's mail is wanted, whatever filters say. */
  wanted: boolean
  /** An agent said that this sender writes spam. */
  marked: boolean
  /** A filter that we trust takes the message for spam. */
  spam: boolean
  /** Tickets of this sender lately, this one included; and messages into tickets. */
  tickets: number
  messages: number
}

/** How much of one sender is taken lately, before the rest waits for an agent. 0 is no limit. */
export interface GateLimits {
  tickets: number
  messages: number
}

/**
 * The decision on a message, unless what is known of its sender stands in the way. What answers a ticket of its own is
 * never taken for spam by a filter's word alone. Nothing is lost: all but what is blocked waits in the list.
 */
export function gate(decision: Decision, facts: GateFacts, limits: GateLimits): Decision {
  if (decision.action === 'ignore' || (decision.action === 'append' && decision.allowed === 'agent')) return decision
  if (facts.blocked) return { action: 'ignore', rule: 'blocked' }
  const ticketId = 'ticketId' in decision ? decision.ticketId : null
  if (facts.marked) return { action: 'hold', ticketId, reason: 'spam' }
  if (decision.action === 'open' && facts.spam && !facts.wanted) return { action: 'hold', ticketId, reason: 'spam' }
  const many =
    decision.action === 'append' ? exceeds(facts.messages, limits.messages) : exceeds(facts.tickets, limits.tickets)
  return many && decision.action !== 'hold' ? { action: 'hold', ticketId, reason: 'flood' } : decision
}

function exceeds(count: number, limit: number): boolean {
  return limit > 0 && count > limit
}
