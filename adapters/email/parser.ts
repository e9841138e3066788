import { getCompileCacheDir } from 'node:module'
import { availableParallelism } from 'node:os'
import { setFlagsFromString } from 'node:v8'
import { Piscina } from 'piscina'
import { pack, packFile } from '../../src/content.ts'
import { codeOf, DeskError, sentenceOf } from '../../src/errors.ts'
import { removeCollected } from './collect.ts'
import { FAULTS } from './faults.ts'
import type { RawMessage } from './head.ts'
import type { ParseOptions } from './parse.ts'
import { type ParsedMail, type ReadMail, unreadable } from './parsed.ts'
import type { ParseTask } from './worker.ts'

const MOST_THREADS = 4
const AHEAD = 64 // messages a thread has at hand, so that it need not wait while the desk commits
const IDLE_MS = 3_000
const SLOWEST_MS = 30_000
const SLOWEST_TOGETHER_MS = 60_000 // waiting for its turn included
// What a message may fill is bounded by how it is read. A thread with much memory collects garbage less often.
const THREAD_MEMORY_MB = 2048
const YOUNG_MB = 48

type Threads = Piscina<ParseTask | null, ReadMail>

/**
 * Reads mail in worker threads, which end when nothing comes. A thread that dies takes along what else it had at hand;
 * such messages are read again, each alone, and only the one that ends its thread again is unreadable.
 */
export class MailParserPool {
  #together: Threads | undefined
  #alone: Threads | undefined

  /** Rejects with a `DeskError` of code `temporary` if the machine, not the message, is in the way. */
  async parse(raw: RawMessage, options: Omit<ParseOptions, 'spool'>, spool: string): Promise<ParsedMail> {
    const read = await this.#read({ raw, options: { ...options, spool } })
    try {
      // Packed here and not there: that is less work than to send the packed bytes over.
      const kept = 'bytes' in raw ? pack(raw.bytes) : await packFile(raw.path)
      return { ...read, message: { ...read.message, id: kept.sha256, raw: kept } }
    } catch (error) {
      await removeCollected(spool)
      throw isFault(error) ? fault(error) : error
    }
  }

  async #read(task: ParseTask): Promise<ReadMail> {
    const { spool } = task.options
    try {
      return await this.#runTogether(task)
    } catch (error) {
      if (isFault(error)) throw fault(error)
    }
    await removeCollected(spool)
    try {
      this.#alone ??= threads(1)
      return await this.#alone.run(task, { name: 'read', signal: AbortSignal.timeout(SLOWEST_MS) })
    } catch (error) {
      await removeCollected(spool)
      if (isFault(error)) throw fault(error)
      return tooMuch(error)
    }
  }

  /** Has a thread load what reading needs, before the first mail is there. */
  warmUp(): void {
    this.#together ??= threads(AHEAD)
    this.#together.run(null, { name: 'load' }).catch(() => undefined) // whatever is wrong shows with the first mail
  }

  /** An abort signal would give each task a thread to itself; so if one takes too long, all of them are given up. */
  async #runTogether(task: ParseTask): Promise<ReadMail> {
    const pool = this.#together ?? threads(AHEAD)
    this.#together = pool
    const late = setTimeout(() => {
      if (this.#together === pool) this.#together = undefined
      void pool.destroy()
    }, SLOWEST_TOGETHER_MS)
    try {
      return await pool.run(task, { name: 'read' })
    } finally {
      clearTimeout(late)
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.#together?.close(), this.#alone?.close()])
    this.#together = undefined
    this.#alone = undefined
  }
}

function threads(concurrentTasksPerWorker: number): Threads {
  const fromSources = import.meta.url.endsWith('.ts')
  // Node strips types in WebAssembly, whose compiled code V8 shares between threads and may free while one still runs
  // it, which ends the process: https://github.com/nodejs/node/issues/64500.
  if (fromSources) setFlagsFromString('--no-wasm-code-gc')
  return new Piscina({
    filename: new URL(fromSources ? './worker.ts' : './worker.js', import.meta.url).href,
    minThreads: 0,
    maxThreads: Math.max(1, Math.min(MOST_THREADS, availableParallelism() - 1)), // the desk itself needs a core
    idleTimeout: IDLE_MS,
    concurrentTasksPerWorker,
    stricterFIFO: true, // else every other message is read long after those that came behind it
    env: { ...process.env, NODE_COMPILE_CACHE: getCompileCacheDir() ?? '' },
    resourceLimits: { maxOldGenerationSizeMb: THREAD_MEMORY_MB, maxYoungGenerationSizeMb: YOUNG_MB },
  })
}

function isFault(error: unknown): boolean {
  return FAULTS.has(codeOf(error))
}

function fault(error: unknown): DeskError {
  const sentence = `The mail cannot be read just now (${codeOf(error)}): free space or wait.`
  return new DeskError('temporary', sentence, { cause: error })
}

function tooMuch(error: unknown): ReadMail {
  return (error as Error).name === 'AbortError'
    ? unreadable('too-slow', `Reading this mail took more than ${SLOWEST_MS / 1000} seconds.`)
    : unreadable('unparsable', `Reading this mail ended the thread that did it: ${sentenceOf(error)}.`)
}
