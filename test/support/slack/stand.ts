import { setTimeout as pause } from 'node:timers/promises'
import { type Control, controlsOf } from './controls.ts'
import type { Fault } from './faults.ts'
import { ApiProxy } from './proxy.ts'
import { type Delivery, HttpRoute, type Route, type SendOptions } from './route.ts'
import { SlackApi } from './service/api.ts'
import { type EnvelopeOptions, envelope, messageEvent, newTime } from './service/events.ts'
import { botIsIn } from './service/membership.ts'
import { messageAt } from './service/posting.ts'
import { Readers } from './service/readers.ts'
import { type PostedAnswer, ResponseUrls } from './service/response-urls.ts'
import { SocketMode } from './service/socket-mode.ts'
import { User } from './service/user.ts'
import { Workspace, type WorkspaceOptions } from './service/workspace.ts'
import type { Block, Ephemeral, Json, Message, Place, View } from './shapes.ts'

/** Milliseconds until Slack tells the app of what it did itself. */
const ECHO_AFTER = 20

/** Other than usual in what an event comes in: the team, the app, and what `overrides` has of the envelope. */
export type EventOptions = SendOptions & EnvelopeOptions

/**
 * Slack for tests: an emulated workspace with people, whom a test lets write and press, and the Web API with what the
 * emulator lacks. The app under test gets `apiUrl` and `botToken`, with `appToken` or `signingSecret`; then
 * `stand.route = stand.http(url)` or `stand.route = stand.socket` tells the stand where the app is.
 */
export class SlackStand {
  readonly apiUrl: string
  readonly botToken = 'xoxb-the-bot-token'
  readonly appToken = 'xapp-the-app-token'
  readonly signingSecret: string
  readonly workspace: Workspace
  readonly api: SlackApi
  readonly socket: SocketMode
  readonly readers: Readers
  readonly responseUrls: ResponseUrls
  /** When Slack tells the app of what it did itself: once it has its answer, before that, or not at all. */
  echo: 'after' | 'before' | 'never' = 'after'
  readonly #proxy: ApiProxy
  readonly #echoes = new Set<Promise<unknown>>()
  #route: Route | undefined

  private constructor(url: string, proxy: ApiProxy, workspace: Workspace, socket: SocketMode) {
    this.apiUrl = `${url}/api/`
    this.#proxy = proxy
    this.workspace = workspace
    this.signingSecret = workspace.signingSecret
    this.socket = socket
    this.api = new SlackApi(workspace)
    this.readers = new Readers(this.api)
    this.responseUrls = new ResponseUrls(this.api, url)
    this.api.onDone = event => this.#echo(event)
    const { api, responseUrls, botToken, appToken } = this
    proxy.attach({ api, socket, responseUrls, botToken, appToken })
  }

  static async start(options: WorkspaceOptions): Promise<SlackStand> {
    const proxy = new ApiProxy()
    const url = await proxy.listen()
    try {
      const workspace = await Workspace.start(options, url)
      const socket = await SocketMode.start(workspace.bot.appId)
      return new SlackStand(url, proxy, workspace, socket)
    } catch (error) {
      await proxy.stop()
      throw error
    }
  }

  /** Ends everything; what is still on its way to the app is waited for. */
  async stop(): Promise<void> {
    this.#route = undefined
    await this.settled()
    await this.socket.stop()
    await this.#proxy.stop()
    await this.workspace.stop()
  }

  /** The way to an app that listens at this URL. */
  http(url: string): Route {
    return new HttpRoute(url, this.signingSecret)
  }

