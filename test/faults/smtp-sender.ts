import { Readable } from 'node:stream'
import SMTPConnection from 'nodemailer/lib/smtp-connection'
import type { GeneratedMail } from '../support/mail/mail-generator.ts'
import { DESK_ADDRESS } from './desk-process.ts'

const CONNECTIONS = 10

/** What became of the mail that was sent. */
export interface Sent {
  /** Positions of mails that were begun (the listener said 354) and never got a reply. */
  withoutReply: number[]
  /** What was said instead of 250. */
  refusals: string[]
}

/**
 * A mail server that passes mail on to the desk over several connections: a reply goes only when its opener got 250.
 * Ends when all got 250, or the listener is gone. `answered` knows the mails that need not be sent, and grows.
 */
export function sendAll(
  port: number,
  mails: readonly GeneratedMail[],
  answered: Set<number>,
  onAnswer: (outcome: string) => void,
): Promise<Sent> {
  return new Sender(port, mails, answered, onAnswer).run()
}

class Sender {
  readonly #port: number
  readonly #mails: readonly GeneratedMail[]
  readonly #answered: Set<number>
  readonly #onAnswer: (outcome: string) => void
  readonly #waiting: Set<number>
  readonly #begun = new Set<number>()
  readonly #refusals: string[] = []
  #inHand = 0
  #gone = false
  #changed = Promise.withResolvers<void>()

  constructor(
    port: number,
    mails: readonly GeneratedMail[],
    answered: Set<number>,
    onAnswer: (outcome: string) => void,
  ) {
    this.#port = port
    this.#mails = mails
    this.#answered = answered
    this.#onAnswer = onAnswer
    this.#waiting = new Set([...mails.keys()].filter(position => !answered.has(position)))
  }

  async run(): Promise<Sent> {
    await Promise.all(Array.from({ length: CONNECTIONS }, () => this.#connection()))
    return { withoutReply: [...this.#begun], refusals: this.#refusals }
  }

  async #connection(): Promise<void> {
    const connection = new SMTPConnection({ host: '127.0.0.1', port: this.#port, ignoreTLS: true })
    connection.on('error', () => this.#leave())
    connection.on('end', () => this.#leave())
    await new Promise<void>(resolve => {
      connection.once('end', resolve)
      connection.once('error', () => resolve())
      connection.connect(() => resolve())
    })
    for (let position = await this.#next(); position !== undefined; position = await this.#next()) {
      await this.#send(connection, position)
    }
    connection.close()
  }

  /** The next mail that may go; undefined when none is left or the listener is gone. */
  async #next(): Promise<number | undefined> {
    while (!this.#gone && this.#waiting.size > 0) {
      const ready = [...this.#waiting].find(position => this.#mayGo(position))
      if (ready !== undefined) {
        this.#waiting.delete(ready)
        return ready
      }
      if (this.#inHand === 0) return undefined // what is left waits for an opener that was refused
      await this.#changed.promise
    }
    return undefined
  }

  #mayGo(position: number): boolean {
    const opener = this.#mails[position]?.opener
    return opener === undefined || this.#answered.has(opener)
  }

  #send(connection: SMTPConnection, position: number): Promise<void> {
    const mail = this.#mails[position] as GeneratedMail
    const begun = this.#begun
    // Read from only once the listener asked for the message with 354.
    const content = Readable.from(
      (function* () {
        begun.add(position)
        yield mail.raw
      })(),
    )
    this.#inHand += 1
    return new Promise(resolve => {
      connection.send({ from: mail.from, to: [DESK_ADDRESS] }, content, (error, info) => {
        this.#inHand -= 1
        if (info?.response?.startsWith('250')) {
          this.#answered.add(position)
          begun.delete(position)
          this.#onAnswer(/^250 2\.0\.0 (\S+)/.exec(info.response)?.[1] ?? '')
        } else if (error && 'responseCode' in error && error.responseCode) {
          this.#refusals.push(`${mail.file}: ${error.message}`)
          begun.delete(position)
        } else {
          this.#gone = true
        }
        this.#tellOthers()
        resolve()
      })
    })
  }

  #leave(): void {
    if (this.#waiting.size === 0 && this.#inHand === 0) return
    this.#gone = true
    this.#tellOthers()
  }

  #tellOthers(): void {
    this.#changed.resolve()
    this.#changed = Promise.withResolvers()
  }
}
