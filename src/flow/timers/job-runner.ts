// Runs one job of the clock. What fails in it fails alone, is tried again later, and is told of in one alarm.
import { DeskError } from '../../errors.ts'
import { settleAlarm, standingAlarms } from '../../store/alarms.ts'
import { raise, reasonFor } from '../alarm.ts'
import { type Context, deskFacts } from '../context.ts'
import type { Job, Parts } from './job.ts'

const BATCH = 100
const AGAIN_MS = 5 * 60_000
const CHANNEL = 'desk' // of the alarm: it is about no channel

interface Failure {
  reason: string
  /** When it is tried again; milliseconds since 1970. */
  again: number
}

export class JobRunner {
  readonly #context: Context
  readonly #job: Job
  /** What fails at present, by its name. */
  readonly #failures = new Map<string, Failure>()
  /** Why the job as a whole failed at last. */
  #broken: string | undefined
  /** What the alarm says that stands; '' for none, undefined until that was looked up. */
  #reportedSentence: string | undefined

  constructor(context: Context, job: Job) {
    this.#context = context
    this.#job = job
  }

  /** Runs it once; gives how much was done. `onNotified` is called if agents were told of a failure. Never rejects. */
  async run(isStopped: () => boolean, onNotified: () => void): Promise<number> {
    let done = 0
    try {
      done = await this.#job.run({ each: parts => this.#each(isStopped, parts) })
      this.#broken = undefined
    } catch (error) {
      this.#broken = this.#reasonOf(error, '') ?? this.#broken
    }
    try {
      if (await this.#tell()) onNotified()
    } catch (error) {
      this.#context.log.error(
        { err: error, job: this.#job.name },
        'agents could not be told of what the clock failed at',
      )
    }
    return done
  }

  async #each<T>(isStopped: () => boolean, { find, work, nameOf }: Parts<T>): Promise<number> {
    const failures = this.#failures
    const now = this.#context.clock.now().getTime()
    const gone = new Set(failures.keys()) // somebody saw to them
    let done = 0
    for (let went = true; went; ) {
      const limit = BATCH + failures.size
      const found = await find(limit)
      went = false
      for (const one of found) {
        if (isStopped()) return done
        const name = nameOf(one)
        gone.delete(name)
        if ((failures.get(name)?.again ?? 0) > now) continue
        try {
          const isDone = await work(one)
          failures.delete(name)
          if (isDone) done += 1
          went ||= isDone
        } catch (error) {
          const reason = this.#reasonOf(error, name)
          if (reason !== undefined) failures.set(name, { reason, again: now + AGAIN_MS })
          went ||= reason !== undefined
        }
      }
      went &&= found.length >= limit
    }
    for (const name of gone) failures.delete(name)
    return done
  }

  /** Undefined for what passes by itself: nobody is told of it, and it is tried again at once. */
  #reasonOf(error: unknown, what: string): string | undefined {
    const isTemporary = error instanceof DeskError && error.code === 'temporary'
    const level = isTemporary ? 'warn' : 'error'
    this.#context.log[level](
      { err: error, job: this.#job.name, what },
      'what is due could not be done; it is tried again',
    )
    return isTemporary ? undefined : reasonFor(error)
  }

  /** Sees to it that the alarm says what fails. Whether agents were told. */
  async #tell(): Promise<boolean> {
    const { store } = this.#context
    const code = `clock ${this.#job.name}`
    this.#reportedSentence ??= (await standingAlarms(store.read)).find(alarm => alarm.code === code)?.sentence ?? ''
    const sentence = this.#sentence()
    if (sentence === this.#reportedSentence) return false
    const isNew = await store.transact(async tx => {
      const facts = await deskFacts(this.#context, tx)
      if (sentence) return raise(tx, facts, { channel: CHANNEL, code, sentence })
      await settleAlarm(tx, CHANNEL, code, facts.at)
      return false
    })
    this.#reportedSentence = sentence
    return isNew
  }

  /** '' where nothing fails. */
  #sentence(): string {
    const failures = [...this.#failures].map(([name, { reason }]) => `${name}: ${reason}`)
    const [first = '', ...others] = this.#broken === undefined ? failures : [this.#broken, ...failures]
    if (!first) return ''
    const more = others.length > 0 ? ` The same goes for ${others.length} more.` : ''
    return `A regular task failed (${this.#job.name}): ${first}${more} The desk will try again within five minutes.`
  }
}
