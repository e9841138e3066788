// How long a test waits for what must come: an allowance for a quiet machine, times how much slower this one is just now.
import { execFile } from 'node:child_process'
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { availableParallelism, loadavg } from 'node:os'

/** Names the file with the pace of the machine, for all processes of a run. */
const PACE_FILE = 'TEST_PACE_FILE'

const QUIET_START_MS = 60 // what it takes to start a program where nothing else is done
const MEASURED_EVERY_MS = 5_000
const REMEMBERED = 12 // measurements: what was slow a minute ago may still be at work on it
const SLOWEST = 20

/**
 * An allowance in whole milliseconds, as it is on this machine at this time. No test that gets what it waits for takes
 * longer by it.
 */
export function patience(milliseconds: number): number {
  return Math.ceil(milliseconds * Math.min(SLOWEST, slowness()))
}

/** Tells whether so many milliseconds of a quiet machine are over. The pace that counts is that of the end. */
export function deadlineIn(milliseconds: number): () => boolean {
  const begun = performance.now()
  return () => {
    const waited = performance.now() - begun
    return waited > milliseconds && waited > patience(milliseconds)
  }
}

/** Measures the pace of the machine now and again until it is stopped, for this process and those that it starts. */
export async function measurePace(file: string): Promise<() => void> {
  const starts: number[] = []
  const measure = async () => {
    starts.push(await startOfProgram())
    if (starts.length > REMEMBERED) starts.shift()
    writeFileSync(`${file}.new`, String(Math.max(...starts) / QUIET_START_MS))
    renameSync(`${file}.new`, file)
  }
  await measure()
  process.env[PACE_FILE] = file
  let measuring = false
  const timer = setInterval(async () => {
    if (measuring) return
    measuring = true
    await measure().catch(() => undefined) // the folder is being removed
    measuring = false
  }, MEASURED_EVERY_MS)
  timer.unref()
  return () => clearInterval(timer)
}

/** Milliseconds. */
function startOfProgram(): Promise<number> {
  const begun = performance.now()
  return new Promise(resolve => {
    execFile(process.execPath, ['--eval', '0'], () => resolve(performance.now() - begun))
  })
}

/** 1 on a quiet machine. */
function slowness(): number {
  const crowd = loadavg()[0] ?? 0
  return Math.max(1, crowd / availableParallelism(), measured())
}

function measured(): number {
  const file = process.env[PACE_FILE]
  if (file === undefined) return 1
  try {
    return Number(readFileSync(file, 'utf8')) || 1
  } catch {
    return 1 // the run is ending
  }
}
