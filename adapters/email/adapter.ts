import { rm } from 'node:fs/promises'
import type {
  ChannelAdapter,
  ChannelOptions,
  Checkable,
  Describes,
  Desk,
  Finding,
  InboundMessage,
  OutboundMessage,
  Owns,
  Receipt,
  Rereads,
  Sent,
  UnreadableMessage,
} from '../../src/channel.ts'
import { isOurs } from '../../src/core/address.ts'
import { DeskError, sentenceOf } from '../../src/errors.ts'
import { checkListener } from './check.ts'
import type { RawMessage } from './head.ts'
import { MailListener } from './listener.ts'
import { Maildir } from './maildir.ts'
import type { ParsedMail } from './parsed.ts'
import { MailParserPool } from './parser.ts'
import type { MailSender } from './sender.ts'
import type { EmailSettings } from './settings.ts'

export type Envelope = { from: string; to: string[] }

/** Mail: in by SMTP, LMTP, pipe and from files; out by SMTP or into a Maildir. */
export class EmailChannel implements ChannelAdapter, Checkable, Owns, Rereads, Describes {
  readonly name: string
  readonly settings: EmailSettings
  readonly #options: ChannelOptions
  readonly #own: readonly string[]
  readonly #parser: MailParserPool
  #listener: MailListener | undefined
  #sender: Promise<MailSender> | undefined

  constructor(settings: EmailSettings, options: ChannelOptions) {
    this.name = options.name
    this.settings = settings
    this.#options = options
    this.#own = [settings.address, ...settings.aliases]
    this.#parser = new MailParserPool()
  }

  async start(desk: Desk): Promise<void> {
    if (this.settings.send.smtp) await this.#sendVia() // a Maildir needs it with the first mail
    const { maildir } = this
    if (maildir) {
      await maildir.prepare().catch(error => {
        throw new DeskError('config', `send.maildir: ${maildir.folder} cannot be written: ${sentenceOf(error)}.`)
      })
    }
    const { listen } = this.settings
    if (!listen) return
    const { maxMessageBytes, spoolPath, warn } = this.#options
    const take = async (raw: RawMessage, envelope: Envelope) => {
      const { outcome, ref } = await this.take(desk, raw, envelope)
      // Whoever was not let in learns nothing of the ticket.
      return outcome === 'opened' || outcome === 'appended' ? `2.0.0 ${outcome} ${ref}` : '2.0.0 stored'
    }
    const listener = new MailListener({ listen, own: this.#own, maxMessageBytes, spoolPath, take, warn })
    await listener.start()
    this.#listener = listener
  }

  async stop(): Promise<void> {
    await this.#listener?.stop()
    this.#listener = undefined
    await this.#parser.close()
    await this.#sender?.then(
      sender => sender.close(),
      () => undefined,
    )
    this.#sender = undefined
  }

  /**
   * Takes one raw message: reads it, and resolves once the desk has committed it. A spool file is used up. Where order
   * matters, `turn.before` is awaited before it is handed to the desk, and `turn.handed` called once it was.
   */
  async take(
    desk: Desk,
    raw: RawMessage,
    envelope: Envelope | null,
    turn?: { before: Promise<void>; handed: () => void },
  ): Promise<Receipt> {
    const spooled = 'path' in raw ? [raw.path] : []
    const release = await this.#options.budget.take('path' in raw ? raw.size : raw.bytes.length)
    try {
      const { message } = await this.parse(raw, envelope)
      if (!('quarantine' in message)) {
        spooled.push(...message.attachments.flatMap(({ content }) => ('path' in content ? [content.path] : [])))
      }
      await turn?.before
      const receipt = desk.receive(message)
      turn?.handed()
      return await receipt
    } finally {
      release()
      await Promise.all(spooled.map(path => rm(path, { force: true })))
    }
  }

  /** Reads one raw message and stores nothing. */
  async parse(raw: RawMessage, envelope: Envelope | null, longestText?: number): Promise<ParsedMail> {
    const options = { own: this.#own, envelope, ...(longestText === undefined ? {} : { longestText }) }
    return this.#parser.parse(raw, options, await this.#options.spoolPath())
  }

  /** A new path for a file in the making. */
  spoolPath(): Promise<string> {
    return this.#options.spoolPath()
  }

  async reread(raw: Uint8Array): Promise<InboundMessage | UnreadableMessage> {
    return (await this.parse({ bytes: raw }, null)).message
  }

  async send(message: OutboundMessage): Promise<Sent> {
    const size = message.attachments.reduce((sum, each) => sum + each.size, 0)
    const release = await this.#options.budget.take(size)
    try {
      const { composeMail } = await import('./compose.ts')
      const { address, plusAddress } = this.settings
      const mail = await composeMail(message, { address, plusAddress })
      return await (await this.#sendVia()).send(message.id, mail, message.recipients)
    } finally {
      release()
    }
  }

  owns(recipient: string): boolean {
    return isOurs(recipient, this.#own)
  }

  /** Where answers go while no relay is configured. */
  get maildir(): Maildir | undefined {
    const { maildir } = this.settings.send
    return maildir === undefined ? undefined : new Maildir(this.#options.statePath(maildir))
  }

  describe(): string[] {
    const { listen, address, send } = this.settings
    const via = send.smtp ? `${send.smtp.host}:${send.smtp.port}` : `the Maildir ${this.maildir?.folder}`
    return [
      ...(listen
        ? [`mail for ${address}: ${listen.protocol.toUpperCase()} on ${listen.host}:${listen.port}`]
        : [`mail for ${address}`]),
      `answers leave through ${via}`,
    ]
  }

  async check(): Promise<Finding[]> {
    const { listen, send } = this.settings
    const findings = listen ? [await checkListener(listen)] : []
    const what = send.smtp
      ? `mail leaves through ${send.smtp.host}:${send.smtp.port}`
      : `mail goes into ${this.maildir?.folder}`
    try {
      await (await this.#sendVia()).check()
      findings.push({ what, ok: true })
    } catch (error) {
      findings.push({ what, ok: false, advice: adviceFor(error, send.smtp !== undefined) })
    }
    return findings
  }

  /** nodemailer is loaded with the first use. */
  #sendVia(): Promise<MailSender> {
    const { smtp } = this.settings.send
    this.#sender ??= import('./sender.ts').then(({ maildirSender, smtpSender }) =>
      smtp ? smtpSender(smtp) : maildirSender(this.maildir as Maildir),
    )
    return this.#sender
  }
}

function adviceFor(error: unknown, smtp: boolean): string {
  const said = sentenceOf(error)
  if (!smtp) return `${said}: give this user the right to write there.`
  const code = (error as { code?: string }).code ?? ''
  const advice: Record<string, string> = {
    EAUTH: 'send.smtp.user or send.smtp.password is wrong, or the account may not send: ask whoever runs the relay.',
    EDNS: 'send.smtp.host is no name that can be found: check its spelling.',
    ESOCKET: 'nothing answers there, or its certificate is not trusted: check send.smtp.host, port and ca.',
    ECONNECTION: 'nothing answers there: check send.smtp.host and port, and the firewall.',
    ETIMEDOUT: 'nothing answers there: check send.smtp.host and port, and the firewall.',
    ETLS: 'the relay offers no encryption: set send.smtp.secure, or requireTls: false if you trust the network.',
  }
  return `${said}: ${advice[code] ?? 'check send.smtp.'}`
}
