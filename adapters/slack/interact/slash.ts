// Takes the command /desk.
import { setTimeout as pause } from 'node:timers/promises'
import type { CommandAnswer } from '../api/bolt-app.ts'
import { readCommand } from '../api/payloads.ts'
import { postReply } from '../api/reply-url.ts'
import { type Answer, answerOf, sentenceAnswer } from '../blocks/answer-blocks.ts'
import type { Mentions } from '../people/mentions.ts'
import { decodeTyped, plainCommand } from '../text/typed-text.ts'
import type { Workspace } from '../workspace.ts'
import type { Modals } from './modals.ts'
import type { CommandRunner, CommandSender } from './run-command.ts'

/** Slack waits three seconds: https://docs.slack.dev/interactivity/implementing-slash-commands#responding_to_commands */
const ANSWER_WITHIN_MS = 2_300

const NEW = /^new(?:\s+|$)/i

/** The slash command: a line for the desk, and below it what the line is about. */
export class SlashCommands {
  readonly #workspace: Workspace
  readonly #runner: CommandRunner
  readonly #modals: Modals
  readonly #mentions: Mentions
  readonly #within: number

  constructor(
    workspace: Workspace,
    parts: { runner: CommandRunner; modals: Modals; mentions: Mentions },
    { answerWithin = ANSWER_WITHIN_MS } = {},
  ) {
    this.#workspace = workspace
    this.#runner = parts.runner
    this.#modals = parts.modals
    this.#mentions = parts.mentions
    this.#within = answerWithin
  }

  /** What the one who typed it sees; undefined for nothing yet: what takes longer than Slack waits is told later. */
  async run(payload: unknown): Promise<CommandAnswer | undefined> {
    const command = readCommand(payload)
    if (!command)
      return ephemeralAnswer(sentenceAnswer('That could not be understood: write help to see all commands.'))
    const { user_id: id, user_name: name, trigger_id: trigger, response_url: url } = command
    const doer = { id, name }
    const typed = command.text.replace(/\r\n?/g, '\n').trim()
    if (NEW.test(typed)) return this.#openForm(typed, trigger)
    const answer = this.#answer(doer, typed, trigger)
    const timer = new AbortController()
    const late = pause(this.#within, undefined, { signal: timer.signal }).catch(() => undefined)
    const soon = await Promise.race([answer, late])
    timer.abort()
    if (soon) return ephemeralAnswer(soon)
    this.#runner.afterwards(async () => {
      await postReply(this.#workspace, url, ephemeralAnswer(await answer))
    })
    return undefined
  }

  async #answer(doer: CommandSender, typed: string, trigger: string | undefined): Promise<Answer> {
    try {
      const line = plainCommand(await this.#decoded(typed)) || 'help'
      const outcome = await this.#runner.perform(doer, { line, id: trigger })
      return answerOf('reply' in outcome ? outcome.reply : outcome.refused)
    } catch (error) {
      return answerOf(this.#runner.refusal(error))
    }
  }

  /** The form is opened before anybody is asked for anything: Slack lets us for three seconds. */
  async #openForm(typed: string, trigger: string | undefined): Promise<CommandAnswer | undefined> {
    const [first = '', ...rest] = decodeTyped(typed).split('\n')
    const subject = first.replace(NEW, '').replace(/^["“](.*)["”]$/u, '$1')
    const isOpen = await this.#modals.openNewTicket(trigger, { subject, text: rest.join('\n').trim() })
    return isOpen
      ? undefined
      : ephemeralAnswer(sentenceAnswer('The form could not be opened: please try again, or write to me.'))
  }

  /** Who is mentioned is named as the desk knows them. */
  async #decoded(typed: string): Promise<string> {
    if (!/<[@#]/.test(typed)) return decodeTyped(typed)
    const agents = await this.#workspace.desk.agents()
    const handleOf = (email: string | null) => agents.find(each => each.email.toLowerCase() === email)?.handle
    const { users, channels } = await this.#mentions.namesIn({ text: typed }, handleOf)
    return decodeTyped(typed, { ...users, ...channels })
  }
}

function ephemeralAnswer(answer: Answer): CommandAnswer {
  return { response_type: 'ephemeral', ...answer }
}
