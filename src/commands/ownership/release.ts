// The command release.

import { mayGiveAway } from '../../core/ticket/ticket.ts'
import { isDone } from '../../core/ticket/ticket-state.ts'
import { recordEvent } from '../../store/tickets.ts'
import { onTicket } from '../command/on-ticket.ts'

export const release = onTicket({
  word: 'release',
  summary: 'Gives up your ticket, so that others can claim it.',
  button: {
    rank: 60,
    of: ({ ticket: { ref, state, ownerId } }) =>
      isDone(state) || ownerId === null ? [] : [{ label: 'Release', line: `release ${ref}` }],
  },
  async writes(tx, { actor }, ticket, change) {
    mayGiveAway(ticket, actor.id, 'release it')
    await recordEvent(tx, ticket, { type: 'released', data: { owner: actor.id } }, change)
    return { text: `${ticket.ref} now has no owner.`, data: { ref: ticket.ref, owner: null } }
  },
})
