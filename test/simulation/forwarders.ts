import type { WorldMail } from '../support/smtp-world.ts'
import type { Receiver } from './exchange.ts'
import { fieldOf, type Surroundings, Writer } from './writer.ts'

const MOST_POSTS = 10 // of one member in a day: what list software allows before it asks its owner
const DAY_MS = 24 * 60 * 60_000

/** Hands each post to all members but its writer; sets the fields of lists, and keeps From. */
export class MailingList implements Receiver {
  readonly #writer: Writer
  readonly #members: readonly string[]
  readonly #answersToList: boolean
  readonly #posts = new Map<string, number>()

  constructor(surroundings: Surroundings, address: string, members: readonly string[], answersToList: boolean) {
    this.#writer = new Writer(surroundings, 'List', address)
    this.#members = members
    this.#answersToList = answersToList
    surroundings.exchange.serve(address, this)
  }

  async receive(mail: WorldMail): Promise<void> {
    const poster = mail.from?.value[0]?.address ?? ''
    const refused = !mail.envelopeFrom || fieldOf(mail, 'precedence') === 'bulk' // as list software does
    if (refused || this.#hasPostedEnough(poster)) return
    const { address } = this.#writer
    const [name = '', domain = ''] = address.split('@')
    const fields = [
      `List-Id: <${name}.${domain}>`,
      `List-Post: <mailto:${address}>`,
      'Precedence: list',
      ...(this.#answersToList ? [`Reply-To: ${address}`] : []),
    ]
    const own = this.#answersToList ? mail.raw.replace(/^Reply-To:.*(?:\r\n[ \t].*)*\r\n/im, '') : mail.raw
    const others = this.#members.filter(member => member !== poster)
    this.#writer.redirect({ ...mail, raw: own }, others, `${name}-bounces@${domain}`, `${fields.join('\r\n')}\r\n`)
  }

  #hasPostedEnough(poster: string): boolean {
    const day = Math.floor(this.#writer.surroundings.timetable.clock.now().getTime() / DAY_MS)
    const key = `${poster} ${day}`
    this.#posts.set(key, (this.#posts.get(key) ?? 0) + 1)
    return (this.#posts.get(key) ?? 0) > MOST_POSTS
  }
}

/** Takes mail and does nothing with it. */
export class Sink implements Receiver {
  async receive(): Promise<void> {}
}

/** An alias that sends on all that it gets, as it is. */
export class Redirector implements Receiver {
  readonly #writer: Writer
  readonly #targets: readonly string[]

  constructor(surroundings: Surroundings, address: string, targets: readonly string[]) {
    this.#writer = new Writer(surroundings, 'Redirector', address)
    this.#targets = targets
    surroundings.exchange.serve(address, this)
  }

  async receive(mail: WorldMail): Promise<void> {
    this.#writer.redirect(mail, this.#targets)
  }
}

/**
 * An alias that sends on all that it gets as a mail of its own: a new Message-ID, nothing of what it answers, nothing
 * of who wrote it, and another address for answers.
 */
export class Resender implements Receiver {
  readonly writer: Writer
  readonly #target: string
  readonly #answersTo: string
  readonly #keepsSubject: boolean

  constructor(
    surroundings: Surroundings,
    address: string,
    way: { target: string; answersTo: string; keepsSubject: boolean },
  ) {
    this.writer = new Writer(surroundings, 'Resender', address)
    this.#target = way.target
    this.#answersTo = way.answersTo
    this.#keepsSubject = way.keepsSubject
    surroundings.exchange.serve(address, this)
  }

  async receive(mail: WorldMail): Promise<void> {
    const subject = this.#keepsSubject ? `Fwd: ${mail.subject ?? ''}` : 'Forwarded mail'
    const text = (mail.text ?? '').slice(0, 2_000)
    this.writer.write({ to: this.#target, replyTo: this.#answersTo, subject, text }, 'disguised')
  }

  /** Its owner writes to the desk. */
  ask(): void {
    const mail = { to: this.#target, replyTo: this.#answersTo, subject: 'Where is my parcel?', text: 'It is late.' }
    this.writer.write(mail, 'person')
  }
}
