// Runs the jobs of the clock. Each fails alone, raises one alarm, and is tried again.
import { DeskError, sentenceOf } from '../../errors.ts'
import { settleAlarm } from '../../store/alarms.ts'
import { raise } from '../alarm.ts'
import { type Context, deskFacts } from '../context.ts'
import type { Job, Pass } from './job.ts'

const EVERY_MS = 15_000
const BATCH = 100
const MOST_FAILED = 1_000 // of one job in one run: then the rest waits for the next

export class Timekeeper {
  readonly #context: Context
  readonly #jobs: readonly Job[]
  #timer: NodeJS.Timeout | undefined
  #stopped = false
  #pass: Promise<unknown> = Promise.resolve()
  /** Jobs of which an alarm may stand, also one of an earlier start. */
  readonly #troubled: Set<Job>
  /** Called after something was queued. */
  onCommit: () => void = () => undefined

  constructor(context: Context, jobs: readonly Job[]) {
    this.#context = context
    this.#jobs = jobs
    this.#troubled = new Set(jobs)
  }

  start(): void {
    this.#stopped = false
    let isOver = true
    const run = () => {
      if (!isOver) return
      isOver = false
      this.#pass = this.pass().finally(() => {
        isOver = true
      })
    }
    this.#timer = setInterval(run, EVERY_MS)
    run()
  }

  /** Finishes what is in hand; the rest is due at the next start. */
  async stop(): Promise<void> {
    this.#stopped = true
    clearInterval(this.#timer)
    await this.#pass
  }

  /** Runs each job once; gives how much was done. */
  async pass(): Promise<number> {
    let done = 0
    for (const job of this.#jobs) if (!this.#stopped) done += await this.#run(job)
    if (done > 0) this.onCommit()
    return done
  }

  async #run(job: Job): Promise<number> {
    const failures: string[] = []
    const fail = (error: unknown, what = '') => {
      this.#context.log.error({ err: error, job: job.name, what }, 'what is due could not be done; it is tried again')
      failures.push(what ? `${what}: ${reasonOf(error)}` : reasonOf(error))
    }
    let done = 0
    try {
      done = await job.run(this.#passOf(fail))
    } catch (error) {
      fail(error)
    }
    await this.#tell(job, failures).catch(error => {
      this.#context.log.error({ err: error, job: job.name }, 'agents could not be told of what the clock failed at')
    })
    return done
  }

  #passOf(fail: (error: unknown, what: string) => void): Pass {
    return {
      each: async (find, work, nameOf) => {
        const failed = new Set<string>()
        let done = 0
        for (;;) {
          const limit = BATCH + failed.size
          const found = await find(limit)
          const before = done + failed.size
          for (const one of found) {
            if (this.#stopped || failed.size >= MOST_FAILED) return done
            if (failed.has(nameOf(one))) continue
            try {
              if (await work(one)) done += 1
            } catch (error) {
              failed.add(nameOf(one))
              fail(error, nameOf(one))
            }
          }
          if (found.length < limit || done + failed.size === before) return done
        }
      },
    }
  }

  /** One alarm for each job, until it succeeds again. */
  async #tell(job: Job, failures: readonly string[]): Promise<void> {
    const { store, channels } = this.#context
    const [first = '', ...others] = failures
    if (!first && !this.#troubled.has(job)) return
    const channel = channels.keys().next().value ?? 'desk'
    const code = `clock ${job.name}`
    const more = others.length > 0 ? ` The same is so of ${others.length} more.` : ''
    const sentence = `What is due cannot be done (${job.name}): ${first}${more} It is tried again every 15 seconds.`
    await store.transact(async tx => {
      const facts = await deskFacts(this.#context, tx)
      if (first) await raise(tx, facts, { channel, code, sentence })
      else await settleAlarm(tx, channel, code, facts.at)
    })
    if (first) this.#troubled.add(job)
    else this.#troubled.delete(job)
    if (first) this.onCommit()
  }
}

/** Of what is no fault of a person, the log says more. */
function reasonOf(error: unknown): string {
  const sentence = sentenceOf(error)
  const whole = /[.!?]$/.test(sentence) ? sentence : `${sentence}.`
  return error instanceof DeskError ? whole : `${whole} The log says more.`
}
