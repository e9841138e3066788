// Digests: of events, which chain them, and of what was written.
import { createHmac, hash } from 'node:crypto'
import type { EventFrame } from './ticket-event.ts'

/** SHA-256 over all that an event says, its data as it is stored, and the hash of the one before. */
export function hashEvent(frame: EventFrame, type: string, data: string, previous: string): string {
  const fields = [frame.ticketId, frame.seq, frame.at, frame.actorId, frame.channel, type, data, previous]
  return hash('sha256', JSON.stringify(fields))
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
  const serialized = JSON.stringify([direction, author, subject, text, visible, attachments, ...styled])
  return createHmac('sha256', salt).update(serialized).digest('hex')
}
