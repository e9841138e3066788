// The command reopen.

import { mayMove } from '../../core/ticket/ticket.ts'
import { isDone } from '../../core/ticket/ticket-state.ts'
import { DeskError } from '../../errors.ts'
import { recordEvent } from '../../store/tickets.ts'
import { onTicket } from '../command/on-ticket.ts'

export const reopen = onTicket({
  word: 'reopen',
  summary: 'Opens a resolved or closed ticket again.',
  button: {
    rank: 100,
    of: ({ ticket: { ref, state } }) => (isDone(state) ? [{ label: 'Reopen', line: `reopen ${ref}` }] : []),
  },
  async writes(tx, _call, ticket, change) {
    if (ticket.state !== 'resolved' && ticket.state !== 'closed') {
      throw new DeskError('conflict', `${ticket.ref} is not closed, so it cannot be reopened.`)
    }
    mayMove(ticket, 'reopen')
    await recordEvent(tx, ticket, { type: 'reopened', data: { by: 'command' } }, change)
    return { text: `${ticket.ref} is open again.`, data: { ref: ticket.ref, state: 'open' } }
  },
})
