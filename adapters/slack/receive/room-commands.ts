// Runs what agents tell the desk in messages.
import type { CommandRequest, Reply } from '../../../src/channel/desk.ts'
import type { InboundAttachment } from '../../../src/channel/message.ts'
import { DeskError } from '../../../src/errors.ts'
import { answerOf } from '../blocks/answer-blocks.ts'
import type { Answers } from '../interact/answers.ts'
import type { Mentions } from '../people/mentions.ts'
import { otherAddresses, type Person } from '../people/workspace-people.ts'
import { escapeMarkdown } from '../text/text-markdown.ts'
import { plainCommand } from '../text/typed-text.ts'
import { placeOf, type Workspace } from '../workspace.ts'
import type { PersonsMessage } from './message-event.ts'
import { textOfMessage } from './message-text.ts'
import type { Threads } from './thread-intake.ts'

interface MessageFiles {
  attachments: InboundAttachment[]
  /** A line about each file that stays in Slack. */
  omittedFiles: string[]
}

/** Runs what agents tell the desk in their room, or alone with it: a message that begins with a mention of it is a command line. */
export class RoomCommands {
  readonly #workspace: Workspace
  readonly #mentions: Mentions
  readonly #threads: Threads
  readonly #answers: Answers

  constructor(workspace: Workspace, parts: { mentions: Mentions; threads: Threads; answers: Answers }) {
    this.#workspace = workspace
    this.#mentions = parts.mentions
    this.#threads = parts.threads
    this.#answers = parts.answers
  }

  /**
   * Resolves once it is done, or is known to be of no use; who gave it alone sees the answer. Rejects if it must be
   * tried again.
   */
  async run(message: PersonsMessage, person: Person, messageFiles: MessageFiles): Promise<void> {
    const { channel, parent, ts } = message
    const { teamId, options } = this.#workspace
    const { line, body } = await this.#read(message, messageFiles.omittedFiles)
    const request: CommandRequest = {
      actor: {
        kind: 'slack',
        address: person.address,
        name: person.name,
        alsoKnownAs: otherAddresses(person),
      },
      channel: options.name,
      line,
      format: 'markdown' as const,
      ...(body ? { body } : {}),
      ...(messageFiles.attachments.length > 0 ? { attachments: messageFiles.attachments } : {}),
      thread: this.#threads.placeOf(message),
      id: placeOf({ team: teamId, channel, ts }),
    }
    const reply = await this.#perform(request)
    await this.#answers.tell({ channel, user: person.userId, ts, thread: parent }, answerOf(reply))
  }

  /** All that was typed, in Markdown, as its writer chose what is styled; what became of files that stay in Slack goes with it. */
  async #read({ event }: PersonsMessage, omittedFiles: readonly string[]): Promise<{ line: string; body: string }> {
    const { botUserId, options, desk } = this.#workspace
    const agents = new Map((await desk.agents()).map(({ email, handle }) => [email.toLowerCase(), handle]))
    const names = await this.#mentions.namesIn(event, email => (email === null ? undefined : agents.get(email)))
    // Only what was typed: a message of a colleague, passed on or linked to, may be for nobody else.
    const typed = { text: event.text, blocks: event.blocks }
    const text = textOfMessage(typed, { botUserId, deskName: options.deskName, names, exact: true })
    return { line: plainCommand(text) || 'help', body: omittedFiles.map(escapeMarkdown).join('\n\n') }
  }

  /** What the desk refuses is an answer as well. */
  async #perform(request: CommandRequest): Promise<Reply> {
    try {
      return await this.#workspace.desk.perform(request)
    } catch (error) {
      if (error instanceof DeskError && error.code !== 'temporary') {
        return { text: error.message, data: null, actions: error.actions }
      }
      throw error
    }
  }
}
