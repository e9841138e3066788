// How far it is sure who wrote a message.
import type { Authentication, Authenticity } from '../../channel/message.ts'

export const UNKNOWN: Authentication = { result: 'none', reasons: [] }

/** Nothing was found that speaks against the address; where nobody looks, it is taken at its word. */
export function isBelieved(result: Authenticity): boolean {
  return result === 'pass' || result === 'none'
}

/**
 * How far it is sure whose words these are. What each of them writes in somebody's name is counted apart, so that
 * nobody's own mail suffers for what others write.
 */
export type Trust = 'confirmed' | 'unconfirmed' | 'disowned'

/** `proven`: something else than the domain confirms it, such as a secret that went to this address. */
export function trustOf(result: Authenticity, proven = false): Trust {
  if (result === 'pass') return 'confirmed'
  if (result !== 'none') return 'disowned'
  return proven ? 'confirmed' : 'unconfirmed'
}

/** Under which name somebody's mail is counted: what is confirmed under the plain one. */
export function countedAs(name: string, trust: Trust): string {
  if (trust === 'confirmed') return name
  return trust === 'disowned' ? `whoever says to be ${name}` : `${name}, not confirmed`
}

/** What a reader is told of a sender whose address did not stand the check; null where there is nothing to tell. */
export function senderDoubt({ result, reasons }: Authentication): string | null {
  if (result === 'pass' || result === 'none') return null
  const found = reasons.length > 0 ? ` (${reasons.join(', ')})` : ''
  return result === 'fail'
    ? `Take care: the domain of this sender says that the mail did not come from there${found}.`
    : `The address of this sender could not be confirmed${found}.`
}

/** What a reader is told of words that stand in somebody's name, and that this person may not have written. */
export function nothingConfirms(name: string, what: 'this' | 'this forward' = 'this'): string {
  return `It could not be confirmed that ${name} wrote ${what}.`
}
