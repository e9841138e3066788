import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { patience } from '../support/patience.ts'
import { cleanEnvironment } from '../support/relaydesk-process.ts'
import type { Answer, Ask } from './reader-process.ts'
import type { Reading } from './reading-desk.ts'

const PROGRAM = fileURLToPath(new URL('./reader-process.ts', import.meta.url))
const POLL_MS = 250
const LONGEST_WALL_MS = 300_000 // far more than any message: the machine may be busy with other things
const LONGEST_CPU_S = 10 // after which nobody waits for the end
const MOST_MEMORY_KB = 1_500_000 // after which it is ended before the machine suffers

/** What a message was read as and what that took. */
export interface Measured extends Reading {
  /** The most memory above that of the idle process. */
  grownMb: number
}

/** A process that reads one message after the other; whatever becomes of it, the message in hand is known. */
export class Reader {
  readonly #child: ChildProcess
  #idleKb = 0
  #gone = false
  /** The end of what it complained of. */
  #complaint = ''

  private constructor(child: ChildProcess) {
    this.#child = child
    child.stderr?.on('data', (chunk: Buffer) => {
      this.#complaint = (this.#complaint + chunk.toString()).slice(-2_000)
    })
  }

  /** What it writes is below `folder`, since a process that is killed cleans up nothing. */
  static async start(folder: string): Promise<Reader> {
    const child = fork(PROGRAM, {
      serialization: 'advanced',
      execArgv: [],
      env: cleanEnvironment({ TMPDIR: folder }),
      stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
    })
    const reader = new Reader(child)
    const [first] = await messageOrExit(child)
    if (typeof first !== 'object' || first === null || !('idleKb' in first)) throw new Error(reader.#ending(first))
    reader.#idleKb = first.idleKb
    return reader
  }

  /** Whether the process has ended, so that another is needed. */
  get gone(): boolean {
    return this.#gone
  }

  async read(bytes: Uint8Array, store: boolean): Promise<Measured> {
    const answer = await this.#ask({ bytes, store }, patience(LONGEST_CPU_S))
    if (typeof answer === 'string') {
      return { outcome: 'no outcome', stored: '', cpuMs: 0, grownMb: 0, problems: [answer] }
    }
    if (!('reading' in answer)) throw new Error('The reader answered something else.')
    return { ...answer.reading, grownMb: Math.max(0, answer.peakKb - this.#idleKb) / 1024 }
  }

  /** What is wrong with the store; one sentence each. */
  async verify(): Promise<string[]> {
    const answer = await this.#ask('verify', Number.POSITIVE_INFINITY)
    if (typeof answer === 'string') return [answer]
    return 'verified' in answer ? answer.verified : []
  }

  async stop(): Promise<void> {
    if (this.#gone) return
    this.#gone = true
    const exit = once(this.#child, 'exit')
    this.#child.disconnect()
    await exit
  }

  /** Resolves with a sentence if the process ends, or has to be ended, before it answers. */
  async #ask(ask: Ask, longestCpu: number): Promise<Answer | string> {
    const child = this.#child
    if (child.exitCode !== null || child.signalCode !== null) {
      this.#gone = true
      return this.#ending(child.exitCode ?? child.signalCode)
    }
    const watch = this.#watch(longestCpu)
    try {
      child.send(ask)
      const [first, signal] = await messageOrExit(child)
      if (typeof first === 'object' && first !== null) return first
      this.#gone = true
      return watch.reason() || this.#ending(first ?? signal)
    } finally {
      watch.stop()
    }
  }

  #ending(how: unknown): string {
    return `crash: the process ended with ${how}: ${this.#complaint.trim().slice(-300)}`
  }

  /** Ends the process if it takes far more than it may. */
  #watch(longestCpu: number): { reason(): string; stop(): void } {
    const { pid = 0 } = this.#child
    const began = cpuSeconds(pid)
    const since = Date.now()
    let reason = ''
    const timer = setInterval(() => {
      if (cpuSeconds(pid) - began > longestCpu) reason = `time: not done after ${longestCpu} s of processor time`
      else if (residentKb(pid) > MOST_MEMORY_KB) reason = `memory: more than ${MOST_MEMORY_KB / 1000} MB`
      else if (Date.now() - since > patience(LONGEST_WALL_MS))
        reason = `time: not done after ${LONGEST_WALL_MS / 1000} s`
      if (reason) this.#child.kill('SIGKILL')
    }, POLL_MS)
    return { reason: () => reason, stop: () => clearInterval(timer) }
  }
}

/** What the process says next, or its exit code and signal. */
async function messageOrExit(child: ChildProcess): Promise<[Answer | number | null, string?]> {
  const either = new AbortController()
  const { signal } = either
  try {
    const next = [once(child, 'message', { signal }), once(child, 'exit', { signal })]
    return (await Promise.race(next)) as [Answer | number | null, string?]
  } finally {
    either.abort()
  }
}

const TICKS = 100 // a second; what Linux tells processes, whatever its own clock

/** Processor time of a process so far; 0 where the system does not tell. */
function cpuSeconds(pid: number): number {
  const fields = told(pid, 'stat').replace(/^.*\)/s, '').trim().split(' ')
  return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) / TICKS
}

function residentKb(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(told(pid, 'status'))?.[1] ?? 0)
}

function told(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch {
    return ''
  }
}
