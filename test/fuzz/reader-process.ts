import { readFileSync, writeFileSync } from 'node:fs'
import { type Reading, ReadingDesk } from './reading-desk.ts'
import { SEEDS } from './seeds.ts'

/** What the process is asked: to take a message, or to verify its store. */
export type Ask = { bytes: Uint8Array; store: boolean } | 'verify'

/** What it answers, one for each question; before all of them once, that it is idle. */
export type Answer =
  | { idleKb: number }
  | { reading: Reading /** The most it held meanwhile. */; peakKb: number }
  | { verified: string[] }

const desk = await ReadingDesk.open()
// Whatever is loaded with its first use belongs to the idle state.
for (const seed of SEEDS) await desk.take(Buffer.from(seed, 'latin1'), false)

process.on('message', (ask: Ask) => void answer(ask).then(say))
process.on('disconnect', () => void desk.close().then(() => process.exit(0)))
say({ idleKb: memory('VmRSS') })

async function answer(ask: Ask): Promise<Answer> {
  if (ask === 'verify') return { verified: await desk.verify() }
  forgetPeak()
  const reading = await desk.take(ask.bytes, ask.store)
  return { reading, peakKb: memory('VmHWM') }
}

/** Linux alone tells the peak of a span of time; elsewhere it is that of the whole life. */
function forgetPeak(): void {
  try {
    writeFileSync('/proc/self/clear_refs', '5')
  } catch {
    // not told here
  }
}

function memory(field: 'VmRSS' | 'VmHWM'): number {
  try {
    return Number(new RegExp(`${field}:\\s+(\\d+)`).exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? 0)
  } catch {
    return field === 'VmRSS' ? process.memoryUsage.rss() / 1024 : process.resourceUsage().maxRSS
  }
}

function say(what: Answer): void {
  process.send?.(what)
}
