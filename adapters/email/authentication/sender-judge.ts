// Has senders judged in a thread of its own.
import type { Authentication } from '../../../src/channel/message.ts'
import type { JudgeTask } from '../read/worker.ts'
import { type Threads, threads } from '../read/worker-threads.ts'
import { unsureOf } from './sender-check.ts'

const AT_ONCE = 128 // most of them wait for name servers
const SLOWEST_MS = 30_000 // for what takes ten seconds at most where nothing is wrong; waiting for its turn included

type Judges = Threads<JudgeTask, Authentication>

/**
 * Has senders judged in a thread of its own, so that neither who serves everybody nor who reads mail waits for signatures
 * and name servers. A thread that dies or hangs takes along what else it had at hand: such messages are judged again,
 * each alone, and of what ends its thread again nobody is sure whose word it is.
 */
export class SenderJudge {
  readonly #slowest: number
  #together: Judges | undefined
  #alone: Judges | undefined
  #lastAlone: Promise<unknown> = Promise.resolve()
  readonly #judging = new Set<Promise<unknown>>()

  /** `slowest`: milliseconds after which a thread counts as one that hangs. */
  constructor(slowest = SLOWEST_MS) {
    this.#slowest = slowest
  }

  /** Never rejects. */
  async judge(task: JudgeTask): Promise<Authentication> {
    const judging = this.#judgeTogether(task)
      .catch(() => this.#judgeAlone(task))
      .catch(() => unsureOf(task.client))
    this.#judging.add(judging)
    return judging.finally(() => this.#judging.delete(judging))
  }

  /** A signal would give each task a thread to itself; so if one takes too long, all of them are given up. */
  async #judgeTogether(task: JudgeTask): Promise<Authentication> {
    const pool: Judges = this.#together ?? threads(AT_ONCE, 1)
    this.#together = pool
    const late = setTimeout(() => {
      if (this.#together === pool) this.#together = undefined
      void pool.destroy()
    }, this.#slowest)
    try {
      return await pool.run(task, { name: 'judge' })
    } finally {
      clearTimeout(late)
    }
  }

  #judgeAlone(task: JudgeTask): Promise<Authentication> {
    const turn = this.#lastAlone.then(() => {
      this.#alone ??= threads(1, 1)
      return this.#alone.run(task, { name: 'judge', signal: AbortSignal.timeout(this.#slowest) })
    })
    this.#lastAlone = turn.catch(() => undefined)
    return turn
  }

  /** Resolves when all that it was asked is answered. */
  async close(): Promise<void> {
    while (this.#judging.size > 0) await Promise.allSettled([...this.#judging])
    await Promise.all([this.#together?.close(), this.#alone?.close()])
    this.#together = undefined
    this.#alone = undefined
  }
}
