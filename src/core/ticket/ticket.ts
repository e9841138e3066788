// A ticket as it follows from its events.
import { DeskError } from '../../errors.ts'
import { openedTicket, type TicketFacts } from './columns.ts'
import { changeOf, type FramedEvent } from './ticket-event.ts'
import { type Move, refusalOf } from './ticket-state.ts'

/** The ticket after an event. Undefined is before the first, which must be `opened`. */
export function applyEvent(ticket: TicketFacts | undefined, event: FramedEvent): TicketFacts {
  if (event.type === 'opened') {
    if (ticket) throw new DeskError('unsound', `Ticket ${event.ticketId} is opened twice in its events.`)
    return openedTicket({ ...event.data, at: event.at })
  }
  if (!ticket) throw new DeskError('unsound', `The events of ticket ${event.ticketId} do not begin with its opening.`)
  return { ...ticket, ...changeOf(ticket, event), updatedAt: event.at }
}

/** Rebuilds a ticket from its events in order. */
export function replay(events: readonly FramedEvent[]): TicketFacts {
  const facts = events.reduce<TicketFacts | undefined>(applyEvent, undefined)
  if (!facts) throw new DeskError('unsound', 'A ticket without events.')
  return facts
}

/** The ticket as a command sees it. */
export interface TicketView extends TicketFacts {
  ref: string
  ownerName: string | null
}

/** Refuses what the table of moves does not allow. */
export function mayMove(ticket: TicketView, move: Move): void {
  const refusal = refusalOf(ticket.ref, ticket.state, move)
  if (refusal) throw new DeskError('conflict', refusal)
}

export function mayClaim(ticket: TicketView, personId: string): void {
  if (ticket.ownerId === personId) throw new DeskError('conflict', `${ticket.ref} is already yours.`)
  if (ticket.ownerId) {
    throw new DeskError('conflict', `${ticket.ref} belongs to ${ticket.ownerName}. Ask them to release it first.`)
  }
  mayMove(ticket, 'take')
}

/** Only an owner gives a ticket away. */
export function mayGiveAway(ticket: TicketView, personId: string, verb: string): void {
  if (!ticket.ownerId) throw new DeskError('conflict', `${ticket.ref} has no owner, so nobody can ${verb}.`)
  if (ticket.ownerId !== personId) {
    throw new DeskError('conflict', `${ticket.ref} belongs to ${ticket.ownerName}; only they can ${verb}.`)
  }
}
