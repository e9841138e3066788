import type { SeededRandom } from '../support/seeded-random.ts'
import type { Strike } from './strike.ts'

/** When to kill: so many milliseconds after so many messages were acknowledged. 0 messages: after the start. */
export interface Moment {
  answers: number
  delayMs: number
}

/** From outside at a moment, or from within at a place. */
export type When = Moment | Strike

/** When an undisturbed run acknowledged its messages, in milliseconds from its start. */
export type Timing = readonly number[]

const AT_START = 0.06

/**
 * A random moment of a run. It is drawn in time, between the first acknowledgement and the last one, and then told by
 * the answer before it: so it stays in the middle of the work on a machine that is now slow, now fast. A few lie before
 * the first answer.
 */
export function drawMoment(random: SeededRandom, timing: Timing): Moment {
  const first = timing[0] ?? 0
  const last = timing.at(-1) ?? 0
  if (random.share() < AT_START) return { answers: 0, delayMs: random.share() * first }
  const at = first + random.share() * (last - first)
  const before = timing.filter(answer => answer <= at)
  return { answers: before.length, delayMs: at - (before.at(-1) ?? at) }
}

/** Times the answers of an undisturbed run. */
export class Stopwatch {
  readonly #start = performance.now()
  readonly timing: number[] = []

  answered(): void {
    this.timing.push(performance.now() - this.#start)
  }
}

/** Kills once, at its moment. A process that is to strike itself is killed when there is nothing left to wait for. */
export class KillClock {
  readonly #moment: Moment
  readonly #kill: () => void
  #running = false

  constructor(when: When, kill: () => void) {
    this.#moment = 'at' in when ? { answers: Number.POSITIVE_INFINITY, delayMs: 0 } : when
    this.#kill = kill
  }

  /** So many messages were acknowledged by now. */
  reached(answers: number): void {
    if (this.#running || answers < this.#moment.answers) return
    this.#running = true
    if (this.#moment.delayMs < 1) this.#kill()
    else setTimeout(this.#kill, this.#moment.delayMs)
  }

  /** Nothing more will be acknowledged, so the moment cannot come by itself. */
  giveUpWaiting(): void {
    this.reached(Number.POSITIVE_INFINITY)
  }
}
