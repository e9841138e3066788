import type { Authentication, Authenticity } from '../channel.ts'

export const UNKNOWN: Authentication = { result: 'none', reasons: [] }

/** Nothing was found that speaks against the address; where nobody looks, it is taken at its word. */
export function isBelieved(result: Authenticity): boolean {
  return result === 'pass' || result === 'none'
}

/** What a reader is told of a sender who is not confirmed; null where there is nothing to tell. */
export function senderDoubt({ result, reasons }: Authentication): string | null {
  if (result === 'pass' || result === 'none') return null
  const found = reasons.length > 0 ? ` (${reasons.join(', ')})` : ''
  return result === 'fail'
    ? `Take care: the domain of this sender says that the mail is not from there${found}.`
    : `Nothing confirms the address of this sender${found}.`
}
