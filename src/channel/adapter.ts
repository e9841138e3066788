// What a channel must do, and what not every one can: each ability is an interface of its own.
import type { Desk } from './desk.ts'
import type { Address, InboundMessage, UnreadableMessage } from './message.ts'
import type { OutboundMessage, Sent } from './outbound.ts'
import type { Card, CardEntry } from './surface.ts'

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

/**
 * A transport. `send` has a total deadline below the first retry delay (one minute), because an attempt without an
 * answer is made again then.
 */
export interface ChannelAdapter {
  /** As configured, e.g. `support`; stored with every message. */
  readonly name: string
  /**
   * Begins to take messages. Rejects with a `DeskError`: of code `config` for settings that cannot be right, which ends the
   * start of the desk; whatever else it rejects with is an alarm, and it is called again until it resolves.
   */
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
  /** Where routes of channels are served that have no port of their own, and where that is reached from outside. */
  web: { host: string; port: number; publicUrl?: string | undefined }
  /** A folder of the channel's own below the state folder, given its name. */
  statePath(name: string): string
  now(): Date
  warn(sentence: string, error?: unknown): void
}
