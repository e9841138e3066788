import type { AddressInfo } from 'node:net'
import { simpleParser } from 'mailparser'
import { createTransport, type SendMailOptions, type Transporter } from 'nodemailer'
import { SMTPServer } from 'smtp-server'
import { SeededRandom } from '../support/seeded-random.ts'
import type { WorldMail } from '../support/smtp-world.ts'
import { deliveryFailure } from './bounce.ts'
import type { Timetable } from './timetable.ts'

const MOST_HOPS = 25 // RFC 5321 section 6.3: a mail with so many Received fields goes in circles
const RETRY_MS = 5 * 60_000
const LATENCY_S = { from: 3, to: 20 }

/** A mail on its way to one recipient. */
export interface Letter {
  /** Envelope sender, '' for none. */
  sender: string
  recipient: string
  raw: string
}

/** Whoever has addresses out there, and gets what is sent to them. */
export interface Receiver {
  receive(mail: WorldMail): Promise<void>
}

/** A desk's own server, as the exchange reaches it. */
interface Listening {
  transport: Transporter
}

/** Something that a desk has sent. */
export interface Departure {
  at: Date
  /** Envelope sender, without the detail behind the plus. */
  desk: string
  recipient: string
  subject: string
  manner: 'acknowledgement' | 'notification' | 'reply'
}

/**
 * All mail servers of the world in one: takes mail by SMTP, and hands it on by SMTP to desks and by hand to everybody
 * else, some seconds later. Unknown addresses are refused, and what goes in circles is returned.
 */
export class Exchange {
  port = 0
  /** What desks have sent, each recipient for itself. */
  readonly departures: Departure[] = []
  /** How many mails were handed to desks. */
  handed = 0
  /** What a desk did not take, one sentence each. */
  readonly refusals: string[] = []
  readonly #timetable: Timetable
  readonly #random: SeededRandom
  readonly #receivers = new Map<string, Receiver>()
  readonly #desks = new Map<string, Listening>()
  readonly #server: SMTPServer
  #outgoing: Transporter | undefined
  #accepted: Letter[] = []

