// Threads that do what worker.ts has functions for.
import { getCompileCacheDir } from 'node:module'
import { availableParallelism } from 'node:os'
import { Piscina } from 'piscina'
import { threadProgram } from '../../../src/package.ts'

/** The desk itself needs a core. */
export const MOST_THREADS = Math.max(1, Math.min(4, availableParallelism() - 1))

const IDLE_MS = 3_000
// What a message may fill is bounded by how it is read. A thread with much memory collects garbage less often.
const THREAD_MEMORY_MB = 2048
const YOUNG_MB = 48

export type Threads<Task, Result> = Piscina<Task, Result>

/** Threads that do what `worker.ts` has functions for; they begin with the first task and end when nothing comes. */
export function threads<Task, Result>(
  concurrentTasksPerWorker: number,
  maxThreads = MOST_THREADS,
): Threads<Task, Result> {
  const pool: Threads<Task, Result> = new Piscina({
    filename: threadProgram('./worker', import.meta.url).href,
    minThreads: 0,
    maxThreads,
    idleTimeout: IDLE_MS,
    concurrentTasksPerWorker,
    stricterFIFO: true, // else every other message is read long after those that came behind it
    env: { ...process.env, NODE_COMPILE_CACHE: getCompileCacheDir() ?? '' },
    resourceLimits: { maxOldGenerationSizeMb: THREAD_MEMORY_MB, maxYoungGenerationSizeMb: YOUNG_MB },
  })
  // One that ends while it has nothing to do ends nothing else; what it was to do is told of by itself.
  pool.on('error', () => undefined)
  return pool
}
