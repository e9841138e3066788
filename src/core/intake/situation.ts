// All that is known of a message before it is decided. It is gathered once; nothing is asked in between.
import type { InboundMessage } from '../../channel/message.ts'
import type { ChatArrival } from './chat-decision.ts'
import type { Counter } from './flood-limits.ts'
import type { Proof } from './proof.ts'
import type { Clue } from './threading.ts'

export interface Situation {
  message: InboundMessage
  /** Kind of the addresses of its channel, e.g. `email`. */
  kind: string
  /** It is a message of ours that came back: its id bears a token. */
  isOwn: boolean
  /** Whether an address is the desk's own. */
  isOurs(address: string): boolean
  /** It bears a token of ours, whoever that was issued to. */
  bearsToken: boolean
  /** Every reason to believe that it belongs to a ticket; strongest first. */
  clues: readonly Clue[]
  /** The tickets that the clues lead to, by id. */
  tickets: ReadonlyMap<string, TicketSituation>
  /** Whoever has the address that it names as its sender; null: nobody yet. */
  sender: { id: string; isAgent: boolean } | null
  /** What shows that the sender wrote it. */
  proof: Proof | null
  /** Where in a chat it was written; null: in none. */
  chat: ChatSituation | null
  /** It forwards a mail of somebody who is none of us. */
  forwardsStranger: boolean
  /** The commands in it; null where there are none, or its sender is no agent. */
  commands: CommandSituation | null
  senderJudgement: SenderJudgement
  /** What its sender wrote lately, by the key of the counter. */
  counts: ReadonlyMap<string, number>
  /** What the virus scanner says of it; null: it was not asked. */
  scan: ScanResult | null
  /** What it counts towards, as a new ticket and as a message on one. */
  counters: { open: readonly Counter[]; append: readonly Counter[] }
  /** The configuration says that newsletters are left alone. */
  ignoresNewsletters: boolean
}

/** A ticket that a message may belong to. */
export interface TicketSituation {
  /** Those who take part in it. */
  participants: readonly { kind: string; address: string; personId: string }[]
  /** The sender was taken off it. */
  isSenderRemoved: boolean
  /** It is closed for so long that a message to it begins a new one. */
  isOver: boolean
}

export interface ChatSituation {
  /** It answers a notice about no ticket. */
  answersNotice: boolean
  /** The ticket of what the same person wrote in the same place before. */
  before: ChatArrival['before']
}

/** The lines of an agent's mail that look like commands. */
export interface CommandSituation {
  /** There is more than these lines. */
  hasText: boolean
  /** One is near to a command of the desk, or names a ticket. */
  areIntended: boolean
  /** Read as they stand, about no ticket: whether text remains, and whether all can be done. */
  alone: { hasText: boolean; areUnderstood: boolean }
}

/** What is known of a sender. */
export interface SenderJudgement {
  /** The configuration blocks the address, or a list that it came through. */
  isBlocked: boolean
  /** The configuration says that its mail is always wanted. */
  isAllowed: boolean
  /** What an agent said of it. */
  verdict: 'spam' | 'wanted' | null
}

/**
 * What a virus scanner says of a message. `unscanned`: it could not look at it; `tooLarge` says that this is the
 * message's fault and not the scanner's.
 */
export type ScanResult =
  | { result: 'clean' }
  | { result: 'found'; name: string }
  | { result: 'unscanned'; reason: string; tooLarge: boolean }
