// What the desk offers a channel.
import type {
  Cursor,
  Identity,
  InboundAttachment,
  InboundMessage,
  LostMessage,
  Receipt,
  RevisedMessage,
  UnreadableMessage,
} from './message.ts'
import type { Action, Form, Home, TextFormat } from './surface.ts'

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
