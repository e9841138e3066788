// Hands a command line to the desk, and tells what it said.
import type { Actor, Reply } from '../../../src/channel/desk.ts'
import { DeskError, sentenceOf } from '../../../src/errors.ts'
import { otherAddresses, type People, type Person } from '../people/workspace-people.ts'
import type { Workspace } from '../workspace.ts'

type Refusal = Pick<Reply, 'text' | 'actions'>

/** What a command came to: an answer, or what is said of why it was refused, with what may be done instead. */
export type CommandResult = { reply: Reply } | { refused: Refusal }

/** Who did something, as Slack says of what they did. */
export interface CommandSender {
  id: string
  name?: string | undefined
  /** The workspace that they are of. */
  team?: string | undefined
}

/** What they ask for: a line that names its ticket itself, wherever it was pressed or typed. */
export interface SlackCommand {
  line: string
  body?: string | undefined
  id?: string | undefined
}

/** Does for people what they ask for, in their own name. Who may do what is for the desk to say. */
export class CommandRunner {
  readonly #workspace: Workspace
  readonly #people: People
  readonly #afterwards = new Set<Promise<void>>()

  constructor(workspace: Workspace, people: People) {
    this.#workspace = workspace
    this.#people = people
  }

  /** Rejects with a temporary `DeskError`. */
  find({ id, team }: CommandSender): Promise<Person> {
    return this.#people.find(id, team)
  }

  /** Whom Slack does not tell of just now may be known to the desk. */
  async actor(doer: CommandSender): Promise<Actor> {
    const { id, name = '', team = this.#workspace.teamId } = doer
    try {
      const person = await this.find(doer)
      const { address, name } = person
      return { kind: 'slack', address, name, alsoKnownAs: otherAddresses(person) }
    } catch (error) {
      this.#workspace.options.warn(`who ${id} is in Slack could not be found out: ${sentenceOf(error)}`, error)
      return { kind: 'slack', address: `${team}/${id}`, name }
    }
  }

  /** Resolves once it is committed or refused. */
  async perform(doer: CommandSender, { line, body, id }: SlackCommand): Promise<CommandResult> {
    try {
      const reply = await this.#workspace.desk.perform({
        actor: await this.actor(doer),
        channel: this.#workspace.options.name,
        line,
        ...(body?.trim() ? { body } : {}),
        ...(id === undefined ? {} : { id }),
      })
      return { reply }
    } catch (error) {
      return { refused: this.refusal(error) }
    }
  }

  /** What the person is told of an error. Slack sends what they did no second time, so they must do it again. */
  refusal(error: unknown): Refusal {
    if (error instanceof DeskError && error.code !== 'unsound') return { text: error.message, actions: error.actions }
    this.#workspace.options.warn(`what somebody asked for in Slack could not be done: ${sentenceOf(error)}`, error)
    return { text: 'That did not work just now. Nothing was changed; please try again.' }
  }

  /** What nobody waits for, such as telling them that it is done. */
  afterwards(work: () => Promise<void>): void {
    const running = work()
      .catch(error => this.#workspace.options.warn(`somebody in Slack could not be told: ${sentenceOf(error)}`, error))
      .finally(() => this.#afterwards.delete(running))
    this.#afterwards.add(running)
  }

  /** Resolves when nothing of that is in hand. */
  async idle(): Promise<void> {
    while (this.#afterwards.size > 0) await Promise.all(this.#afterwards)
  }
}