  constructor(timetable: Timetable, seed: number) {
    this.#timetable = timetable
    this.#random = new SeededRandom(`exchange ${seed}`)
    this.#server = new SMTPServer({
      authOptional: true,
      disabledCommands: ['AUTH', 'STARTTLS'],
      onRcptTo: ({ address }, _session, callback) => {
        const known = this.#receiverOf(address) ?? this.#deskOf(address)
        callback(known ? null : Object.assign(new Error('5.1.1 Unknown user'), { responseCode: 550 }))
      },
      onData: (stream, session, callback) => {
        const chunks: Buffer[] = []
        stream.on('data', chunk => chunks.push(chunk))
        stream.on('end', () => {
          const { mailFrom, rcptTo } = session.envelope
          const letter = { sender: mailFrom ? mailFrom.address : '', raw: Buffer.concat(chunks).toString() }
          for (const { address } of rcptTo) this.#accepted.push({ ...letter, recipient: address.toLowerCase() })
          callback()
        })
      },
    })
  }

  async start(): Promise<void> {
    await new Promise<void>(resolve => this.#server.listen(0, '127.0.0.1', () => resolve()))
    this.port = (this.#server.server.address() as AddressInfo).port
    this.#outgoing = plainTransport(this.port)
  }

  async stop(): Promise<void> {
    this.#outgoing?.close()
    for (const { transport } of this.#desks.values()) transport.close()
    await new Promise<void>(resolve => this.#server.close(() => resolve()))
  }

  /** `where` is an address, or `@` and a domain for all of it. */
  serve(where: string, receiver: Receiver): void {
    this.#receivers.set(where, receiver)
  }

  serveDesk(addresses: readonly string[], port: number): void {
    const listening = { transport: plainTransport(port) }
    for (const address of addresses) this.#desks.set(address, listening)
  }

  isDesk(address: string): boolean {
    return this.#deskOf(address) !== undefined
  }

  /** Hands in a mail as a mail program does; whom nobody knows does not get it. */
  async submit(mail: SendMailOptions): Promise<void> {
    await this.#outgoing?.sendMail(mail).catch(error => {
      if ((error as { responseCode?: number }).responseCode !== 550) throw error
    })
    this.dispatch()
  }

  /** Sends off what was accepted. Desks hand in many at a time, so these are put into the order of their numbers. */
  dispatch(): void {
    const letters = this.#accepted.sort((a, b) => tokenNumber(a) - tokenNumber(b) || order(a.recipient, b.recipient))
    this.#accepted = []
    for (const letter of letters) {
      this.#record(letter)
      this.#timetable.after(this.#random.whole(LATENCY_S.from, LATENCY_S.to) * 1000, () => this.#deliver(letter))
    }
  }

  async #deliver(letter: Letter): Promise<void> {
    const hops = letter.raw.match(/^Received:/gm)?.length ?? 0
    if (hops > MOST_HOPS) return this.bounce(letter, '5.4.6', 'Routing loop detected')
    const marked = { ...letter, raw: this.#received() + letter.raw }
    const desk = this.#deskOf(letter.recipient)
    if (desk) return this.#hand(desk, marked)
    const parsed = await simpleParser(marked.raw)
    const mail = { ...parsed, envelopeFrom: letter.sender, recipients: [letter.recipient], raw: marked.raw }
    await this.#receiverOf(letter.recipient)?.receive(mail)
  }

  async #hand({ transport }: Listening, letter: Letter): Promise<void> {
    const raw = filtered(letter.raw)
    try {
      await transport.sendMail({ envelope: { from: letter.sender, to: [letter.recipient] }, raw })
      this.handed += 1
    } catch (error) {
      const { responseCode = 451, message } = error as { responseCode?: number; message: string }
      this.refusals.push(`${letter.recipient}: ${message}`)
      if (responseCode >= 500) return this.bounce(letter, '5.1.1', 'The server refused it')
      this.#timetable.after(RETRY_MS, () => this.#deliver(letter))
    }
  }

  /** Returns a mail to its envelope sender, if it has one (RFC 5321 section 4.5.5). */
  async bounce(letter: Letter, status: string, reason: string): Promise<void> {
    if (letter.sender) await this.submit(deliveryFailure(letter, status, reason, this.#timetable.clock.now()))
  }

  #received(): string {
    const date = this.#timetable.clock.now().toUTCString().replace('GMT', '+0000')
    return `Received: from mx (localhost [127.0.0.1])\r\n\tby world.example with ESMTP; ${date}\r\n`
  }

  #receiverOf(address: string): Receiver | undefined {
    const known = address.toLowerCase()
    return this.#receivers.get(known) ?? this.#receivers.get(known.slice(known.lastIndexOf('@')))
  }

  #deskOf(address: string): Listening | undefined {
    return this.#desks.get(withoutDetail(address))
  }

  /** Of a mail that comes from a desk itself, not of one that somebody sends on. */
  #record({ sender, recipient, raw }: Letter): void {
    if (!this.isDesk(sender) || raw.startsWith('Received:')) return
    const head = raw.split('\r\n\r\n', 1)[0]?.replace(/\r\n[ \t]+/g, ' ') ?? ''
    const field = (name: string) => new RegExp(`^${name}: *(.*)$`, 'im').exec(head)?.[1] ?? ''
    const submitted = field('Auto-Submitted')
    this.departures.push({
      at: this.#timetable.clock.now(),
      desk: withoutDetail(sender),
      recipient,
      subject: field('Subject'),
      manner: submitted === '' ? 'reply' : submitted === 'auto-replied' ? 'acknowledgement' : 'notification',
    })
  }
}

/** `help@desk` of `help+token@desk`. */
export function withoutDetail(address: string): string {
  return address.toLowerCase().replace(/\+[^@]*/, '')
}

function plainTransport(port: number): Transporter {
  return createTransport({ pool: true, host: '127.0.0.1', port, secure: false, ignoreTLS: true })
}

/** What the desks' spam filter makes of a mail. */
function filtered(raw: string): string {
  return /^Subject: .*cheap/im.test(raw) ? `X-Spam-Flag: YES\r\n${raw}` : raw
}

/** Number of a desk's message, which it has by its token; 0 for mail of others, which comes one by one. */
function tokenNumber({ raw }: Letter): number {
  const number = /^Message-ID: <[qai]-([0-9a-z]+)-k/im.exec(raw)?.[1]
  return number === undefined || raw.startsWith('Received:') ? 0 : Number.parseInt(number, 36)
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
