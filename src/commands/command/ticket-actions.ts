// Buttons and forms of a ticket, each a command line.
import type { Action, Field } from '../../channel/surface.ts'
import type { TicketPolicy } from '../../core/ticket/policy.ts'
import { formatShown } from '../../core/ticket/shown.ts'
import { isDone } from '../../core/ticket/ticket-state.ts'
import type { Ticket } from '../../store/tickets.ts'
import { type Readers, readersInWords, shownWith } from './recipients.ts'

/** Characters that find room in a form. */
export const MOST_TEXT = 3_000
const MOST_CHOICES = 100

const WHY: Field = { name: 'text', label: 'Why? (only agents see it)', kind: 'text', required: false, most: MOST_TEXT }

/** What an agent can do about a ticket as it is now, what comes next most likely first. `readers`: whom an answer goes to. */
export function ticketActions(ticket: Ticket, readers: Readers, policy: TicketPolicy): Action[] {
  const { ref } = ticket
  if (ticket.mergedInto !== null) return []
  if (isDone(ticket.state)) return [replyAction(ticket, readers), { label: 'Reopen', line: `reopen ${ref}` }]
  const waits = ticket.state !== 'new' && ticket.state !== 'open'
  return [
    ...(ticket.ownerId === null ? [{ label: 'Claim', style: 'primary', line: `claim ${ref}` } as const] : []),
    replyAction(ticket, readers),
    waits ? { label: 'Resume', line: `resume ${ref}` } : waitAction(ref),
    resolveAction(ticket, readers, policy),
    { label: 'Note', line: `note ${ref}`, form: textForm(`Note on ${ref}`, 'Keep', 'Only agents see it.') },
    ...(ticket.ownerId === null ? [] : [{ label: 'Release', line: `release ${ref}` }]),
    { label: 'Put off', line: `schedule ${ref} {until}`, form: untilForm(ref) },
    { label: 'Escalate', line: `escalate ${ref} lead {why}`, form: whyForm(ref) },
    { label: 'Close without a word', line: `close ${ref}` },
  ]
}

function textForm(title: string, submit: string, intro: string): NonNullable<Action['form']> {
  return {
    title,
    submit,
    intro,
    fields: [{ name: 'text', label: 'Text', kind: 'text', required: true, most: MOST_TEXT }],
  }
}

/** Says where it goes before it goes, and the line tells the desk what was said. */
export function replyAction(ticket: Ticket, readers: Readers): Action {
  const { ref } = ticket
  return {
    label: 'Reply',
    sends: true,
    line: `reply ${ref} --read ${readMark({ ticket, readers })}`,
    form: textForm(`Reply on ${ref}`, 'Send', `Your text is sent to ${readersInWords(readers)}.`),
  }
}

/** A command whose text is known already, shown before it is sent to these readers, or kept among agents. */
export function textAction(
  label: string,
  line: string,
  text: string,
  sent?: { ticket: Ticket; readers: Readers },
): Action {
  if (!sent) return withText({ label, line, form: textForm(label, 'Keep', 'Only agents see it.') }, text)
  return withText({ ...replyAction(sent.ticket, sent.readers), label, line: `${line} --read ${readMark(sent)}` }, text)
}

/** What was done already, to be done once more with another text. */
export function newTicketAction(label: string, line: string, text: string): Action {
  return withText({ label, line, form: textForm(label, 'Send', 'It is done beside what you wrote first.') }, text)
}

function withText({ form, ...action }: Action, text: string): Action {
  return form ? { ...action, form: { ...form, fields: form.fields.map(field => ({ ...field, value: text })) } } : action
}

function readMark({ ticket, readers }: { ticket: Ticket; readers: Readers }): string {
  return formatShown(shownWith(ticket, readers))
}

function waitAction(ref: string): Action {
  const choices = [
    { value: 'requester', label: 'The requester' },
    { value: 'vendor', label: 'A third party' },
  ]
  return {
    label: 'Wait',
    line: `wait ${ref} for {on} [until {until}]`,
    form: {
      title: `${ref} waits`,
      submit: 'Wait',
      fields: [
        { name: 'on', label: 'For whom?', kind: 'choice', choices, required: true, value: 'requester' },
        {
          name: 'until',
          label: 'Until when?',
          hint: 'Such as friday 17:00 or 2d; left empty, until they answer.',
          kind: 'line',
          required: false,
        },
        WHY,
      ],
    },
  }
}

function untilForm(ref: string): NonNullable<Action['form']> {
  return {
    title: `Put off ${ref}`,
    submit: 'Put off',
    fields: [
      {
        name: 'until',
        label: 'Until when?',
        hint: 'Such as monday 9:00 or 2d; then it comes back.',
        kind: 'line',
        required: true,
      },
      WHY,
    ],
  }
}

function whyForm(ref: string): NonNullable<Action['form']> {
  return {
    title: `Escalate ${ref}`,
    submit: 'Escalate',
    fields: [{ name: 'why', label: 'Why? A lead is told.', kind: 'line', required: true }],
  }
}

/** The text goes to the requester, so that nobody has to be told afterwards. */
function resolveAction(ticket: Ticket, readers: Readers, { categories }: TicketPolicy): Action {
  const { ref, category } = ticket
  const choices = categories.slice(0, MOST_CHOICES).map(({ path }) => ({ value: path, label: path }))
  const known = choices.some(each => each.value === category)
  return {
    label: 'Resolve',
    line: `resolve ${ref} --read ${readMark({ ticket, readers })} --tell --category {category}`,
    form: {
      title: `Resolve ${ref}`,
      submit: 'Resolve',
      intro: `Your text is sent to ${readersInWords(readers)}; ${ticket.requesterName} is asked whether it is solved.`,
      fields: [
        {
          name: 'category',
          label: 'Category',
          kind: 'choice',
          choices,
          required: true,
          ...(known && category !== null ? { value: category } : {}),
        },
        { name: 'text', label: 'What solved it?', kind: 'text', required: true, most: MOST_TEXT },
      ],
    },
  }
}

/** What opens a ticket, wherever somebody is asked for it in place of writing. */
export function newTicketForm(): NonNullable<Action['form']> {
  const choices = [
    { value: 'low', label: 'It can wait' },
    { value: 'medium', label: 'I can work, but not well' },
    { value: 'high', label: 'I cannot work' },
  ]
  return {
    title: 'Open a ticket',
    submit: 'Send',
    fields: [
      { name: 'subject', label: 'What is it about?', kind: 'line', required: true, least: 3, most: 150 },
      {
        name: 'text',
        label: 'What happened?',
        hint: 'What did you do, what did you expect, what came instead?',
        kind: 'text',
        required: true,
        most: MOST_TEXT,
      },
      { name: 'urgency', label: 'How urgent is it?', kind: 'choice', choices, required: true, value: 'medium' },
    ],
  }
}
