import { availableParallelism } from 'node:os'
import { Piscina } from 'piscina'
import { pack, packFile } from '../../src/content.ts'
import { codeOf, DeskError, sentenceOf } from '../../src/errors.ts'
import type { RawMessage } from './head.ts'
import type { ParsedMail, ParseOptions } from './parse.ts'
import type { ParseTask } from './worker.ts'

const MOST_THREADS = 4
const IDLE_MS = 3_000
const SLOWEST_MS = 30_000
const THREAD_MEMORY_MB = 512

/** Reads mail in worker threads, which end when nothing comes. A message that a thread dies of is unreadable. */
export class MailParserPool {
  #pool: Piscina<ParseTask, ParsedMail> | undefined

  /** Rejects with a `DeskError` of code `temporary` if the machine, not the message, is in the way. */
  async parse(raw: RawMessage, options: Omit<ParseOptions, 'spool'>, spool: string): Promise<ParsedMail> {
    try {
      const task = { raw, options: { ...options, spool } }
      return await this.#threads().run(task, { name: 'parse', signal: AbortSignal.timeout(SLOWEST_MS) })
    } catch (error) {
      if (codeOf(error).startsWith('E')) {
        throw new DeskError('temporary', `The mail cannot be read just now (${codeOf(error)}): free space or wait.`, {
          cause: error,
        })
      }
      return this.#unreadable(raw, error)
    }
  }

  async #unreadable(raw: RawMessage, error: unknown): Promise<ParsedMail> {
    const late = (error as Error).name === 'AbortError'
    const detail = late
      ? `Reading this mail took more than ${SLOWEST_MS / 1000} seconds.`
      : `Reading this mail ended the thread that did it: ${sentenceOf(error)}.`
    const kept = 'bytes' in raw ? pack(raw.bytes) : await packFile(raw.path)
    const message = { id: kept.sha256, raw: kept, quarantine: late ? 'too-slow' : 'unparsable', detail }
    return { message, from: null, bounced: null }
  }

  #threads(): Piscina<ParseTask, ParsedMail> {
    const own = import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js'
    this.#pool ??= new Piscina({
      filename: new URL(own, import.meta.url).href,
      minThreads: 0,
      maxThreads: Math.min(MOST_THREADS, availableParallelism()),
      idleTimeout: IDLE_MS,
      concurrentTasksPerWorker: 1,
      resourceLimits: { maxOldGenerationSizeMb: THREAD_MEMORY_MB },
    })
    return this.#pool
  }

  async close(): Promise<void> {
    await this.#pool?.close()
    this.#pool = undefined
  }
}
