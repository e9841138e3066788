// How far a channel is read and committed.
import { compareTimes, isLater, isTime, latestOf } from '../api/slack-time.ts'
import type { Workspace } from '../workspace.ts'
import { HandledMessages } from './handled-messages.ts'

const QUIET_MS = 60_000

/** Times that are kept before those that say nothing new are looked for. */
const FEW_TIMES = 1_000

/** How far a channel is. Times are Slack's. */
interface Course {
  /** Messages that are not committed: null while they are in hand, else when that failed; milliseconds. */
  owed: Map<string, number | null>
  /** Committed since it was last written down. */
  done: string[]
  /** With so many of them, those that say nothing new are left out. */
  tidyAt: number
  /** When something last happened; milliseconds. */
  at: number
}

/** What is remembered of a channel: up to where all of it is committed. */
export function cursorKey(teamId: string, channel: string): string {
  return `cursor ${teamId}/${channel}`
}

/** How far what comes by events is committed in each channel, so that after an outage it is gone on from there. */
export class CommittedCursor {
  readonly #workspace: Workspace
  readonly #courses = new Map<string, Course>()
  /** Channels of which nothing is missing before what comes by events. */
  readonly #whole = new Set<string>()
  /** Messages of the last minutes that are done with. */
  readonly handledMessages: HandledMessages
  #isAllWhole = false

  constructor(workspace: Workspace) {
    this.#workspace = workspace
    this.handledMessages = new HandledMessages(workspace)
  }

  /** Does work about the message of this time; if that fails, the message is owed until it is done after all. */
  async follow<Result>(channel: string, ts: string, work: () => Promise<Result>): Promise<Result> {
    const course = this.#courseOf(channel)
    course.owed.set(ts, null)
    try {
      const result = await work()
      course.owed.delete(ts)
      course.done.push(ts)
      this.handledMessages.did(channel, ts)
      if (course.done.length >= course.tidyAt) tidy(course)
      return result
    } catch (error) {
      course.owed.set(ts, this.#now())
      throw error
    } finally {
      course.at = this.#now()
    }
  }

  /** Events may have been missed: what comes from now on says nothing of what was before. */
  fallBehind(): void {
    this.#whole.clear()
    this.#isAllWhole = false
    // What is still owed is read again.
    for (const { owed } of this.#courses.values()) {
      for (const [ts, failedAt] of owed) if (failedAt !== null) owed.delete(ts)
    }
  }

  /** Nothing is missing of this channel any more; of any, if none is named. */
  catchUp(channel?: string): void {
    if (channel === undefined) this.#isAllWhole = true
    else this.#whole.add(channel)
  }

  /** Whether a message has failed for so long that Slack will not send it again. */
  isOverdue(milliseconds: number): boolean {
    const before = this.#now() - milliseconds
    return [...this.#courses.values()].some(({ owed }) =>
      [...owed.values()].some(failedAt => failedAt !== null && failedAt <= before),
    )
  }

  /** Writes down how far it is, of channels where nothing happens just now, or of all. */
  async save(which: 'quiet' | 'all'): Promise<void> {
    const before = this.#now() - QUIET_MS
    for (const [channel, course] of this.#courses) {
      if (!this.#isAllWhole && !this.#whole.has(channel)) continue
      if (which === 'all' || course.at <= before) await this.#save(channel, course)
    }
  }

  async #save(channel: string, course: Course): Promise<void> {
    const newest = newestWithout(course)
    if (newest === undefined) return
    const { desk, teamId } = this.#workspace
    const key = cursorKey(teamId, channel)
    const before = await desk.recall(key)
    if (!isTime(before) || isLater(newest, before)) await desk.remember(key, newest)
    await this.handledMessages.save(channel)
    course.done = course.done.filter(ts => isLater(ts, newest))
    if (course.done.length === 0 && course.owed.size === 0) this.#courses.delete(channel)
  }

  #courseOf(channel: string): Course {
    const known = this.#courses.get(channel)
    if (known) return known
    const course: Course = { owed: new Map(), done: [], tidyAt: FEW_TIMES, at: this.#now() }
    this.#courses.set(channel, course)
    return course
  }

  #now(): number {
    return this.#workspace.options.now().getTime()
  }
}

/** Up to there nothing is owed. */
function newestWithout({ owed, done }: Course): string | undefined {
  const [oldest] = [...owed.keys()].sort(compareTimes)
  return latestOf(done.filter(ts => oldest === undefined || isLater(oldest, ts)))
}

/** In a channel that is never quiet. */
function tidy(course: Course): void {
  const newest = newestWithout(course)
  if (newest !== undefined) course.done = course.done.filter(ts => !isLater(newest, ts))
  course.tidyAt = Math.max(FEW_TIMES, 2 * course.done.length)
}
