import { mayRelease } from '../core/ticket.ts'
import { recordEvent } from '../store/tickets.ts'
import { onTicket } from './command.ts'

export const release = onTicket({
  word: 'release',
  summary: 'Gives a ticket of yours back, so that another agent can claim it.',
  async writes(tx, { actor }, ticket, change) {
    mayRelease(ticket, actor.id)
    await recordEvent(tx, ticket, { type: 'released', data: { owner: actor.id } }, change)
    return { text: `${ticket.ref} has no owner now.`, data: { ref: ticket.ref, owner: null } }
  },
})
