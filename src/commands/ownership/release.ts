// The command release.
import { mayGiveAway } from '../../core/ticket/ticket.ts'
import { recordEvent } from '../../store/tickets.ts'
import { onTicket } from '../command/command.ts'

export const release = onTicket({
  word: 'release',
  summary: 'Gives up a ticket of yours, so that others can take it.',
  async writes(tx, { actor }, ticket, change) {
    mayGiveAway(ticket, actor.id, 'release it')
    await recordEvent(tx, ticket, { type: 'released', data: { owner: actor.id } }, change)
    return { text: `${ticket.ref} has no owner now.`, data: { ref: ticket.ref, owner: null } }
  },
})
