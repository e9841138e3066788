import { createHmac, hash } from 'node:crypto'

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
        /** The agent who forwarded it. */
        recordedBy?: string
      }
    }
  | { type: 'received'; data: { message: string; content: string; kind: string; rule: string } }
  | { type: 'replied'; data: { message: string; content: string } }
  | { type: 'noted'; data: { message: string; content: string } }
  | { type: 'joined'; data: { person: string; role: 'requester' | 'copied' } }
  | { type: 'claimed'; data: { owner: string } }
  | { type: 'released'; data: { owner: string } }
  | { type: 'closed'; data: { by?: 'recovery' | 'spam' } }
  | { type: 'reopened'; data: { by: 'message' | 'command' } }
  | { type: 'undelivered'; data: { outbox: string } }
  | { type: 'bounced'; data: { outbox: string; bounce: string; kind: 'hard' | 'soft' | 'delayed' } }

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
}

/** Digest of what somebody wrote. Salted, because short texts can be guessed; without the salt it says nothing. */
export function contentDigest(salt: string, content: DigestedContent): string {
  const { direction, author, subject, text, visible, attachments } = content
  const said = JSON.stringify([direction, author, subject, text, visible, attachments])
  return createHmac('sha256', salt).update(said).digest('hex')
}
