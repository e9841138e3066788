import { mayReopen } from '../core/ticket.ts'
import { recordEvent } from '../store/tickets.ts'
import { onTicket } from './command.ts'

export const reopen = onTicket({
  word: 'reopen',
  summary: 'Opens a closed ticket again; its owner stays.',
  async writes(tx, _call, ticket, change) {
    mayReopen(ticket)
    await recordEvent(tx, ticket, { type: 'reopened', data: { by: 'command' } }, change)
    return { text: `${ticket.ref} is open again.`, data: { ref: ticket.ref, state: 'open' } }
  },
})
