// Makes commands that change one ticket.
import type { Reply } from '../../channel/desk.ts'
import type { OptionKinds, Options } from '../../core/text/options.ts'
import { DeskError } from '../../errors.ts'
import type { Tx } from '../../store/engine/sql.ts'
import type { Change, Ticket } from '../../store/tickets.ts'
import { ticketArgument } from './arguments.ts'
import { type Button, type Call, type ParseFacts, usageOf, type WriteCommand } from './command.ts'
import { findOwnTicket, findTicket, findTicketOfRequester } from './find-ticket.ts'

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
  button?: Button
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
  button?: Button
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
        ? await findTicketOfRequester(tx, call, number, ownOnly)
        : await (merged ? findOwnTicket : findTicket)(tx, number, call.prefixes)
      return writes(tx, call, ticket, { at: call.at, actorId: call.actor.id, channel: call.channel }, extra)
    },
  }
}
