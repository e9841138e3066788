import type { SendMailOptions } from 'nodemailer'
import type { WorldMail } from '../support/smtp-world.ts'
import { answerTarget, fieldOf, isAutomatic, type Writer } from './writer.ts'

const REMEMBERED_MS = 7 * 24 * 60 * 60_000
const PROMPT_MS = 2_000

/**
 * How a responder behaves. `polite`: as RFC 3834 wants it. `silent`: says nothing of itself but a subject, and answers
 * every mail. `bulk`: calls itself `Precedence: bulk`, and answers every mail. `mute`: answers every mail as if a person
 * did, always in the same words.
 */
export type Manner = 'polite' | 'silent' | 'bulk' | 'mute'

/** Stands in all that responders write: it must reach no requester as a desk's answer. */
export const AWAY_WORDS = 'I read no mail until the 24th'

/** Answers in the place of somebody who is away. */
export class AwayResponder {
  answered = 0
  readonly #writer: Writer
  readonly #manner: Manner
  readonly #before = new Map<string, number>()

  constructor(writer: Writer, manner: Manner) {
    this.#writer = writer
    this.#manner = manner
  }

  receive(mail: WorldMail): void {
    const answer = this.#manner === 'polite' ? this.#politely(mail) : this.#badly(mail, this.#manner)
    if (!answer) return
    this.answered += 1
    this.#writer.write(answer, 'robot', PROMPT_MS)
  }

  /** RFC 3834: to the envelope sender, from nobody, once in a week, and nothing to what machines and lists send. */
  #politely(mail: WorldMail): SendMailOptions | undefined {
    const to = mail.envelopeFrom
    const now = this.#writer.surroundings.timetable.clock.now().getTime()
    if (!to || isAutomatic(mail) || fieldOf(mail, 'precedence') || mail.headers.has('list')) return undefined
    if (now - (this.#before.get(to) ?? Number.NEGATIVE_INFINITY) < REMEMBERED_MS) return undefined
    this.#before.set(to, now)
    return {
      envelope: { from: '', to: [to] },
      to,
      subject: `Auto: ${mail.subject ?? ''}`,
      text: `${AWAY_WORDS}.`,
      ...(mail.messageId ? { inReplyTo: mail.messageId, references: mail.messageId } : {}),
      headers: { 'Auto-Submitted': 'auto-replied' },
    }
  }

  /** Whoever wrote gets an answer, every time, without a word of which mail it answers but its subject. */
  #badly(mail: WorldMail, manner: Exclude<Manner, 'polite'>): SendMailOptions | undefined {
    const to = answerTarget(mail)
    if (!to || to === this.#writer.address || !this.#writer.mayAnswer(to)) return undefined
    const subject = mail.subject ?? ''
    const text = `Hello,\n\n${AWAY_WORDS}. My colleagues will help you meanwhile.\n`
    if (manner === 'silent') return { to, subject: `Out of office: ${subject}`, text }
    return { to, subject: `Re: ${subject}`, text, ...(manner === 'bulk' ? { headers: { Precedence: 'bulk' } } : {}) }
  }
}
