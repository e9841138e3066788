// The command claim.
import { mayClaim } from '../../core/ticket/ticket.ts'
import { isDone } from '../../core/ticket/ticket-state.ts'
import { recordEvent } from '../../store/tickets.ts'
import { onTicket } from '../command/on-ticket.ts'

export const claim = onTicket({
  word: 'claim',
  aliases: ['take'],
  summary: 'Makes you the owner of a ticket that has none.',
  button: {
    rank: 10,
    of({ ticket: { ref, state, ownerId } }) {
      return isDone(state) || ownerId !== null ? [] : [{ label: 'Claim', style: 'primary', line: `claim ${ref}` }]
    },
  },
  async writes(tx, { actor }, ticket, change) {
    mayClaim(ticket, actor.id)
    await recordEvent(tx, ticket, { type: 'claimed', data: { owner: actor.id } }, change)
    return { text: `${ticket.ref} is yours: ${ticket.subject}`, data: { ref: ticket.ref, owner: actor.handle } }
  },
})
