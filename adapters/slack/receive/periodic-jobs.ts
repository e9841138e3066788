// What is looked after now and again.
import type { RoomMembers } from '../people/room-members.ts'
import type { RoomPrivacy } from '../people/room-privacy.ts'
import type { People } from '../people/workspace-people.ts'
import type { Workspace } from '../workspace.ts'
import type { CommittedCursor } from './committed-cursor.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const WATCH_MS = 5 * MINUTE_MS

/** Slack tells of an event three times more within about an hour: https://docs.slack.dev/apis/events-api#error-handling */
const OVERDUE_MS = 70 * MINUTE_MS

interface Parts {
  people: People
  room: RoomMembers
  privacy: RoomPrivacy
  progress: CommittedCursor
  /** Brings in what was missed. */
  catchUp(): Promise<void>
}

/** What is done from time to time beside taking events. */
export class PeriodicJobs {
  readonly #workspace: Workspace
  readonly #parts: Parts
  readonly #timers = new Set<NodeJS.Timeout>()
  readonly #inHand = new Set<Promise<void>>()
  #stopped = false

  constructor(workspace: Workspace, parts: Parts) {
    this.#workspace = workspace
    this.#parts = parts
  }

  start(): void {
    this.#do(() => this.#introduceAgents())
    this.#later(MINUTE_MS, () => this.#noteProgress())
    this.#do(() => this.#watchRoom())
  }

  /** Resolves once nothing of it is in hand. */
  async stop(): Promise<void> {
    this.#stopped = true
    for (const timer of this.#timers) clearTimeout(timer)
    await Promise.all(this.#inHand)
  }

  /** Now and each hour; where it failed, a minute later. */
  async #introduceAgents(): Promise<void> {
    try {
      await this.#parts.people.introduceAgents()
      await this.#learnRoom()
      this.#later(HOUR_MS, () => this.#introduceAgents())
    } catch (error) {
      this.#warn('the accounts of agents in Slack could not be looked up; it is tried again', error)
      this.#later(MINUTE_MS, () => this.#introduceAgents())
    }
  }

  /** Who came and left meanwhile nobody told. */
  lookAtRoom(): void {
    if (!this.#stopped) this.#do(() => this.#learnRoom())
  }

  /** That another organisation shares it, no event tells that the app gets. */
  async #watchRoom(): Promise<void> {
    await this.#parts.privacy
      .look()
      .catch(error => this.#warn('whether the room of the agents in Slack is private could not be looked up', error))
    this.#later(WATCH_MS, () => this.#watchRoom())
  }

  async #learnRoom(): Promise<void> {
    await this.#parts.room
      .learn()
      .catch(error => this.#warn('who is in the room of the agents in Slack could not be looked up', error))
  }

  async #noteProgress(): Promise<void> {
    try {
      if (this.#parts.progress.isOverdue(OVERDUE_MS)) await this.#parts.catchUp()
      await this.#parts.progress.save('quiet')
    } catch (error) {
      this.#warn('how far everything from Slack is stored could not be noted; it is tried again', error)
    }
    this.#later(MINUTE_MS, () => this.#noteProgress())
  }

  #later(milliseconds: number, work: () => Promise<void>): void {
    if (this.#stopped) return
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      this.#do(work)
    }, milliseconds)
    this.#timers.add(timer.unref())
  }

  #do(work: () => Promise<void>): void {
    const running = work().finally(() => this.#inHand.delete(running))
    this.#inHand.add(running)
  }

  #warn(sentence: string, error: unknown): void {
    if (!this.#stopped) this.#workspace.options.warn(sentence, error)
  }
}
