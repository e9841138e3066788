import { age, table } from '../core/table.ts'
import { DeskError } from '../errors.ts'
import { listTickets, type TicketFilter } from '../store/tickets.ts'
import { expectArgs, type ReadCommand } from './command.ts'

const LIMIT = 200
const VIEWS = ['open', 'mine', 'unowned', 'all'] as const
type View = (typeof VIEWS)[number]

export const list: ReadCommand<{ view: View }> = {
  word: 'list',
  aliases: ['ls', 'tickets'],
  usage: '[open|mine|unowned|all]',
  summary:
    'Shows the tickets that are not closed, those of yours, those without an owner, or all; newest change first.',
  body: 'none',
  takes: 1,
  parse(line) {
    expectArgs(this, line, 0, 1)
    const view = VIEWS.find(each => each === (line.args[0] ?? 'open').toLowerCase())
    if (!view) throw new DeskError('usage', `"${line.args[0]}" is no view: write list ${this.usage}`)
    return { view }
  },
  async reads(sql, call, { view }) {
    const owner = { mine: call.actor.id, unowned: null, open: undefined, all: undefined }[view]
    const filter: TicketFilter = {
      closed: view === 'all',
      limit: LIMIT,
      ...(owner === undefined ? {} : { ownerId: owner }),
    }
    const tickets = await listTickets(sql, filter)
    const rows = tickets.map(ticket => [
      ticket.ref,
      ticket.state,
      ticket.ownerHandle ?? ticket.ownerName ?? '-',
      age(ticket.updatedAt, call.at),
      ticket.requesterName,
      ticket.subject,
    ])
    const nothing = {
      open: 'No open tickets.',
      mine: 'No ticket is yours.',
      unowned: 'Every ticket has an owner.',
      all: 'No tickets yet.',
    }
    const more = tickets.length === LIMIT ? `\n(the newest ${LIMIT})` : ''
    return {
      text:
        rows.length === 0
          ? nothing[view]
          : table(['REF', 'STATE', 'OWNER', 'AGE', 'REQUESTER', 'SUBJECT'], rows) + more,
      data: tickets.map(ticket => ({
        ref: ticket.ref,
        state: ticket.state,
        owner: ticket.ownerHandle,
        requester: ticket.requesterName,
        subject: ticket.subject,
        channel: ticket.channel,
        openedAt: ticket.openedAt,
        updatedAt: ticket.updatedAt,
        firstResponseAt: ticket.firstResponseAt,
        closedAt: ticket.closedAt,
      })),
    }
  },
}
