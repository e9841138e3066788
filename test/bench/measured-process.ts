import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { readFile, rm } from 'node:fs/promises'
import { cpus } from 'node:os'
import { fileURLToPath } from 'node:url'
import { cleanEnvironment } from '../support/relaydesk-process.ts'

/**
 * Loaded into each measured process: at its end it writes what all its threads used to the file that BENCH_USAGE names.
 * Plain JavaScript, because what strips types would be measured along with it.
 */
const USAGE = `data:text/javascript,${encodeURIComponent(`
import { writeFileSync } from 'node:fs'
import { isMainThread } from 'node:worker_threads'
if (isMainThread) process.on('exit', () => {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage()
  const usage = { cpuSeconds: (userCPUTime + systemCPUTime) / 1e6, peakBytes: maxRSS * 1024 }
  writeFileSync(process.env.BENCH_USAGE, JSON.stringify(usage))
})`)}`
const LAUNCHER = fileURLToPath(new URL('../../bin/relaydesk.js', import.meta.url))
const POLL_MS = 100

/** How a measured process ended. */
export interface Measured {
  stdout: string
  /** Wall time from spawn to the end. */
  seconds: number
  /** User and system time of all its threads. */
  cpuSeconds: number
  /** Processor cores that everything else on the machine kept busy meanwhile, on average. */
  otherCores: number
  /** The most it held in memory: what the system polled meanwhile and what the process said at its end. */
  peakBytes: number
}

/** A process under measurement while it runs. */
export interface Measuring {
  child: ChildProcess
  /** `performance.now()` just before the spawn. */
  since: number
  /** Resolves with `performance.now()` at the first output that contains this. */
  said(text: string): Promise<number>
  /** Rejects if it ended with another exit code than 0. */
  ended: Promise<Measured>
}

let count = 0
const running = new Set<ChildProcess>()

/** Ends what still runs, when a measure failed. */
export function endAll(): void {
  for (const child of running) child.kill('SIGKILL')
}

/** Starts a module of Node, in a folder of its own. */
export function measure(
  module: string,
  args: readonly string[],
  options: { cwd: string; env?: Record<string, string> },
): Measuring {
  count += 1
  const usageFile = `${options.cwd}/usage-${process.pid}-${count}.json`
  const env = cleanEnvironment({ ...options.env, BENCH_USAGE: usageFile })
  const since = performance.now()
  const busyBefore = busySeconds()
  const child = spawn(process.execPath, ['--import', USAGE, module, ...args], { cwd: options.cwd, env, stdio: 'pipe' })
  running.add(child)
  child.stdin.end()
  let stdout = ''
  let stderr = ''
  let peakBytes = 0
  const poll = setInterval(() => {
    peakBytes = Math.max(peakBytes, memoryOf(child.pid ?? 0).peak)
  }, POLL_MS)
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    stderr = (stderr + chunk).slice(-10_000)
  })
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    stdout += chunk
  })
  const ended = once(child, 'close').then(async ([code]): Promise<Measured> => {
    const seconds = (performance.now() - since) / 1000
    const busy = busySeconds() - busyBefore
    clearInterval(poll)
    running.delete(child)
    if (code !== 0) throw new Error(`${module} ${args.join(' ')} ended with ${code}: ${stderr}${stdout.slice(-2_000)}`)
    const usage = JSON.parse(await readFile(usageFile, 'utf8')) as { cpuSeconds: number; peakBytes: number }
    await rm(usageFile)
    const { cpuSeconds } = usage
    const otherCores = Math.max(0, (busy - cpuSeconds) / seconds)
    return { stdout, seconds, cpuSeconds, otherCores, peakBytes: Math.max(peakBytes, usage.peakBytes) }
  })
  ended.catch(() => undefined) // whoever waits for it hears of it
  const said = async (text: string): Promise<number> => {
    while (!stdout.includes(text)) await Promise.race([once(child.stdout, 'data'), ended.then(() => failOf(text))])
    return performance.now()
  }
  return { child, since, said, ended }
}

/** The real program, through its launcher. */
export function measureDesk(
  args: readonly string[],
  options: { cwd: string; env?: Record<string, string> },
): Measuring {
  return measure(LAUNCHER, args, options)
}

/** Processor time of all cores since the machine started, in which it did anything at all. */
function busySeconds(): number {
  return cpus().reduce((sum, { times }) => sum + times.user + times.nice + times.sys + times.irq, 0) / 1000
}

function failOf(text: string): never {
  throw new Error(`The process ended and never said "${text}".`)
}

/** Resident memory of a process now, and at most so far; zero where the system has no /proc. */
export function memoryOf(pid: number): { now: number; peak: number } {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    const bytes = (field: string) => Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0) * 1024
    return { now: bytes('VmRSS'), peak: bytes('VmHWM') }
  } catch {
    return { now: 0, peak: 0 }
  }
}

const TICKS = 100 // a second: USER_HZ of Linux

/** Processor time of all threads of a process so far, in seconds; NaN where the system has no /proc. */
export function cpuSecondsOf(pid: number): number {
  try {
    const [, fields = ''] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')
    const [user, system] = fields.split(' ').slice(11, 13)
    return (Number(user) + Number(system)) / TICKS
  } catch {
    return Number.NaN
  }
}

/** How many threads a process has now; undefined where the system has no /proc. */
export function threadsOf(pid: number): number | undefined {
  try {
    return readdirSync(`/proc/${pid}/task`).length
  } catch {
    return undefined
  }
}
