import type { ManualClock } from '../../src/clock.ts'

interface Entry {
  at: number
  order: number
  work(): Promise<void>
}

/** What will happen, and when; what happens at one moment does so in the order in which it was asked for. */
export class Timetable {
  readonly clock: ManualClock
  #entries: Entry[] = []
  #order = 0

  constructor(clock: ManualClock) {
    this.clock = clock
  }

  after(milliseconds: number, work: () => Promise<void>): void {
    this.#order += 1
    this.#entries.push({ at: this.clock.now().getTime() + milliseconds, order: this.#order, work })
  }

  /** When the next thing happens; undefined if nothing will. */
  get next(): number | undefined {
    return this.#entries.length === 0 ? undefined : Math.min(...this.#entries.map(each => each.at))
  }

  /** Moves the clock there, never back, and does what is due then. */
  async moveTo(at: number): Promise<void> {
    this.clock.advance(Math.max(0, at - this.clock.now().getTime()))
    const due = this.#entries.filter(each => each.at <= at).sort((a, b) => a.at - b.at || a.order - b.order)
    this.#entries = this.#entries.filter(each => each.at > at)
    for (const { work } of due) await work()
  }
}
