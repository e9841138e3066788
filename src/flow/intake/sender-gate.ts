// Holds what comes from senders whose mail is not wanted, or is too much.
import type { InboundMessage } from '../../channel/message.ts'
import { canonicalAddress } from '../../core/text/address.ts'
import { held, passSender } from '../../core/ticket/sender-policy.ts'
import { countedAs, trustOf } from '../../core/ticket/sender-trust.ts'
import { isListed } from '../../core/ticket/spam-signs.ts'
import type { Decision } from '../../core/ticket/threading.ts'
import { isAgent } from '../../people/access.ts'
import type { Tx } from '../../store/engine/sql.ts'
import { countRate } from '../../store/rates.ts'
import { type Intake, judgementOf, knownPerson, type Origin } from '../context.ts'
import { isShown, proofOf } from './proof.ts'

const DAILY = 4 // windows full of tickets in a day
const DAY_MS = 24 * 60 * 60 * 1000
/** An outage may set off one alert for each of many things, and agents bring in the mail of others. */
const MORE = 10

/** Lets a decision pass, or holds the message for what is known of its sender, or for how much that writes. */
export async function passSenderGate(
  tx: Tx,
  intake: Intake,
  origin: Origin,
  message: InboundMessage,
  decision: Decision,
): Promise<Decision> {
  const lists = message.through?.lists ?? []
  const sender = message.from?.address ?? lists[0]
  if (decision.action === 'ignore' || sender === undefined || message.sentByHand) return decision
  const { senders } = intake.context
  // What was said of mail in their name that nothing confirms holds nothing that is.
  const verdict =
    (await judgementOf(tx, intake, origin.kind, countedAs(sender, trustOf(message.authentication.result)))) ??
    (await judgementOf(tx, intake, origin.kind, sender))
  const passed = passSender(decision, {
    blocked: [sender, ...lists].some(address => isListed(address, senders.block)),
    wanted: verdict === 'wanted' || isListed(sender, senders.allow),
    marked: verdict === 'spam',
    spam: message.spam.length > 0,
  })
  if (passed.action !== 'open' && passed.action !== 'append') return passed
  return (await isTooMuch(tx, intake, origin, message, passed.action)) ? held(passed, 'flood') : passed
}

/**
 * Whether a sender writes more than anybody would. What is brought in from where it lay says nothing of that, and neither
 * does what others made a message to the desk.
 */
async function isTooMuch(
  tx: Tx,
  intake: Intake,
  origin: Origin,
  message: InboundMessage,
  action: 'open' | 'append',
): Promise<boolean> {
  const { from, kind, live, pointedAt, authentication } = message
  const { floods } = intake.context
  const what = action === 'open' ? 'tickets' : 'messages'
  if (!from || !live || pointedAt || floods[what] === 0 || (action === 'append' && kind !== 'person')) return false
  const agent = isAgent(await knownPerson(tx, intake, origin.kind, from.address))
  if (agent && authentication.result === 'pass') return false
  const most = floods[what] * (agent || kind === 'bulk' ? MORE : 1)
  const address = canonicalAddress(from.address)
  // What others write in a name uses up nothing of its owner's.
  const proof = await proofOf(tx, intake.keys, message)
  const shown = isShown(proof, { handle: agent ? '' : null })
  const key = `${what} of ${countedAs(address, trustOf(authentication.result, shown))}`
  const count = await countRate(tx, key, intake.facts.at, floods.within)
  if (action === 'append') return count > most
  return (await countRate(tx, `${key} in a day`, intake.facts.at, DAY_MS)) > most * DAILY || count > most
}
