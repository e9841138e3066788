import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createApp, createClient, type Handlers } from '../../../../adapters/slack/api/bolt-app.ts'
import { HttpWire } from '../../../../adapters/slack/api/http-receiver.ts'
import { EventIntake, type HomeOpened } from '../../../../adapters/slack/receive/event-intake.ts'
import { slackSettings } from '../../../../adapters/slack/settings.ts'
import type { Workspace } from '../../../../adapters/slack/workspace.ts'
import { ByteBudget } from '../../../../src/budget.ts'
import { RecordingDesk } from '../recording-desk.ts'
import type { SlackStand } from '../stand.ts'
import { serveWire } from '../wire-server.ts'

interface ReceivingOptions {
  /** Names of channels. */
  room?: string
  support?: Record<string, 'all' | 'asked'>
  desk?: RecordingDesk
  maxMessageBytes?: number
  now?: () => Date
}

/** The receiving half of a Slack channel that listens on a port of its own, with a desk that notes everything. */
export class Receiving {
  readonly desk: RecordingDesk
  readonly inbound: EventIntake
  readonly workspace: Workspace
  readonly warnings: string[] = []
  readonly dropped: string[] = []
  readonly homes: HomeOpened[] = []
  readonly budget = new ByteBudget(200_000_000)
  readonly folder: string
  readonly #wire: HttpWire
  /** Where Slack sends everything. */
  url = ''
  #stop: () => Promise<void> = async () => undefined

  private constructor(stand: SlackStand, options: ReceivingOptions & { folder: string }) {
    this.folder = options.folder
    this.desk = options.desk ?? new RecordingDesk()
    this.workspace = this.#workspaceOf(stand, options)
    this.inbound = new EventIntake(this.workspace, {
      appId: stand.workspace.bot.appId,
      onHomeOpened: async opened => {
        this.homes.push(opened)
      },
      onDropped: reason => this.dropped.push(reason),
    })
    const { http } = this.workspace.settings
    if (!http) throw new Error('It listens over HTTP')
    const wire = { workspace: this.workspace, onConnected: () => this.inbound.catchUp() }
    this.#wire = new HttpWire(wire, http)
    const handlers = { event: body => this.inbound.event(body) } as Pick<Handlers, 'event'> as Handlers
    createApp(this.workspace, handlers, this.#wire)
  }

  /** Starts it, and tells the stand the way there. */
  static async start(stand: SlackStand, options: ReceivingOptions = {}): Promise<Receiving> {
    const folder = await mkdtemp(join(tmpdir(), 'relaydesk-slack-'))
    const receiving = new Receiving(stand, { ...options, folder })
    await receiving.inbound.start()
    const { url, stop } = await serveWire(receiving.#wire, sentence => receiving.warnings.push(sentence))
    receiving.#stop = stop
    receiving.url = url
    stand.route = stand.http(url)
    return receiving
  }

  async stop(): Promise<void> {
    await this.#stop()
    await this.inbound.stop()
    await rm(this.folder, { recursive: true, force: true })
  }

  #workspaceOf(stand: SlackStand, options: ReceivingOptions): Workspace {
    const { signingSecret, botToken, workspace } = stand
    const settings = slackSettings.parse({
      ...{ botToken, api: stand.apiUrl },
      http: { signingSecret },
      ...(options.room === undefined ? {} : { room: options.room }),
    })
    const channel = {
      ...{ name: 'chat', deskName: 'Support', maxMessageBytes: options.maxMessageBytes ?? 25_000_000 },
      budget: this.budget,
      spoolPath: async () => join(this.folder, `spool-${crypto.randomUUID()}`),
      statePath: (name: string) => join(this.folder, name),
      web: { host: '127.0.0.1', port: 8025 },
      now: options.now ?? (() => new Date()),
      warn: (sentence: string) => void this.warnings.push(sentence),
    }
    const support = Object.entries(options.support ?? {}).map(
      ([name, take]) => [workspace.channel(name), take] as const,
    )
    return {
      ...{ settings, options: channel, desk: this.desk, client: createClient(settings, channel) },
      ...{ teamId: workspace.team.id, botUserId: workspace.bot.id, botId: workspace.bot.botId },
      roomId: options.room === undefined ? undefined : workspace.channel(options.room),
      support: new Map(support),
    }
  }
}
