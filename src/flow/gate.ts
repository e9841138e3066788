import type { InboundMessage } from '../channel.ts'
import { canonicalAddress } from '../core/address.ts'
import { type GateFacts, type GateLimits, gate } from '../core/gate.ts'
import { isListed } from '../core/spam.ts'
import type { Decision } from '../core/threading.ts'
import { countRate } from '../store/rates.ts'
import type { Tx } from '../store/sql.ts'
import { type Intake, judgementOf, knownPerson, type Origin } from './context.ts'

const DAILY = 4 // windows full of tickets in a day
const DAY_MS = 24 * 60 * 60 * 1000
/** An outage may set off one alert for each of many things, and agents bring in the mail of others. */
const MORE = 10

/** Lets a decision pass, or holds the message for what is known of its sender. */
export async function passGate(
  tx: Tx,
  intake: Intake,
  origin: Origin,
  message: InboundMessage,
  decision: Decision,
): Promise<Decision> {
  const sender = message.from?.address
  if (decision.action === 'ignore' || sender === undefined || message.sentByHand) return decision
  const { senders, floods } = intake.context
  const verdict = await judgementOf(tx, intake, origin.kind, sender)
  const facts: GateFacts = {
    blocked: isListed(sender, senders.block),
    wanted: verdict === 'wanted' || isListed(sender, senders.allow),
    marked: verdict === 'spam',
    spam: message.spam.length > 0,
    tickets: 0,
    messages: 0,
  }
  const early = gate(decision, facts, { tickets: 0, messages: 0 })
  if (early.action !== decision.action || decision.action === 'hold') return early
  const agent = (await knownPerson(tx, intake, origin.kind, sender))?.handle != null
  if (agent && message.authentication.result === 'pass') return decision
  const factor = agent || message.kind === 'bulk' ? MORE : 1
  const limits = { tickets: floods.tickets * factor, messages: floods.messages * factor }
  return gate(decision, { ...facts, ...(await countLately(tx, intake, message, decision, limits)) }, limits)
}

/** Mail that is brought in from where it lay says nothing of how much somebody writes now. */
async function countLately(
  tx: Tx,
  { context, facts }: Intake,
  message: InboundMessage,
  decision: Decision,
  limits: GateLimits,
): Promise<{ tickets: number; messages: number }> {
  const none = { tickets: 0, messages: 0 }
  const what = decision.action === 'open' ? 'tickets' : 'messages'
  if (!message.live || limits[what] === 0 || (what === 'messages' && message.kind !== 'person')) return none
  const address = canonicalAddress(message.from?.address ?? '')
  // What others write in a name uses up nothing of its owner's.
  const sender = /^(?:pass|none)$/.test(message.authentication.result) ? address : `whoever says to be ${address}`
  const key = `${what} of ${sender}`
  const count = await countRate(tx, key, facts.at, context.floods.within)
  if (what === 'messages') return { ...none, messages: count }
  const inDay = await countRate(tx, `${key} in a day`, facts.at, DAY_MS)
  return { ...none, tickets: Math.max(count, inDay - limits.tickets * (DAILY - 1)) }
}
