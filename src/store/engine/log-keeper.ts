// Keeps SQLite's write-ahead log short. To bring megabytes of it into the database takes as long as the disk wants to,
// so a thread does that, and only what is written meanwhile is left to do between two transactions.
import { Worker } from 'node:worker_threads'
import type Database from 'better-sqlite3'
import { threadProgram } from '../../package.ts'

const LONG_PAGES = 10_000 // of 4096 bytes: a checkpoint costs as much as many commits
const REST_PAGES = 250 // a megabyte, copied in milliseconds
const LOOK_MS = 100
const IDLE_MS = 10_000 // after which the thread ends: to start one costs more than most checkpoints
const AGAIN_MS = 1_000 // somebody reads what lies in the log, or writes faster than the disk copies

/** See https://sqlite.org/wal.html#ckpt; the connection must not do it by itself (`wal_autocheckpoint = 0`). */
export class LogKeeper {
  readonly #path: string
  readonly #state: Database.Statement<[], { log: number; checkpointed: number }>
  readonly #checkpoint: Database.Statement
  readonly #betweenTransactions: (work: () => Promise<void>) => Promise<void>
  #nextLook = 0
  #thread: Worker | undefined
  #idle: NodeJS.Timeout | undefined
  #shortening: Promise<void> | undefined

  constructor(db: Database.Database, betweenTransactions: (work: () => Promise<void>) => Promise<void>) {
    this.#path = db.name
    this.#state = db.prepare('PRAGMA wal_checkpoint(NOOP)')
    this.#checkpoint = db.prepare('PRAGMA wal_checkpoint(PASSIVE)')
    this.#betweenTransactions = betweenTransactions
  }

  /** To be called after each commit. */
  look(): void {
    if (this.#shortening || performance.now() < this.#nextLook) return
    this.#nextLook = performance.now() + LOOK_MS
    const { log, remaining } = this.#length()
    if (log < LONG_PAGES || remaining === 0) return
    this.#shortening = this.#shorten(remaining)
      // Whatever was in the way, a later commit tries again; meanwhile the log serves as it is.
      .catch(() => undefined)
      .finally(() => {
        this.#shortening = undefined
      })
  }

  /** Resolves once nothing of it is at work. */
  async stop(): Promise<void> {
    clearTimeout(this.#idle)
    await this.#thread?.terminate()
    await this.#shortening
  }

  async #shorten(remaining: number): Promise<void> {
    if (remaining > REST_PAGES) await this.#inThread()
    if (this.#length().remaining > REST_PAGES) this.#nextLook = performance.now() + AGAIN_MS
    else await this.#betweenTransactions(async () => void this.#checkpoint.get())
  }

  /** How many pages lie in the log, and how many of them are not in the database yet. */
  #length(): { log: number; remaining: number } {
    const { log = 0, checkpointed = 0 } = this.#state.get() ?? {}
    return { log, remaining: log - checkpointed }
  }

  /** Resolves when the thread is done, or has ended. */
  async #inThread(): Promise<void> {
    clearTimeout(this.#idle)
    const thread = this.#thread ?? this.#startThread()
    const done = Promise.withResolvers<void>()
    thread.once('message', done.resolve).once('exit', done.resolve)
    thread.postMessage(null)
    await done.promise
    thread.off('message', done.resolve).off('exit', done.resolve)
    this.#idle = setTimeout(() => void thread.terminate(), IDLE_MS).unref()
  }

  #startThread(): Worker {
    const program = threadProgram('./checkpoint-thread', import.meta.url)
    const thread = new Worker(program, { workerData: { path: this.#path, rest: REST_PAGES } })
    thread.unref()
    thread.on('error', () => undefined) // it ends then, and a later commit starts another
    thread.once('exit', () => {
      this.#thread = undefined
    })
    this.#thread = thread
    return thread
  }
}
