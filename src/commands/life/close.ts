// The command close.

import { mayMove } from '../../core/ticket/ticket.ts'
import { isDone } from '../../core/ticket/ticket-state.ts'
import { recordEvent } from '../../store/tickets.ts'
import { onTicket } from '../command/on-ticket.ts'

export const close = onTicket({
  word: 'close',
  summary: 'Closes a ticket without telling the requester; if they write again, it reopens.',
  button: {
    rank: 90,
    of: ({ ticket: { ref, state } }) => (isDone(state) ? [] : [{ label: 'Close silently', line: `close ${ref}` }]),
  },
  async writes(tx, _call, ticket, change) {
    mayMove(ticket, 'close')
    await recordEvent(tx, ticket, { type: 'closed', data: {} }, change)
    return { text: `${ticket.ref} is closed.`, data: { ref: ticket.ref, state: 'closed' } }
  },
})
