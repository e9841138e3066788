import type { SendMailOptions } from 'nodemailer'
import { SeededRandom } from '../support/seeded-random.ts'
import type { WorldMail } from '../support/smtp-world.ts'
import type { Exchange } from './exchange.ts'
import type { Timetable } from './timetable.ts'

/** What everybody out there shares. */
export interface Surroundings {
  exchange: Exchange
  timetable: Timetable
  seed: number
  /** Responders of agents say nothing of themselves at all. */
  mute: boolean
}

/**
 * Who wrote: a person, a machine that shows in some way that it is one, or one that writes as a person would. Begins each
 * Message-ID, so that they can be told apart afterwards.
 */
export type Nature = 'person' | 'robot' | 'disguised'

const DAY_MS = 24 * 60 * 60_000
const MOST_TO_OTHERS = 5 // answers of a machine to an address that is no desk, in a day

/** Writes mail from one address. Chance is its own, so that one more actor changes nothing of what others do. */
export class Writer {
  readonly address: string
  readonly name: string
  readonly random: SeededRandom
  readonly surroundings: Surroundings
  #count = 0
  readonly #answered = new Map<string, number>()

  constructor(surroundings: Surroundings, name: string, address: string) {
    this.surroundings = surroundings
    this.name = name
    this.address = address
    this.random = new SeededRandom(`${address} ${surroundings.seed}`)
  }

  /** Writes as itself, from its own address unless told otherwise. */
  write(mail: SendMailOptions, nature: Nature, afterMs = 0): void {
    const { exchange, timetable } = this.surroundings
    this.#count += 1
    const [user = '', domain = ''] = this.address.split('@')
    const messageId = `<${nature}.${user}.${this.#count}@${domain}>`
    const from = { name: this.name, address: this.address }
    timetable.after(afterMs, () => exchange.submit({ from, messageId, ...mail, date: timetable.clock.now() }))
  }

  /**
   * Whether a machine answers there: a desk without end, anybody else a few times a day, since what machines out there
   * say to each other is no desk's affair.
   */
  mayAnswer(to: string): boolean {
    const { exchange, timetable } = this.surroundings
    if (exchange.isDesk(to)) return true
    const key = `${to} ${Math.floor(timetable.clock.now().getTime() / DAY_MS)}`
    const before = this.#answered.get(key) ?? 0
    this.#answered.set(key, before + 1)
    return before < MOST_TO_OTHERS
  }

  /** Sends a mail on as it is: its Message-ID and its envelope sender stay. */
  redirect(mail: WorldMail, to: readonly string[], envelopeFrom = mail.envelopeFrom, above = ''): void {
    const { exchange, timetable } = this.surroundings
    const raw = above + mail.raw
    timetable.after(0, () => exchange.submit({ envelope: { from: envelopeFrom, to: [...to] }, raw }))
  }
}

/** Where an answer to a mail goes: Reply-To, else From; undefined where it names nobody. */
export function answerTarget(mail: WorldMail): string | undefined {
  return (mail.replyTo ?? mail.from)?.value[0]?.address
}

/** A field of its head, lower case, '' where it has none. */
export function fieldOf(mail: WorldMail, name: string): string {
  const value = mail.headers.get(name)
  return typeof value === 'string' ? value.toLowerCase() : value === undefined ? '' : 'present'
}

/** Whether a program says that it wrote this. */
export function isAutomatic(mail: WorldMail): boolean {
  return !['', 'no'].includes(fieldOf(mail, 'auto-submitted'))
}
