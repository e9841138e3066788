// What a sender's messages count towards, and how many are too many.
import type { InboundMessage } from '../../channel/message.ts'
import { canonicalAddress } from '../text/address.ts'
import { isShown, type Proof } from './proof.ts'
import { countedAs, trustOf } from './sender-trust.ts'

const DAILY = 4 // windows full of tickets in a day
const DAY_MS = 24 * 60 * 60 * 1000
/** An outage may set off one alert for each of many things, and agents bring in the mail of others. */
const MORE = 10

/** How many tickets one sender may open, and messages write into tickets, within so many milliseconds. 0: no limit. */
export interface FloodLimits {
  tickets: number
  messages: number
  within: number
}

/** One thing that is counted within a time. */
export interface Counter {
  key: string
  /** Milliseconds. */
  within: number
  most: number
}

/**
 * What a message counts towards if it opens a ticket, or goes on with one. What is brought in from where it lay says
 * nothing of how much its sender writes, and neither does what others made a message to the desk.
 */
export function countersOf(
  { from, kind, live, pointedAt, authentication }: InboundMessage,
  byAgent: boolean,
  proof: Proof | null,
  limits: FloodLimits,
): { open: Counter[]; append: Counter[] } {
  if (!from || !live || pointedAt || (byAgent && authentication.result === 'pass')) return { open: [], append: [] }
  // What others write in a name uses up nothing of its owner's.
  const trust = trustOf(authentication.result, isShown(proof, byAgent))
  const name = countedAs(canonicalAddress(from.address), trust)
  const factor = byAgent || kind === 'bulk' ? MORE : 1
  const { within } = limits
  const tickets = { key: `tickets of ${name}`, within, most: limits.tickets * factor }
  const ofDay = { key: `${tickets.key} in a day`, within: DAY_MS, most: tickets.most * DAILY }
  const messages = { key: `messages of ${name}`, within, most: limits.messages * factor }
  return {
    open: limits.tickets === 0 ? [] : [tickets, ofDay],
    append: limits.messages === 0 || kind !== 'person' ? [] : [messages],
  }
}
