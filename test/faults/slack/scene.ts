import { appendFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { eventually } from '../../support/eventually.ts'
import { patience } from '../../support/patience.ts'
import { freePort } from '../../support/ports.ts'
import { launch, type Running } from '../../support/relaydesk-process.ts'
import { type CuttingProxy, startProxy } from '../../support/servers/cutting-proxy.ts'
import { SlackStand } from '../../support/slack/stand.ts'
import type { DeskPlace } from '../desk-process.ts'
import { viewOf } from '../imap/view.ts'
import { Ledger } from './ledger.ts'
import { AGENTS, ASKED_CHANNEL, GUEST_CHANNEL, OPEN_CHANNELS, ROOM } from './plan.ts'
import { DeskWatch } from './watch.ts'

const HURRY = pathToFileURL(join(import.meta.dirname, 'hurry.ts')).href
/** It waits for Slack where that is in trouble. */
const SLOWEST_START_MS = 120_000
const SLOWEST_STOP_MS = 60_000

/** How Slack reaches the desk. */
export type Way = 'http' | 'socket'

/** A workspace, and a desk in a process of its own that works in it. */
export class SlackScene {
  readonly place: DeskPlace
  readonly stand: SlackStand
  readonly ledger: Ledger
  /** Between Slack and the desk, where that is by HTTP. */
  readonly network: CuttingProxy
  readonly watch: DeskWatch
  readonly #port: number
  #way: Way = 'http'
  #desk: Running | undefined
  #kept = 0

  private constructor(place: DeskPlace, stand: SlackStand, network: CuttingProxy, port: number, watch: DeskWatch) {
    this.place = place
    this.stand = stand
    this.ledger = new Ledger(stand)
    this.network = network
    this.watch = watch
    this.#port = port
  }

  /** The desk is ready, and listens by HTTP. */
  static async set(place: DeskPlace, people: readonly string[]): Promise<SlackScene> {
    const users = [
      ...people.map(name => ({ name, email: `${name}@example.com` })),
      ...AGENTS.map(name => ({ name, email: `${name}@staff.example` })),
    ]
    const open = [...OPEN_CHANNELS, ASKED_CHANNEL, GUEST_CHANNEL].map(name => ({ name }))
    const stand = await SlackStand.start({
      users,
      channels: [...open, { name: ROOM, private: true, members: [...AGENTS] }],
    })
    const port = await freePort()
    const network = await startProxy(port)
    const scene = new SlackScene(place, stand, network, port, new DeskWatch(await viewOf(place)))
    try {
      scene.configure('http')
      await scene.startDesk()
      return scene
    } catch (error) {
      await scene.clear()
      throw error
    }
  }

  /** What the desk complained of, all its lives long. */
  get logFile(): string {
    return join(this.place.folder, 'desk.log')
  }

  get way(): Way {
    return this.#way
  }

  /** How the next desk is reached. */
  configure(way: Way): void {
    this.#way = way
    const { stand } = this
    const secret = stand.signingSecret
    const reached =
      way === 'http' ? { http: { port: this.#port, signingSecret: secret } } : { appToken: stand.appToken }
    const support = [...OPEN_CHANNELS.map(channel => ({ channel })), { channel: ASKED_CHANNEL, take: 'asked' }]
    const slack = {
      ...{ name: 'slack', kind: 'slack', botToken: stand.botToken, ...reached, api: stand.apiUrl },
      ...{ room: ROOM, support, oneTicketWithin: '1d' },
    }
    const mail = { name: 'support', kind: 'email', address: 'help@desk.example', send: { maildir: 'mail' } }
    const agents = AGENTS.map(handle => ({ handle, name: `${handle} at work`, email: `${handle}@staff.example` }))
    const settings = {
      ...{ state: 'state', database: this.place.database, log: 'warn', agents, channels: [mail, slack] },
      floods: { tickets: 0, messages: 0 },
      automatic: { perDay: 1_000_000, perAgentDay: 1_000_000 },
    }
    writeFileSync(join(this.place.folder, 'relaydesk.yaml'), JSON.stringify(settings)) // JSON is YAML
  }

  /** The way to the desk, whether or not anybody is there. */
  route() {
    return this.#way === 'socket'
      ? this.stand.socket
      : this.stand.http(`http://127.0.0.1:${this.network.port}/slack/events`)
  }

  /** The desk runs, and did not end by itself. */
  get deskRuns(): boolean {
    return this.#desk !== undefined && this.#desk.child.exitCode === null && this.#desk.child.signalCode === null
  }

  async startDesk(): Promise<void> {
    const env = { NODE_OPTIONS: `--import ${HURRY}` }
    const desk = launch(['start'], { cwd: this.place.folder, env })
    const kill = () => desk.child.kill('SIGKILL')
    process.once('exit', kill)
    void desk.ended.then(() => process.off('exit', kill))
    this.#desk = desk
    this.#kept = 0
    const isReady = () => desk.child.exitCode !== null || desk.stdout().includes('is ready')
    await eventually(isReady, 'the desk is ready', SLOWEST_START_MS)
    if (!this.deskRuns) throw new Error(`The desk ended with ${desk.child.exitCode}: ${desk.stderr()}`)
  }

  async killDesk(): Promise<void> {
    this.#desk?.child.kill('SIGKILL')
    await this.#desk?.ended
    this.keepLog()
    this.#desk = undefined
  }

  /** In good order. Gives its exit code. */
  async stopDesk(): Promise<number | null> {
    const desk = this.#desk
    if (!desk) return null
    desk.child.kill('SIGTERM')
    const timer = setTimeout(() => desk.child.kill('SIGKILL'), patience(SLOWEST_STOP_MS))
    const { code } = await desk.ended
    clearTimeout(timer)
    this.keepLog()
    this.#desk = undefined
    return code
  }

  keepLog(): void {
    const said = this.#desk?.stderr() ?? ''
    appendFileSync(this.logFile, said.slice(this.#kept))
    this.#kept = said.length
  }

  async clear(): Promise<void> {
    if (this.deskRuns) await this.killDesk()
    await this.watch.stop()
    this.stand.route = undefined
    await this.stand.stop()
    await this.network.stop()
  }
}
