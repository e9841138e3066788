// Reads what was written while the desk was away.
import type { Cursor } from '../../../src/channel/message.ts'
import { DeskError, sentenceOf } from '../../../src/errors.ts'
import { type ReadApi, Refusal } from '../api/read-api.ts'
import { compareTimes, isLater, isTime, latestOf, TOLD_WITHIN_MS, timeBefore, timeOf } from '../api/slack-time.ts'
import { type Fields, fieldsOf, listOf, textOf } from '../text/text-fields.ts'
import { readPlace, type Workspace } from '../workspace.ts'
import { type Backlog, History } from './channel-history.ts'
import { type CommittedCursor, cursorKey } from './committed-cursor.ts'
import type { FirstSeen } from './first-seen.ts'
import type { Handing, MessageOutcome } from './message-intake.ts'
import { isDirect } from './thread-intake.ts'

/** Events that come meanwhile wait no longer than this. */
const PATIENCE_MS = 10_000
const AGAIN_MS = 60_000
const MOST_AGAIN_MS = 15 * 60_000

/** A conversation that may have gone on while nobody listened. */
interface Course {
  channel: string
  /** It is read as a whole, not only its open threads. */
  isWhole: boolean
  /** It stands in the configuration: before it did, it was none of the desk's. */
  isConfigured: boolean
  /** Parents of threads of tickets that are open. */
  threads: string[]
}

const NOT_CONFIGURED = { isConfigured: false } as const
const KNOWN: MessageOutcome = { dropped: 'known already' }

interface Parts {
  reader: ReadApi
  progress: CommittedCursor
  beginning: FirstSeen
  take(event: Fields, how: Handing): Promise<MessageOutcome>
  signal: AbortSignal
}

/**
 * Brings in what was written while the desk did not listen. A channel's cursor moves with what is committed, over
 * everything up to there, so that whatever stops it, it goes on from there the next time.
 */
export class CatchUp {
  readonly #workspace: Workspace
  readonly #parts: Parts
  readonly #history: History
  #running: Promise<void> | undefined
  #isWantedAgain = false
  #isFirst = true

  constructor(workspace: Workspace, parts: Parts) {
    this.#workspace = workspace
    this.#parts = parts
    this.#history = new History(parts.reader, workspace.options.now)
  }

  /**
   * To be called whenever events may have been missed, before the next one is taken. Resolves once all is brought in;
   * or after a while, and the rest comes in beside new events, which changes nothing but the order.
   */
  async run(patience = PATIENCE_MS): Promise<void> {
    this.#parts.progress.fallBehind()
    if (this.#running) this.#isWantedAgain = true
    this.#running ??= this.#untilDone().finally(() => {
      this.#running = undefined
    })
    let timer: NodeJS.Timeout | undefined
    const enough = new Promise<void>(resolve => {
      timer = setTimeout(resolve, patience)
    })
    await Promise.race([this.#running, enough])
    clearTimeout(timer)
  }

  /** Resolves once nothing of it is under way; it is stopped by the signal. */
  async idle(): Promise<void> {
    await this.#running
  }

  /** What failed is tried again until it works or the channel stops. */
  async #untilDone(): Promise<void> {
    const { signal, progress } = this.#parts
    for (let again = AGAIN_MS; !signal.aborted; ) {
      this.#isWantedAgain = false
      const trouble = await this.#once().catch(error => error as Error)
      if (signal.aborted) return
      if (!trouble && !this.#isWantedAgain) return progress.catchUp()
      if (!trouble) continue
      const sentence = 'messages from the meantime in Slack could not be read yet; the desk will try again'
      this.#workspace.options.warn(`${sentence}: ${sentenceOf(trouble)}`, trouble)
      await pauseOrStop(again, signal)
      again = Math.min(again * 2, MOST_AGAIN_MS)
    }
  }

  /** Gives what failed first, after all others were tried. Those come first in which most is asked. */
  async #once(): Promise<Error | undefined> {
    const trouble: Error[] = []
    const seen = new Set<string>()
    for (const list of [() => this.#openCourses(), () => this.#directMessages()]) {
      const courses = await list().catch(error => {
        trouble.push(error as Error)
        return []
      })
      for (const course of courses.filter(each => !seen.has(each.channel))) {
        if (this.#parts.signal.aborted) return undefined
        seen.add(course.channel)
        await this.#follow(course).then(
          () => this.#parts.progress.catchUp(course.channel),
          error => trouble.push(error as Error),
        )
      }
    }
    this.#isFirst = false
    return trouble[0]
  }

  /** Channels of the configuration, and those with threads of tickets that are open. */
  async #openCourses(): Promise<Course[]> {
    const { desk, support, roomId } = this.#workspace
    const courses = new Map<string, Course>()
    for (const channel of [...support.keys(), ...(roomId ? [roomId] : [])]) {
      courses.set(channel, { channel, isWhole: true, isConfigured: true, threads: [] })
    }
    for (const place of await desk.conversations()) {
      const { channel = '', ts } = readPlace(place) ?? {}
      if (!/^[CDG]/.test(channel) || ts === undefined) continue
      const course = courses.get(channel) ?? { ...NOT_CONFIGURED, channel, isWhole: isDirect(channel), threads: [] }
      course.threads.push(ts)
      courses.set(channel, course)
    }
    return [...courses.values()]
  }

