import type { IgnoredReason, Outcome, QuarantineReason } from './outcome.ts'
/**
 * The boundary between the desk and its transports. Everything a transport needs to know of the desk, and everything
 * the desk needs to know of a transport, is in this file.
 */

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

/** A message as its transport understood it. */
export interface InboundMessage {
  /** Unique in the channel; a second arrival changes nothing but a counter. */
  id: string
  /** The conversation's own key where the transport has one (chat); mail has none and threads by `references`. */
  thread?: string
  /** Where an answer goes: opaque to the desk, the latest of the requester wins. Null: nowhere. */
  replyTo: string | null
  from: Address | null
  to: Address[]
  cc: Address[]
  /** The desk's own addresses this was sent to, envelope included; a plus part may carry a token. */
  addressedTo: string[]
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
  /** Its envelope names no sender, as those of reports do (RFC 5321 section 4.5.5), and not just its own head says so. */
  nullSender?: true
  /** Of a bounce: whom it is about. */
  failures: DeliveryFailure[]
  /** What it forwards, if its subject says so. */
  forwarded: ForwardedMessage | null
  /** When the sender says it was sent; ISO 8601 UTC. */
  sentAt: string | null
  /** When it reached the organisation (mail: newest Received header, else Date); decides whether it is old. */
  reachedAt: string | null
  /** Its Message-ID with angle brackets, or the chat's own. */
  messageId: string | null
  /** What else its sender knows it by; relays may put a Message-ID of their own in the place of ours. */
  marks?: string[]
  /** What it answers: In-Reply-To first, then References from newest to oldest. */
  references: string[]
  /** SHA-256 of what stays the same when one message comes through two mailboxes: Message-ID, From and body. */
  fingerprint: string | null
  /** A colleague sent it from the desk's own mailbox, without the desk. */
  sentByHand?: true
  /** Of what came through lists or groups: their addresses, which are nobody's, and what they call its writer. */
  through?: { lists: string[]; name: string }
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
  /** It was written where agents talk among themselves: nothing there is a requester's, and nothing opens a ticket. */
  internal?: true
  /** Everybody who reads the conversation can write in it and is seen by the others, so nobody there is a stranger. */
  shared?: true
  /** Chat comes in several lines: what one person writes within so many milliseconds under one key is one ticket. */
  row?: { key: string; within: number }
  /** How urgent its writer says it is, where they were asked. */
  urgency?: 'low' | 'medium' | 'high'
  raw: Content
  attachments: InboundAttachment[]
  /** All of it or a part is encrypted, or protected in another way that hides from us what it says. */
  sealed?: true
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

/** How a text is written: as it was typed, or in Markdown because its writer chose what is styled in it. */
export type TextFormat = 'plain' | 'markdown'

/** Markdown in which `\uE000n\uE001` stands for `verbatim[n]`: text of others, shown as it is, never interpreted. */
export interface RichText {
  markdown: string
  verbatim: string[]
  /** Those of `verbatim`, by number, in which addresses of pages are links. */
  linked?: number[]
}

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

/** Something to do with one press: a command line, and what is asked for before it is given. */
export interface Action {
  label: string
  /** As typed. Of a field of the form `{name}` stands for what was entered, in quotes. */
  line: string
  /** Asked for first; the field `text` goes along as the command's text. */
  form?: Form
  style?: 'primary' | 'danger'
  /** Its text goes to the requester. */
  sends?: true
}

/** What a person is asked for, whichever way it is shown. */
export interface Form {
  title: string
  /** A sentence above the fields; plain text, which may hold names of people. */
  intro?: string
  /** On the button that sends it. */
  submit: string
  fields: Field[]
}

export interface Field {
  /** Letters only. */
  name: string
  label: string
  hint?: string
  /** `line`: a short text; `text`: one of any length; `choice`: one of `choices`. */
  kind: 'line' | 'text' | 'choice'
  /** For `choice`: at most 100. */
  choices?: { value: string; label: string }[]
  required: boolean
  /** Characters. */
  most?: number
  least?: number
  value?: string
}

/** A ticket at a glance, shown where agents work and kept up to date there. */
export interface Card {
  ref: string
  /** One line. */
  subject: string
  /** What it waits for, who has it, how urgent it is, how old: in this order. */
  facts: { label: string; value: string }[]
  /** Newest message of the requester's side, cut short; plain text. */
  latest: { author: string; text: string; at: string } | null
  /** The first few are buttons, the others a menu. */
  actions: Action[]
  /** Nothing is left to be done. */
  done: boolean
}

/** Something that happened on a ticket, told below its card. */
export interface CardEntry {
  /** Unique, and the same at every attempt. */
  id: string
  /** `requester`: somebody whom we answer; `answer`: to them; `note`: among agents; `event`: of the desk. */
  from: 'requester' | 'answer' | 'note' | 'event'
  author: string
  /** Plain text of others, shown as it is. */
  text: string
  files: { name: string; size: number }[]
  /** Whose attention it wants: addresses of this channel's kind. */
  mentions: string[]
  actions: Action[]
  attempt: number
}

/** A channel that has a room where agents work on the tickets of a desk. */
export interface ShowsCards {
  /** False where none is configured. */
  readonly hasRoom: boolean
  /**
   * Shows a card anew (`place` null), or what has changed of it in its place; gives the place, which is also the
   * `thread` of what is written below it. Rejects with a `DeliveryError`. `id` is the same at every attempt.
   */
  showCard(card: Card, place: string | null, attempt: { id: string; attempt: number }): Promise<string>
  /** Whether whoever has this address sees the cards; true where that is not known. */
  seesCards(address: string): boolean
  /** Adds an entry below the card at this place. */
  addToCard(place: string, entry: CardEntry): Promise<void>
}

/** What one person sees of the desk: a page of their own. */
export interface Home {
  /** Sentences above all; Markdown. */
  intro: string
  actions: Action[]
  sections: { title: string; empty: string; items: HomeItem[] /** How many are not shown. */; more: number }[]
}

export interface HomeItem {
  ref: string
  subject: string
  /** State, owner, age: one line. */
  detail: string
  actions: Action[]
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

/** Who asks: an agent by handle, or anybody by an identity their channel has checked. */
export type Actor =
  | { handle: string }
  | {
      kind: string
      address: string
      name?: string
      /** As in a message: for which the transport vouches. */
      alsoKnownAs?: Identity[]
    }

export interface CommandRequest {
  actor: Actor
  /** The channel it came through, e.g. `support` or `cli`. */
  channel: string
  /** As it was typed: the command's word, and behind and below it what goes with it. Only here are options looked for. */
  line: string
  /** What the command is about, of any length. */
  body?: string
  /** How text on the line and the body are written; plain text, if it is not said, which is sent as it was typed. */
  format?: TextFormat
  attachments?: InboundAttachment[]
  /** The conversation it was typed in; a ticket that the line leaves out is the one of that. */
  thread?: string
  /** Unique in the channel: given once more, the command is not run again. */
  id?: string
}

export interface Reply {
  /** What a person reads; plain text, with words of others in it, shown as it is. */
  text: string
  /** The same for programs. */
  data: unknown
  /** What could be done next. */
  actions?: Action[]
  /** What was asked for was not done, for a reason that its text tells; one of the actions does it all the same. */
  undone?: true
}

/** What the desk offers a channel. */
export interface Desk {
  /**
   * Takes a message. Resolves once it is committed, the cursor with it; only then may the transport be told "got it".
   * Rejects with a `DeskError` of code `temporary` when it could not be stored: then nothing was.
   */
  receive(message: InboundMessage | UnreadableMessage | LostMessage | RevisedMessage, cursor?: Cursor): Promise<Receipt>
  /** Runs one command line. Rejects with a `DeskError` whose message is for the person who typed it. */
  perform(request: CommandRequest): Promise<Reply>
  /** What this channel remembers: cursors, rotated tokens. */
  recall(key: string): Promise<string | undefined>
  remember(key: string, value: string): Promise<void>
  /** An agent must see this. Raising a code that is raised already changes only its sentence. */
  alarm(code: string, sentence: string): Promise<void>
  /** What the code stood for is mended. */
  settle(code: string): Promise<void>
  /** What somebody asks for with a form: to open a ticket. */
  newTicketForm(): Form
  /** What this person sees of the desk. */
  home(actor: Actor): Promise<Home>
  /** What an agent can do about the ticket of this conversation as it is now; none if it is no ticket's. */
  actionsFor(thread: string, actor: Actor): Promise<Action[]>
  /** Who works here, so that a channel can find its own addresses of them. */
  agents(): Promise<{ handle: string; name: string; email: string /** `kind address` */; chats?: readonly string[] }[]>
  /**
   * All that the transport vouches for of this address just now: it is the agent's who has one of the others, and no
   * other agent's any more.
   */
  vouch(identity: Identity, others: readonly Identity[]): Promise<void>
  /** Reply addresses of tickets of this channel that are not closed: conversations that may go on. */
  conversations(): Promise<string[]>
}

/**
 * A transport. `send` has a total deadline below the first retry delay (one minute), because an attempt without an
 * answer is made again then.
 */
export interface ChannelAdapter {
  /** As configured, e.g. `support`; stored with every message. */
  readonly name: string
  /** Rejects with a `DeskError` if the account cannot be used at all. */
  start(desk: Desk): Promise<void>
  /** Finishes what is in hand; safe to call twice. */
  stop(): Promise<void>
  /**
   * Rejects with a `DeliveryError`. When `signal` aborts, nobody waits for it any longer: it ends what it does, and closes
   * the connection that it does it on.
   */
  send(message: OutboundMessage, signal?: AbortSignal): Promise<Sent>
}

/** One thing that was tried, and what to do if it failed. */
export interface Finding {
  what: string
  ok: boolean
  /** If not ok: which box to tick, where. */
  advice?: string
}

/** A channel that can try itself without being started. */
export interface Checkable {
  check(desk: Desk): Promise<Finding[]>
}

/** A channel that signs in with somebody else's service. */
export interface SignsIn {
  /** Obtains the first token; `say` tells the person what to do. Rejects with a `DeskError`. */
  signIn(desk: Desk, say: (sentence: string) => void): Promise<void>
}

/** A channel that can read a raw message again, e.g. one that was quarantined. */
export interface Rereads {
  reread(raw: Uint8Array): Promise<InboundMessage | UnreadableMessage>
}

/** A message as its sender laid it out, made safe to show to anyone. */
export interface Layout {
  subject: string
  from: Address | null
  to: Address[]
  /** ISO 8601; null where it tells no date. */
  sentAt: string | null
  text: string
  files: { name: string; size: number }[]
  /** A fragment of HTML without what could harm; `remote` counts pictures that lie elsewhere. Null for plain text. */
  html: { html: string; remote: number } | null
}

/** A channel whose messages have a layout. */
export interface ShowsLayout {
  /** `remote` says that the reader asked for pictures that lie elsewhere. Rejects for what cannot be read. */
  layout(raw: Uint8Array, options: { remote: boolean }): Promise<Layout>
}

/** A channel that can get ready to read while the desk opens, for whoever is about to hand it mail. */
export interface ReadiesItself {
  getReady(): void
}

/** A channel with addresses of its own, which are never written to. */
export interface Owns {
  owns(recipient: string): boolean
}

/** A channel that can write to a person who began no conversation. */
export interface WritesFirst {
  /** Whether this address is one of a person whom it reaches. */
  reaches(address: string): boolean
}

/** A channel with conversations that others read than the person who is answered there. */
export interface KnowsReaders {
  /** Whether others read what is written to this reply address. */
  isShared(replyTo: string): boolean
}

/** A channel that says in a few words where people reach it, for the start-up lines. */
export interface Describes {
  describe(): string[]
}

/** Bytes of messages that may be in memory at once, over all channels. */
export interface Budget {
  /** Resolves when there is room, in order of asking; call what it gives when the bytes are let go. */
  take(bytes: number): Promise<() => void>
  /** Somebody waits for room. */
  readonly isFull: boolean
}

/** What an adapter is made with beside its settings. */
export interface ChannelOptions {
  name: string
  /** Name of the desk, shown beside the address. */
  deskName: string
  /** Larger messages are refused; bytes. */
  maxMessageBytes: number
  budget: Budget
  /** A new path for a file in the making, on the file system of the state folder. */
  spoolPath(): Promise<string>
  /** A folder of the channel's own below the state folder, given its name. */
  statePath(name: string): string
  now(): Date
  warn(sentence: string, error?: unknown): void
}
