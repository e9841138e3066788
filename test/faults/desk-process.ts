import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { patience } from '../support/patience.ts'

const LAUNCHER = fileURLToPath(new URL('../../bin/relaydesk.js', import.meta.url))
const NODE = fileURLToPath(new URL('../../node_modules/.bin/node', import.meta.url))
const SLOWEST_MS = 60_000

/** Where one desk lives. */
export interface DeskPlace {
  folder: string
  /** What `database` in its configuration says. */
  database: string
}

export interface Ended {
  code: number | null
  signal: NodeJS.Signals | null
}

/** The desk's address in every configuration written here. */
export const DESK_ADDRESS = 'help@desk.example'

/** `relaydesk` as an operator runs it: a process of its own, the program as it ships. */
export class DeskProcess {
  /** Whole lines of its standard output. What it was killed in the middle of is none. */
  readonly lines: string[] = []
  readonly ended: Promise<Ended>
  /** Called with each line. */
  onLine: (line: string) => void = () => undefined
  readonly #child: ChildProcessByStdio<null, Readable, Readable>
  #errors = ''

  /** `extra` is put into its environment. */
  constructor(place: DeskPlace, args: string[], extra: Record<string, string> = {}) {
    const own = Object.entries(process.env).filter(([name]) => !name.startsWith('RELAYDESK_'))
    const env = { ...Object.fromEntries(own), ...extra }
    const command = [LAUNCHER, '--config', configOf(place), ...args]
    this.#child = spawn(NODE, command, { cwd: place.folder, env, stdio: ['ignore', 'pipe', 'pipe'] })
    let rest = ''
    this.#child.stdout.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) {
        this.lines.push(line)
        this.onLine(line)
      }
    })
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#errors = (this.#errors + text).slice(-2_000)
    })
    this.ended = new Promise((resolve, reject) => {
      this.#child.once('error', reject)
      this.#child.once('close', (code, signal) => resolve({ code, signal }))
    })
  }

  /** The end of what it wrote to standard error. */
  get errors(): string {
    return this.#errors.trim()
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  /** Its exit code. A process that takes too long is killed, and that rejects. */
  async exitCode(slowestMs = SLOWEST_MS): Promise<number | null> {
    let late = false
    const timer = setTimeout(() => {
      late = true
      this.kill('SIGKILL')
    }, patience(slowestMs))
    const { code } = await this.ended
    clearTimeout(timer)
    if (late) throw new Error(`a process did not end in time: ${this.errors}`)
    return code
  }
}

const NO_LIMIT = { tickets: 0, messages: 0 }

/** Writes the configuration that the next process at this place reads. */
export function configure(place: DeskPlace, listen: { host: string; port: number } | undefined): Promise<void> {
  const channel = {
    name: 'support',
    kind: 'email',
    address: DESK_ADDRESS,
    send: { maildir: 'mail' },
    ...(listen ? { listen } : {}),
  }
  const agents = [{ handle: 'bob', name: 'Bob Berg', email: 'bob@staff.example' }]
  const settings = {
    state: 'state',
    database: place.database,
    log: 'warn',
    agents,
    floods: NO_LIMIT,
    channels: [channel],
  }
  return writeFile(configOf(place), JSON.stringify(settings)) // JSON is YAML
}

function configOf(place: DeskPlace): string {
  return join(place.folder, 'relaydesk.yaml')
}
