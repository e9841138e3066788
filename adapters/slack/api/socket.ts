// Keeps a connection of Socket Mode, and replaces it in time.
import { setTimeout as pause } from 'node:timers/promises'
import type { App, Receiver } from '@slack/bolt'
import { codeOf, DeskError, sentenceOf } from '../../../src/errors.ts'
import { isTokenTrouble, retryAfterOf, slackCode } from './api-error.ts'
import { createLogger, EventGate, type WireOptions } from './bolt-app.ts'
import { Connection } from './socket-connection.ts'

/** Milliseconds. */
export interface SocketTiming {
  /** Without a connection for so long, agents are told. */
  alarmAfter: number
  /** Until Slack greets. */
  greeting: number
  firstWait: number
  longestWait: number
  /** Between attempts with a token that Slack refuses. */
  refusedWait: number
}

const TIMING: SocketTiming = {
  alarmAfter: 60_000,
  greeting: 20_000,
  firstWait: 500,
  longestWait: 30_000,
  refusedWait: 60_000,
}
const ALARM = 'slack-connection'
const MEANWHILE = 'What people write there in the meantime will be picked up later'
const GOOD_MS = 10_000 // a connection that lasted so long was no failure
const GREETED_FAILURES = 3 // of one that did not: Slack is there, so that the next one need not wait for long

/**
 * The way from Slack by Socket Mode, which needs no public address. An envelope is acknowledged once what it says is
 * committed; one that is not, Slack sends again. A connection that Slack is about to close is replaced before it is.
 * https://docs.slack.dev/apis/events-api/using-socket-mode
 */
export class SocketWire implements Receiver {
  readonly #options: WireOptions
  readonly #appToken: string
  readonly #timing: SocketTiming
  readonly #intake: EventGate
  readonly #end = new AbortController()
  readonly #connections = new Set<Connection>()
  #loop: Promise<void> | undefined
  #alarmTimer: NodeJS.Timeout | undefined
  #lostAt: Date | undefined
  #failures = 0
  #reason = ''

  constructor(options: WireOptions, appToken: string, timing: Partial<SocketTiming> = {}) {
    this.#options = options
    this.#appToken = appToken
    this.#timing = { ...TIMING, ...timing }
    const { settings, options: channel } = options.workspace
    this.#intake = new EventGate(options, createLogger(settings, channel))
  }

  init(app: App): void {
    this.#intake.init(app)
  }

  /**
   * Resolves once connected, or when that did not work at once: then it goes on trying. Rejects with a `DeskError`
   * where Slack refuses the token.
   */
  async start(): Promise<void> {
    const first = await this.#connect().catch(error => {
      if (isTokenTrouble(error)) throw new DeskError('config', `appToken: ${refusal(error)}`, { cause: error })
      return asError(error)
    })
    this.#loop = this.#keep(first)
  }

  /** Takes nothing more, finishes what is in hand, and hangs up. Safe to call twice. */
  async stop(): Promise<void> {
    this.#end.abort()
    clearTimeout(this.#alarmTimer)
    await this.#intake.stop()
    await Promise.all([...this.#connections].map(each => each.hangUp()))
    await this.#loop
  }

  /** Has one connection after the other. */
  async #keep(first: Connection | Error): Promise<void> {
    let now = first
    while (!this.#end.signal.aborted) {
      if (now instanceof Error) await this.#trouble(now)
      else {
        const { announced, reason } = await now.leaving
        const isShort = now.lasted < GOOD_MS
        this.#failures = isShort ? Math.min(this.#failures, GREETED_FAILURES) : 0
        if (!announced) await this.#trouble(new Error(reason))
        else if (isShort) await this.#waitAfter(reason)
      }
      if (this.#end.signal.aborted) return
      now = await this.#connect().catch(asError)
    }
  }

  /** Resolves once Slack has greeted; whatever connection there was before is let go. */
  async #connect(): Promise<Connection> {
    const { settings, options, desk } = this.#options.workspace
    const connection = new Connection({ settings, appToken: this.#appToken, warn: options.warn })
    connection.init(this.#intake.app)
    // In the turn of the greeting: what Slack sends next must find that it has to wait.
    connection.client.once('connected', () => this.#intake.catchUp())
    this.#connections.add(connection)
    void connection.closed.then(() => this.#connections.delete(connection))
    await connection.open(this.#timing.greeting, this.#end.signal)
    for (const each of this.#connections) if (each !== connection) void each.retire()
    clearTimeout(this.#alarmTimer)
    this.#alarmTimer = undefined
    this.#lostAt = undefined
    await this.#tell(() => desk.settle(ALARM))
    return connection
  }

  /** Tells agents where it lasts, and waits before the next attempt. */
  async #trouble(error: Error): Promise<void> {
    if (this.#end.signal.aborted) return
    const { options, desk } = this.#options.workspace
    const { alarmAfter, refusedWait } = this.#timing
    this.#lostAt ??= options.now()
    this.#reason = reasonOf(error)
    const refused = isTokenTrouble(error)
    if (refused) await this.#tell(() => desk.alarm(ALARM, `${refusal(error)} ${MEANWHILE}.`))
    else this.#alarmTimer ??= setTimeout(() => void this.#tell(() => this.#alarm()), alarmAfter)
    await this.#waitAfter(
      `no connection: ${this.#reason}`,
      Math.max(refused ? refusedWait : 0, retryAfterOf(error) ?? 0),
    )
  }

  /** The longer, the more has failed; at least so many milliseconds. */
  async #waitAfter(what: string, least = 0): Promise<void> {
    const { firstWait, longestWait } = this.#timing
    this.#options.workspace.options.warn(`Slack: ${what}`)
    this.#failures += 1
    const backoff = Math.min(longestWait, firstWait * 2 ** Math.min(this.#failures - 1, 10)) * (0.5 + Math.random() / 2)
    await pause(Math.max(backoff, least), undefined, { signal: this.#end.signal }).catch(() => undefined)
  }

  #alarm(): Promise<void> {
    const since = this.#lostAt?.toISOString()
    const what = `There has been no connection to Slack since ${since}: ${this.#reason}`
    const sentence = `${what}. ${MEANWHILE}; run relaydesk doctor to find out what is wrong.`
    return this.#options.workspace.desk.alarm(ALARM, sentence)
  }

  /** A store that is out of order must not end the connection. */
  async #tell(telling: () => Promise<void>): Promise<void> {
    const { warn } = this.#options.workspace.options
    await telling().catch(error => warn(`an alarm could not be stored: ${sentenceOf(error)}`, error))
  }
}

function refusal(error: unknown): string {
  const mend = 'make one in Basic Information > App-Level Tokens with the scope connections:write'
  return `Slack refuses the app token (${slackCode(error)}): ${mend}, put it where appToken points, and start the desk again.`
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(sentenceOf(thrown))
}

function reasonOf(error: Error): string {
  const { original } = error as { original?: { cause?: unknown } }
  return codeOf(original?.cause) || slackCode(error) || sentenceOf(error)
}