  /** By when something was last said. */
  async #directMessages(): Promise<Course[]> {
    const { desk, teamId } = this.#workspace
    const found: { channel: string; cursor: string }[] = []
    let cursor = ''
    do {
      const args = { types: 'im', limit: 200, ...(cursor ? { cursor } : {}) }
      const answer = await this.#parts.reader.ask(client => client.users.conversations(args))
      for (const { id, is_user_deleted: isGone } of listOf(answer.channels)) {
        const channel = textOf(id)
        if (!isDirect(channel) || isGone === true) continue
        found.push({ channel, cursor: (await desk.recall(cursorKey(teamId, channel))) ?? '' })
      }
      cursor = textOf(fieldsOf(answer.response_metadata).next_cursor)
    } while (cursor && !this.#parts.signal.aborted)
    const ordered = found.sort((a, b) => compareTimes(b.cursor, a.cursor))
    return ordered.map(({ channel }) => ({ ...NOT_CONFIGURED, channel, isWhole: true, threads: [] }))
  }

  async #follow(course: Course): Promise<void> {
    const { channel } = course
    const start = await this.#startOf(course)
    if (start === undefined) return
    try {
      const lookBack = channel === this.#workspace.roomId ? 'far' : 'near'
      const known = await this.#parts.progress.handledMessages.ofBefore(channel)
      let { cursor } = start
      for await (const backlog of this.#history.since(start.after, { ...course, seen: start.cursor, lookBack })) {
        cursor = await this.#bringIn(channel, backlog, cursor, known)
        if (this.#parts.signal.aborted) throw new DeskError('temporary', 'The Slack channel is stopping.')
      }
      if (course.isConfigured) await this.#workspace.desk.settle(unreadableCode(channel))
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      if (course.isConfigured) await this.#alarm(channel, error.code)
    } finally {
      await this.#parts.progress.handledMessages.save(channel)
    }
  }

  /**
   * Undefined where nothing can have been missed: it is listened to for the first time. It begins before the cursor, for
   * what Slack had not told of when later messages were stored, and never before the desk did.
   */
  async #startOf({ channel, isConfigured }: Course): Promise<{ cursor: string; after: string } | undefined> {
    const { desk, teamId, options } = this.#workspace
    const key = cursorKey(teamId, channel)
    const [cursor, since] = await Promise.all([desk.recall(key), desk.recall(`first ${key}`)])
    const beginning = await this.#parts.beginning.find()
    if (isTime(cursor)) {
      const after = latestOf([timeBefore(cursor, TOLD_WITHIN_MS), isTime(since) ? since : beginning.ts])
      return { cursor, after: after === undefined || isLater(after, cursor) ? cursor : after }
    }
    if (!isConfigured && beginning.isNow && this.#isFirst) return undefined
    const start = isConfigured ? timeOf(options.now()) : beginning.ts
    await desk.remember(`first ${key}`, start)
    await desk.remember(key, start)
    return isConfigured ? undefined : { cursor: start, after: start }
  }

  /** Hands over one after the other, but for those that are known to be done with; gives where the cursor stands then. */
  async #bringIn(
    channel: string,
    { events, until }: Backlog,
    before: string,
    known: ReadonlySet<string>,
  ): Promise<string> {
    const { progress, signal, take } = this.#parts
    const key = cursorKey(this.#workspace.teamId, channel)
    let stored = before
    let reached = before
    for (const event of events) {
      if (signal.aborted) break
      const ts = textOf(event.ts)
      const isMessage = event.subtype !== 'message_changed'
      const isNew = isMessage && isLater(ts, reached)
      const cursor: Cursor = { key, value: ts, follows: stored }
      const outcome =
        isMessage && known.has(ts) ? KNOWN : await take(event, { isLive: false, ...(isNew ? { cursor } : {}) })
      if (isMessage) progress.handledMessages.did(channel, ts)
      if (isNew) reached = ts
      if (isNew && 'receipt' in outcome) stored = ts
    }
    if (signal.aborted) return stored
    if (until !== undefined && isLater(until, reached)) reached = until
    // What was not for the desk need not be read again.
    if (isLater(reached, stored)) await this.#workspace.desk.remember(key, reached)
    return reached
  }

  async #alarm(channel: string, code: string): Promise<void> {
    const sentence = `Slack does not let the app read the channel ${channel} (${code}): invite it there with /invite, or take the channel out of the configuration.`
    await this.#workspace.desk.alarm(unreadableCode(channel), sentence)
  }
}

/** The alarm about a channel in which the app is not. */
export function unreadableCode(channel: string): string {
  return `not-in-${channel}`
}

async function pauseOrStop(milliseconds: number, signal: AbortSignal): Promise<void> {
  await new Promise<void>(resolve => {
    const timer = setTimeout(done, milliseconds)
    function done() {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    signal.addEventListener('abort', done)
  })
}
