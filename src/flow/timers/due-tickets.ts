// Tickets of which something was put off until now: what waits comes back, offers end, resolved tickets close.
import { agentsToNotify, notifyAgents } from '../../commands/command/notify-agents.ts'
import { stateInWords } from '../../core/ticket/ticket-state.ts'
import { dueTickets } from '../../store/due.ts'
import type { Tx } from '../../store/engine/sql.ts'
import { recordEvent, type Ticket, ticketById } from '../../store/tickets.ts'
import { type Context, deskFacts } from '../context.ts'
import type { Job } from './job.ts'

export function dueTicketsJob(context: Context): Job {
  const { store, clock, policy } = context
  return {
    name: 'tickets that come back or close',
    run: pass =>
      pass.each({
        find: limit => {
          const now = clock.now().toISOString()
          const resolvedBefore = new Date(Date.parse(now) - policy.closeAfter).toISOString()
          return dueTickets(store.read, { now, resolvedBefore, limit })
        },
        work: ({ id }) =>
          store.transact(async tx => {
            await tx.lock([`ticket ${id}`])
            const ticket = await ticketById(tx, id)
            return ticket ? bringOn(tx, context, ticket) : false
          }),
        nameOf: ({ ref }) => ref,
      }),
  }
}

/** False if there is nothing to do any more, because somebody was faster. */
async function bringOn(tx: Tx, context: Context, ticket: Ticket): Promise<boolean> {
  const facts = await deskFacts(context, tx)
  const { at } = facts
  const change = { at, actorId: null, channel: 'desk' }
  let now = ticket
  const tell = (ownerId: string | null, note: string) =>
    notifyAgents(tx, facts, agentsToNotify(facts, ownerId, null), {
      kind: 'notify-change',
      purpose: 'internal',
      channel: ticket.channel,
      ticketId: ticket.id,
      note,
    })
  if (now.offeredTo !== null && now.offeredUntil !== null && now.offeredUntil <= at) {
    now = await recordEvent(tx, now, { type: 'offer-ended', data: { to: now.offeredTo, how: 'late' } }, change)
    await tell(now.ownerId, `Nobody accepted ${ticket.ref} in time, so it stays with you.`)
  }
  if (now.resumeAt !== null && now.resumeAt <= at) {
    now = await recordEvent(tx, now, { type: 'resumed', data: { by: 'time' } }, change)
    await tell(now.ownerId, `${ticket.ref} is back: it was ${stateInWords(ticket.state)} until now.`)
  }
  if (now.state === 'resolved' && Date.parse(now.resolvedAt ?? at) + context.policy.closeAfter <= Date.parse(at)) {
    now = await recordEvent(tx, now, { type: 'closed', data: { by: 'silence' } }, change)
  }
  return now !== ticket
}
