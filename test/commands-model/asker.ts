// A process of its own that asks its share of a run, several lines at a time: node asker.ts ORDER, which is JSON.
import { setTimeout as pause } from 'node:timers/promises'
import { DeskError, sentenceOf } from '../../src/errors.ts'
import type { OpenDesk } from '../../src/main.ts'
import { type Run, type Wanted, wantedAt } from './command-lines.ts'
import { openFolder } from './desk-folder.ts'
import { type Asked, channelOf, writeAsked } from './recorded-command.ts'
import { whoCould } from './who-could.ts'

/** What one process does. */
export interface AskerOrder {
  run: Run
  /** 0 for the first. */
  process: number
  /** Where the desk is. */
  folder: string
  /** Takes what was asked. */
  file: string
}

const AT_ONCE = 5
const DUE_EVERY_MS = 250

const order = JSON.parse(process.argv[2] ?? '') as AskerOrder
const desk = await openFolder(order)
process.stdout.write('ready\n')
process.stdin.once('data', async () => {
  const ending = new AbortController()
  const due = doWhatIsDue(desk, ending.signal)
  const asked = await askAll(desk, order)
  ending.abort()
  await due
  await writeAsked(order.file, asked)
  await desk.close()
  process.exit(0)
})

async function askAll(desk: OpenDesk, { run, process: own }: AskerOrder): Promise<Asked[]> {
  const asked: Asked[] = []
  let next = own
  const lane = async () => {
    while (next < run.commands) {
      const wanted = wantedAt(run, next)
      next += run.processes
      const handle = wanted.fitting ? await whoCould(desk, wanted) : undefined
      asked.push(await ask(desk, { ...wanted, handle: handle ?? wanted.handle }))
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, lane))
  return asked
}

async function ask(desk: OpenDesk, wanted: Wanted): Promise<Asked> {
  const { handle, line, body } = wanted
  const began = now()
  try {
    await desk.service.perform({ actor: { handle }, channel: channelOf(wanted), line, body })
    return { ...wanted, outcome: 'taken', sentence: '', began, ended: now() }
  } catch (error) {
    const outcome = error instanceof DeskError ? error.code : 'crash'
    const cause = error instanceof Error && error.cause ? ` (${sentenceOf(error.cause)})` : ''
    return { ...wanted, outcome, sentence: `${sentenceOf(error)}${cause}`, began, ended: now() }
  }
}

/** Milliseconds since 1970 by a clock that never goes back. */
function now(): number {
  return performance.timeOrigin + performance.now()
}

/** What the desk does by itself while it runs; an error ends the process. */
async function doWhatIsDue(desk: OpenDesk, ending: AbortSignal): Promise<void> {
  while (!ending.aborted) {
    await desk.service.timekeeper.pass()
    await pause(DUE_EVERY_MS, undefined, { signal: ending }).catch(() => undefined)
  }
}
