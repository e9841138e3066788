// Opens forms, and takes what is submitted.
import type { ModalView } from '@slack/types'
import type { Form } from '../../../src/channel/surface.ts'
import { slackCode } from '../api/api-error.ts'
import type { ViewAnswer } from '../api/bolt-app.ts'
import { readSubmission, type SubmissionPayload } from '../api/payloads.ts'
import { answerView } from '../blocks/answer-blocks.ts'
import { cut } from '../blocks/block-limits.ts'
import { FORM_ID, type FormMeta, fillLine, formErrors, formView, readForm, readMeta } from '../blocks/form-view.ts'
import { slackFromRichText } from '../text/mrkdwn-writer.ts'
import type { Workspace } from '../workspace.ts'
import type { Answers } from './answers.ts'
import { originFromMeta } from './interaction-origin.ts'
import { type Beginning, NewTickets } from './new-ticket.ts'
import type { CommandRunner, CommandSender } from './run-command.ts'

/** The line of the form that opens a ticket, which the desk takes as a message. */
export const NEW_TICKET = 'new'

const ERROR = 1_000

/** Of the forms that people see: a window of theirs opens within three seconds of what they did, or not at all. */
export class Modals {
  readonly #workspace: Workspace
  readonly #runner: CommandRunner
  readonly #answers: Answers
  readonly #newTickets: NewTickets

  constructor(workspace: Workspace, { runner, answers }: { runner: CommandRunner; answers: Answers }) {
    this.#workspace = workspace
    this.#runner = runner
    this.#answers = answers
    this.#newTickets = new NewTickets(workspace, runner)
  }

  /** Gives the id of the view; undefined if it could not be opened. */
  async open(trigger: string | undefined, view: ModalView): Promise<string | undefined> {
    if (trigger === undefined) return undefined
    try {
      return (await this.#workspace.client.views.open({ trigger_id: trigger, view })).view?.id
    } catch (error) {
      this.#warn('could not be opened', error)
      return undefined
    }
  }

  /** In the place of a view that is open. Whether it still was. */
  async show(viewId: string, view: ModalView): Promise<boolean> {
    try {
      await this.#workspace.client.views.update({ view_id: viewId, view })
      return true
    } catch (error) {
      this.#warn('could not be changed', error)
      return false
    }
  }

  /** Undefined for one that finds no room in Slack. */
  view(form: Form, meta: FormMeta): ModalView | undefined {
    try {
      return formView(form, meta, intro => slackFromRichText({ markdown: '\uE0000\uE001', verbatim: [intro] }))
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
      this.#workspace.options.warn(error.message)
      return undefined
    }
  }

  /** For what takes longer than Slack waits: `show` puts something else in its place. */
  openWaiting(trigger: string | undefined): Promise<string | undefined> {
    return this.open(trigger, answerView('One moment', { text: 'One moment …' }))
  }

  /** Whether it is open. */
  async openNewTicket(trigger: string | undefined, beginning: Beginning = {}): Promise<boolean> {
    const view = this.newTicketView(beginning)
    return view !== undefined && (await this.open(trigger, view)) !== undefined
  }

  newTicketView(beginning: Beginning = {}, extraMeta: Record<string, string> = {}): ModalView | undefined {
    return this.view(this.#newTickets.form(beginning), { ...extraMeta, line: NEW_TICKET })
  }

  /** What Slack does with the form that somebody sent; undefined: it closes. */
  async submitted(payload: unknown): Promise<ViewAnswer | undefined> {
    const submission = readSubmission(payload)
    if (submission?.view.callback_id !== FORM_ID) return undefined
    const { user, view } = submission
    const read = readMeta(view.private_metadata)
    if (!read) return instead('Not sent', 'This form is no longer valid: please open it again.')
    const { values } = readForm(
      view.state.values,
      read.fields.map(each => each.name),
    )
    const errors = formErrors(read, values)
    if (Object.keys(errors).length > 0) return { response_action: 'errors', errors }
    if (read.meta.line !== NEW_TICKET) return this.#order(user, view, read.meta, values)
    try {
      const { title, text } = await this.#newTickets.take(user, { viewId: view.id, values, meta: read.meta })
      return instead(title, text)
    } catch (error) {
      return refusalAnswer(view, this.#runner.refusal(error).text)
    }
  }

  async #order(
    doer: CommandSender,
    view: SubmissionPayload['view'],
    meta: FormMeta,
    values: Record<string, string>,
  ): Promise<ViewAnswer | undefined> {
    const origin = originFromMeta(doer.id, meta)
    const outcome = await this.#runner.perform(doer, {
      line: fillLine(meta.line, values),
      body: values.text,
      id: `${view.id}/${view.hash}`,
    })
    if ('refused' in outcome) return refusalAnswer(view, outcome.refused.text)
    // What was entered is kept by the desk, and shown with the button that sends it all the same.
    if (outcome.reply.undone) return { response_action: 'update', view: answerView('Not sent', outcome.reply) }
    if (origin.channel === undefined) return { response_action: 'update', view: answerView('Done', outcome.reply) }
    this.#runner.afterwards(() => this.#answers.settle(origin, meta.line, outcome.reply))
    return undefined
  }

  #warn(what: string, error: unknown): void {
    const code = slackCode(error)
    // They closed it meanwhile.
    if (code !== 'not_found') this.#workspace.options.warn(`a form in Slack ${what}: ${code || 'no answer'}`, error)
  }
}

/** At the first field, so that what was entered stays. */
function refusalAnswer({ blocks }: SubmissionPayload['view'], sentence: string): ViewAnswer {
  const first = blocks.find(each => each.type === 'input')?.block_id
  if (first === undefined) return instead('Not done', sentence)
  return { response_action: 'errors', errors: { [first]: cut(sentence, ERROR) } }
}

function instead(title: string, text: string): ViewAnswer {
  return { response_action: 'update', view: answerView(title, { text }) }
}
