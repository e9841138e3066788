// One connection of Socket Mode.
import { setTimeout as pause } from 'node:timers/promises'
import { type App, type Logger, LogLevel, type ReceiverEvent, SocketModeReceiver } from '@slack/bolt'
import type { ChannelOptions } from '../../../src/channel/adapter.ts'
import { sentenceOf } from '../../../src/errors.ts'
import type { SlackSettings } from '../settings.ts'
import { clientOptions, ForeignRequest, Stopping } from './bolt-app.ts'

const OPEN_MS = 10_000 // for asking where to connect to
const HANG_UP_MS = 1_000 // Slack often says nothing to a goodbye

const nothing = () => undefined
/** What happens to a connection is told once, by whoever keeps it. */
const SILENT: Logger = {
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
  setLevel: nothing,
  setName: nothing,
  getLevel: () => LogLevel.ERROR,
}

interface ConnectionOptions {
  settings: SlackSettings
  appToken: string
  warn: ChannelOptions['warn']
}

/** One connection, from being opened until it is closed; it is not opened again. */
export class Connection extends SocketModeReceiver {
  readonly #leaving = Promise.withResolvers<{ announced: boolean; reason: string }>()
  readonly #closed = Promise.withResolvers<void>()
  readonly #inHand = new Set<Promise<void>>()
  #openedAt = Number.POSITIVE_INFINITY
  #gone = false
  #error: Error | undefined

  constructor({ settings, appToken, warn }: ConnectionOptions) {
    super({
      appToken,
      logger: SILENT,
      autoReconnectEnabled: false,
      installerOptions: { clientOptions: { ...clientOptions(settings, SILENT), timeout: OPEN_MS } },
      processEventErrorHandler: async ({ error }) => {
        const known = error instanceof Stopping || error instanceof ForeignRequest
        const sentence = 'what Slack sent could not be taken; it is not acknowledged, and events come again'
        if (!known) warn(`${sentence}: ${sentenceOf(error)}`, error)
        return false
      },
    })
    this.client.on('error', error => {
      this.#error = error
    })
    this.client.on('disconnected', () => {
      this.#closed.resolve()
      this.#leaving.resolve({ announced: false, reason: 'the connection broke' })
    })
    // It was given up while the library still asked where to connect to.
    this.client.on('connecting', () => {
      if (this.#gone) setImmediate(() => void this.hangUp())
    })
    this.#readFrames(warn)
  }

  /** Slack says that it will close the connection, or it is closed. */
  get leaving(): Promise<{ announced: boolean; reason: string }> {
    return this.#leaving.promise
  }

  get closed(): Promise<void> {
    return this.#closed.promise
  }

  /** Milliseconds since Slack greeted. */
  get lasted(): number {
    return performance.now() - this.#openedAt
  }

  override init(app: App): void {
    const processEvent = (event: ReceiverEvent) => {
      // After the connection broke nothing can be acknowledged: Slack sends it again, and its id is known.
      const ack = (response: unknown) => event.ack(response).catch(() => undefined)
      const work = app.processEvent({ ...event, ack })
      this.#inHand.add(work)
      const done = () => this.#inHand.delete(work)
      work.then(done, done)
      return work
    }
    super.init({ processEvent } as App)
  }

  /** Resolves once Slack has greeted. */
  async open(within: number, signal: AbortSignal): Promise<void> {
    const late = new AbortController()
    const ends = AbortSignal.any([signal, late.signal])
    const greeted = this.client.start().catch(error => {
      throw error ?? this.#error ?? new Error('the connection was closed before Slack greeted')
    })
    const closed = this.leaving.then(({ reason }) => {
      throw this.#error ?? new Error(reason)
    })
    const tooLong = pause(within, undefined, { signal: ends }).then(() => {
      throw new Error('Slack did not greet')
    })
    try {
      await Promise.race([greeted, closed, tooLong])
      this.#openedAt = performance.now()
    } catch (error) {
      void this.hangUp()
      throw error
    } finally {
      late.abort()
      for (const each of [greeted, closed, tooLong]) each.catch(() => undefined)
    }
  }

  /** Finishes what it brought, so that it can still be acknowledged, and hangs up. */
  async retire(): Promise<void> {
    while (this.#inHand.size > 0) await Promise.allSettled([...this.#inHand])
    await this.hangUp()
  }

  async hangUp(): Promise<void> {
    this.#gone = true
    this.#disconnect()
    await Promise.race([this.closed, pause(HANG_UP_MS, undefined, { ref: false })])
    // The second time it waits for no goodbye, and ends the timer that the first one may leave behind.
    this.#disconnect()
  }

  #disconnect(): void {
    this.client.disconnect().catch(() => undefined)
  }

  /**
   * Reads frames before the library does: it would close at once a connection that Slack announces to close, with what
   * is in hand, and fall over a message that has no event inside, such as app_rate_limited.
   */
  #readFrames(warn: ChannelOptions['warn']): void {
    const { client } = this
    const [read] = client.listeners('ws_message')
    client.removeAllListeners('ws_message')
    client.on('ws_message', async (data: unknown, isBinary: boolean) => {
      try {
        const frame = JSON.parse(String(data))
        const { payload } = frame
        if (frame.type === 'disconnect') {
          this.#leaving.resolve({ announced: true, reason: `Slack ends the connection (${frame.reason})` })
        } else if (frame.type === 'events_api' && !payload.event) {
          await read?.(JSON.stringify({ ...frame, payload: { ...payload, event: { type: payload.type } } }), isBinary)
        } else await read?.(data, isBinary)
      } catch (error) {
        warn(`Slack: a message on the connection could not be read: ${sentenceOf(error)}`, error)
      }
    })
  }
}
