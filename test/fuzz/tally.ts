import { table } from '../../src/core/text/table.ts'
import type { Measured } from './reader.ts'

const SHOWN = 5

/** A message that ended otherwise than it must. */
export interface Failure {
  /** Its place in the run. */
  index: number
  problems: string[]
  /** Where it is kept, and how it came about. */
  file: string
  how: string
  /** The same with as much left out as could be. */
  small?: string
}

/** What a message took. */
interface Cost {
  index: number
  cpuMs: number
  grownMb: number
  bytes: number
}

/** What is known of a run so far. */
export class Tally {
  messages = 0
  received = 0
  bytes = 0
  cpuMs = 0
  /** The most that a process held above its idle state after many messages. */
  peakOfProcessMb = 0
  /** Messages over a limit in a process that had read others, and not over it alone. */
  notAlone = 0
  verified = 0
  readonly failures: Failure[] = []
  readonly #outcomes = new Map<string, number>()
  #slowest: Cost[] = []
  /** Measured in a process that had read others; of those over the limit there, in one of its own. */
  #largest: Cost[] = []

  add(index: number, bytes: number, { outcome, stored, cpuMs, grownMb }: Measured): void {
    this.messages += 1
    this.bytes += bytes
    this.cpuMs += cpuMs
    this.#count(`read as ${named(outcome)}`)
    if (stored) {
      this.received += 1
      this.#count(`received, ${stored}`)
    }
    const cost = { index, cpuMs, grownMb, bytes }
    this.#slowest = [...this.#slowest, cost].sort((a, b) => b.cpuMs - a.cpuMs).slice(0, SHOWN)
    this.#largest = [...this.#largest, cost].sort((a, b) => b.grownMb - a.grownMb).slice(0, SHOWN)
  }

  #count(outcome: string): void {
    this.#outcomes.set(outcome, (this.#outcomes.get(outcome) ?? 0) + 1)
  }

  /** All of it in tables; `seed` names the messages. */
  show(seed: number): string {
    const outcomes = [...this.#outcomes].sort(([a], [b]) => (a < b ? -1 : 1))
    const figures: [string, string][] = [
      ['messages', String(this.messages)],
      ['received into a store', `${this.received}, verified ${this.verified} times`],
      ['bytes', `${(this.bytes / 1e6).toFixed(0)} MB`],
      [
        'processor time',
        `${(this.cpuMs / 1000).toFixed(0)} s, ${(this.cpuMs / Math.max(1, this.messages)).toFixed(1)} ms each`,
      ],
      ['peak memory of a process', `${this.peakOfProcessMb.toFixed(0)} MB above idle`],
      ['over a limit, but not alone', String(this.notAlone)],
      ['failures', String(this.failures.length)],
    ]
    const costs = (each: Cost[]) =>
      each.map(({ index, cpuMs, grownMb, bytes }) => [
        ...[`${cpuMs.toFixed(0)} ms`, `${grownMb.toFixed(0)} MB`, `${seed}/${index}`, String(bytes)],
      ])
    const wide = (head: string[], rows: string[][]) => table(head, rows, 160)
    return [
      wide(['FIGURE', ''], figures),
      wide(
        ['MESSAGES', 'OUTCOME'],
        outcomes.map(([outcome, count]) => [String(count), outcome]),
      ),
      wide(['SLOWEST', 'ABOVE IDLE', 'SEED/INDEX', 'BYTES'], costs(this.#slowest)),
      wide(['LARGEST', 'ABOVE IDLE', 'SEED/INDEX', 'BYTES'], costs(this.#largest)),
    ].join('\n\n')
  }
}

/** Without the numbers that make a reason another one each time. */
function named(outcome: string): string {
  return outcome.replace(/\d+/g, 'N')
}
