// Events of a ticket, and what each changes.
import type { TicketFacts } from './columns.ts'
import type { Level, Priority } from './priority.ts'
import type { TicketKind } from './ticket-kind.ts'
import { MOVES, type Move, type TicketState } from './ticket-state.ts'
import { withoutWords, withWords } from './words.ts'

/**
 * What happened to a ticket. People are named by id and what they wrote by a salted digest, so that a person or a text
 * can be erased without breaking the chain.
 */
export type TicketEvent =
  | {
      type: 'opened'
      data: {
        number: number
        desk: string
        requester: string
        copied: string[]
        message: string
        content: string
        /** The agent who forwarded it, or took it down. */
        recordedBy?: string
        /** The ticket that it goes on from, or was split off from. */
        follows?: string
      }
    }
  | { type: 'received'; data: { message: string; content: string; kind: string; rule: string } }
  | {
      type: 'replied'
      data: {
        message: string
        content: string
        /** The message that kept this text before. */
        kept?: string
      }
    }
  | {
      type: 'noted'
      data: {
        message: string
        content: string
        what?: string
        /** Of an answer that was kept instead of sent: digest of the readers its writer is shown now. */
        readers?: string
        /** It was meant for the requester alone. */
        only?: boolean
      }
    }
  | { type: 'revised'; data: { message: string; content: string; of: string; deleted: boolean } }
  | { type: 'joined'; data: { person: string; role: 'requester' | 'copied' } }
  | { type: 'uninvited'; data: { person: string } }
  | { type: 'claimed'; data: { owner: string } }
  | { type: 'assigned'; data: { owner: string; how: 'assign' | 'handover' | 'escalate' } & WrittenMessage }
  | { type: 'released'; data: { owner: string } }
  | { type: 'offered'; data: { to: string; until: string } & WrittenMessage }
  | { type: 'offer-ended'; data: { to: string; how: 'declined' | 'withdrawn' | 'late' } & WrittenMessage }
  | { type: 'helping'; data: { person: string } }
  | { type: 'left'; data: { person: string } }
  | { type: 'escalated'; data: { to: string } & WrittenMessage }
  | { type: 'moved'; data: { desk: string } & WrittenMessage }
  | { type: 'waiting'; data: { on: 'requester' | 'third-party'; until: string | null } & WrittenMessage }
  | { type: 'scheduled'; data: { until: string } & WrittenMessage }
  | { type: 'resumed'; data: { by: 'command' | 'message' | 'time' } }
  | { type: 'resolved'; data: { how: 'solution' | 'workaround'; told: 'answered' | 'told' } & WrittenMessage }
  | { type: 'asked'; data: { outbox: string } }
  | { type: 'rated'; data: { solved: boolean; score: number | null; by: 'reply' | 'page' | 'button' } & WrittenMessage }
  | { type: 'closed'; data: { by?: 'recovery' | 'spam' | 'requester' | 'silence' | 'duplicate' } }
  | { type: 'reopened'; data: { by: 'message' | 'command' | 'requester' } }
  | { type: 'classified'; data: Classification }
  | { type: 'tagged'; data: { add: string[]; remove: string[] } }
  | { type: 'filled'; data: { field: string; value: string } }
  | { type: 'expected'; data: { at: string | null; told: boolean } }
  | { type: 'spent'; data: { person: string; minutes: number } & WrittenMessage }
  | { type: 'linked'; data: { kind: LinkKind; ticket: string } }
  | { type: 'unlinked'; data: { kind: LinkKind; ticket: string } }
  | { type: 'merged'; data: { into: string } }
  | { type: 'absorbed'; data: { ticket: string; joined: string[] } }
  | { type: 'unmerged'; data: { from: string; state: TicketState; until?: string | null } }
  | { type: 'restored'; data: { ticket: string; left: string[] } }
  | { type: 'split'; data: { original: string; into: string } }
  | { type: 'undelivered'; data: { outbox: string } }
  | { type: 'bounced'; data: { outbox: string; bounce: string; kind: 'hard' | 'soft' | 'delayed' } }

/** The message that holds what somebody wrote with it, if they did. */
interface WrittenMessage {
  message?: string
  content?: string
}

/** What kind of ticket it is. Only what changed is named. */
export interface Classification {
  kind?: TicketKind
  /** Path in the tree: `hardware/printer`. */
  category?: string
  impact?: Level
  urgency?: Level
  priority?: Priority
  /** The priority counts an urgency one level higher, because the requester is a VIP. */
  raised?: boolean
}

/** What the other ticket is to this one. */
export type LinkKind = 'parent' | 'child' | 'related' | 'duplicate' | 'original' | 'followed' | 'follows'

/** Who, when and where, and the place in the chain of the ticket. */
export interface EventFrame {
  ticketId: string
  /** 1 for the first. */
  seq: number
  /** ISO 8601 UTC. */
  at: string
  /** Person id; null for the desk itself. */
  actorId: string | null
  channel: string
}

export type FramedEvent = TicketEvent & EventFrame

/** `previous` is the hash of the event before, '' before the first. */
export type RecordedEvent = FramedEvent & { previous: string; hash: string }

/** What an event after the first changes. */
export function changeOf(ticket: TicketFacts, event: FramedEvent): Partial<TicketFacts> {
  const { at } = event
  switch (event.type) {
    case 'claimed':
    case 'assigned':
      return { ...ownershipOf(ticket, event.data.owner), state: after(ticket, 'take') }
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

/** What waits for nothing any more. */
const finished = { resumeAt: null, offeredTo: null, offeredUntil: null } as const

function ownershipOf(ticket: TicketFacts, ownerId: string): Partial<TicketFacts> {
  return { ownerId, offeredTo: null, offeredUntil: null, helpers: withoutWords(ticket.helpers, [ownerId]) }
}

/** Where a move leads; events that no rule of today allows leave the state as it is. */
function after(ticket: TicketFacts, move: Move): TicketState {
  return MOVES[move][ticket.state] ?? ticket.state
}

/** Values by field; an empty one is gone. */
function withField(fields: string, field: string, value: string): string {
  const values = new Map(Object.entries(JSON.parse(fields) as Record<string, string>))
  if (value === '') values.delete(field)
  else values.set(field, value)
  return JSON.stringify(Object.fromEntries([...values].sort(([a], [b]) => (a < b ? -1 : 1))))
}
