// What a command is, and all of them by word.
import type { Reply } from '../../channel/desk.ts'
import type { InboundAttachment } from '../../channel/message.ts'
import type { Action } from '../../channel/surface.ts'
import { nearest } from '../../core/text/command-line.ts'
import { NO_OPTIONS, type OptionKinds, type Options, optionsInWords } from '../../core/text/options.ts'
import type { TicketPolicy } from '../../core/ticket/policy.ts'
import { DeskError } from '../../errors.ts'
import type { Absence } from '../../store/absences.ts'
import type { Sql, Tx } from '../../store/engine/sql.ts'
import type { Agent, Person } from '../../store/people.ts'
import type { Ticket } from '../../store/tickets.ts'

/** What a command knows of the desk, whoever asks. */
export interface DeskFacts {
  /** ISO 8601 UTC; all that one command does happens at this time. */
  at: string
  /** Prefixes of all desks. */
  prefixes: readonly string[]
  /** Addresses of ours, which are never written to. */
  isOurs(recipient: string): boolean
  agents: readonly Agent[]
  /** Who of them is away. */
  absences: readonly Absence[]
  desks: readonly { id: string; name: string; prefix: string }[]
  policy: TicketPolicy
  commands: Commands
  /** Where the requesters of a desk are reached by mail; undefined where the desk has no such channel. */
  mailChannel(deskId: string): string | undefined
  /** The desk whose channel this is. */
  deskOf(channel: string): string | undefined
  /** Kind of the addresses on a channel, e.g. `email`. */
  kindOf(channel: string): string
  /** Whether others than the requester read what is written to this reply address of a channel. */
  isShared(channel: string, replyTo: string | null): boolean
  /** The channel with the room where agents of a desk see its tickets; undefined where there is none. */
  roomOf(deskId: string): string | undefined
  /**
   * Where an agent is told of what concerns a channel: in a chat where the desk reaches them there, else by mail.
   * Undefined where neither is.
   */
  reach(agent: Agent, about: string): Reach | undefined
}

export interface Reach {
  channel: string
  recipient: string
  /** The agent sees the cards of tickets there, so that the card tells what it shows. */
  seesCards: boolean
}

/** What stands on a line behind the command's word. */
export interface Arguments {
  args: string[]
  options: Options
}

/** What parsing a line may ask for. */
export type ParseFacts = Pick<DeskFacts, 'prefixes' | 'at'>

export interface Call extends DeskFacts {
  actor: Person
  /** The address by which the one who asks is known; undefined for an agent at the command line. */
  address?: { kind: string; address: string }
  channel: string
  /** What a command begins with where it was typed. */
  sign?: '!'
  /** Those that were given of the command's own. */
  options: Options
  /** As it reads best as plain text. */
  body: string
  /** The same as Markdown, where its writer chose what is styled in it. */
  markdown?: string
  attachments: readonly InboundAttachment[]
}

/** A ticket as it is shown to whoever may press something. */
export interface TicketOnScreen {
  ticket: Ticket
  policy: TicketPolicy
  /** Who reads an answer, in words. */
  readers: string
  /** What an option `--read` says of what is shown. */
  read: string
}

/** The button of a command on a ticket, on every surface that has buttons. */
export interface Button {
  /** They stand in this order: what comes next most likely has the lowest. */
  rank: number
  /** Empty where the command makes no sense on the ticket as it is. */
  of(shown: TicketOnScreen): Action[]
}

interface Definition<Args> {
  /** What is typed. */
  word: string
  aliases?: readonly string[]
  /** Arguments as help shows them, e.g. `TICKET`. */
  usage: string
  /** What its first argument names; left out: nothing. In a conversation about a ticket that may be left out. */
  about?: 'ticket' | 'message'
  /** Whether its text goes to the requester. */
  answers?(options: Options): boolean
  /** It changes who reads an answer: done first where one mail has both. */
  changesReaders?: true
  /** One sentence. */
  summary: string
  /** What `help` says of it beside that. */
  details?: string
  /** Whether text goes with it, on the line behind its arguments or apart from it. Optional text stands on the line. */
  body: 'none' | 'optional' | 'required'
  /** Its options, which may stand anywhere on the line outside of quotes. */
  options?: OptionKinds
  /** Whoever writes to the desk may give it, about what is theirs; other commands are for agents. */
  anyone?: true
  /** Left out: nobody presses it on a ticket. */
  button?: Button
  /** Throws a `DeskError` of code `usage`. */
  parse(line: Arguments, facts: ParseFacts): Args
}

