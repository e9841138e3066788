import { setTimeout as pause } from 'node:timers/promises'
import type { SeededRandom } from '../../support/seeded-random.ts'
import type { Delivery, Kind, Route, SendOptions } from '../../support/slack/route.ts'
import type { Json } from '../../support/slack/shapes.ts'

/** Slack tries at once, after a minute and after five more; here that goes faster. */
const AGAIN_MS = [200, 2_000, 6_000]
const STILL_MS = 3_000

/** How it treats what it brings; each a share of all. */
const WINDOW_MS = 1_200
const LATE = { share: 0.04, mostMs: 4_000 }
const LOST = 0.02
const TWICE = 0.1
const TWICE_WITHIN_MS = 2_500

export interface CourierFigures {
  /** Events, and what they were sent as, repeats included. */
  events: number
  sent: number
  /** Brought again though the desk had said that it took it. */
  twice: number
  /** Commands, presses and forms that came twice. */
  doubled: number
  /** Given up, as Slack does: by events the desk never hears of it. */
  givenUp: number
}

/**
 * Brings to the desk what Slack tells. A careful one brings one after the other; another in any order within a while,
 * some late, some twice, and again what was not taken, until it gives up.
 */
export class Courier implements Route {
  readonly figures: CourierFigures = { events: 0, sent: 0, twice: 0, doubled: 0, givenUp: 0 }
  /** What it is given now it never gives up. */
  insists = false
  #over = false
  readonly #way: () => Route
  readonly #random: SeededRandom | undefined
  readonly #pending = new Set<Promise<void>>()
  /** How often each was tried, by the time of what it tells of. */
  readonly #tries = new Map<string, string[]>()

  /** `random`: it is not careful. */
  constructor(way: () => Route, random?: SeededRandom) {
    this.#way = way
    this.#random = random
  }

  async send(kind: Kind, payload: Json, options?: SendOptions): Promise<Delivery> {
    if (kind !== 'event') return this.#hand(kind, payload, options)
    this.figures.events += 1
    const bringing = this.#bring(payload, this.insists)
    this.#pending.add(bringing)
    const done = bringing.finally(() => this.#pending.delete(bringing))
    if (!this.#random) await done
    return { kind, payload, attempt: 0, acknowledged: true, status: undefined, body: undefined, took: 0 }
  }

  /** What is not taken by now is told no more: the desk is about to end. */
  giveUp(): void {
    this.#over = true
  }

  /** How much is on its way. */
  get pending(): number {
    return this.#pending.size
  }

  /** Resolves once nothing is on its way. */
  async settled(): Promise<void> {
    while (this.#pending.size > 0) await Promise.all(this.#pending)
  }

  async #bring(payload: Json, insists: boolean): Promise<void> {
    const random = this.#random
    const share = random?.share() ?? 1
    const isLost = random !== undefined && random.share() < LOST
    const isTwice = random !== undefined && random.share() < TWICE
    const most = share < LATE.share ? LATE.mostMs : WINDOW_MS
    if (random) await pause(random.whole(0, most))
    for (let attempt = 0; ; attempt += 1) {
      if (!(attempt === 0 && isLost) && (await this.#try(payload, attempt))) break
      const wait = AGAIN_MS[attempt]
      if (this.#over) return
      if (wait === undefined && !insists && random) {
        this.figures.givenUp += 1
        return
      }
      await pause(wait ?? STILL_MS)
    }
    if (!random || !isTwice) return
    this.figures.twice += 1
    await pause(random.whole(0, TWICE_WITHIN_MS))
    await this.#try(payload, 1)
  }

  async #try(payload: Json, attempt: number): Promise<boolean> {
    this.figures.sent += 1
    const retry = attempt === 0 ? {} : { retry: { attempt, reason: 'http_timeout' } }
    const at = new Date().toISOString().slice(11, 23)
    const { acknowledged, status } = await this.#way().send('event', payload, retry)
    const { type, event_ts: ts } = payload.event as { type: string; event_ts: string }
    const said = acknowledged ? 'taken' : `not taken${status === undefined ? '' : ` (${status})`}`
    this.#tries.set(ts, [
      ...(this.#tries.get(ts) ?? []),
      `${type} at ${at} ${said} ${new Date().toISOString().slice(17, 23)}`,
    ])
    return acknowledged
  }

  /** What became of the events about the message of this time, for the reader. */
  triesOf(ts: string): string {
    return (this.#tries.get(ts) ?? ['never told']).join(', ')
  }

  /** People wait for an answer, and Slack tries once. */
  async #hand(kind: Kind, payload: Json, options?: SendOptions): Promise<Delivery> {
    const random = this.#random
    const delivery = await this.#way().send(kind, payload, options)
    if (!random || random.share() >= TWICE) return delivery
    this.figures.doubled += 1
    const again = pause(random.whole(0, TWICE_WITHIN_MS))
      .then(() => this.#way().send(kind, payload, options))
      .then(() => undefined)
    this.#pending.add(again)
    void again.finally(() => this.#pending.delete(again))
    return delivery
  }
}
