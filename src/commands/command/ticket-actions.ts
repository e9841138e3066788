// Buttons of a ticket, each a command line.
import type { Action } from '../../channel/surface.ts'
import { formatShown } from '../../core/ticket/shown.ts'
import type { Ticket } from '../../store/tickets.ts'
import type { Command, DeskFacts, TicketOnScreen } from './command.ts'
import { answerForm, textForm, withText } from './forms.ts'
import { type Readers, readersInWords, shownWith } from './recipients.ts'

export type ActionFacts = Pick<DeskFacts, 'commands' | 'policy'>

/** What an agent can do about a ticket as it is now, what comes next most likely first. `readers`: whom an answer goes to. */
export function ticketActions(facts: ActionFacts, ticket: Ticket, readers: Readers): Action[] {
  if (ticket.mergedInto !== null) return []
  return facts.commands.buttons.flatMap(command => actionOf(command, facts, ticket, readers))
}

/** The button of a command on a ticket; none where the command makes no sense on it as it is. */
export function actionOf(
  { button }: Pick<Command, 'button'>,
  { policy }: Pick<ActionFacts, 'policy'>,
  ticket: Ticket,
  readers: Readers,
): Action[] {
  const shown: TicketOnScreen = { ticket, policy, readers: readersInWords(readers), read: readMark(ticket, readers) }
  return button?.of(shown) ?? []
}

/** A command whose text is known already, shown before it is sent to these readers, or kept among agents. */
export function textAction(
  label: string,
  line: string,
  text: string,
  sent?: { ticket: Ticket; readers: Readers },
): Action {
  if (!sent) return withText({ label, line, form: textForm(label, 'Keep', 'Only agents see it.') }, text)
  const { ticket, readers } = sent
  const form = answerForm(ticket.ref, readersInWords(readers))
  return withText({ label, line: `${line} --read ${readMark(ticket, readers)}`, sends: true, form }, text)
}

/** What was done already, to be done once more with another text. */
export function repeatAction(label: string, line: string, text: string): Action {
  return withText(
    { label, line, form: textForm(label, 'Send', 'This is done in addition to your first message.') },
    text,
  )
}

function readMark(ticket: Ticket, readers: Readers): string {
  return formatShown(shownWith(ticket, readers))
}
