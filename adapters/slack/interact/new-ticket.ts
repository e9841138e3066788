// The form that opens a ticket.
import type { Receipt } from '../../../src/channel/message.ts'
import type { Form } from '../../../src/channel/surface.ts'
import { postReply } from '../api/reply-url.ts'
import { sentenceAnswer } from '../blocks/answer-blocks.ts'
import { readPlace, type Workspace } from '../workspace.ts'
import type { CommandRunner, CommandSender } from './run-command.ts'
import { submissionOf } from './submission.ts'

/** What stands in the form when it is opened, and where it comes from. */
export interface Beginning {
  subject?: string
  text?: string
  /** A sentence above the fields. */
  intro?: string
}

/** What was sent with a form that opens a ticket. */
export interface SubmittedForm {
  viewId: string
  values: Record<string, string>
  /** What the form kept. */
  meta: Record<string, string>
}

/** Tickets that people open with a form. */
export class NewTickets {
  readonly #workspace: Workspace
  readonly #runner: CommandRunner

  constructor(workspace: Workspace, runner: CommandRunner) {
    this.#workspace = workspace
    this.#runner = runner
  }

  /** The desk's form, filled in as far as something is known. */
  form({ subject = '', text = '', intro }: Beginning = {}): Form {
    const known: Record<string, string> = { subject, text }
    const form = this.#workspace.desk.newTicketForm()
    const fields = form.fields.map(field => {
      const value = Object.hasOwn(known, field.name) ? known[field.name] : ''
      return value ? { ...field, value } : field
    })
    return { ...form, ...(intro === undefined ? {} : { intro }), fields }
  }

  /**
   * Gives what the person is told. A form that comes twice is one message. Rejects if it is not stored, so that what was
   * entered must stay where it is.
   */
  async take(doer: CommandSender, { viewId, values, meta }: SubmittedForm): Promise<{ title: string; text: string }> {
    const { desk, teamId, options } = this.#workspace
    const person = await this.#runner.find(doer)
    const place = readPlace(meta.place ?? '')
    const thread = place?.ts !== undefined && place.team === teamId ? (meta.place ?? null) : null
    const about = { id: `${teamId}/view/${viewId}`, person, thread, sentAt: options.now().toISOString() }
    const message = submissionOf(values, about)
    const receipt = await desk.receive(message)
    const text = receiptText(receipt, message.subject, thread === null)
    // Who began it at a message sees there as well that it is done.
    const { url } = meta
    if (thread === null && url !== undefined) {
      const body = { response_type: 'ephemeral', replace_original: false, ...sentenceAnswer(text) }
      this.#runner.afterwards(async () => void (await postReply(this.#workspace, url, body)))
    }
    return { title: receipt.ref ?? 'Sent', text }
  }
}

/** What became of it, and where the answer comes. */
function receiptText({ outcome, ref }: Receipt, subject: string, inMessages: boolean): string {
  const where = inMessages
    ? 'We will answer you in your direct messages.'
    : 'We will answer you in the thread of that message.'
  if (outcome === 'opened' || outcome === 'duplicate') return `${ref ?? 'Your ticket'}: ${subject}\n${where}`
  if (outcome === 'appended') return `It was added to ${ref ?? 'your ticket'}. ${where}`
  if (outcome.startsWith('held:')) return `We have got your message, and somebody will look at it first. ${where}`
  if (outcome.startsWith('quarantined:'))
    return 'We have got your message, but it could not be read. Somebody has been told about it.'
  return 'This did not look like a request, so no ticket was opened. Please describe what you need in other words.'
}
