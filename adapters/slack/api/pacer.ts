// Keeps calls to the pace that Slack allows.
import { setTimeout as pause } from 'node:timers/promises'
import { DeliveryError } from '../../../src/channel/outbound.ts'
import { KeyedQueue } from '../../chat/keyed-queue.ts'
import { retryAfterOf } from './api-error.ts'

/** A call that cannot be made within this time is given up. */
const MOST_WAIT_MS = 40_000

/** A call that is not answered within this time has failed. */
const CALL_MS = 14_000

/** When a channel with too much in its queue is tried again. */
const BUSY_MS = 10_000

/** Channels that are remembered before idle ones are looked for. */
const FEW_CHANNELS = 100

export interface PacerOptions {
  /** Milliseconds, on a clock that is never set back. */
  now?: () => number
  /** Rejects once the signal is raised. */
  sleep?: (milliseconds: number, signal?: AbortSignal) => Promise<void>
  /** How many messages a channel takes in the long run. */
  perSecond?: number
  /** How many it takes at once after it was quiet. */
  burst?: number
  /** How long an answer may take, in milliseconds; a call that takes longer has failed with an unknown result. */
  callMs?: number
}

export interface PacedOptions {
  /** Slack limits each method by itself; what is posted it limits in each channel. */
  method?: string
  /** On the pacer's clock: the call is not begun later. */
  until?: number
}

interface Lane {
  /** When the next message would be due if all were sent evenly. */
  nextEven: number
  /** Nothing before, Slack said. */
  heldUntil: number
}

/** What puts a message into a channel, or changes one there. */
const POSTS: readonly string[] = [
  'chat.postMessage',
  'chat.postEphemeral',
  'chat.update',
  'files.completeUploadExternal',
]

/**
 * The order and pace of calls: those of one channel one after the other, messages at most one a second after a short
 * burst, and nothing that Slack asked to wait with before its time.
 * https://docs.slack.dev/apis/web-api/rate-limits
 */
export class Pacer {
  readonly #now: () => number
  readonly #sleep: (milliseconds: number, signal?: AbortSignal) => Promise<void>
  readonly #interval: number
  readonly #burst: number
  readonly #callMs: number
  readonly #turns = new KeyedQueue()
  readonly #lanes = new Map<string, Lane>()
  readonly #methods = new Map<string, number>()
  readonly #end = new AbortController()
  #tidyAt = FEW_CHANNELS

  constructor({ now, sleep, perSecond = 1, burst = 3, callMs = CALL_MS }: PacerOptions = {}) {
    this.#now = now ?? (() => performance.now())
    this.#sleep = sleep ?? ((milliseconds, signal) => pause(milliseconds, undefined, { signal }))
    this.#interval = 1000 / perSecond
    this.#burst = burst
    this.#callMs = callMs
  }

  /** How many channels are remembered, for figures. */
  get size(): number {
    return this.#lanes.size
  }

  /** When whatever begins now is given up. */
  until(): number {
    return this.#now() + MOST_WAIT_MS
  }

  /** Milliseconds left until then; never below 1. */
  remainingMs(until: number): number {
    return Math.max(1, Math.ceil(until - this.#now()))
  }

  /**
   * Makes the call in its turn and gives what it gives. One that Slack asks to wait with is made again in time, before
   * all that came after it. Rejects with a temporary `DeliveryError` if it could not be made before `until`, and with
   * a `TimeoutError` if it was made and not answered.
   */
  async run<T>(
    channelId: string,
    call: () => Promise<T>,
    { method = 'chat.postMessage', until = this.until() }: PacedOptions = {},
  ): Promise<T> {
    const waiting = new AbortController()
    let isGivenUp = false
    const turn = this.#turns.take(channelId, () => {
      if (isGivenUp) throw tooBusy(BUSY_MS)
      waiting.abort()
      return this.#inTurn(channelId, call, method, until)
    })
    const late = this.#sleep(this.remainingMs(until), waiting.signal).then(
      () => {
        if (waiting.signal.aborted) return turn
        isGivenUp = true
        throw tooBusy(BUSY_MS)
      },
      () => turn,
    )
    return await Promise.race([turn, late])
  }

  /** From now on nothing waits any longer, and nothing more is begun. */
  stop(): void {
    this.#end.abort()
  }

  async #inTurn<T>(channelId: string, call: () => Promise<T>, method: string, until: number): Promise<T> {
    const lane = this.#laneOf(channelId)
    while (true) {
      const at = Math.max(lane.heldUntil, this.#methods.get(method) ?? 0, this.#roomAt(lane, method))
      if (this.#end.signal.aborted) throw tooBusy(BUSY_MS)
      if (at > until) throw tooBusy(at - this.#now())
      if (at > this.#now()) {
        await this.#sleep(this.remainingMs(at), this.#end.signal).catch(() => undefined) // whoever waits is told in the next round
        continue
      }
      if (POSTS.includes(method)) lane.nextEven = Math.max(lane.nextEven, this.#now()) + this.#interval
      try {
        return await callWithin(call, this.#callMs)
      } catch (error) {
        const wait = retryAfterOf(error)
        if (wait === undefined) throw error
        if (method === 'chat.postMessage') lane.heldUntil = this.#now() + wait
        else this.#methods.set(method, this.#now() + wait)
        if (this.#now() + wait > until) throw error
      }
    }
  }

  /** When another message finds room. */
  #roomAt(lane: Lane, method: string): number {
    return POSTS.includes(method) ? lane.nextEven - (this.#burst - 1) * this.#interval : 0
  }

  #laneOf(channelId: string): Lane {
    const known = this.#lanes.get(channelId)
    if (known) return known
    if (this.#lanes.size >= this.#tidyAt) this.#tidy()
    const lane: Lane = { nextEven: 0, heldUntil: 0 }
    this.#lanes.set(channelId, lane)
    return lane
  }

  /** A channel that may be written to as if it never was is forgotten. */
  #tidy(): void {
    const now = this.#now()
    for (const [channelId, { nextEven, heldUntil }] of this.#lanes) {
      if (!this.#turns.isBusy(channelId) && nextEven <= now && heldUntil <= now) this.#lanes.delete(channelId)
    }
    this.#tidyAt = Math.max(FEW_CHANNELS, 2 * this.#lanes.size)
  }
}

function tooBusy(retryAfterMs: number): DeliveryError {
  const sentence =
    'There are more messages for this Slack channel than Slack allows; this one will be sent a little later.'
  return new DeliveryError(sentence, { permanent: false, retryAfterMs: Math.ceil(retryAfterMs) })
}

/** Gives up waiting for the answer, whatever the client does. */
async function callWithin<T>(call: () => Promise<T>, milliseconds: number): Promise<T> {
  const over = new AbortController()
  const late = pause(milliseconds, undefined, { signal: over.signal }).then(
    () => Promise.reject(new DOMException('No answer in time', 'TimeoutError')),
    () => new Promise<never>(() => {}),
  )
  try {
    return await Promise.race([call(), late])
  } finally {
    over.abort()
  }
}
