// A desk as it runs in earnest, in a process of its own, with mail and Slack; and what others see of it under siege.
import { once } from 'node:events'
import { readFile, rm } from 'node:fs/promises'
import { Worker } from 'node:worker_threads'
import { stringify } from 'yaml'
import { memoryOf } from '../bench/measured-process.ts'
import { eventually } from '../support/eventually.ts'
import { freePort } from '../support/ports.ts'
import { type Ended, launch, makeRoom, type Room, type Running, untilReady } from '../support/relaydesk-process.ts'
import { SlackStand } from '../support/slack/stand.ts'
import { World } from '../support/smtp-world.ts'
import type { Target, Waits } from './prober.ts'
import { WATCH } from './watch.ts'

export interface DeskOptions {
  /** Put into the settings of the mail channel. */
  mail?: object
  /** Further channels. */
  channels?: readonly object[]
  /** Put into the configuration. */
  root?: object
}

export interface Turn {
  longest: number
  processor: number
}

/** What others saw, in milliseconds; `often` is what 99 in 100 did not exceed. */
export interface Seen {
  /** By the clock, and by the processor time of the desk's own thread. */
  longestTurn: Turn
  greeting: { longest: number; often: number }
  command: { longest: number; often: number }
  peakBytes: number
}

const BOB = { handle: 'bob', name: 'Bob Berg', email: 'bob@staff.example' }
const PEOPLE = [
  { name: 'ann', email: 'ann@example.com' },
  { name: 'bob', email: BOB.email },
]
const ROOMS = [
  { name: 'help', members: ['ann', 'bob', 'desk'] },
  { name: 'triage', private: true, members: ['bob', 'desk'] },
]
const SETTLES_MS = 500 // after the start, before anybody is measured

export class BesiegedDesk {
  readonly room: Room
  readonly world: World
  readonly stand: SlackStand
  readonly mailPort: number
  readonly slackUrl: string
  #running: Running
  readonly #target: Target

  private constructor(
    parts: Pick<BesiegedDesk, 'room' | 'world' | 'stand' | 'mailPort' | 'slackUrl'>,
    more: { running: Running; target: Target },
  ) {
    this.room = parts.room
    this.world = parts.world
    this.stand = parts.stand
    this.mailPort = parts.mailPort
    this.slackUrl = parts.slackUrl
    this.#running = more.running
    this.#target = more.target
  }

  static async start({ mail = {}, channels = [], root = {} }: DeskOptions = {}): Promise<BesiegedDesk> {
    const [room, world] = [await makeRoom(''), new World()]
    await world.start()
    const stand = await SlackStand.start({ users: PEOPLE, channels: ROOMS })
    const [mailPort, port] = [await freePort(), await freePort()]
    const { botToken, signingSecret, apiUrl: api } = stand
    const config = {
      ...{ state: 'var', agents: [BOB] },
      channels: [
        {
          ...{ name: 'support', kind: 'email', address: 'help@desk.example', listen: { port: mailPort } },
          ...{ send: { smtp: { host: '127.0.0.1', port: world.port, requireTls: false } } },
          ...{ authentication: { check: false }, ...mail },
        },
        {
          ...{ name: 'slack', kind: 'slack', botToken, api, http: { port, signingSecret } },
          ...{ room: '#triage', support: [{ channel: '#help' }] },
        },
        ...channels,
      ],
      ...root,
    }
    await room.write('relaydesk.yaml', stringify(config))
    const running = await startIn(room)
    const slackUrl = `http://127.0.0.1:${port}/slack/events`
    stand.route = stand.http(slackUrl)
    const { payload } = await stand.as('bob').command('/desk list mine', { channel: 'help' })
    const form = Object.fromEntries(Object.entries(payload).map(([name, value]) => [name, String(value)]))
    const target = { mailPort, slackUrl, signingSecret, form }
    await new Promise(resolve => setTimeout(resolve, SETTLES_MS))
    return new BesiegedDesk({ room, world, stand, mailPort, slackUrl }, { running, target })
  }

  get pid(): number {
    return this.#running.child.pid ?? 0
  }

  /** Whether it still runs. */
  get isAlive(): boolean {
    return this.#running.child.exitCode === null && this.#running.child.signalCode === null
  }

  /** What it has printed of trouble. */
  get stderr(): string {
    return this.#running.stderr()
  }

  /** Runs a command line beside it. */
  run(...args: string[]): Promise<Ended> {
    return this.room.run(...args)
  }

  /** How many messages there are of each outcome, and whether all that arrived is accounted for. */
  async verify(): Promise<{ sound: boolean; text: string }> {
    const { code, stdout, stderr } = await this.run('verify')
    return { sound: code === 0, text: `${stdout}${stderr}` }
  }

  /** What others see of it while something is done. */
  async during(work: () => Promise<unknown>): Promise<Seen> {
    await this.#turns()
    const prober = new Worker(new URL('./prober.ts', import.meta.url), { workerData: this.#target })
    try {
      await work()
      prober.postMessage('over')
      const [waits] = (await once(prober, 'message')) as [Waits]
      const longestTurn = await this.#turns()
      return {
        longestTurn,
        greeting: summed(waits.greetings),
        command: summed(waits.commands),
        peakBytes: memoryOf(this.pid).peak,
      }
    } finally {
      await prober.terminate()
    }
  }

  /** The longest turn of its event loop since this was asked last. */
  async #turns(): Promise<Turn> {
    const file = this.room.path('turns.json')
    await rm(file, { force: true })
    this.#running.child.kill('SIGUSR2')
    const said = await eventually(() => readFile(file, 'utf8').catch(() => undefined), 'the desk tells of its turns')
    return JSON.parse(said) as Turn
  }

  /** Asks it to stop. Gives how many milliseconds that took. */
  async stop(): Promise<number> {
    const since = performance.now()
    if (this.isAlive) this.#running.child.kill('SIGTERM')
    await this.#running.ended
    return performance.now() - since
  }

  /** Starts it again after `stop`. */
  async startAgain(): Promise<void> {
    this.#running = await startIn(this.room)
  }

  async remove(): Promise<void> {
    await this.room.remove()
    await this.stand.stop()
    await this.world.stop()
  }
}

async function startIn(room: Room): Promise<Running> {
  const env = { NODE_OPTIONS: `--import ${WATCH} ${process.env.PROF ?? ''}`, SIEGE_TURNS: room.path('turns.json') }
  const running = launch(['start'], { cwd: room.folder, env })
  room.adopt(running.child)
  await untilReady(running)
  return running
}

function summed(times: readonly number[]): { longest: number; often: number } {
  const sorted = times.toSorted((a, b) => a - b)
  return { longest: sorted.at(-1) ?? 0, often: sorted[Math.floor((sorted.length - 1) * 0.99)] ?? 0 }
}
