// Takes presses on buttons and menus.
import type { ModalView } from '@slack/types'
import type { Reply } from '../../../src/channel/desk.ts'
import type { Form } from '../../../src/channel/surface.ts'
import { type ActionPayload, readPress } from '../api/payloads.ts'
import { readAction } from '../blocks/action-blocks.ts'
import { answerOf, answerView } from '../blocks/answer-blocks.ts'
import type { Answers } from './answers.ts'
import { metaOfOrigin, originOf } from './interaction-origin.ts'
import { type Modals, NEW_TICKET } from './modals.ts'
import type { CommandResult, CommandRunner } from './run-command.ts'

const TOO_LATE = 'The form could not be opened in time: please press the button again.'
const TOO_LARGE = 'This form is too large for Slack: please use a command instead.'

/** Buttons and items of menus: each carries a line, and the form that is asked for first. */
export class ButtonClicks {
  readonly #runner: CommandRunner
  readonly #answers: Answers
  readonly #modals: Modals

  constructor(parts: { runner: CommandRunner; answers: Answers; modals: Modals }) {
    this.#runner = parts.runner
    this.#answers = parts.answers
    this.#modals = parts.modals
  }

  /** What is not of ours is left alone. */
  async pressed(payload: unknown): Promise<void> {
    const press = readPress(payload)
    const [pressed] = press?.actions ?? []
    const action = readAction(pressed?.selected_option?.value ?? pressed?.value)
    if (!press || !action) return
    if (action.line === NEW_TICKET) await this.#openForm(press, this.#modals.newTicketView())
    else if (action.form) await this.#openForm(press, this.#formOf(press, action.line, action.form))
    else await this.#perform(press, action.line)
  }

  #formOf(press: ActionPayload, line: string, form: Form): ModalView | undefined {
    return this.#modals.view(form, { ...metaOfOrigin(originOf(press)), line })
  }

  async #openForm(press: ActionPayload, view: ModalView | undefined): Promise<void> {
    if (!view) this.#tell(press, { text: TOO_LARGE })
    else if (!(await this.#showWindow(press, view))) this.#tell(press, { text: TOO_LATE })
  }

  async #perform(press: ActionPayload, line: string): Promise<void> {
    const origin = originOf(press)
    const outcome = await this.#runner.perform(press.user, { line, id: press.trigger_id })
    if (press.view) return this.#showOutcome(press, outcome)
    if ('refused' in outcome) return this.#tell(press, outcome.refused)
    if (outcome.reply.undone) return this.#tell(press, outcome.reply)
    this.#runner.afterwards(() => this.#answers.settle(origin, line, outcome.reply))
  }

  /** Where there is no conversation, a window says what became of it. */
  async #showOutcome(press: ActionPayload, outcome: CommandResult): Promise<void> {
    const reply: Omit<Reply, 'data'> = 'reply' in outcome ? outcome.reply : { ...outcome.refused, undone: true }
    const shown = await this.#showWindow(press, answerView(reply.undone ? 'Not done' : 'Done', reply))
    if (!shown) this.#tell(press, reply)
  }

  /** In the place of the window that it was pressed in, if it was. Whether it is open. */
  async #showWindow({ view, trigger_id: trigger }: ActionPayload, window: ModalView): Promise<boolean> {
    if (view?.type === 'modal') return this.#modals.show(view.id, window)
    return (await this.#modals.open(trigger, window)) !== undefined
  }

  /** What was pressed stays as it is. */
  #tell(press: ActionPayload, reply: Pick<Reply, 'text' | 'actions'>): void {
    this.#runner.afterwards(() => this.#answers.tell(originOf(press), answerOf(reply)))
  }
}
