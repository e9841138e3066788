import type { Answer, Call, Json } from '../shapes.ts'
import { supplied as conversations } from './conversations.ts'
import { supplied as histories } from './history.ts'
import { supplied as posts } from './posting.ts'
import { supplied as views } from './view-methods.ts'
import type { Workspace } from './workspace.ts'

/** What carries a method out where the emulator falls short of Slack. */
export type Supply = (call: Call, api: SlackApi) => Promise<Answer>

const SUPPLIED: Record<string, Supply> = { ...conversations, ...histories, ...posts, ...views }

/** The Web API as Slack has it: the emulator's methods, with what they lack. */
export class SlackApi {
  readonly workspace: Workspace
  /** Bodies of views as the emulator answered with them, by id. */
  readonly views = new Map<string, Json>()
  /** What was asked of chat.postEphemeral, by the timestamp it was answered with. */
  readonly ephemerals = new Map<string, Json>()
  /** Parents of replies that were also sent to the channel. */
  readonly broadcasts = new Map<string, Set<string>>()
  /** Told of what the app itself did in a conversation: Slack sends it an event about that. */
  onDone: (event: Json) => Promise<void> = async () => undefined

  constructor(workspace: Workspace) {
    this.workspace = workspace
  }

  async perform(call: Call): Promise<Answer> {
    const supply = SUPPLIED[call.method]
    return supply ? await supply(call, this) : await this.forward(call)
  }

  /** What the emulator makes of it. */
  forward(call: Call): Promise<Answer> {
    return this.workspace.call(call.method, call.args, call.caller)
  }
}
