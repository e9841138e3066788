import { answerTo, type WorldMail } from '../support/smtp-world.ts'
import { AwayResponder, type Manner } from './away.ts'
import type { Receiver } from './exchange.ts'
import { isAutomatic, type Surroundings, Writer } from './writer.ts'

const HOUR_MS = 60 * 60_000
const SUBJECTS = [
  'Printer on fire',
  'VPN is slow',
  'New laptop',
  'Password forgotten',
  'Invoice 77',
  'No sound',
] as const
const OFFICE = { from: 7, to: 19 }
const ANSWERS = 0.5 // of the answers of a desk that get an answer
const MOST_ANSWERS = 3 // in one conversation, before somebody has had enough

/** How somebody writes. */
export interface Habits {
  /** To whom; several addresses get one mail together. */
  writesTo: readonly (readonly string[])[]
  /** Mails in a day that begin something, on average. */
  perDay: number
  /** What answers in their place, whatever they write themselves. */
  away?: Manner
  replyTo?: string
}

/** Somebody who asks the desks, and answers them now and then. */
export class Requester implements Receiver {
  readonly writer: Writer
  readonly #habits: Habits
  readonly #responder: AwayResponder | undefined
  readonly #answers = new Map<string, number>()
  #asked = 0
  #resting = false

  /** `served`: mail to the address comes to them, and to nobody else. */
  constructor(surroundings: Surroundings, name: string, address: string, habits: Habits, served = true) {
    this.writer = new Writer(surroundings, name, address)
    this.#habits = habits
    this.#responder = habits.away && new AwayResponder(this.writer, habits.away)
    if (served) surroundings.exchange.serve(address, this)
  }

  hour(hour: number): void {
    const { random } = this.writer
    const chance = this.#habits.perDay / (OFFICE.to - OFFICE.from)
    if (hour < OFFICE.from || hour >= OFFICE.to || random.share() >= chance) return
    this.#asked += 1
    const [to = []] = [random.pick([...this.#habits.writesTo] as [readonly string[], ...(readonly string[])[]])]
    const subject = `${random.pick(SUBJECTS)}${random.share() < 0.5 ? '' : ` (${this.#asked})`}`
    const { replyTo } = this.#habits
    const mail = {
      to: [...to],
      subject,
      text: `Please help me, number ${this.#asked}.`,
      ...(replyTo ? { replyTo } : {}),
    }
    this.writer.write(mail, 'person', random.whole(0, HOUR_MS - 60_000))
  }

  /** Answers nothing any more; a responder goes on. */
  rest(): void {
    this.#resting = true
  }

  async receive(mail: WorldMail): Promise<void> {
    this.#responder?.receive(mail)
    if (this.#resting || isAutomatic(mail) || mail.from?.value[0]?.address === this.writer.address) return
    const isOfDesk = this.writer.surroundings.exchange.isDesk(mail.from?.value[0]?.address ?? '')
    const topic = (mail.subject ?? '').replace(/^(?:re: ?)+/i, '')
    const before = this.#answers.get(topic) ?? 0
    if (!isOfDesk || before >= MOST_ANSWERS || this.writer.random.share() >= ANSWERS) return
    this.#answers.set(topic, before + 1)
    const { random, name, address } = this.writer
    const text = random.pick(['Thank you, it works.', 'It still does not work.', 'When will that be?'])
    const answer = answerTo(mail, `${name} <${address}>`, text)
    this.writer.write(answer, 'person', random.whole(5 * 60_000, 6 * HOUR_MS))
  }
}
