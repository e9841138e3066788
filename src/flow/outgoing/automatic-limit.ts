// Whatever arrives, nobody gets more than so many automatic messages within a day.
import { countedAs } from '../../core/intake/sender-trust.ts'
import { canonicalAddress } from '../../core/text/address.ts'
import type { Tx } from '../../store/engine/sql.ts'
import { type OutboxEntry, outboxById } from '../../store/outbox.ts'
import { dropTaken, dropWaiting, type TakenRecipient } from '../../store/outbox-turns.ts'
import { countRate, countSliding, slidingRate } from '../../store/rates.ts'
import { raise } from '../alarm.ts'
import { type Context, deskFacts } from '../context.ts'

const DAY_MS = 24 * 60 * 60 * 1000
/** Written by a person, few by themselves, or what must not be missed. */
const UNLIMITED = ['reply', 'notify-alarm', 'notify-held', 'notify-backlog']
const DROPPED = 'this address has had enough automatic mail today'
const MOST_DROPPED = 300 // at once: the rest has its turn later, and is dropped then

/**
 * Whether a message may leave for this recipient. It is counted before it does, once. Where somebody has had enough,
 * it and all else of that sort that waits for them is dropped, and agents are told once a day.
 */
export async function mayLeave(tx: Tx, context: Context, taken: TakenRecipient, at: string): Promise<boolean> {
  if (taken.attempts > 1) return true
  const entry = await outboxById(tx, taken.outboxId)
  if (!entry || UNLIMITED.includes(entry.kind)) return true
  const { recipient } = taken
  const toRequester = entry.purpose === 'requester'
  const most = toRequester ? context.automatic.requester : context.automatic.agent
  // What others cause in somebody's name leaves room for what that person causes.
  const doubtful = entry.cause === 'unconfirmed' || entry.cause === 'disowned'
  const name = countedAs(canonicalAddress(recipient), doubtful ? 'unconfirmed' : 'confirmed')
  if ((await slidingRate(tx, `automatic to ${name}`, at, DAY_MS)) < most) {
    await countSliding(tx, `automatic to ${name}`, at, DAY_MS)
    return true
  }
  await dropTaken(tx, taken, DROPPED, at)
  await dropWaiting(tx, { recipient, toRequester, doubtful, except: UNLIMITED, limit: MOST_DROPPED }, DROPPED, at)
  if (!toRequester) await tellOfLimit(tx, context, entry, recipient, at)
  return false
}

async function tellOfLimit(tx: Tx, context: Context, entry: OutboxEntry, recipient: string, at: string): Promise<void> {
  if ((await countRate(tx, `told of limit ${recipient}`, at, DAY_MS)) > 1) return
  const sentence = `${recipient} has got ${context.automatic.agent} notifications within a day and will get no more today: see relaydesk list instead.`
  const facts = await deskFacts(context, tx)
  const agents = facts.agents.filter(each => each.email === recipient)
  const trouble = { channel: entry.channel, code: `notifications ${recipient}`, sentence }
  await raise(tx, facts, trouble, { agents, again: true }) // once a day
}
