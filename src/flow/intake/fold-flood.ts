// Makes one ticket of what a flood opened before it was known as one.
import type { InboundMessage } from '../../channel/message.ts'
import { mergeInto } from '../../commands/sort/merge.ts'
import { trustOf } from '../../core/intake/sender-trust.ts'
import { firstArrival } from '../../store/arrivals.ts'
import type { Tx } from '../../store/engine/sql.ts'
import { dropAcknowledgements } from '../../store/outbox.ts'
import { type Ticket, ticketById, ticketsOfRequester } from '../../store/tickets.ts'
import { type Intake, knownPerson, type Origin } from '../context.ts'

const MOST = 100

/**
 * What a flood opened before it was one becomes part of its first ticket, as far as nobody has touched it yet; unmerge
 * undoes that. What nothing confirms folds none of the tickets that their domain confirms, and no ticket is folded that
 * somebody else opened by pointing at a message.
 */
export async function foldFlood(tx: Tx, intake: Intake, origin: Origin, message: InboundMessage): Promise<void> {
  const { facts, context } = intake
  const sender = message.from ? await knownPerson(tx, intake, origin.kind, message.from.address) : undefined
  if (!sender) return
  const since = new Date(Date.parse(facts.at) - context.floods.within).toISOString()
  const recent = (await ticketsOfRequester(tx, sender.id, { limit: MOST })).filter(each => each.openedAt >= since)
  const trust = trustOf(message.authentication.result)
  const alike: Ticket[] = []
  for (const ticket of recent) {
    if (ticket.channel !== origin.channel || !isUntouched(ticket)) continue
    const first = await firstArrival(tx, ticket.id)
    if (first && !first.verdict?.pointedAt && trustOf(first.verdict?.authentication?.result ?? 'none') === trust)
      alike.push(ticket)
  }
  const [oldest, ...others] = alike.toReversed()
  if (!oldest || others.length === 0) return
  await tx.lock([oldest, ...others].map(each => `ticket ${each.id}`))
  const change = { at: facts.at, actorId: null, channel: origin.channel }
  let into = await ticketById(tx, oldest.id)
  for (const { id } of others) {
    const ticket = await ticketById(tx, id)
    if (!into || !ticket || !isUntouched(ticket)) continue
    await dropAcknowledgements(tx, id, facts.at, 'it came in a flood')
    into = await mergeInto(tx, ticket, into, change)
  }
}

/** Nothing but its sender's messages. */
function isUntouched({ state, ownerId, mergedInto }: Ticket): boolean {
  return state === 'new' && ownerId === null && mergedInto === null
}