/** Looks only; runs on the connection that cannot write. */
export interface ReadCommand<Args> extends Definition<Args> {
  reads(sql: Sql, call: Call, args: Args): Promise<Reply>
  /** Number of the ticket of which it shows what was written last; undefined if it shows something older. */
  shows?(args: Args): number | undefined
}

/** Looks up, decides, then writes; throws before its first write or not at all. */
export interface WriteCommand<Args> extends Definition<Args> {
  writes(tx: Tx, call: Call, args: Args): Promise<Reply>
  /** Numbers of the tickets it changes, which are locked first. */
  tickets(args: Args): readonly number[]
}

/** Decides what becomes of a message that waits for an agent; the message is read again first. */
export interface SettleCommand<Args> extends Definition<Args> {
  settles(args: Args): Settlement
}

export interface Settlement {
  /** Numbers of the arrivals. */
  arrivals: readonly number[]
  /** `join` it to its ticket or to this one, let it `open` one of its own, or `discard` it. */
  decision: { action: 'join'; ticket: number | null } | { action: 'open' } | { action: 'discard' }
}

export type Command = ReadCommand<never> | WriteCommand<never> | SettleCommand<never>

/** All commands by word; refuses two for one word. */
export class Commands {
  readonly all: readonly Command[]
  readonly #byWord = new Map<string, Command>()
  /** Those with a button, in the order of these. */
  readonly buttons: readonly Command[]
  /** The one that answers, whatever its options. */
  readonly answer: Command

  constructor(commands: readonly Command[]) {
    this.all = commands
    for (const command of commands) {
      for (const word of [command.word, ...(command.aliases ?? [])]) {
        if (this.#byWord.has(word)) throw new Error(`Two commands for the word "${word}".`)
        this.#byWord.set(word, command)
      }
    }
    this.buttons = commands
      .filter(each => each.button)
      .toSorted((a, b) => (a.button?.rank ?? 0) - (b.button?.rank ?? 0))
    const answer = commands.find(command => isSent(command, NO_OPTIONS))
    if (!answer) throw new Error('No command answers.')
    this.answer = answer
  }

  has(word: string): boolean {
    return this.#byWord.has(word)
  }

  /** Whether a word is a command, or was meant to be one. */
  isNear(word: string): boolean {
    return this.has(word) || nearest(word, [...this.#byWord.keys()]) !== null
  }

  /** Throws a `DeskError` that offers the nearest word. */
  find(word: string): Command {
    const command = this.#byWord.get(word)
    if (command) return command
    const close = nearest(word, [...this.#byWord.keys()])
    const hint = close ? `did you mean "${close}"?` : 'type help for all of them.'
    throw new DeskError(
      'usage',
      word ? `There is no command "${word}"; ${hint}` : 'Type a command, or help for all of them.',
    )
  }
}

/** Whether the text of a command goes to the requester. */
export function isSent(command: Command, options: Options): boolean {
  return command.answers?.(options) ?? false
}

export function usageOf({ word, usage, options = {} }: Pick<Command, 'word' | 'usage' | 'options'>): string {
  return [word, usage, optionsInWords(options)].filter(Boolean).join(' ')
}

/** Its own options, and the one that says without a doubt which ticket is meant. */
export function optionsOf({ about, options = {} }: Pick<Command, 'about' | 'options'>): OptionKinds {
  return about === 'ticket' ? { ...options, ticket: 'text' } : options
}

/** Refuses too few or too many arguments. */
export function expectArgs(
  command: Pick<Command, 'word' | 'usage' | 'options'>,
  line: Pick<Arguments, 'args'>,
  least: number,
  most: number,
): void {
  if (line.args.length >= least && line.args.length <= most) return
  throw new DeskError('usage', `Write: ${usageOf(command)}`)
}
