import { basename } from 'node:path'
import type { GeneratedMail } from '../support/mail/mail-generator.ts'
import { configure, type DeskPlace, DeskProcess } from './desk-process.ts'
import { type FaultPath, isStored, type Killed } from './fault-path.ts'
import { KillClock, Stopwatch, type Timing, type When } from './moment.ts'
import { struck } from './strike.ts'

const AHEAD = 150 // as many as `receive` has read or waiting

/** `relaydesk receive FOLDER`, run again after a kill. */
export class ReceivePath implements FaultPath {
  readonly name = 'receive'
  readonly #folder: string
  readonly #mails: readonly GeneratedMail[]
  readonly #positions: Map<string, number>

  /** `folder` holds the mails, under their names. */
  constructor(folder: string, mails: readonly GeneratedMail[]) {
    this.#folder = folder
    this.#mails = mails
    this.#positions = new Map(mails.map(({ file }, position) => [file, position]))
  }

  async undisturbed(place: DeskPlace): Promise<Timing> {
    const stopwatch = new Stopwatch()
    await this.#toTheEnd(place, () => stopwatch.answered())
    return stopwatch.timing
  }

  async killed(place: DeskPlace, when: When): Promise<Killed> {
    await configure(place, undefined)
    const desk = new DeskProcess(place, ['receive', '--json', this.#folder], 'at' in when ? struck(when) : {})
    const clock = new KillClock(when, () => desk.kill('SIGKILL'))
    desk.onLine = () => clock.reached(desk.lines.length)
    clock.reached(0)
    const { code } = await desk.ended
    if (code !== null && code !== 0) throw new Error(`receive ended with ${code} before its kill: ${desk.errors}`)
    const answered = new Set(desk.lines.map(line => this.#read(line).position))
    // Before the first answer it may just have been starting: nothing is known to be in hand, unless it struck itself.
    const left =
      answered.size === 0 && !('at' in when) ? [] : [...this.#mails.keys()].filter(position => !answered.has(position))
    return { answered, begun: left.slice(0, AHEAD) }
  }

  carryOn(place: DeskPlace): Promise<number> {
    return this.#toTheEnd(place, () => undefined)
  }

  async #toTheEnd(place: DeskPlace, onAnswer: () => void): Promise<number> {
    await configure(place, undefined)
    const desk = new DeskProcess(place, ['receive', '--json', this.#folder])
    desk.onLine = onAnswer
    const code = await desk.exitCode()
    if (code !== 0) throw new Error(`receive ended with ${code}: ${desk.errors}`)
    const outcomes = desk.lines.map(line => this.#read(line).outcome)
    if (outcomes.length !== this.#mails.length) {
      throw new Error(`receive told of ${outcomes.length} messages instead of ${this.#mails.length}`)
    }
    return outcomes.filter(isStored).length
  }

  #read(line: string): { position: number; outcome: string } {
    const { file, outcome } = JSON.parse(line) as { file: string; outcome: string }
    const position = this.#positions.get(basename(file))
    if (position === undefined || outcome === 'failed' || outcome === 'skipped') {
      throw new Error(`receive told of something unexpected: ${line}`)
    }
    return { position, outcome }
  }
}
