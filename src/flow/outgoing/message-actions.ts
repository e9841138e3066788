import type { Action } from '../../channel.ts'
import type { Readers } from '../../commands/command/recipients.ts'
import { replyAction, ticketActions } from '../../commands/command/ticket-actions.ts'
import { solvedActions } from '../../commands/life/solved.ts'
import type { TicketPolicy } from '../../core/ticket/policy.ts'
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
    policy: TicketPolicy
  },
): Action[] {
  const { ticket } = about
  switch (entry.kind) {
    case 'ask-solved':
      return ticket ? solvedActions(ticket.ref) : []
    case 'ask-belongs':
      return [
        { label: `It goes on with ${ticket?.ref ?? 'it'}`, style: 'primary', line: `belongs ${entry.note} yes` },
        { label: 'It is something new', line: `belongs ${entry.note} no` },
      ]
    case 'notify-held':
      return about.held.slice(0, MOST_HELD).flatMap(number => [
        { label: `Open M-${number}`, line: `open M-${number}` },
        { label: `Discard M-${number}`, line: `discard M-${number}` },
      ])
    case 'notify-opened':
    case 'notify-received':
      return ticket && about.readers ? [...claims(ticket), replyAction(ticket, about.readers)] : []
    case 'notify-change':
      return ticket && about.offered
        ? [
            { label: 'Take it over', style: 'primary', line: `accept ${ticket.ref}` },
            { label: 'Decline', line: `decline ${ticket.ref}` },
          ]
        : next(ticket, about)
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
  { readers, policy }: { readers: Readers | undefined; policy: TicketPolicy },
): Action[] {
  return ticket && readers ? ticketActions(ticket, readers, policy).slice(0, MOST_NEXT) : []
}

function claims({ ref, ownerId }: Ticket): Action[] {
  return ownerId === null ? [{ label: 'Claim', style: 'primary', line: `claim ${ref}` }] : []
}
