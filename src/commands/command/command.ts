// What a command is, how its line is read, and how it finds and locks its tickets.
import type { Reply } from '../../channel/desk.ts'
import type { InboundAttachment } from '../../channel/message.ts'
import { nearest } from '../../core/text/command-line.ts'
import { NO_OPTIONS, type OptionKinds, type Options, optionsInWords } from '../../core/text/options.ts'
import type { TicketPolicy } from '../../core/ticket/policy.ts'
import { formatReference, parseReference } from '../../core/ticket/reference.ts'
import { DeskError } from '../../errors.ts'
import { may } from '../../people/access.ts'
import type { Absence } from '../../store/absences.ts'
import type { Sql, Tx } from '../../store/engine/sql.ts'
import type { Agent, Person } from '../../store/people.ts'
import { type Change, currentTicket, type Ticket, ticketById, ticketIdByNumber } from '../../store/tickets.ts'

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
  /** Where an agent is told of what concerns a channel: in a chat where the desk reaches them there, else by mail. */
  reach(agent: Agent, about: string): Reach
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

/** The ticket number in an argument. */
export function ticketArgument(text: string | undefined, prefixes: readonly string[]): number {
  const number = parseReference(text ?? '', prefixes)
  if (number === null) throw new DeskError('usage', `"${text ?? ''}" names no ticket: write it like ${prefixes[0]}-12.`)
  return number
}

/** The ticket of a number, or the one that it became part of. */
export async function findTicket(sql: Sql, number: number, prefixes: readonly string[]): Promise<Ticket> {
  const ticket = await findOwnTicket(sql, number, prefixes)
  return (ticket.mergedInto ? await currentTicket(sql, ticket.id) : ticket) ?? ticket
}

/** The ticket of this very number, also if it became part of another. */
export async function findOwnTicket(sql: Sql, number: number, prefixes: readonly string[]): Promise<Ticket> {
  const id = await ticketIdByNumber(sql, number)
  const ticket = id === undefined ? undefined : await ticketById(sql, id)
  if (!ticket)
    throw new DeskError('not-found', `There is no ticket ${prefixes[0]}-${number}: see list for those there are.`)
  return ticket
}

/** The ticket of this number, which the one who calls asked for; whoever did not is told the same in every case. */
async function askedBy(
  sql: Sql,
  { actor, prefixes }: Pick<Call, 'actor' | 'prefixes'>,
  number: number,
  told: (ref: string) => string,
): Promise<Ticket> {
  const id = await ticketIdByNumber(sql, number)
  const ticket = id === undefined ? undefined : await currentTicket(sql, id)
  if (ticket && may(actor, 'say-solved', ticket)) return ticket
  throw new DeskError('forbidden', told(formatReference(prefixes[0] ?? '', number)))
}

/**
 * Locks tickets by number, and those that they became part of. False if one of them became part of yet another while it
 * waited: then that one is not locked.
 */
export async function lockTickets(tx: Tx, numbers: readonly number[]): Promise<boolean> {
  const ids = await leadingTo(tx, numbers)
  await tx.lock(ids.map(id => `ticket ${id}`))
  return (await leadingTo(tx, numbers)).every(id => ids.includes(id))
}

async function leadingTo(sql: Sql, numbers: readonly number[]): Promise<string[]> {
  const ids: string[] = []
  for (const number of numbers) {
    const id = await ticketIdByNumber(sql, number)
    const current = id === undefined ? undefined : await currentTicket(sql, id)
    if (id !== undefined) ids.push(id)
    if (current && current.id !== id) ids.push(current.id)
  }
  return ids
}

