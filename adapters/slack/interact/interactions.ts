// Takes what people do by command, button, form, shortcut and on their page.
import type { CommandAnswer, Handlers, ViewAnswer } from '../api/bolt-app.ts'
import { readCommand, readPress, readShortcut, readSubmission } from '../api/payloads.ts'
import type { Mentions } from '../people/mentions.ts'
import type { People } from '../people/workspace-people.ts'
import type { HomeOpened } from '../receive/event-intake.ts'
import type { Workspace } from '../workspace.ts'
import { Answers } from './answers.ts'
import { HomePages } from './app-home.ts'
import { ButtonClicks } from './button-clicks.ts'
import { Modals } from './modals.ts'
import { CommandRunner } from './run-command.ts'
import { Shortcuts } from './shortcuts.ts'
import { SlashCommands } from './slash.ts'

interface InteractionOptions {
  /** Milliseconds after which a command that is not done yet is answered later. */
  answerWithin?: number
  /** Milliseconds that the page of one person is left as it is at least. */
  homesApart?: number
}

/**
 * What people do by command, button, form, shortcut and on their page. Each resolves once what they did is committed or
 * refused, and they see it: what comes here comes once, so nothing rejects, whatever it is.
 */
export class Interactions implements Omit<Handlers, 'event'> {
  readonly #runner: CommandRunner
  readonly #modals: Modals
  readonly #slash: SlashCommands
  readonly #buttonClicks: ButtonClicks
  readonly #shortcuts: Shortcuts
  readonly #homes: HomePages

  constructor(
    workspace: Workspace,
    { people, mentions }: { people: People; mentions: Mentions },
    { answerWithin, homesApart }: InteractionOptions = {},
  ) {
    const runner = new CommandRunner(workspace, people)
    const answers = new Answers(workspace)
    const modals = new Modals(workspace, { runner, answers })
    this.#runner = runner
    this.#modals = modals
    this.#buttonClicks = new ButtonClicks({ runner, answers, modals })
    this.#slash = new SlashCommands(
      workspace,
      { runner, modals, mentions },
      answerWithin === undefined ? {} : { answerWithin },
    )
    this.#shortcuts = new Shortcuts(workspace, { runner, answers, modals, mentions })
    this.#homes = new HomePages(workspace, runner, homesApart === undefined ? {} : { apart: homesApart })
  }

  async command(body: unknown): Promise<CommandAnswer | undefined> {
    const answer = await this.#slash.run(body)
    this.#touch(readCommand(body)?.user_id)
    return answer
  }

  async view(body: unknown): Promise<ViewAnswer | undefined> {
    const answer = await this.#modals.submitted(body)
    this.#touch(readSubmission(body)?.user.id)
    return answer
  }

  async shortcut(body: unknown): Promise<void> {
    await this.#shortcuts.chosen(body)
    this.#touch(readShortcut(body)?.user.id)
  }

  async action(body: unknown): Promise<void> {
    await this.#buttonClicks.pressed(body)
    const press = readPress(body)
    this.#touch(press?.user.id, press?.view?.type === 'home')
  }

  /** `app_home_opened`. */
  homeOpened(opened: Pick<HomeOpened, 'userId' | 'tab'>): Promise<void> {
    return this.#homes.opened(opened)
  }

  /** Resolves when everybody has been told of what they did. */
  idle(): Promise<void> {
    return this.#runner.idle()
  }

  async stop(): Promise<void> {
    this.#homes.stop()
    await this.idle()
  }

  /** Their page may say something else now. */
  #touch(user: string | undefined, isOnPage = false): void {
    if (user !== undefined) this.#homes.touch({ id: user }, isOnPage)
  }
}
