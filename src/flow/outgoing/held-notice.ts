// Tells agents of messages that are held.
import type { InboundMessage } from '../../channel/message.ts'
import { agentsToNotify, reachOf } from '../../commands/command/notify-agents.ts'
import { countedAs, trustOf } from '../../core/intake/sender-trust.ts'
import { isOld } from '../../core/ticket/policy.ts'
import type { Arrival } from '../../store/arrivals.ts'
import type { Tx } from '../../store/engine/sql.ts'
import { addToNotice, lastToldOfHeld, takeOpenNotice } from '../../store/held-notices.ts'
import { type OutboxRecipient, queue } from '../../store/outbox.ts'
import { countRate } from '../../store/rates.ts'
import { ticketById } from '../../store/tickets.ts'
import type { Intake } from '../context.ts'

const BATCH_MS = 60 * 60 * 1000
const SPAM_BATCH_MS = 24 * 60 * 60 * 1000

/**
 * Tells whoever must decide that a message is held: the first at once, what follows together, once an hour. Spam waits
 * for the next such mail, a day at most; of a flood one message stands for all.
 */
export async function notifyOfHeld(tx: Tx, intake: Intake, arrival: Arrival, message: InboundMessage): Promise<void> {
  const { context, facts } = intake
  if (!arrival.outcome.startsWith('held:') || !isReported(message)) return
  if (isOld(message.reachedAt, context.clock.now(), context.acknowledgeWithin) && !message.live) return
  if (arrival.outcome === 'held:flood') {
    const name = countedAs(arrival.sender ?? '', trustOf(message.authentication.result))
    const before = await countRate(tx, `told of a flood of ${name}`, facts.at, BATCH_MS)
    if (before > 1) return
  }
  const ticket = arrival.ticketId === null ? undefined : await ticketById(tx, arrival.ticketId)
  const spam = arrival.outcome === 'held:spam'
  for (const agent of agentsToNotify(facts, ticket?.ownerId ?? null, null)) {
    const reached = await reachOf(tx, facts, agent, arrival.channel)
    if (!reached || facts.isOurs(reached.recipient)) continue
    const { channel, recipient } = reached
    await addToBatch(tx, intake, { channel, recipient: { recipient, name: agent.name, shown: 'to' } }, arrival, spam)
  }
}

/** Of what a machine answered nobody is told: it might answer that, too. */
function isReported({ kind }: InboundMessage): boolean {
  return kind === 'person' || kind === 'bulk'
}

async function addToBatch(
  tx: Tx,
  { facts }: Intake,
  { channel, recipient }: { channel: string; recipient: OutboxRecipient },
  arrival: Arrival,
  spam: boolean,
): Promise<void> {
  const { recipient: address } = recipient
  const due = spam ? after(facts.at, SPAM_BATCH_MS) : dueAfter(await lastToldOfHeld(tx, address), facts.at)
  const open = await takeOpenNotice(tx, address, due)
  if (open !== undefined) return addToNotice(tx, open, arrival.number)
  const draft = { kind: 'notify-held', purpose: 'internal', channel } as const
  const { id } = await queue(tx, draft, [recipient], facts.at, due)
  await addToNotice(tx, id, arrival.number)
}

/** At once, or as long after the last one as a batch takes. */
function dueAfter(last: string | undefined, now: string): string {
  if (last === undefined) return now
  const due = after(last, BATCH_MS)
  return due > now ? due : now
}

function after(at: string, milliseconds: number): string {
  return new Date(Date.parse(at) + milliseconds).toISOString()
}
