// Buttons below a message.
import type { Action } from '../../channel/surface.ts'
import { heldActions } from '../../commands/arrivals/open.ts'
import type { Readers } from '../../commands/command/recipients.ts'
import { type ActionFacts, actionOf, ticketActions } from '../../commands/command/ticket-actions.ts'
import { belongsActions } from '../../commands/life/belongs.ts'
import { solvedActions } from '../../commands/life/solved.ts'
import { offerActions } from '../../commands/ownership/assign.ts'
import { claim } from '../../commands/ownership/claim.ts'
import { reply } from '../../commands/talk/reply.ts'
import type { OutboxEntry } from '../../store/outbox.ts'
import type { Ticket } from '../../store/tickets.ts'

const MOST_HELD = 3 // with buttons of their own
const MOST_NEXT = 3

/** What the readers of a message can do about it with one press. */
export function actionsFor(
  entry: OutboxEntry,
  about: {
    ticket: Ticket | undefined
    readers: Readers | undefined
    held: string[]
    offered: boolean
    facts: ActionFacts
  },
): Action[] {
  const { ticket, readers, facts } = about
  switch (entry.kind) {
    case 'ask-solved':
      return ticket ? solvedActions(ticket.ref) : []
    case 'ask-belongs':
      return belongsActions(entry.note, ticket?.ref)
    case 'notify-held':
      return about.held.slice(0, MOST_HELD).flatMap(heldActions)
    case 'notify-opened':
    case 'notify-received':
      return ticket && readers ? [claim, reply].flatMap(each => actionOf(each, facts, ticket, readers)) : []
    case 'notify-change':
      return ticket && about.offered ? offerActions(ticket.ref) : next(ticket, about)
    case 'notify-note':
    case 'notify-doubtful':
    case 'notify-undelivered':
      return next(ticket, about)
    default:
      return []
  }
}

/** What settles it, most likely. */
function next(
  ticket: Ticket | undefined,
  { readers, facts }: { readers: Readers | undefined; facts: ActionFacts },
): Action[] {
  return ticket && readers ? ticketActions(facts, ticket, readers).slice(0, MOST_NEXT) : []
}