  get route(): Route {
    if (!this.#route) throw new Error('Set stand.route first: where is the app?')
    return this.#route
  }

  /** Where the app is; while it is nowhere, people can write, and Slack tells nobody. */
  set route(route: Route | undefined) {
    this.#route = route
  }

  as(name: string): User {
    return new User(this, name)
  }

  /** Sends an event to a URL. */
  sendEvent(url: string, event: Json, options: EventOptions = {}): Promise<Delivery> {
    return this.http(url).send('event', this.enveloped(event, options), options)
  }

  /** Sends a slash command to a URL, with the fields of its payload. */
  sendCommand(url: string, payload: Json, options?: SendOptions): Promise<Delivery> {
    return this.http(url).send('command', payload, options)
  }

  /** Sends an interaction to a URL, with its payload. */
  sendInteraction(url: string, payload: Json, options?: SendOptions): Promise<Delivery> {
    return this.http(url).send('interaction', payload, options)
  }

  /** Sends something again as it was, on the way that is set now. */
  redeliver({ kind, payload, attempt }: Delivery, reason = 'http_timeout'): Promise<Delivery> {
    return this.route.send(kind, payload, { retry: { attempt: attempt + 1, reason } })
  }

  /** Sends an event on the way that is set, if one is. */
  async send(event: Json, options: EventOptions = {}): Promise<Delivery[]> {
    if (!this.#route) return []
    return [await this.#route.send('event', this.enveloped(event, options), options)]
  }

  /** The same for what happened in a conversation: the app is told only where it is in. */
  async tell(event: Json, channel: string, options?: SendOptions): Promise<Delivery[]> {
    return (await botIsIn(this.workspace, channel)) ? this.send(event, options) : []
  }

  /** Several events of one thing. */
  async tellAll(
    events: Json[],
    channel: string,
    { order, send }: { order?: string; send?: SendOptions },
  ): Promise<Delivery[]> {
    const shared = [...this.workspace.people.values()].some(each => each.home !== undefined)
    const options = { ...send, shared }
    if (order === 'together') return (await Promise.all(events.map(each => this.tell(each, channel, options)))).flat()
    const deliveries: Delivery[] = []
    for (const each of events) deliveries.push(...(await this.tell(each, channel, options)))
    return deliveries
  }

  /** Slack found a preview for a link in a message: it changes the message, though nobody edited it. */
  async unfurl({ channel, ts }: Place): Promise<Delivery[]> {
    const previous = await messageAt(this.api, channel, ts)
    if (!previous) throw new Error('There is no such message')
    const attachments = [{ id: 1, title: 'A page', from_url: 'https://example.com/', fallback: 'A page' }]
    const told = { subtype: 'message_changed', channel, previous, message: { ...previous, attachments } }
    return this.tell(await messageEvent(this.workspace, told), channel)
  }

  /** Somebody makes a private channel public, or private again: https://docs.slack.dev/reference/events/message/channel_convert_to_public */
  async convert(name: string, to: 'public' | 'private', by: string): Promise<Delivery[]> {
    const channel = this.workspace.channel(name)
    if (to === 'public') this.workspace.madePublic.add(channel)
    else this.workspace.madePublic.delete(channel)
    const [subtype, text] = [`channel_convert_to_${to}`, `made this channel *${to}*.`]
    const told = { subtype, text, channel, user: this.as(by).id, ts: newTime() }
    return this.tell(await messageEvent(this.workspace, told), channel)
  }

  /** Another app posts in a channel through its incoming webhook. */
  async otherApp(channel: string, text: string, { thread }: { thread?: string } = {}): Promise<Message> {
    const id = this.workspace.channel(channel)
    const body = JSON.stringify({ channel: id, text, ...(thread === undefined ? {} : { thread_ts: thread }) })
    const headers = { 'content-type': 'application/json' }
    const path = `/services/${this.workspace.team.id}/B0OTHERAPP/X000000001`
    await this.workspace.fetch(path, { person: 'admin' }, { method: 'POST', headers, body })
    const all = await (thread === undefined ? this.messages(id) : this.thread(id, thread))
    const posted = all.at(-1)
    if (!posted) throw new Error(`Nothing was posted in ${channel}`)
    await this.tell(await messageEvent(this.workspace, posted), id)
    return posted
  }

  fault(fault: Fault): void {
    this.#proxy.faults.add(fault)
  }

  clearFaults(): void {
    this.#proxy.faults.clear()
  }

  /** chat.postMessage in one channel; none, if nothing is given. */
  limitRate(
    { perSecond, now }: { perSecond: number; now?: () => number } = { perSecond: Number.POSITIVE_INFINITY },
  ): void {
    this.#proxy.limit.set(perSecond, now)
  }

  /** Whether a command that is answered late gives that answer, as if nothing were slow. */
  waitsForAnswers = false

  /** Methods in the order in which they were called. */
  get asked(): readonly string[] {
    return this.#proxy.asked
  }

  /** How many calls of this method, or of all, arrived; for figures. */
  calls(method?: string): number {
    if (method !== undefined) return this.#proxy.calls.get(method) ?? 0
    return [...this.#proxy.calls.values()].reduce((sum, each) => sum + each, 0)
  }

  /** What was posted to response URLs, in order. */
  get responses(): readonly PostedAnswer[] {
    return this.responseUrls.posted
  }

  messages(channel: string): Promise<Message[]> {
    return this.readers.messages(channel)
  }

  thread(channel: string, ts: string): Promise<Message[]> {
    return this.readers.thread(channel, ts)
  }

  ephemerals(channel: string): Promise<Ephemeral[]> {
    return this.readers.ephemerals(channel)
  }

  views(): Promise<View[]> {
    return this.readers.views()
  }

  modalOf(person: string): Promise<View> {
    return this.readers.modalOf(person)
  }

  homeOf(person: string): Promise<View | undefined> {
    return this.readers.homeOf(person)
  }

  buttonsOf(holder: { blocks?: Block[] }): Control[] {
    return controlsOf(holder)
  }

  /** An event in its envelope. */
  enveloped(event: Json, options: EnvelopeOptions = {}): Json {
    return envelope(this.workspace, event, options)
  }

  /** Resolves once Slack has told the app of all that the app did. */
  async settled(): Promise<void> {
    while (this.#echoes.size > 0) await Promise.all(this.#echoes)
  }

  async #echo(event: Json): Promise<void> {
    if (this.echo === 'never' || !this.#route) return
    const wait = this.echo === 'after' ? ECHO_AFTER : 0
    const told = pause(wait).then(() => this.tell(event, String(event.channel)))
    this.#echoes.add(told)
    const done = told.finally(() => this.#echoes.delete(told))
    if (this.echo === 'before') await done
  }
}
