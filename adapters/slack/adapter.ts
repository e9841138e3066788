// The Slack channel.
import type {
  ChannelAdapter,
  ChannelOptions,
  Checkable,
  Describes,
  Finding,
  KnowsReaders,
  Owns,
  Rereads,
  ShowsCards,
  WritesFirst,
} from '../../src/channel/adapter.ts'
import type { Desk } from '../../src/channel/desk.ts'
import type { HttpPort, HttpRoute, ServesHttp } from '../../src/channel/http.ts'
import type { InboundMessage, UnreadableMessage } from '../../src/channel/message.ts'
import type { OutboundMessage, Sent } from '../../src/channel/outbound.ts'
import { DeliveryError } from '../../src/channel/outbound.ts'
import type { Card, CardEntry } from '../../src/channel/surface.ts'
import { DeskError } from '../../src/errors.ts'
import { type Account, identify, resolveChannels } from './account.ts'
import { createApp, createClient } from './api/bolt-app.ts'
import { HttpWire, slackRoutes } from './api/http-receiver.ts'
import { Pacer } from './api/pacer.ts'
import { SocketWire } from './api/socket.ts'
import { check } from './doctor/check-slack.ts'
import { Interactions } from './interact/interactions.ts'
import { rereadSubmission } from './interact/submission.ts'
import { EventIntake } from './receive/event-intake.ts'
import { rereadMessage } from './receive/inbound-message.ts'
import { Cards } from './send/card-poster.ts'
import { Sender } from './send/slack-sender.ts'
import { ownPortOf, requestUrlOf, type SlackSettings } from './settings.ts'
import { placeOf, readPlace, type Workspace } from './workspace.ts'

/** All that runs between start and stop. */
interface Running {
  workspace: Workspace
  account: Account
  pacer: Pacer
  sender: Sender
  cards: Cards
  inbound: EventIntake
  interactions: Interactions
  wire: SocketWire | HttpWire
}

