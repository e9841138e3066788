// Calls that write.
import type { WebClient } from '@slack/web-api'
import type { Workspace } from '../workspace.ts'
import { deliveryError, isTokenTrouble, slackCode } from './api-error.ts'
import type { Pacer } from './pacer.ts'

/** Raised while Slack does not accept the bot token, or the app lacks a scope. */
const TOKEN_ALARM = 'slack-token'

export interface CallPlace {
  method: string
  /** Whose turn it is: the conversation, or the person. */
  channel: string
  /** On the pacer's clock: not begun later. */
  until: number
}

/** Calls of the Web API: each in its channel's turn, with an alarm while the token is not good enough. */
export class WriteApi {
  readonly #workspace: Workspace
  readonly #pacer: Pacer
  /** Methods that failed for the token, with Slack's word for it. */
  readonly #failing = new Map<string, string>()
  /** An alarm may be left of an earlier run. */
  #mayBeRaised = true

  constructor(workspace: Workspace, pacer: Pacer) {
    this.#workspace = workspace
    this.#pacer = pacer
  }

  /** Gives what the call gives. Rejects with a `DeliveryError` whose cause is what the client rejected with. */
  async make<T>({ method, channel, until }: CallPlace, call: (client: WebClient) => Promise<T>): Promise<T> {
    try {
      const answer = await this.#pacer.run(channel, () => call(this.#workspace.client), { method, until })
      await this.#worked(method)
      return answer
    } catch (thrown) {
      const error = deliveryError(thrown)
      if (isTokenTrouble(error)) {
        this.#failing.set(method, slackCode(error))
        this.#mayBeRaised = true
        await this.#tell(() => this.#workspace.desk.alarm(TOKEN_ALARM, error.message))
      }
      throw error
    }
  }

  /** The token is good; a scope that another method lacked may still be missing. */
  async #worked(method: string): Promise<void> {
    if (!this.#mayBeRaised) return
    for (const [each, code] of this.#failing) {
      if (each === method || code !== 'missing_scope') this.#failing.delete(each)
    }
    if (this.#failing.size > 0) return
    this.#mayBeRaised = false
    await this.#tell(() => this.#workspace.desk.settle(TOKEN_ALARM))
  }

  /** What was sent is sent, whether or not the desk can note this. */
  async #tell(say: () => Promise<void>): Promise<void> {
    try {
      await say()
    } catch (error) {
      this.#workspace.options.warn('The alarm about the Slack token could not be stored.', error)
    }
  }
}
