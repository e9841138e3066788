import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stringify } from 'yaml'
import * as adapterKinds from '../../adapters/index.ts'
import type { Reply } from '../../src/channel/desk.ts'
import type { Clock } from '../../src/clock.ts'
import { loadConfig } from '../../src/config.ts'
import { type OpenDesk, openDesk } from '../../src/main.ts'
import { nextDue } from '../../src/store/outbox-turns.ts'
import { freePort } from '../support/ports.ts'

const KINDS = Object.fromEntries(Object.entries(adapterKinds).map(([kind, each]) => [kind, each.settings]))

/** What one desk of the simulation is configured with. */
export interface DeskPlan {
  name: string
  prefix: string
  address: string
  agents: readonly { handle: string; name: string; email: string }[]
  /** Further settings of its channel. */
  channel: { aliases?: string[]; [setting: string]: unknown }
}

/** A desk at a time of our choosing. It sends when it is told to, so that the same seed gives the same month. */
export class SimulatedDesk {
  readonly plan: DeskPlan
  readonly port: number
  readonly open: OpenDesk
  readonly #folder: string
  #delivered = '' // when it did so last

  private constructor(plan: DeskPlan, port: number, open: OpenDesk, folder: string) {
    this.plan = plan
    this.port = port
    this.open = open
    this.#folder = folder
  }

  /** Opens its store and listens for mail; what it sends goes to the exchange. */
  static async start(plan: DeskPlan, clock: Clock, exchangePort: number): Promise<SimulatedDesk> {
    const folder = await mkdtemp(join(tmpdir(), `relaydesk-${plan.name}-`))
    const port = await freePort()
    const channel = {
      name: 'support',
      kind: 'email',
      address: plan.address,
      ...plan.channel,
      listen: { port },
      send: { smtp: { host: '127.0.0.1', port: exchangePort, requireTls: false } },
    }
    const file = join(folder, 'relaydesk.yaml')
    const desks = [{ id: plan.name, name: `${plan.name} help`, prefix: plan.prefix }]
    await writeFile(file, stringify({ state: '.', log: 'silent', desks, agents: plan.agents, channels: [channel] }))
    const open = await openDesk(loadConfig({ file, kinds: KINDS }).config, { clock })
    await open.context.channels.get('support')?.adapter.start(open.service.deskFor('support'))
    return new SimulatedDesk(plan, port, open, folder)
  }

  get addresses(): string[] {
    return [this.plan.address, ...(this.plan.channel.aliases ?? [])]
  }

  /** A command line of an agent. */
  as(handle: string, line: string, body = ''): Promise<Reply> {
    return this.open.service.perform({ actor: { handle }, channel: 'test', line, body })
  }

  /** When it has something more to send; undefined if never. */
  async due(): Promise<number | undefined> {
    const due = await nextDue(this.open.context.store.read, this.#delivered)
    return due === undefined ? undefined : Date.parse(due)
  }

  /** Sends all that is due now. */
  async deliver(): Promise<void> {
    this.#delivered = this.open.context.clock.now().toISOString()
    while ((await this.open.service.deliverer.pass()) > 0);
  }

  async remove(): Promise<void> {
    await this.open.close()
    await rm(this.#folder, { recursive: true, force: true })
  }
}
