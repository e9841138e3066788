// Compares a message with an earlier copy of it.
import type { Authentication, InboundMessage } from '../../channel/message.ts'
import type { Outcome } from '../../outcome.ts'
import { UNKNOWN } from './sender-trust.ts'
import type { Decision } from './threading.ts'
import type { ArrivalVerdict } from './verdict.ts'

/** What became of an earlier copy. */
export interface EarlierCopy {
  outcome: Outcome
  ticketId: string | null
  verdict: ArrivalVerdict | null
}

/** A person's message, also one that came through a list; a machine's wakes nobody (RFC 3834 section 2). */
export function wakes({ kind, bulk }: Pick<InboundMessage, 'kind' | 'bulk'>): boolean {
  return kind === 'person' || bulk === 'list'
}

/**
 * Whether a message says more than an earlier copy of it, less, or the same. Whoever got somebody's mail as well may hand
 * it over first, with fields added that make it a machine's, or in a way that confirms nobody: that must not stand for the
 * true one. And a copy to the desk of what a colleague sent by hand says less than what lies in the Sent folder.
 */
export function compareWith({ verdict, outcome }: EarlierCopy, message: InboundMessage): 'more' | 'less' | 'same' {
  if (message.mail.sentByHand) return outcome === 'ignored:own-address' ? 'more' : 'less'
  if (verdict === null) return 'less'
  const awake = Number(wakes(message)) - Number(wakes(verdict))
  const isSure = ({ result }: Authentication) => Number(result === 'pass')
  const certain = isSure(message.authentication) - isSure(verdict.authentication ?? UNKNOWN)
  const more = awake || certain
  return more === 0 ? 'same' : more > 0 ? 'more' : 'less'
}

/** Nothing came of it so far. */
export function isUnplaced({ outcome }: EarlierCopy): boolean {
  return /^(?:held|ignored):/.test(outcome) && !/^ignored:(?:commands|status)$/.test(outcome)
}

/** What was left stands for its copies where these would be left for the same reason. */
export function wouldBecome(decision: Decision, { outcome, ticketId }: EarlierCopy): boolean {
  if (decision.action === 'ignore') return outcome === `ignored:${decision.rule}`
  return decision.action === 'hold' && outcome === `held:${decision.reason}` && ticketId === decision.ticketId
}
