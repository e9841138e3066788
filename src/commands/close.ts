import { mayClose } from '../core/ticket.ts'
import { recordEvent } from '../store/tickets.ts'
import { onTicket } from './command.ts'

export const close = onTicket({
  word: 'close',
  summary: 'Closes a ticket; a further message of the requester opens it again.',
  async writes(tx, _call, ticket, change) {
    mayClose(ticket)
    await recordEvent(tx, ticket, { type: 'closed', data: {} }, change)
    return { text: `${ticket.ref} is closed.`, data: { ref: ticket.ref, state: 'closed' } }
  },
})
