// A message that comes in, as its channel understood it, and what became of it.
import type { IgnoredReason, Outcome, QuarantineReason } from '../outcome.ts'

/** Bytes ready to be stored: named by the digest of what they are, packed if that helps. */
export type Content = {
  /** SHA-256 of the unpacked bytes, lower-case hex. */
  sha256: string
  /** Unpacked length in bytes. */
  size: number
  encoding: 'identity' | 'zstd'
} & (
  | { bytes: Uint8Array } // packed bytes in memory
  | { path: string; packedSize: number } // packed bytes in a spool file, which the desk takes over
)

export interface Address {
  /** `local@domain`, lower case, at most 320 characters. */
  address: string
  /** Display name, may be ''. */
  name: string
}

export interface InboundAttachment {
  /** As the sender named it, at most 255 characters, no path. */
  name: string
  /** Media type, lower case. */
  type: string
  /** Content-ID without angle brackets where the text shows it in place, else null. */
  contentId: string | null
  content: Content
  /** It holds a mail of ours, as where a program put what is quoted into a file. */
  quotesUs?: true
}

export type MessageKind = 'person' | 'auto-reply' | 'bounce' | 'bulk'

/** What a machine wrote to people: of something that happened, of a form that was filled in, to many, through a list. */
export type BulkSort = 'alert' | 'form' | 'newsletter' | 'list' | 'other'

/**
 * How far the address a message names as its sender can be believed.
 * `pass`: the address's domain vouches for it, or the transport itself does. `unaligned`: what was checked speaks of
 * another domain, or of none. `fail`: the domain says that it is not from there. `none`: nobody that we trust says
 * anything.
 */
export type Authenticity = 'pass' | 'unaligned' | 'fail' | 'none'

export interface Authentication {
  result: Authenticity
  /** What was found, one clause each: `dmarc=pass (example.com)`. */
  reasons: string[]
  /** A signature alone vouches for it: for what is written in it, not for whom it was handed to. */
  signed?: true
  /**
   * Of `unaligned`: its domain did sign it, and left out what may lead it elsewhere. That confirms nobody, and speaks
   * against nobody either.
   */
  partly?: true
}

/** A recipient that a mail did not reach. */
export interface DeliveryFailure {
  address: string
  /** Enhanced status code such as `5.1.1` (RFC 3463), or ''. */
  status: string
  /** The address will not work later either. */
  hard: boolean
  /** Why, in a few words: `mailbox full`; '' where it is not told. */
  reason: string
  /** It is tried further: nothing has failed yet. */
  delayed?: true
}

/** A mail that somebody forwarded. */
export interface ForwardedMessage {
  from: Address
  subject: string
  text: string
  /** The new part of `text`. */
  visible: string
  /** What the one who forwarded it wrote above. */
  comment: string
  /** Where it came along as a file. */
  messageId: string | null
}

/** What mail alone has; empty for any other message. */
export interface MailDetails {
  to: Address[]
  cc: Address[]
  /** The desk's own addresses this was sent to, envelope included; a plus part may carry a token. */
  addressedTo: string[]
  /** What it answers: In-Reply-To first, then References from newest to oldest. */
  references: string[]
  /** What else its sender knows it by; relays may put a Message-ID of their own in the place of ours. */
  marks?: string[]
  /** Its envelope names no sender, as those of reports do (RFC 5321 section 4.5.5), and not just its own head says so. */
  nullSender?: true
  /** Of a bounce: whom it is about. */
  failures: DeliveryFailure[]
  /** What it forwards, if its subject says so. */
  forwarded: ForwardedMessage | null
  /** A colleague sent it from the desk's own mailbox, without the desk. */
  sentByHand?: true
  /** Of what came through lists or groups: their addresses, which are nobody's, and what they call its writer. */
  through?: { lists: string[]; name: string }
}

