// Loaded into a besieged desk: on SIGUSR2 it writes its longest turn of the event loop so far, and begins anew.
// Plain JavaScript in a URL, because the desk's process loads it before it can read TypeScript.
export const WATCH = `data:text/javascript,${encodeURIComponent(`
import { renameSync, writeFileSync } from 'node:fs'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { isMainThread } from 'node:worker_threads'
const file = process.env.SIEGE_TURNS
if (isMainThread && file) {
  const turns = monitorEventLoopDelay({ resolution: 1 })
  turns.enable()
  process.on('SIGUSR2', () => {
    writeFileSync(file + '.new', JSON.stringify({ longest: turns.max / 1e6, often: turns.percentile(99.9) / 1e6 }))
    renameSync(file + '.new', file)
    turns.reset()
  })
}`)}`
