import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { type WebSocket, WebSocketServer } from 'ws'
import { patience } from '../../patience.ts'
import { type Delivery, GIVES_UP_MS, type Kind, type Route, type SendOptions } from '../route.ts'
import type { Json } from '../shapes.ts'
import { fromTemplate } from '../templates.ts'

const TYPES: Record<Kind, string> = { event: 'events_api', command: 'slash_commands', interaction: 'interactive' }

interface Acknowledgement {
  envelope_id: string
  payload?: unknown
}

/** Slack's end of Socket Mode. https://docs.slack.dev/apis/events-api/using-socket-mode */
export class SocketMode implements Route {
  /** Every acknowledgement that came, and when after its envelope was sent (milliseconds), in order. */
  readonly acknowledgements: { envelope: string; payload: unknown; after: number }[] = []
  /** How many times a connection was made. */
  opened = 0
  /** Whether new connections are greeted. */
  greets = true
  readonly #server: WebSocketServer
  readonly #app: string
  readonly #tickets = new Set<string>()
  readonly #connections: WebSocket[] = []
  readonly #waiting = new Map<string, { sent: number; done: (payload: unknown) => void }>()

  private constructor(server: WebSocketServer, app: string) {
    this.#server = server
    this.#app = app
    server.on('connection', (connection, { url = '' }) => {
      const ticket = new URL(url, 'ws://localhost').searchParams.get('ticket') ?? ''
      // A URL of apps.connections.open is good for one connection.
      if (!this.#tickets.delete(ticket)) return connection.close(4000, 'invalid ticket')
      this.#welcome(connection)
    })
  }

  static async start(app: string): Promise<SocketMode> {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
    await once(server, 'listening')
    return new SocketMode(server, app)
  }

  /** What apps.connections.open gives. */
  newUrl(): string {
    const ticket = randomUUID()
    this.#tickets.add(ticket)
    return `ws://127.0.0.1:${(this.#server.address() as AddressInfo).port}/link/?ticket=${ticket}&app_id=${this.#app}`
  }

  /** Connections that are open now. */
  get connections(): number {
    return this.#open().length
  }

  /** Sends an envelope on the newest connection and waits until it is acknowledged, or Slack gives it up. */
  async send(kind: Kind, plain: Json, options: SendOptions = {}): Promise<Delivery> {
    const { retry, timeout = patience(GIVES_UP_MS), overrides } = options
    const payload = { ...plain, ...overrides }
    const id = randomUUID()
    const message = fromTemplate('socket-envelope', {
      ...{ envelope_id: id, type: TYPES[kind], payload, accepts: kind !== 'event' },
      ...(kind === 'event' ? { retry_attempt: retry?.attempt ?? 0, retry_reason: retry?.reason ?? '' } : {}),
    })
    const sent = performance.now()
    const acknowledged = this.#acknowledged(id, sent, timeout)
    this.#open().at(-1)?.send(JSON.stringify(message))
    const answer = await acknowledged
    const common = { kind, payload, attempt: retry?.attempt ?? 0, status: undefined, took: performance.now() - sent }
    return { ...common, acknowledged: answer !== undefined, body: answer?.payload }
  }

  /** Announces to the app that its connections will be closed: `warning`, `refresh_requested`, `link_disabled`. */
  sayDisconnect(reason = 'refresh_requested'): void {
    for (const each of this.#open()) each.send(JSON.stringify(fromTemplate('socket-disconnect', { reason })))
  }

  /** The network breaks: connections end without a word. */
  cut(): void {
    for (const each of this.#open()) each.terminate()
  }

  /** The far end is gone without anybody telling: nothing is read or answered any more on open connections. */
  freeze(): void {
    for (const each of this.#open()) each.pause()
  }

  /** Closes connections properly. */
  close(): void {
    for (const each of this.#open()) each.close(1000)
  }

  async stop(): Promise<void> {
    for (const { done } of this.#waiting.values()) done(undefined)
    for (const each of this.#connections) each.terminate()
    this.#server.close()
    await once(this.#server, 'close')
  }

  #open(): WebSocket[] {
    return this.#connections.filter(each => each.readyState === each.OPEN)
  }

  #welcome(connection: WebSocket): void {
    this.opened += 1
    this.#connections.push(connection)
    connection.on('message', data => this.#note(JSON.parse(String(data)) as Acknowledgement))
    connection.on('error', () => undefined)
    connection.on('close', () => {
      const index = this.#connections.indexOf(connection)
      if (index >= 0) this.#connections.splice(index, 1)
    })
    if (!this.greets) return
    const values = { connections: this.connections, app: this.#app }
    connection.send(JSON.stringify(fromTemplate('socket-hello', values)))
  }

  #note({ envelope_id: envelope, payload }: Acknowledgement): void {
    const waiting = this.#waiting.get(envelope)
    this.acknowledgements.push({ envelope, payload, after: waiting ? performance.now() - waiting.sent : -1 })
    waiting?.done({ payload })
  }

  #acknowledged(id: string, sent: number, timeout: number): Promise<{ payload?: unknown } | undefined> {
    return new Promise(resolve => {
      const timer = setTimeout(() => done(undefined), timeout)
      const done = (answer: unknown) => {
        clearTimeout(timer)
        this.#waiting.delete(id)
        resolve(answer as { payload?: unknown } | undefined)
      }
      this.#waiting.set(id, { sent, done })
    })
  }
}
