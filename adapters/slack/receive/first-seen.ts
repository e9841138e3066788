// When the desk first saw a workspace: nothing older is taken.
import { isTime, timeOf } from '../api/slack-time.ts'
import type { Workspace } from '../workspace.ts'

/** By so many seconds the clocks of Slack and of this machine may differ. */
const CLOCKS_APART_S = 300

/** When the desk first listened to this workspace: what was written before is none of its business. */
export class FirstSeen {
  readonly #workspace: Workspace
  #found: Promise<{ ts: string; isNow: boolean }> | undefined

  constructor(workspace: Workspace) {
    this.#workspace = workspace
  }

  /** `isNow`: it listens for the first time. By the clock of this machine. */
  find(): Promise<{ ts: string; isNow: boolean }> {
    this.#found ??= this.#recall().catch(error => {
      this.#found = undefined
      throw error
    })
    return this.#found
  }

  /** Whether something was written before, for certain. */
  async isAfter(ts: string): Promise<boolean> {
    return Number((await this.find()).ts) - Number(ts) > CLOCKS_APART_S
  }

  async #recall(): Promise<{ ts: string; isNow: boolean }> {
    const { desk, teamId, options } = this.#workspace
    const key = `since ${teamId}`
    const known = await desk.recall(key)
    if (isTime(known)) return { ts: known, isNow: false }
    const ts = timeOf(options.now())
    await desk.remember(key, ts)
    return { ts, isNow: true }
  }
}
