// A message that leaves, and what a channel says of it.
import type { RichText } from '../core/text/rich-text.ts'
import type { Address } from './message.ts'
import type { Action } from './surface.ts'

export interface OutboundAttachment {
  name: string
  type: string
  size: number
  read(): Promise<Uint8Array>
}

export interface OutboundMessage {
  /** Ours, and the same at every attempt. */
  id: string
  /** Signed; comes back with an answer and says what was answered. Letters, digits and `-`, at most 48 characters. */
  token: string
  /** Who is to get it in this attempt: opaque reply addresses of this channel. */
  recipients: string[]
  /** Who is shown as getting it. */
  to: Address[]
  cc: Address[]
  /** Shown as the sender beside the desk's address. */
  fromName: string
  subject: string
  text: RichText
  /** Written by no person: acknowledgements, notifications. */
  automatic: boolean
  /** What it answers: a Message-ID in angle brackets, or the token of a message of ours. */
  inReplyTo: string | null
  /** The conversation so far, oldest first, in the same form. */
  references: string[]
  attachments: OutboundAttachment[]
  /** What its readers can do about it with one press, where the transport has such a thing. */
  actions: Action[]
  /** 1 at first; above that an earlier attempt may have arrived without our knowing. */
  attempt: number
  /** When it was queued; ISO 8601 UTC. */
  queuedAt: string
}

/** What a transport said of each recipient. Every recipient of the message is in one of the two. */
export interface Sent {
  accepted: string[]
  refused: { recipient: string; permanent: boolean; reason: string }[]
  /** The conversation that the message began at a recipient, where the transport has such a thing. */
  threads?: Record<string, { thread: string; replyTo: string }>
}

/** All recipients failed alike. An error of any other type counts as temporary. */
export class DeliveryError extends Error {
  readonly permanent: boolean
  readonly retryAfterMs: number | undefined

  constructor(sentence: string, options: { permanent: boolean; retryAfterMs?: number; cause?: unknown }) {
    super(sentence, { cause: options.cause })
    this.name = 'DeliveryError'
    this.permanent = options.permanent
    this.retryAfterMs = options.retryAfterMs
  }
}