/** One Slack workspace: people ask there, and agents work there on the tickets of every channel. */
export class SlackChannel
  implements ChannelAdapter, ShowsCards, WritesFirst, KnowsReaders, Owns, Rereads, Checkable, Describes, ServesHttp
{
  readonly name: string
  readonly hasRoom: boolean
  readonly ownPort: HttpPort | undefined
  readonly #settings: SlackSettings
  readonly #options: ChannelOptions
  #running: Running | undefined
  /** The workspace, once it was known; it stays known when the channel is stopped. */
  #teamId: string | undefined
  #botUserId: string | undefined

  constructor(settings: SlackSettings, options: ChannelOptions) {
    this.name = options.name
    this.hasRoom = settings.room !== undefined
    this.ownPort = settings.http && ownPortOf(settings.http)
    this.#settings = settings
    this.#options = options
  }

  /** What Slack says of tokens and channels is no reason for the desk not to start: somebody may mend it in Slack. */
  async start(desk: Desk): Promise<void> {
    const { http } = this.#settings
    if (http) requestUrlOf(http, this.#options.web.publicUrl)
    if (this.#running) return
    await this.#begin(desk).catch(error => {
      throw error instanceof DeskError ? new DeskError('unavailable', error.message, { cause: error }) : error
    })
  }

  async #begin(desk: Desk): Promise<void> {
    const settings = this.#settings
    const client = createClient(settings, this.#options)
    const account = await identify(client)
    const { teamId, botUserId, botId } = account
    if (settings.team !== undefined && settings.team !== teamId) {
      const which = `botToken is of ${account.team} (${teamId}), not of ${settings.team}`
      throw new DeskError('config', `team: ${which}: write its token or its id.`)
    }
    const channels = await resolveChannels(client, settings)
    const workspace = { settings, options: this.#options, desk, client, teamId, botUserId, botId, ...channels }
    const running = this.#assemble(workspace, account)
    this.#teamId = teamId
    this.#botUserId = botUserId
    this.#running = running
    try {
      await running.inbound.start()
      await running.wire.start()
    } catch (error) {
      this.#running = undefined
      await finish(running)
      throw error
    }
  }

  #assemble(workspace: Workspace, account: Account): Running {
    const { settings } = workspace
    const pacer = new Pacer()
    const { appId } = account
    let homeOpened: Interactions['homeOpened'] = async () => undefined
    const inbound = new EventIntake(workspace, { appId, onHomeOpened: opened => homeOpened(opened) })
    const interactions = new Interactions(workspace, inbound)
    homeOpened = opened => interactions.homeOpened(opened)
    const wireOptions = { workspace, appId, onConnected: () => inbound.catchUp() }
    const wire = settings.http
      ? new HttpWire(wireOptions, settings.http)
      : new SocketWire(wireOptions, settings.appToken ?? '')
    const handlers = {
      event: (body: object) => inbound.event(body),
      command: (body: object) => interactions.command(body),
      action: (body: object) => interactions.action(body),
      view: (body: object) => interactions.view(body),
      shortcut: (body: object) => interactions.shortcut(body),
    }
    createApp(workspace, handlers, wire)
    const sender = new Sender(workspace, pacer)
    return { workspace, account, pacer, sender, cards: new Cards(workspace, pacer), inbound, interactions, wire }
  }

  async stop(): Promise<void> {
    const running = this.#running
    this.#running = undefined
    if (running) await finish(running)
  }

  /** Resolves when nobody is still to be told what came of something they did. */
  async idle(): Promise<void> {
    await this.#running?.interactions.idle()
  }

  async send(message: OutboundMessage): Promise<Sent> {
    return this.#started().sender.send(message)
  }

  async showCard(card: Card, place: string | null, attempt: { id: string; attempt: number }): Promise<string> {
    return this.#started().cards.showCard(card, place, attempt)
  }

  seesCards(address: string): boolean {
    return this.#running?.inbound.room.has(readPlace(address)?.channel ?? '') ?? true
  }

  async addToCard(place: string, entry: CardEntry): Promise<void> {
    return this.#started().cards.addToCard(place, entry)
  }

  #started(): Running {
    if (this.#running) return this.#running
    throw new DeliveryError('The channel is not started.', { permanent: false })
  }

  /** Where the workspace is not known, because the channel runs in another process, it is taken for the only one. */
  reaches(address: string): boolean {
    const place = readPlace(address)
    if (!place || place.ts !== undefined || !/^[UW]/.test(place.channel)) return false
    return place.team === (this.#settings.team ?? this.#teamId ?? place.team)
  }

  /** All but direct messages. */
  isShared(replyTo: string): boolean {
    return /^[CG]/.test(readPlace(replyTo)?.channel ?? '')
  }

  owns(recipient: string): boolean {
    if (this.#teamId === undefined || this.#botUserId === undefined) return false
    return recipient === placeOf({ team: this.#teamId, channel: this.#botUserId, ts: undefined })
  }

  async reread(raw: Uint8Array): Promise<InboundMessage | UnreadableMessage> {
    const message = rereadSubmission(raw) ?? rereadMessage(raw)
    if (message) return message
    throw new DeskError('unavailable', 'This is nothing that came from Slack as it is stored today.')
  }

  check(desk: Desk): Promise<Finding[]> {
    return check(this.#settings, this.#options, desk)
  }

  routes(): HttpRoute[] {
    const { http } = this.#settings
    const running = () => {
      const wire = this.#running?.wire
      return wire instanceof HttpWire ? wire : undefined
    }
    return http ? slackRoutes(http, running) : []
  }

  describe(): string[] {
    if (!this.#running) return []
    const { bot, team } = this.#running.account
    const { http } = this.#settings
    const { host, port } = this.ownPort ?? this.#options.web
    return [`@${bot} in ${team} (${http ? `http://${host}:${port}${http.path}` : 'Socket Mode'})`]
  }
}

/** What waits for Slack gives up at once, so that what waits for it can end. */
async function finish({ wire, inbound, interactions, pacer }: Running): Promise<void> {
  pacer.stop()
  await Promise.all([wire.stop(), inbound.stop()])
  await interactions.stop()
}
