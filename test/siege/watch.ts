// Loaded into a besieged desk: on SIGUSR2 it writes its longest turn of the event loop so far, by the clock and by the
// processor time of its thread, and begins anew. Where the two differ, others had the processor or the disk was slow.
// Plain JavaScript in a URL, because the desk's process loads it before it can read TypeScript.
export const WATCH = `data:text/javascript,${encodeURIComponent(`
import { renameSync, writeFileSync } from 'node:fs'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { isMainThread } from 'node:worker_threads'
const file = process.env.SIEGE_TURNS
if (isMainThread && file) {
  const turns = monitorEventLoopDelay({ resolution: 1 })
  turns.enable()
  const spent = () => { const { user, system } = process.threadCpuUsage(); return (user + system) / 1000 }
  let before = spent()
  let most = 0
  setInterval(() => {
    const now = spent()
    most = Math.max(most, now - before)
    before = now
  }, 1).unref()
  process.on('SIGUSR2', () => {
    writeFileSync(file + '.new', JSON.stringify({ longest: turns.max / 1e6, processor: most }))
    renameSync(file + '.new', file)
    turns.reset()
    most = 0
  })
}`)}`
