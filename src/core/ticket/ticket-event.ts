// Events of a ticket, and their chain.
import { createHmac, hash } from 'node:crypto'
import type { Level, Priority } from './priority.ts'
import type { TicketState } from './ticket-state.ts'

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
  | { type: 'assigned'; data: { owner: string; how: 'assign' | 'handover' | 'escalate' } & Said }
  | { type: 'released'; data: { owner: string } }
  | { type: 'offered'; data: { to: string; until: string } & Said }
  | { type: 'offer-ended'; data: { to: string; how: 'declined' | 'withdrawn' | 'late' } & Said }
  | { type: 'helping'; data: { person: string } }
  | { type: 'left'; data: { person: string } }
  | { type: 'escalated'; data: { to: string } & Said }
  | { type: 'moved'; data: { desk: string } & Said }
  | { type: 'waiting'; data: { on: 'requester' | 'third-party'; until: string | null } & Said }
  | { type: 'scheduled'; data: { until: string } & Said }
  | { type: 'resumed'; data: { by: 'command' | 'message' | 'time' } }
  | { type: 'resolved'; data: { how: 'solution' | 'workaround'; told: 'answered' | 'told' } & Said }
  | { type: 'asked'; data: { outbox: string } }
  | { type: 'rated'; data: { solved: boolean; score: number | null; by: 'reply' | 'page' | 'button' } & Said }
  | { type: 'closed'; data: { by?: 'recovery' | 'spam' | 'requester' | 'silence' | 'duplicate' } }
  | { type: 'reopened'; data: { by: 'message' | 'command' | 'requester' } }
  | { type: 'classified'; data: Classification }
  | { type: 'tagged'; data: { add: string[]; remove: string[] } }
  | { type: 'filled'; data: { field: string; value: string } }
  | { type: 'expected'; data: { at: string | null; told: boolean } }
  | { type: 'spent'; data: { person: string; minutes: number } & Said }
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
interface Said {
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

/** `incident`: something is broken. `request`: someone wants something. */
export const TICKET_KINDS = ['incident', 'request'] as const
export type TicketKind = (typeof TICKET_KINDS)[number]

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

/** SHA-256 over all that an event says, its data as it is stored, and the hash of the one before. */
export function hashEvent(frame: EventFrame, type: string, data: string, previous: string): string {
  const said = [frame.ticketId, frame.seq, frame.at, frame.actorId, frame.channel, type, data, previous]
  return hash('sha256', JSON.stringify(said))
}

/** What a digest speaks for: all of a message that is shown. */
export interface DigestedContent {
  direction: string
  author: string
  subject: string
  text: string
  visible: string | null
  /** Digests of its files. */
  attachments: string[]
  /** The text as Markdown; null where it is plain. */
  markdown?: string | null
}

/** Digest of what somebody wrote. Salted, because short texts can be guessed; without the salt it says nothing. */
export function contentDigest(salt: string, content: DigestedContent): string {
  const { direction, author, subject, text, visible, attachments, markdown } = content
  const styled = markdown ? [markdown] : []
  const said = JSON.stringify([direction, author, subject, text, visible, attachments, ...styled])
  return createHmac('sha256', salt).update(said).digest('hex')
}
