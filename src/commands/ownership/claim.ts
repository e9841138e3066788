// The command claim.
import type { Action } from '../../channel/surface.ts'
import { mayClaim } from '../../core/ticket/ticket.ts'
import { recordEvent } from '../../store/tickets.ts'
import { onTicket } from '../command/command.ts'

export const claim = onTicket({
  word: 'claim',
  aliases: ['take'],
  summary: 'Makes you the owner of a ticket that nobody owns.',
  async writes(tx, { actor }, ticket, change) {
    mayClaim(ticket, actor.id)
    await recordEvent(tx, ticket, { type: 'claimed', data: { owner: actor.id } }, change)
    return { text: `${ticket.ref} is yours: ${ticket.subject}`, data: { ref: ticket.ref, owner: actor.handle } }
  },
})

/** What an agent can press about a ticket that nobody owns. */
export function claimAction(ref: string): Action {
  return { label: 'Claim', style: 'primary', line: `${claim.word} ${ref}` }
}
