// The command close.

import { mayMove } from '../../core/ticket/ticket.ts'
import { isDone } from '../../core/ticket/ticket-state.ts'
import { recordEvent } from '../../store/tickets.ts'
import { onTicket } from '../command/on-ticket.ts'

export const close = onTicket({
  word: 'close',
  summary: 'Closes a ticket without a word to the requester; a further message of theirs opens it again.',
  button: {
    rank: 90,
    of: ({ ticket: { ref, state } }) =>
      isDone(state) ? [] : [{ label: 'Close without a word', line: `close ${ref}` }],
  },
  async writes(tx, _call, ticket, change) {
    mayMove(ticket, 'close')
    await recordEvent(tx, ticket, { type: 'closed', data: {} }, change)
    return { text: `${ticket.ref} is closed.`, data: { ref: ticket.ref, state: 'closed' } }
  },
})