/** Where in a chat a message was written. */
export interface ChatDetails {
  /** The conversation's own key: whoever writes in it writes to its ticket. */
  thread: string
  /** It was written where agents talk among themselves: nothing there is a requester's, and nothing opens a ticket. */
  internal?: true
  /** Everybody who reads the conversation can write in it and is seen by the others, so nobody there is a stranger. */
  shared?: true
  /** Chat comes in several lines: what one person writes within so many milliseconds under one key is one ticket. */
  row?: { key: string; within: number }
}

/** A message as its transport understood it. `inboundMessage` fills in what a channel has nothing to say of. */
export interface InboundMessage {
  /** Unique in the channel; a second arrival changes nothing but a counter. */
  id: string
  /** Where an answer goes: opaque to the desk, the latest of the requester wins. Null: nowhere. */
  replyTo: string | null
  from: Address | null
  subject: string
  /** All that was written, as plain text. */
  text: string
  /** The new part of it, without quotes. The same as `text` where there is nothing to leave out. */
  visible: string
  /** The beginning of `visible` that its writer surely typed: commands stand there alone. Left out where that is all of it. */
  typed?: string
  kind: MessageKind
  /** Why `kind` is what it is, one clause each. Empty for a person. */
  kindReasons: string[]
  /** What sort of bulk it is; null for every other kind. */
  bulk: BulkSort | null
  /** Of an alert: what is the same in each of its repeats, and whether it says that all is well again. */
  alert: { key: string; recovered: boolean } | null
  /** When the sender says it was sent; ISO 8601 UTC. */
  sentAt: string | null
  /** When it reached the organisation (mail: newest Received header, else Date); decides whether it is old. */
  reachedAt: string | null
  /** Its Message-ID with angle brackets, or the chat's own. */
  messageId: string | null
  /** SHA-256 of what stays the same when one message comes through two mailboxes: Message-ID, From and body. */
  fingerprint: string | null
  /** How far its sender's address can be believed. */
  authentication: Authentication
  /** Why a filter that we trust takes it for spam; empty if none does. */
  spam: string[]
  /** It was handed over just now by whoever sends it, and is no old mail that is brought in. */
  live?: true
  /** Its writer did not hand it over: somebody else pointed at it, or at the conversation that it stands in. */
  pointedAt?: true
  /** Addresses of its sender on other kinds of channels, for which the transport vouches: the e-mail of a chat account. */
  alsoKnownAs?: Identity[]
  /** How urgent its writer says it is, where they were asked. */
  urgency?: 'low' | 'medium' | 'high'
  raw: Content
  attachments: InboundAttachment[]
  /** All of it or a part is encrypted, or protected in another way that hides from us what it says. */
  sealed?: true
  mail: MailDetails
  chat?: ChatDetails
}

/** An address on one kind of channel, e.g. `email` or `slack`. */
export interface Identity {
  kind: string
  address: string
}

/** A message that its writer changed, or took back, after it came. */
export interface RevisedMessage {
  /** Unique in the channel, and another for each revision. */
  id: string
  /** The id that the message came with. */
  revises: string
  /** Who did it; null where the transport does not say. */
  from: Address | null
  /** What it says now; null: it was deleted. */
  text: string | null
  /** When; ISO 8601 UTC. */
  revisedAt: string
  raw: Content
}

/** A message nobody could read: kept as it is, with the reason, to be tried again. */
export interface UnreadableMessage {
  id: string
  raw: Content
  quarantine: QuarantineReason
  /** A sentence for the agent. */
  detail: string
}

/** A message that was announced and is not there any more: noted, so that nobody looks for it again. */
export interface LostMessage {
  id: string
  /** What is known of it; may be empty. */
  raw: Content
  lost: Extract<IgnoredReason, 'gone' | 'no-writer' | 'other-app' | 'own-message'>
  /** Where it was, and what became of it. */
  detail: string
}

/** What became of a message, once committed. */
export interface Receipt {
  outcome: Outcome
  /** Reference of the ticket it opened, joined or is held for; null where there is none. */
  ref: string | null
}

/** What a channel has read up to; stored in the transaction of the messages. */
export interface Cursor {
  key: string
  value: string
  /** What must be stored there before; if it is not, something before this was not stored, and neither is this. */
  follows: string
}
