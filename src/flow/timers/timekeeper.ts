// Runs the jobs of the clock, one after the other, time and again.
import type { Context } from '../context.ts'
import type { Job } from './job.ts'
import { JobRunner } from './job-runner.ts'

const EVERY_MS = 15_000

export class Timekeeper {
  readonly #runners: readonly JobRunner[]
  #timer: NodeJS.Timeout | undefined
  #stopped = false
  #pass: Promise<unknown> | undefined
  /** Called after something was queued. */
  onCommit: () => void = () => undefined

  constructor(context: Context, jobs: readonly Job[]) {
    this.#runners = jobs.map(job => new JobRunner(context, job))
  }

  start(): void {
    this.#stopped = false
    const run = () => {
      this.#pass ??= this.pass().finally(() => {
        this.#pass = undefined
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
    for (const runner of this.#runners) {
      if (!this.#stopped)
        done += await runner.run(
          () => this.#stopped,
          () => this.onCommit(),
        )
    }
    if (done > 0) this.onCommit()
    return done
  }
}
