import { DeskError } from '../errors.ts'
import type { FramedEvent } from './events.ts'

/** `new`: nobody has taken it yet. `open`: somebody works or worked on it. `closed`: done. */
export type TicketState = 'new' | 'open' | 'closed'

/** All of a ticket that follows from its events. */
export interface TicketFacts {
  state: TicketState
  requesterId: string
  ownerId: string | null
  openedAt: string
  updatedAt: string
  firstResponseAt: string | null
  closedAt: string | null
}

/** The ticket after an event. Undefined is before the first, which must be `opened`. */
export function applyEvent(ticket: TicketFacts | undefined, event: FramedEvent): TicketFacts {
  if (event.type === 'opened') {
    if (ticket) throw new DeskError('unsound', `Ticket ${event.ticketId} is opened twice in its events.`)
    return {
      state: 'new',
      requesterId: event.data.requester,
      ownerId: null,
      openedAt: event.at,
      updatedAt: event.at,
      firstResponseAt: null,
      closedAt: null,
    }
  }
  if (!ticket) throw new DeskError('unsound', `The events of ticket ${event.ticketId} do not begin with its opening.`)
  const next = { ...ticket, updatedAt: event.at }
  switch (event.type) {
    case 'claimed':
      return { ...next, ownerId: event.data.owner, state: next.state === 'new' ? 'open' : next.state }
    case 'released':
      return { ...next, ownerId: null }
    case 'replied':
      return {
        ...next,
        firstResponseAt: next.firstResponseAt ?? event.at,
        state: next.state === 'new' ? 'open' : next.state,
      }
    case 'closed':
      return { ...next, state: 'closed', closedAt: event.at }
    case 'reopened':
      return { ...next, state: 'open', closedAt: null }
    default:
      return next
  }
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

export function mayClaim(ticket: TicketView, personId: string): void {
  if (ticket.ownerId === personId) throw new DeskError('conflict', `${ticket.ref} is yours already.`)
  if (ticket.ownerId) {
    throw new DeskError('conflict', `${ticket.ref} belongs to ${ticket.ownerName}: ask them to release it first.`)
  }
  if (ticket.state === 'closed') {
    throw new DeskError('conflict', `${ticket.ref} is closed: reopen it first (reopen ${ticket.ref}).`)
  }
}

export function mayRelease(ticket: TicketView, personId: string): void {
  if (!ticket.ownerId) throw new DeskError('conflict', `${ticket.ref} has no owner, so there is nothing to release.`)
  if (ticket.ownerId !== personId) {
    throw new DeskError('conflict', `${ticket.ref} belongs to ${ticket.ownerName}; only they can release it.`)
  }
}

export function mayClose(ticket: TicketView): void {
  if (ticket.state === 'closed') throw new DeskError('conflict', `${ticket.ref} is closed already.`)
}

export function mayReopen(ticket: TicketView): void {
  if (ticket.state !== 'closed')
    throw new DeskError('conflict', `${ticket.ref} is not closed, so it cannot be reopened.`)
}
