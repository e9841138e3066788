// The commands list and search.
import { age, table } from '../../core/text/table.ts'
import { factInWords, factsInJson, NAMED_COLUMNS } from '../../core/ticket/columns.ts'
import { isQueryWord, parseQuery, QUERY_DETAILS, type TicketQuery } from '../../core/ticket/query.ts'
import { DeskError } from '../../errors.ts'
import type { Sql } from '../../store/engine/sql.ts'
import { viewsOf } from '../../store/saved-views.ts'
import { listTickets, type TicketList } from '../../store/ticket-lists.ts'
import type { Ticket } from '../../store/tickets.ts'
import { agentArgument } from '../command/arguments.ts'
import type { Call, ReadCommand } from '../command/command.ts'

const PAGE = 50

export const list: ReadCommand<{ parts: string[]; searches?: boolean }> = {
  word: 'list',
  aliases: ['ls', 'tickets'],
  usage: '[QUERY...]',
  summary: 'Shows tickets, latest change first; without a query, all that are not done (help list explains queries).',
  details: QUERY_DETAILS,
  body: 'none',
  parse: line => ({ parts: line.args }),
  async reads(sql, call, { parts, searches = false }) {
    const query = parseQuery(await withView(sql, call, parts), { searches })
    const tickets = await listTickets(sql, { ...resolveQuery(query, call), now: call.at, limit: PAGE })
    const more = tickets.length === PAGE ? `\n(the newest ${PAGE})` : ''
    const text = tickets.length === 0 ? nothing(parts) : ticketTable(tickets, call.at) + more
    return { text, data: tickets.map(ticketData) }
  },
}

/** `search printer jam`: also in what is done. */
export const search: typeof list = {
  ...list,
  word: 'search',
  aliases: ['find'],
  usage: 'WORDS...',
  summary: 'Finds tickets, closed ones too, by words in their messages; a list query narrows it down.',
  parse(line) {
    if (line.args.length === 0) throw new DeskError('usage', 'Say what to look for: search printer jam')
    return { parts: ['all', ...line.args], searches: true }
  },
}

/** A view of the agent's own stands for its words. */
async function withView(sql: Sql, call: Call, parts: readonly string[]): Promise<string[]> {
  const [first, ...rest] = parts
  if (first === undefined || isQueryWord(first)) return [...parts]
  const saved = (await viewsOf(sql, call.actor.id)).find(each => each.name === first)
  return saved ? [...(JSON.parse(saved.query) as string[]), ...rest] : [...parts]
}

/** Who is meant by the handles of a query. Throws a `DeskError` of code `usage` for one that nobody has. */
export function resolveQuery(
  query: TicketQuery,
  call: Pick<Call, 'agents' | 'actor'>,
): Pick<TicketList, 'query' | 'ownerId' | 'helperId'> {
  const { owner, helper } = query
  return {
    query,
    ...(owner === undefined ? {} : { ownerId: owner === 'nobody' ? null : agentArgument(owner, call).id }),
    ...(helper === undefined ? {} : { helperId: agentArgument(helper, call).id }),
  }
}

function nothing(parts: readonly string[]): string {
  const known: Record<string, string> = {
    '': 'No open tickets.',
    open: 'No open tickets.',
    mine: 'You own no open tickets.',
    unowned: 'Every ticket has an owner.',
    all: 'No tickets yet.',
  }
  const queryText = parts.join(' ')
  return (Object.hasOwn(known, queryText) && known[queryText]) || 'No tickets match.'
}

/** Of each ticket a cell under each heading. */
const CELLS: [heading: string, cell: (ticket: Ticket, now: string) => string][] = [
  ['REF', ticket => ticket.ref],
  ...columnCells(),
  ['OWNER', ticket => ticket.ownerHandle ?? ticket.ownerName ?? '-'],
  ['AGE', (ticket, now) => age(ticket.updatedAt, now)],
  ['REQUESTER', ticket => ticket.requesterName],
  ['SUBJECT', ticket => ticket.subject],
]

function columnCells(): typeof CELLS {
  return NAMED_COLUMNS.flatMap(column =>
    column.heading ? [[column.heading, ticket => factInWords(column, ticket[column.name]) || '-']] : [],
  )
}

export function ticketTable(tickets: readonly Ticket[], now: string): string {
  const rows = tickets.map(ticket => CELLS.map(([, cell]) => cell(ticket, now)))
  return table(
    CELLS.map(([heading]) => heading),
    rows,
  )
}

export function ticketData(ticket: Ticket): object {
  const { ref, ownerHandle: owner, requesterName: requester, subject, channel } = ticket
  return { ref, owner, requester, subject, channel, ...factsInJson(ticket, 'list') }
}
