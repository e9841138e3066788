import { rm } from 'node:fs/promises'
import type { SendMailOptions } from 'nodemailer'
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
  SignsIn,
  UnreadableMessage,
} from '../../src/channel.ts'
import { isOurs } from '../../src/core/address.ts'
import { DeskError, sentenceOf } from '../../src/errors.ts'
import { checkListener } from './check.ts'
import type { RawMessage } from './head.ts'
import type { Turn } from './imap/conveyor.ts'
import type { MailboxWatcher } from './imap/mailbox.ts'
import { MailListener } from './listener.ts'
import { Maildir } from './maildir.ts'
import type { TokenSource } from './oauth.ts'
import type { ParsedMail } from './parsed.ts'
import { MailParserPool } from './parser.ts'
import type { MailSender } from './sender.ts'
import type { EmailSettings } from './settings.ts'

export type Envelope = { from: string; to: string[] }

/** Mail: in by SMTP, LMTP, pipe and from files; out by SMTP or into a Maildir. */
export class EmailChannel implements ChannelAdapter, Checkable, Owns, Rereads, Describes, SignsIn {
  readonly name: string
  readonly settings: EmailSettings
  readonly #options: ChannelOptions
  readonly #own: readonly string[]
  readonly #parser: MailParserPool
  #listener: MailListener | undefined
  #sender: Promise<MailSender> | undefined
  #mailboxes: MailboxWatcher[] = []
  #tokens: TokenSource | undefined

  constructor(settings: EmailSettings, options: ChannelOptions) {
    this.name = options.name
    this.settings = settings
    this.#options = options
    this.#own = [settings.address, ...settings.aliases]
    this.#parser = new MailParserPool()
  }

  async start(desk: Desk): Promise<void> {
    this.#tokens = await this.#tokensFrom(desk)
    if (this.settings.send.smtp) await this.#sendVia() // a Maildir needs it with the first mail
    const { maildir } = this
    if (maildir) {
      await maildir.prepare().catch(error => {
        throw new DeskError('config', `send.maildir: ${maildir.folder} cannot be written: ${sentenceOf(error)}.`)
      })
    }
    await this.#listen(desk)
    await this.#watch(desk)
  }

  async #listen(desk: Desk): Promise<void> {
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

  /** Mailboxes are watched from now on; one that cannot be reached is an alarm, no reason not to start. */
  async #watch(desk: Desk): Promise<void> {
    const { imap } = this.settings
    if (imap.length === 0) return
    const { MailboxWatcher } = await import('./imap/mailbox.ts')
    const { maxMessageBytes, spoolPath, warn, now, budget } = this.#options
    this.#mailboxes = imap.map(
      mailbox =>
        new MailboxWatcher({
          channel: this.name,
          desk,
          mailbox,
          tokens: this.#tokens,
          maxMessageBytes,
          hold: bytes => budget.take(bytes),
          take: (to, raw, more) => this.take(to, raw, null, more),
          spoolPath,
          now,
          warn,
        }),
    )
    for (const mailbox of this.#mailboxes) mailbox.start()
  }

  async stop(): Promise<void> {
    await this.#listener?.stop()
    this.#listener = undefined
    await Promise.all(this.#mailboxes.map(mailbox => mailbox.stop()))
    this.#mailboxes = []
    await this.#parser.close()
    await this.#sender?.then(
      sender => sender.close(),
      () => undefined,
    )
    this.#sender = undefined
  }

  /**
   * Takes one raw message: reads it, and resolves once the desk has committed it. A spool file is used up. Where order
   * matters, `turn.before` is awaited before it is handed to the desk, and `turn.handed` called once it was. `release`
   * lets go bytes of the budget that were taken for it already.
   */
  async take(
    desk: Pick<Desk, 'receive'>,
    raw: RawMessage,
    envelope: Envelope | null,
    more: { turn?: Turn; release?: () => void; sentByHand?: boolean } = {},
  ): Promise<Receipt> {
    const { turn } = more
    const spooled = 'path' in raw ? [raw.path] : []
    const release = more.release ?? (await this.#options.budget.take('path' in raw ? raw.size : raw.bytes.length))
    try {
      const { message } = await this.parse(raw, envelope)
      if (more.sentByHand && !('quarantine' in message)) message.sentByHand = true
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
      const sent = await (await this.#sendVia()).send(message.id, mail, message.recipients)
      if (!message.automatic && sent.accepted.length > 0) await this.#keepSent(mail)
      return sent
    } finally {
      release()
    }
  }

  /** Colleagues who look into the mailbox see what the desk answered. */
  async #keepSent(mail: SendMailOptions): Promise<void> {
    if (!this.settings.imap.some(({ appendSent }) => appendSent)) return
    try {
      const { compileMail } = await import('./sender.ts')
      const raw = await compileMail(mail)
      for (const mailbox of this.#mailboxes) mailbox.keepSent(raw)
    } catch (error) {
      this.#options.warn('an answer left and could not be put into the Sent folder', error) // it must not leave again
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
    const { listen, imap, address, send } = this.settings
    const via = send.smtp ? `${send.smtp.host}:${send.smtp.port}` : `the Maildir ${this.maildir?.folder}`
    const ways = [
      ...(listen ? [`${listen.protocol.toUpperCase()} on ${listen.host}:${listen.port}`] : []),
      ...imap.map(({ user, host }) => `the mailbox of ${user} at ${host}`),
    ]
    return [`mail for ${address}${ways.length > 0 ? `: ${ways.join(', ')}` : ''}`, `answers leave through ${via}`]
  }

  async check(desk: Desk): Promise<Finding[]> {
    this.#tokens ??= await this.#tokensFrom(desk)
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

  /** What signs in at IMAP and SMTP in place of a password; loaded where it is configured. */
  async #tokensFrom(desk: Desk): Promise<TokenSource | undefined> {
    const { oauth } = this.settings
    if (!oauth) return undefined
    const { tokenSource } = await import('./oauth.ts')
    return tokenSource(oauth, desk, this.#options.now, { channel: this.name })
  }

  async signIn(desk: Desk, say: (sentence: string) => void): Promise<void> {
    const { oauth, imap, send, address } = this.settings
    if (!oauth) {
      throw new DeskError(
        'config',
        `The channel ${this.name} signs in with passwords: add oauth to it, or leave login out.`,
      )
    }
    const { signIn } = await import('./oauth-sign-in.ts')
    const user = imap.find(mailbox => mailbox.password === undefined)?.user ?? send.smtp?.user ?? address
    await signIn({ settings: oauth, memory: desk, channel: this.name, user, now: this.#options.now, say })
  }

  /** nodemailer is loaded with the first use. */
  #sendVia(): Promise<MailSender> {
    const { smtp } = this.settings.send
    this.#sender ??= import('./sender.ts').then(({ maildirSender, smtpSender }) =>
      smtp ? smtpSender(smtp, this.#tokens) : maildirSender(this.maildir as Maildir),
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
