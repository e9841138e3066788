import { type ParsedMail, simpleParser } from 'mailparser'
import { createTransport, type SendMailOptions } from 'nodemailer'
import { SMTPServer } from 'smtp-server'
import { eventually } from './eventually.ts'

/** A mail as it came to somebody out there. */
export interface WorldMail extends ParsedMail {
  /** Envelope recipients of this delivery. */
  recipients: string[]
  envelopeFrom: string
  raw: string
}

/** All mail servers but ours: takes what the desk sends, and can refuse recipients. */
export class World {
  readonly mails: WorldMail[] = []
  /** Replies to RCPT, by address: a code and a text. */
  readonly refuse = new Map<string, { code: number; text: string }>()
  /** How long it looks at a mail before it says that it has it; milliseconds. */
  looksFor = 0
  port = 0
  readonly #server: SMTPServer
  readonly #read = new Map<string, number>()

  constructor() {
    this.#server = new SMTPServer({
      authOptional: true,
      disabledCommands: ['AUTH', 'STARTTLS'],
      onRcptTo: ({ address }, _session, callback) => {
        const refusal = this.refuse.get(address)
        callback(refusal ? Object.assign(new Error(refusal.text), { responseCode: refusal.code }) : null)
      },
      onData: (stream, session, callback) => {
        const chunks: Buffer[] = []
        stream.on('data', chunk => chunks.push(chunk))
        stream.on('end', async () => {
          const raw = Buffer.concat(chunks)
          const { mailFrom, rcptTo } = session.envelope
          const parsed = await simpleParser(raw)
          const envelopeFrom = mailFrom ? mailFrom.address : ''
          this.mails.push({
            ...parsed,
            envelopeFrom,
            recipients: rcptTo.map(each => each.address),
            raw: raw.toString(),
          })
          setTimeout(callback, this.looksFor)
        })
      },
    })
    this.#server.on('error', () => undefined)
  }

  start(): Promise<void> {
    return new Promise(resolve => {
      this.#server.listen(0, '127.0.0.1', () => {
        this.port = (this.#server.server.address() as { port: number }).port
        resolve()
      })
    })
  }

  stop(): Promise<void> {
    return new Promise(resolve => this.#server.close(() => resolve()))
  }

  to(address: string): WorldMail[] {
    return this.mails.filter(mail => mail.recipients.includes(address))
  }

  /** The next mail to an address that was not asked for yet. */
  async next(address: string): Promise<WorldMail> {
    const position = this.#read.get(address) ?? 0
    const mail = await eventually(() => this.to(address)[position], `mail number ${position + 1} to ${address}`)
    this.#read.set(address, position + 1)
    return mail
  }
}

/** Sends to the desk as a mail program does. Rejects if the desk refuses. */
export async function mailTo(port: number, mail: SendMailOptions): Promise<string> {
  const transport = createTransport({ host: '127.0.0.1', port, secure: false, ignoreTLS: true })
  try {
    return (await transport.sendMail(mail)).response
  } finally {
    transport.close()
  }
}

/** An answer to a mail, as mail programs write it: on top, the old mail quoted below. */
export function answerTo(mail: WorldMail, from: string, text: string): SendMailOptions {
  const quoted = (mail.text ?? '').split('\n').map(line => `> ${line}`)
  const references = [mail.references ?? []].flat()
  return {
    from,
    to: mail.replyTo?.text ?? mail.from?.text ?? '',
    subject: `Re: ${(mail.subject ?? '').replace(/^Re: /, '')}`,
    text: `${text}\n\nOn Mon, 5 Jan 2026 at 10:00, ${mail.from?.value[0]?.name} wrote:\n${quoted.join('\n')}\n`,
    inReplyTo: mail.messageId ?? '',
    references: [...references, mail.messageId ?? ''],
  }
}
