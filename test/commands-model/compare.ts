import { replay } from '../../src/core/ticket/ticket.ts'
import type { RecordedEvent } from '../../src/core/ticket/ticket-event.ts'
import type { Ticket } from '../../src/store/tickets.ts'
import type { ReadEvent } from './event.ts'
import type { SlowTicket } from './reference-model.ts'

/** What a ticket is by the slow model, written as its row is. */
function rowOf(ticket: SlowTicket): Record<string, unknown> {
  const fields = [...ticket.fields.keys()].sort().map(name => [name, ticket.fields.get(name)])
  return {
    state: ticket.state,
    deskId: ticket.desk,
    requesterId: ticket.requester,
    ownerId: ticket.owner,
    offeredTo: ticket.offer?.to ?? null,
    offeredUntil: ticket.offer?.until ?? null,
    helpers: [...ticket.helpers].sort().join(' '),
    kind: ticket.kind,
    category: ticket.category,
    impact: ticket.impact,
    urgency: ticket.urgency,
    priority: ticket.priority,
    raised: Number(ticket.raised),
    tags: [...ticket.tags].sort().join(' '),
    fields: JSON.stringify(Object.fromEntries(fields)),
    openedAt: ticket.openedAt,
    updatedAt: ticket.updatedAt,
    firstResponseAt: ticket.firstResponseAt,
    resumeAt: ticket.resumeAt,
    expectedAt: ticket.expectedAt,
    resolvedAt: ticket.resolvedAt,
    closedAt: ticket.closedAt,
    rating: null,
    mergedInto: ticket.mergedInto,
  }
}

/**
 * Fields in which the slow model, the row and the replay of the events are not all the same. Of a field that the model does
 * not know, no command of it says anything: there the row and the replay count.
 */
export function differences(slow: SlowTicket, row: Ticket, events: readonly ReadEvent[]): string[] {
  const replayed = replay(events as unknown as RecordedEvent[]) as unknown as Record<string, unknown>
  const stored = row as unknown as Record<string, unknown>
  const model = { ...replayed, ...rowOf(slow) }
  return Object.keys(model)
    .filter(field => model[field] !== stored[field] || model[field] !== replayed[field])
    .map(field => {
      const [said, is, again] = [model[field], stored[field], replayed[field]].map(value => JSON.stringify(value))
      return `${row.ref}: its ${field} is ${is}, replayed ${again}, and ${said} by the model`
    })
}
