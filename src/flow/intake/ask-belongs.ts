// Asks a writer whether a chat message goes on with a ticket of theirs.
import type { InboundMessage } from '../../channel/message.ts'
import { plainName } from '../../core/text/address.ts'
import { type Arrival, heldBefore } from '../../store/arrivals.ts'
import type { Tx } from '../../store/engine/sql.ts'
import { queue } from '../../store/outbox.ts'
import type { Context, Intake, Origin } from '../context.ts'

/** Whoever does not say where their message belongs gets a ticket of its own after so long. */
export const UNCLEAR_FOR_MS = 10 * 60 * 1000

/** Asks whoever wrote it, where they wrote it, whether it goes on with their ticket or is something new. */
export async function askWhereItBelongs(
  tx: Tx,
  { facts }: Intake,
  origin: Origin,
  arrival: Arrival,
  { replyTo, from }: InboundMessage,
): Promise<void> {
  if (!replyTo || arrival.ticketId === null) return
  const draft = {
    kind: 'ask-belongs',
    purpose: 'requester',
    channel: origin.channel,
    ticketId: arrival.ticketId,
    note: `M-${arrival.number}`,
  } as const
  await queue(tx, draft, [{ recipient: replyTo, name: plainName(from?.name ?? ''), shown: 'to' }], facts.at)
}

/** What nobody said anything of for too long. */
export function unclearTooLong({ store, clock }: Context, limit: number): Promise<Arrival[]> {
  const before = new Date(clock.now().getTime() - UNCLEAR_FOR_MS).toISOString()
  return heldBefore(store.read, 'unclear', before, limit)
}
