import type { WorldMail } from '../support/smtp-world.ts'
import type { Receiver } from './exchange.ts'
import { answerTarget, type Surroundings, Writer } from './writer.ts'

const FIRST_CASE = 10_000

/** How another help desk writes its subjects, and how long it takes. */
export interface VendorManner {
  subject(number: number, asked: string): string
  delayMs: number
}

/**
 * A help desk that acknowledges every mail with a new number, names nothing that it answers, and says nowhere that it
 * is a program.
 */
export class VendorDesk implements Receiver {
  readonly writer: Writer
  readonly #manner: VendorManner
  #cases = FIRST_CASE

  constructor(surroundings: Surroundings, address: string, manner: VendorManner) {
    this.writer = new Writer(surroundings, 'Vendor Support', address)
    this.#manner = manner
    surroundings.exchange.serve(address, this)
  }

  async receive(mail: WorldMail): Promise<void> {
    const to = answerTarget(mail)
    if (!to || !this.writer.mayAnswer(to)) return
    this.#cases += 1
    const subject = this.#manner.subject(this.#cases, mail.subject ?? '')
    const text = `Dear customer,\n\nwe look into your case ${this.#cases} and come back to you.\n\nYour vendor\n`
    this.writer.write({ to, subject, text }, 'disguised', this.#manner.delayMs)
  }

  /** Its staff asks a desk something, and so begins it all. */
  ask(desk: string): void {
    this.#cases += 1
    this.writer.write({ to: desk, subject: `Licence renewal ${this.#cases}`, text: 'Do you wish to renew?' }, 'person')
  }
}

/** A server that takes all mail and returns each a little later. */
export class BouncingServer implements Receiver {
  readonly #surroundings: Surroundings

  constructor(surroundings: Surroundings, where: string) {
    this.#surroundings = surroundings
    surroundings.exchange.serve(where, this)
  }

  async receive({ envelopeFrom: sender, recipients: [recipient = ''], raw }: WorldMail): Promise<void> {
    await this.#surroundings.exchange.bounce({ sender, recipient, raw }, '5.1.1', 'there is no such user here')
  }
}

const SPAM = [
  'Cheap watches',
  'You have won',
  'Invoice overdue',
  'Cheap loans',
  'Meet me tonight',
  'SEO offer',
] as const
const FLOOD = 60 // mails within an hour

/** Writes under many names; some are of nobody, some bounce, one is of an innocent person, and some days it floods. */
export class Spammer {
  readonly writer: Writer
  readonly #desks: readonly string[]
  readonly #innocent: string
  #sent = 0

  constructor(surroundings: Surroundings, desks: readonly string[], innocent: string) {
    this.writer = new Writer(surroundings, 'Offers', 'spammer@spam.example')
    this.#desks = desks
    this.#innocent = innocent
  }

  hour(hour: number): void {
    const { random } = this.writer
    for (let left = random.whole(0, 2); left > 0; left -= 1) this.#send(this.#name(), random.whole(0, 3_000_000))
    if (hour === 3 && random.share() < 0.3) this.#flood()
  }

  #flood(): void {
    const from = this.writer.random.share() < 0.5 ? 'flood@spam.example' : this.#name()
    const desk = this.writer.random.pick([...this.#desks] as [string, ...string[]])
    for (let each = 0; each < FLOOD; each += 1) this.#send(from, each * 45_000, desk)
  }

  #name(): string {
    const { random } = this.writer
    return random.pick([
      `offer${random.whole(1, 999)}@spam.example`,
      `offer${random.whole(1, 999)}@bounce.example`,
      `offer${random.whole(1, 999)}@refused.example`,
      this.#innocent,
    ])
  }

  #send(from: string, afterMs: number, to = this.writer.random.pick([...this.#desks] as [string, ...string[]])): void {
    this.#sent += 1
    const subject = `${this.writer.random.pick(SPAM)} ${this.#sent}`
    const mail = { from, envelope: { from, to: [to] }, to, subject, text: `Offer ${this.#sent}: act now.` }
    this.writer.write(mail, 'robot', afterMs)
  }
}