/** `@bob`, `bob` or `me`. */
export function agentArgument(text: string, call: Pick<Call, 'agents' | 'actor'>): Agent {
  const handle = text.replace(/^@/, '').toLowerCase()
  const agent = call.agents.find(each => (handle === 'me' ? each.id === call.actor.id : each.handle === handle))
  if (agent) return agent
  const close = nearest(
    handle,
    call.agents.map(each => each.handle),
  )
  const hint = close
    ? `did you mean @${close}?`
    : `agents are ${call.agents.map(each => `@${each.handle}`).join(', ')}.`
  throw new DeskError('usage', `There is no agent "${text}"; ${hint}`)
}

/** A command that changes one ticket and needs nothing but its reference, and a text if `body` says so. */
export function onTicket(definition: {
  word: string
  aliases?: readonly string[]
  summary: string
  body?: 'required'
  options?: OptionKinds
  /** Lets what was merged be named itself. */
  merged?: true
  answers?(options: Options): boolean
  /** The ticket is found and locked. Who does it, when and where is in `change`. */
  writes(tx: Tx, call: Call, ticket: Ticket, change: Change): Promise<Reply>
}): WriteCommand<TicketArgs<null>> {
  const { writes, body = 'none', ...rest } = definition
  return onTicketWith({
    ...rest,
    usage: body === 'required' ? 'TEXT' : '',
    body,
    parse(words) {
      if (words.length > 0)
        throw new DeskError('usage', `Write: ${rest.word} ${body === 'required' ? 'TICKET TEXT' : 'TICKET'}`)
      return null
    },
    writes: (tx, call, ticket, change) => writes(tx, call, ticket, change),
  })
}

export interface TicketArgs<Extra> {
  ticket: number
  extra: Extra
}

/** A command that changes one ticket, and takes more behind its reference. */
export function onTicketWith<Extra>(definition: {
  word: string
  aliases?: readonly string[]
  /** What stands behind `TICKET`. */
  usage: string
  summary: string
  body?: 'none' | 'optional' | 'required'
  options?: OptionKinds
  merged?: true
  anyone?: true
  answers?(options: Options): boolean
  changesReaders?: true
  /** It is for whoever asked for the ticket; what all others are told, so that nobody learns whether there is such a one. */
  ownOnly?(ref: string): string
  /** Reads the words behind the reference; throws a `DeskError` of code `usage`. */
  parse(words: string[], facts: ParseFacts): Extra
  /** Other tickets that it changes. */
  others?(extra: Extra): readonly number[]
  writes(tx: Tx, call: Call, ticket: Ticket, change: Change, extra: Extra): Promise<Reply>
}): WriteCommand<TicketArgs<Extra>> {
  const { merged, others, ownOnly, writes, ...rest } = definition
  return {
    ...rest,
    usage: `TICKET ${definition.usage}`.trim(),
    about: 'ticket',
    body: definition.body ?? 'none',
    parse(line, facts) {
      const [first, ...words] = line.args
      if (first === undefined) {
        const line = `${this.word} ${facts.prefixes[0]}-12`
        throw new DeskError('usage', `Say which ticket, as in ${line} (list shows them). Write: ${usageOf(this)}`)
      }
      return { ticket: ticketArgument(first, facts.prefixes), extra: definition.parse(words, facts) }
    },
    tickets: ({ ticket, extra }) => [ticket, ...(others?.(extra) ?? [])],
    async writes(tx, call, { ticket: number, extra }) {
      const ticket = ownOnly
        ? await askedBy(tx, call, number, ownOnly)
        : await (merged ? findOwnTicket : findTicket)(tx, number, call.prefixes)
      return writes(tx, call, ticket, { at: call.at, actorId: call.actor.id, channel: call.channel }, extra)
    },
  }
}

/** `M-3`, `m3` or `3`: a message as `relaydesk inbox list` numbers it. */
export function arrivalArgument(text: string | undefined): number {
  const found = /^m?-?(\d{1,12})$/i.exec(text ?? '')
  if (!found) {
    throw new DeskError(
      'usage',
      `"${text ?? ''}" names no message: write it like M-3, as inbox list shows it. To let a person in: invite TICKET ADDRESS.`,
    )
  }
  return Number(found[1])
}
