// Reads mail in threads.
import { pack, packFile } from '../../../src/content.ts'
import { codeOf, DeskError, sentenceOf } from '../../../src/errors.ts'
import { removeCollected } from '../mime/collect.ts'
import type { RawMessage } from '../mime/raw-head.ts'
import { SYSTEM_ERROR_CODES } from '../mime/system-error-codes.ts'
import type { ParseOptions } from './parse-message.ts'
import { type ParsedMail, type ReadMail, unreadable } from './parsed-mail.ts'
import type { Outcome, ParseTask } from './worker.ts'
import { MOST_THREADS, type Threads, threads } from './worker-threads.ts'

const TOGETHER = 16 // messages handed over at once
const TOGETHER_BYTES = 256 * 1024
const AHEAD = 6 // times that many a thread has at hand, so that it need not wait while the desk commits
const SLOWEST_MS = 30_000
const SLOWEST_TOGETHER_MS = 60_000 // waiting for its turn included

type Readers = Threads<ParseTask[] | null, Outcome[]>

interface Waiting {
  task: ParseTask
  resolve(outcome: Outcome): void
  reject(error: unknown): void
}

/**
 * Reads mail in worker threads, which end when nothing comes. A thread that dies takes along what else it had at hand;
 * such messages are read again, each alone, and only the one that ends its thread again is unreadable.
 */
export class MailParserPool {
  #together: Readers | undefined
  #alone: Readers | undefined
  #waiting: Waiting[] = []
  #atHand = 0
  /** Those that ended a thread go one by one, so that none waits for its thread and is taken for slow. */
  #lastAlone: Promise<unknown> = Promise.resolve()
  readonly #reading = new Set<Promise<unknown>>()

  /**
   * Rejects with a `DeskError` of code `temporary` if the machine, not the message, is in the way. `look` sees what was
   * read while the raw message is still as it came: afterwards a spool file holds it packed.
   */
  async parse(
    raw: RawMessage,
    options: Omit<ParseOptions, 'spool'>,
    spool: string,
    look?: (read: ReadMail) => Promise<void>,
  ): Promise<ParsedMail> {
    const reading = this.#read({ raw, options: { ...options, spool } })
    this.#reading.add(reading)
    const read = await reading.finally(() => this.#reading.delete(reading))
    try {
      await look?.(read)
      // Packed here and not there: that is less work than to send the packed bytes over.
      const packed = 'bytes' in raw ? pack(raw.bytes) : await packFile(raw.path)
      return { ...read, message: { ...read.message, id: packed.sha256, raw: packed } }
    } catch (error) {
      await removeCollected(spool)
      throw SYSTEM_ERROR_CODES.has(codeOf(error)) ? faulty(codeOf(error), error) : error
    }
  }

  async #read(task: ParseTask): Promise<ReadMail> {
    const { spool } = task.options
    let outcome: Outcome
    try {
      outcome = await this.#readTogether(task).catch(() => this.#readAlone(task))
    } catch (error) {
      await removeCollected(spool)
      if (SYSTEM_ERROR_CODES.has(codeOf(error))) throw faulty(codeOf(error), error)
      return tooMuch(error)
    }
    if ('fault' in outcome) throw faulty(outcome.fault)
    return outcome
  }

  #readAlone(task: ParseTask): Promise<Outcome> {
    const turn = this.#lastAlone.then(() => this.#runAlone(task))
    this.#lastAlone = turn.catch(() => undefined)
    return turn
  }

  async #runAlone(task: ParseTask): Promise<Outcome> {
    await removeCollected(task.options.spool)
    this.#alone ??= threads(1)
    const [outcome] = await this.#alone.run([task], { name: 'read', signal: AbortSignal.timeout(SLOWEST_MS) })
    return outcome as Outcome
  }

  /** Has a thread load what reading needs, before the first mail is there. */
  warmUp(): void {
    this.#together ??= threads(AHEAD)
    this.#together.run(null, { name: 'load' }).catch(() => undefined) // whatever is wrong shows with the first mail
  }

  #readTogether(task: ParseTask): Promise<Outcome> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ task, resolve, reject })
      this.#handOver()
    })
  }

  /** What comes alone goes alone, and at once; what has to wait for the threads goes with what waits beside it. */
  #handOver(): void {
    while (this.#atHand < AHEAD * MOST_THREADS && this.#waiting.length > 0) {
      const batch = this.#nextBatch()
      this.#atHand += 1
      this.#runBatch(batch.map(({ task }) => task))
        .then(
          outcomes => {
            for (const [index, outcome] of outcomes.entries()) batch[index]?.resolve(outcome)
          },
          error => {
            for (const each of batch) each.reject(error)
          },
        )
        .finally(() => {
          this.#atHand -= 1
          this.#handOver()
        })
    }
  }

  #nextBatch(): Waiting[] {
    let bytes = 0
    const enough = this.#waiting.findIndex(({ task: { raw } }, index) => {
      bytes += 'bytes' in raw ? raw.bytes.length : raw.size
      return index > 0 && bytes > TOGETHER_BYTES
    })
    return this.#waiting.splice(0, Math.min(TOGETHER, enough < 0 ? TOGETHER : enough))
  }

  /** An abort signal would give each task a thread to itself; so if one takes too long, all of them are given up. */
  async #runBatch(tasks: ParseTask[]): Promise<Outcome[]> {
    const pool = this.#together ?? threads(AHEAD)
    this.#together = pool
    const late = setTimeout(() => {
      if (this.#together === pool) this.#together = undefined
      void pool.destroy()
    }, SLOWEST_TOGETHER_MS)
    try {
      return await pool.run(tasks, { name: 'read' })
    } finally {
      clearTimeout(late)
    }
  }

  /** Resolves when everything that it was given was read. */
  async close(): Promise<void> {
    while (this.#reading.size > 0) await Promise.allSettled([...this.#reading])
    await Promise.all([this.#together?.close(), this.#alone?.close()])
    this.#together = undefined
    this.#alone = undefined
  }
}

function faulty(code: string, cause?: unknown): DeskError {
  return new DeskError('temporary', `The mail cannot be read at the moment (${code}): free some space.`, { cause })
}

function tooMuch(error: unknown): ReadMail {
  return (error as Error).name === 'AbortError'
    ? unreadable('too-slow', `Reading this mail took more than ${SLOWEST_MS / 1000} seconds.`)
    : unreadable('unparsable', `Reading this mail crashed the reader: ${sentenceOf(error)}.`)
}
