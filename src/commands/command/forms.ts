// What a person is asked for before a command runs.
import type { Action, Field, Form } from '../../channel/surface.ts'

/** Characters that find room in a form. */
export const MOST_TEXT = 3_000

/** Why something is done, which is kept among agents. */
export const WHY: Field = {
  name: 'text',
  label: 'Why? (only agents see it)',
  kind: 'text',
  required: false,
  most: MOST_TEXT,
}

/** Asks for a text. */
export function textForm(title: string, submit: string, intro: string): Form {
  return {
    title,
    submit,
    intro,
    fields: [{ name: 'text', label: 'Text', kind: 'text', required: true, most: MOST_TEXT }],
  }
}

/** Asks for an answer to these readers, so that its writer sees where it goes before it goes. */
export function answerForm(ref: string, readers: string): Form {
  return textForm(`Reply on ${ref}`, 'Send', `Your text will be sent to ${readers}.`)
}

/** The action with its form filled in. */
export function withText({ form, ...action }: Action, text: string): Action {
  return form ? { ...action, form: { ...form, fields: form.fields.map(field => ({ ...field, value: text })) } } : action
}

/** What opens a ticket, wherever somebody is asked for it in place of writing. */
export function newTicketForm(): Form {
  const choices = [
    { value: 'low', label: 'It can wait' },
    { value: 'medium', label: 'I can work, but with difficulty' },
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
        hint: 'What did you do, what did you expect, and what happened instead?',
        kind: 'text',
        required: true,
        most: MOST_TEXT,
      },
      { name: 'urgency', label: 'How urgent is it?', kind: 'choice', choices, required: true, value: 'medium' },
    ],
  }
}
