// Mails the desk itself now and again, and raises an alarm when that does not come back.
import type { Desk } from '../../../src/channel/desk.ts'
import type { InboundMessage } from '../../../src/channel/message.ts'
import type { Sent } from '../../../src/channel/outbound.ts'
import { sentenceOf } from '../../../src/errors.ts'
import { markIn, type SelfMail, selfMail } from './self-mail.ts'

const SHORTEST_LIMIT_MS = 10 * 60_000
const FIRST_AFTER_MS = 60_000 // folders that are seen for the first time begin with what comes after that
const LONGEST_NAP_MS = 60 * 60_000
const MOST_FLYING = 1_000 // of an outage that lasts

/** Where the last canary that came back is remembered, as JSON of `CanaryRecord`. */
export const CANARY_KEY = 'canary'

export interface CanaryRecord {
  /** When it came back; ISO 8601 UTC. */
  at: string
  roundTripMs: number
}

export interface CanaryOptions {
  desk: Pick<Desk, 'alarm' | 'settle' | 'remember'>
  /** The desk's address, which it comes from. */
  from: string
  /** Where it goes, each address by itself. */
  to: readonly string[]
  /** How often; milliseconds. */
  every: number
  send(mail: SelfMail): Promise<Sent>
  now(): Date
  warn(sentence: string, error?: unknown): void
}

interface Route {
  to: string
  due: number
  /** When those were sent that have not come back, by their marks, oldest first; milliseconds. */
  flying: Map<string, number>
  /** When the oldest of them was sent. */
  missingSince: number | undefined
  /** What stands in the way of sending. */
  unsent: string | undefined
  /** The last that came back took longer than it may. */
  slow: number | undefined
  /** One came back in time. */
  sound: boolean
}

/** Sends a mail to the desk itself now and then, and raises an alarm when it does not come back in time. */
export class Canary {
  readonly #options: CanaryOptions
  readonly #routes: Route[]
  readonly #limit: number
  #timer: NodeJS.Timeout | undefined
  #stopped = false
  #beating: Promise<void> | undefined
  #lastSentence: string | undefined
  /** An alarm may stand, also one of an earlier run. */
  #alarmed = true

  constructor(options: CanaryOptions) {
    this.#options = options
    this.#limit = Math.max(SHORTEST_LIMIT_MS, options.every)
    const due = options.now().getTime() + Math.min(options.every, FIRST_AFTER_MS)
    this.#routes = options.to.map(to => ({
      to,
      due,
      flying: new Map(),
      missingSince: undefined,
      unsent: undefined,
      slow: undefined,
      sound: false,
    }))
  }

  /** Beats by itself from now on. */
  start(): void {
    if (this.#stopped) return
    clearTimeout(this.#timer)
    const nap = Math.min(Math.max(this.next() - this.#options.now().getTime(), 0), LONGEST_NAP_MS)
    this.#timer = setTimeout(() => {
      this.#beating = this.beat()
        .catch(error => this.#options.warn('a test mail of the desk to itself failed', error))
        .then(() => this.start())
    }, nap)
  }

  async stop(): Promise<void> {
    this.#stopped = true
    clearTimeout(this.#timer)
    await this.#beating
  }

  /** When there is something to do again; milliseconds since 1970. */
  next(): number {
    const now = this.#options.now().getTime()
    const late = this.#routes.map(({ missingSince = Infinity }) => missingSince + this.#limit).filter(at => at > now)
    return Math.min(...this.#routes.map(({ due }) => due), ...late)
  }

  /** Sends what is due, and looks for what is late. */
  async beat(): Promise<void> {
    const now = this.#options.now().getTime()
    for (const route of this.#routes) {
      if (route.due > now || this.#stopped) continue
      route.due = now + this.#options.every
      await this.#send(route)
    }
    await this.#tell()
  }

  /** A message came in and is stored. If it is a canary that is awaited, its way is in order. */
  async seen(message: Pick<InboundMessage, 'from' | 'messageId' | 'subject'>): Promise<void> {
    if (message.from?.address !== this.#options.from) return // an answer of some machine
    const marks = [markIn(message.messageId ?? ''), markIn(message.subject)]
    for (const mark of marks) {
      const route = this.#routes.find(({ flying }) => mark !== undefined && flying.has(mark))
      if (mark !== undefined && route) return this.#cameBack(route, mark)
    }
  }

  async #send(route: Route): Promise<void> {
    const { from, send, now, warn } = this.#options
    const at = now()
    const mail = selfMail('canary', from, route.to, at)
    route.flying.set(mail.mark, at.getTime())
    route.missingSince ??= at.getTime()
    const [oldest] = route.flying.keys()
    if (route.flying.size > MOST_FLYING && oldest !== undefined) route.flying.delete(oldest)
    try {
      const { refused } = await send(mail)
      route.unsent = refused[0]?.reason
    } catch (error) {
      route.unsent = sentenceOf(error)
      warn(`a test mail to ${route.to} could not be sent: ${route.unsent}`)
    }
  }

  async #cameBack(route: Route, mark: string): Promise<void> {
    const { now, desk, warn } = this.#options
    const at = now()
    const sentAt = route.flying.get(mark) ?? at.getTime()
    // Those before it were lost or are late; this one tells how things are now.
    for (const [each, when] of route.flying) if (when <= sentAt) route.flying.delete(each)
    route.missingSince = route.flying.values().next().value
    const roundTripMs = at.getTime() - sentAt
    route.slow = roundTripMs > this.#limit ? roundTripMs : undefined
    route.unsent = undefined
    if (route.slow !== undefined) {
      route.due = at.getTime() // is it still slow?
      if (this.#timer) this.start()
    }
    route.sound = route.slow === undefined
    const record: CanaryRecord = { at: at.toISOString(), roundTripMs }
    await desk.remember(CANARY_KEY, JSON.stringify(record)).catch(error => warn('it is unknown', error))
    await this.#tell()
  }

  /** Says what stands, once. A store that is out of order must end nothing. */
  async #tell(): Promise<void> {
    const { desk, warn } = this.#options
    const sentence = this.#routes.flatMap(route => this.#complaint(route) ?? []).join(' ')
    try {
      if (sentence === '') {
        if (!this.#alarmed || this.#routes.some(({ sound }) => !sound)) return
        await desk.settle('canary')
        this.#alarmed = false
        this.#lastSentence = undefined
      } else if (sentence !== this.#lastSentence) {
        await desk.alarm('canary', sentence)
        this.#alarmed = true
        this.#lastSentence = sentence
      }
    } catch (error) {
      warn(`an alarm could not be stored: ${sentenceOf(error)}`)
    }
  }

  #complaint({ to, missingSince, unsent, slow }: Route): string | undefined {
    const late = missingSince !== undefined && this.#options.now().getTime() - missingSince >= this.#limit
    if (late) {
      const since = new Date(missingSince).toISOString()
      const why = unsent === undefined ? '' : ` (it cannot be sent: ${unsent})`
      return `Mail to ${to} does not come in: the test mails of the desk have been missing since ${since}${why}. Run relaydesk doctor to find out what is wrong.`
    }
    if (slow === undefined) return undefined
    return `Mail to ${to} comes in late: a test mail of the desk took ${Math.round(slow / 60_000)} minutes. Look at the queue of your mail server.`
  }
}
