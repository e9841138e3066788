// The Slack channel.
import { setTimeout as pause } from 'node:timers/promises'
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
import type { InboundMessage, UnreadableMessage } from '../../src/channel/message.ts'
import type { OutboundMessage, Sent } from '../../src/channel/outbound.ts'
import { DeliveryError } from '../../src/channel/outbound.ts'
import type { Card, CardEntry } from '../../src/channel/surface.ts'
import { DeskError, sentenceOf } from '../../src/errors.ts'
import { type Account, identify, resolveChannels } from './account.ts'
import { createApp, createClient } from './api/bolt-app.ts'
import { HttpWire } from './api/http.ts'
import { Pacer } from './api/pacer.ts'
import { SocketWire } from './api/socket.ts'
import { check } from './doctor/check-slack.ts'
import { Interactions } from './interact/interactions.ts'
import { rereadSubmission } from './interact/submission.ts'
import { Inbound } from './receive/inbound.ts'
import { rereadMessage } from './receive/inbound-message.ts'
import { Cards } from './send/card-poster.ts'
import { Sender } from './send/slack-sender.ts'
import type { SlackSettings } from './settings.ts'
import { placeOf, readPlace, type Workspace } from './workspace.ts'

const ALARM = 'slack-start'
const FIRST_WAIT_MS = 2_000
const LONGEST_WAIT_MS = 60_000

/** All that runs between start and stop. */
interface Running {
  workspace: Workspace
  account: Account
  pacer: Pacer
  sender: Sender
  cards: Cards
  inbound: Inbound
  interactions: Interactions
  wire: SocketWire | HttpWire
}

/** One Slack workspace: people ask there, and agents work there on the tickets of every channel. */
export class SlackChannel
  implements ChannelAdapter, ShowsCards, WritesFirst, KnowsReaders, Owns, Rereads, Checkable, Describes
{
  readonly name: string
  readonly hasRoom: boolean
  readonly #settings: SlackSettings
  readonly #options: ChannelOptions
  readonly #end = new AbortController()
  #running: Running | undefined
  /** Tries to start while Slack cannot be reached. */
  #beginning: Promise<void> | undefined
  /** The workspace, once it was known; it stays known when the channel is stopped. */
  #teamId: string | undefined
  #botUserId: string | undefined

  constructor(settings: SlackSettings, options: ChannelOptions) {
    this.name = options.name
    this.hasRoom = settings.room !== undefined
    this.#settings = settings
    this.#options = options
  }

  /** Where Slack cannot be reached just now, the channel starts as soon as it can: the others must not wait for it. */
  async start(desk: Desk): Promise<void> {
    if (this.#running || this.#beginning) return
    try {
      await this.#begin(desk)
    } catch (error) {
      if (!(error instanceof DeskError) || error.code === 'config') throw error
      this.#options.warn(`Slack: the channel is not started: ${error.message}`)
      await desk.alarm(ALARM, `The channel ${this.name} is not started: ${error.message}`)
      this.#beginning = this.#tryOn(desk)
    }
  }

  async #tryOn(desk: Desk): Promise<void> {
    const { signal } = this.#end
    for (let wait = FIRST_WAIT_MS; !signal.aborted; wait = Math.min(wait * 2, LONGEST_WAIT_MS)) {
      await pause(wait, undefined, { signal }).catch(() => undefined)
      if (signal.aborted) return
      try {
        await this.#begin(desk)
        return await desk.settle(ALARM)
      } catch (error) {
        await desk
          .alarm(ALARM, `The channel ${this.name} is not started: ${sentenceOf(error)}`)
          .catch(failure => this.#options.warn('an alarm could not be stored', failure))
      }
    }
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
    const inbound = new Inbound(workspace, { appId, onHomeOpened: opened => homeOpened(opened) })
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
    this.#end.abort()
    await this.#beginning
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

  describe(): string[] {
    const running = this.#running
    if (!running) return ['Slack cannot be reached; the channel starts as soon as it can']
    const { account } = running
    const way = this.#settings.http
      ? `http://${this.#settings.http.host}:${this.#settings.http.port}${this.#settings.http.path}`
      : 'Socket Mode'
    return [`@${account.bot} in ${account.team} (${way})`]
  }
}

/** What waits for Slack gives up at once, so that what waits for it can end. */
async function finish({ wire, inbound, interactions, pacer }: Running): Promise<void> {
  pacer.stop()
  await Promise.all([wire.stop(), inbound.stop()])
  await interactions.stop()
}
