// A ticket as it follows from its events.
import { DeskError } from '../../errors.ts'
import type { Level, Priority } from './priority.ts'
import type { FramedEvent, TicketKind } from './ticket-event.ts'
import { MOVES, type Move, refusalOf, type TicketState } from './ticket-state.ts'

/** All of a ticket that follows from its events. Lists are words in order, separated by blanks. */
export interface TicketFacts {
  state: TicketState
  deskId: string
  requesterId: string
  ownerId: string | null
  /** Who is asked to take it over, and until when. */
  offeredTo: string | null
  offeredUntil: string | null
  /** Ids of those who work on it beside its owner. */
  helpers: string
  kind: TicketKind | null
  category: string | null
  impact: Level | null
  urgency: Level | null
  priority: Priority | null
  /** 1 if the priority counts a VIP. */
  raised: number
  tags: string
  /** JSON: values by field. */
  fields: string
  openedAt: string
  updatedAt: string
  firstResponseAt: string | null
  /** When it comes back by itself. */
  resumeAt: string | null
  /** When the requester may expect it to be solved. */
  expectedAt: string | null
  resolvedAt: string | null
  closedAt: string | null
  /** What the requester said of how it was, 1 to 5. */
  rating: number | null
  /** The ticket that it was merged into. */
  mergedInto: string | null
}

/** The ticket after an event. Undefined is before the first, which must be `opened`. */
export function applyEvent(ticket: TicketFacts | undefined, event: FramedEvent): TicketFacts {
  if (event.type === 'opened') {
    if (ticket) throw new DeskError('unsound', `Ticket ${event.ticketId} is opened twice in its events.`)
    return openedTicket(event.data, event.at)
  }
  if (!ticket) throw new DeskError('unsound', `The events of ticket ${event.ticketId} do not begin with its opening.`)
  return { ...ticket, ...changeOf(ticket, event), updatedAt: event.at }
}

function openedTicket(data: { desk: string; requester: string }, at: string): TicketFacts {
  return {
    state: 'new',
    deskId: data.desk,
    requesterId: data.requester,
    ownerId: null,
    offeredTo: null,
    offeredUntil: null,
    helpers: '',
    kind: null,
    category: null,
    impact: null,
    urgency: null,
    priority: null,
    raised: 0,
    tags: '',
    fields: '{}',
    openedAt: at,
    updatedAt: at,
    firstResponseAt: null,
    resumeAt: null,
    expectedAt: null,
    resolvedAt: null,
    closedAt: null,
    rating: null,
    mergedInto: null,
  }
}

/** What an event after the first changes. */
function changeOf(ticket: TicketFacts, event: FramedEvent): Partial<TicketFacts> {
  const { at } = event
  switch (event.type) {
    case 'claimed':
    case 'assigned':
      return { ...owned(ticket, event.data.owner), state: after(ticket, 'take') }
    case 'released':
      return { ownerId: null, offeredTo: null, offeredUntil: null }
    case 'offered':
      return { offeredTo: event.data.to, offeredUntil: event.data.until }
    case 'offer-ended':
      return { offeredTo: null, offeredUntil: null }
    case 'helping':
      return { helpers: withWords(ticket.helpers, [event.data.person]) }
    case 'left':
      return { helpers: withoutWords(ticket.helpers, [event.data.person]) }
    case 'moved':
      return { deskId: event.data.desk }
    case 'replied':
      return { firstResponseAt: ticket.firstResponseAt ?? at, state: after(ticket, 'answer') }
    case 'waiting': {
      const move = event.data.on === 'requester' ? 'wait-on-requester' : 'wait-on-third-party'
      return { state: after(ticket, move), resumeAt: event.data.until }
    }
    case 'scheduled':
      return { state: after(ticket, 'schedule'), resumeAt: event.data.until }
    case 'resumed':
      return { state: after(ticket, 'resume'), resumeAt: null }
    case 'resolved':
      return { ...finished, state: after(ticket, 'resolve'), resolvedAt: at }
    case 'rated':
      return { rating: event.data.score ?? ticket.rating }
    case 'closed':
      return { ...finished, state: after(ticket, 'close'), closedAt: at }
    case 'reopened':
      return { state: after(ticket, 'reopen'), resolvedAt: null, closedAt: null }
    case 'classified': {
      const { raised, ...rest } = event.data
      return { ...rest, ...(raised === undefined ? {} : { raised: raised ? 1 : 0 }) }
    }
    case 'tagged':
      return { tags: withWords(withoutWords(ticket.tags, event.data.remove), event.data.add) }
    case 'filled':
      return { fields: withField(ticket.fields, event.data.field, event.data.value) }
    case 'expected':
      return { expectedAt: event.data.at }
    case 'merged':
      return { ...finished, state: 'closed', closedAt: ticket.closedAt ?? at, mergedInto: event.data.into }
    case 'unmerged': {
      const { state, until = null } = event.data
      return { state, resumeAt: until, mergedInto: null, closedAt: state === 'closed' ? ticket.closedAt : null }
    }
    default:
      return {}
  }
}

/** The facts alone of what may hold more. */
export function factsOf(ticket: TicketFacts): TicketFacts {
  return Object.fromEntries(FIELDS.map(field => [field, ticket[field]])) as unknown as TicketFacts
}

const FIELDS = Object.keys(openedTicket({ desk: '', requester: '' }, '')) as (keyof TicketFacts)[]

/** What waits for nothing any more. */
const finished = { resumeAt: null, offeredTo: null, offeredUntil: null } as const

function owned(ticket: TicketFacts, ownerId: string): Partial<TicketFacts> {
  return { ownerId, offeredTo: null, offeredUntil: null, helpers: withoutWords(ticket.helpers, [ownerId]) }
}

/** Where a move leads; events that no rule of today allows leave the state as it is. */
function after(ticket: TicketFacts, move: Move): TicketState {
  return MOVES[move][ticket.state] ?? ticket.state
}

export function words(list: string): string[] {
  return list === '' ? [] : list.split(' ')
}

function withWords(list: string, more: readonly string[]): string {
  return [...new Set([...words(list), ...more])].sort().join(' ')
}

function withoutWords(list: string, less: readonly string[]): string {
  return words(list)
    .filter(word => !less.includes(word))
    .join(' ')
}

/** Values by field; an empty one is gone. */
function withField(fields: string, field: string, value: string): string {
  const values = new Map(Object.entries(JSON.parse(fields) as Record<string, string>))
  if (value === '') values.delete(field)
  else values.set(field, value)
  return JSON.stringify(Object.fromEntries([...values].sort(([a], [b]) => (a < b ? -1 : 1))))
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
  if (ticket.ownerId === personId) throw new DeskError('conflict', `${ticket.ref} is yours already.`)
  if (ticket.ownerId) {
    throw new DeskError('conflict', `${ticket.ref} belongs to ${ticket.ownerName}: ask them to release it first.`)
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
