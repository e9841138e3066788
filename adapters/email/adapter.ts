// The mail channel.
import { rm } from 'node:fs/promises'
import type { SendMailOptions } from 'nodemailer'
import type {
  ChannelAdapter,
  ChannelOptions,
  Checkable,
  Describes,
  Finding,
  Layout,
  Owns,
  ReadiesItself,
  Rereads,
  ShowsLayout,
  SignsIn,
} from '../../src/channel/adapter.ts'
import type { Desk } from '../../src/channel/desk.ts'
import type { InboundMessage, Receipt, UnreadableMessage } from '../../src/channel/message.ts'
import type { OutboundMessage, Sent } from '../../src/channel/outbound.ts'
import { isOurs } from '../../src/core/text/address.ts'
import { DeskError, sentenceOf } from '../../src/errors.ts'
import type { Canary } from './doctor/canary.ts'
import { checkListener } from './doctor/check-mail.ts'
import type { SelfMail } from './doctor/self-mail.ts'
import type { MailboxWatcher } from './imap/mailbox.ts'
import type { Turn } from './imap/ordered-pipeline.ts'
import type { RawMessage } from './mime/raw-head.ts'
import { MailReader } from './read/mail-reader.ts'
import type { MailSender } from './send/mail-sender.ts'
import { Maildir } from './send/maildir.ts'
import type { EmailSettings } from './settings.ts'
import type { TokenSource } from './sign-in/oauth.ts'
import { type Envelope, MailListener } from './take/listener.ts'
import { isStranger } from './take/smtp-origin.ts'

const NEW_MS = 60 * 60 * 1000

/** Mail: in by SMTP, LMTP, pipe and from files; out by SMTP or into a Maildir. */
export class EmailChannel
  implements ChannelAdapter, Checkable, Owns, Rereads, ReadiesItself, Describes, SignsIn, ShowsLayout
{
  readonly name: string
  readonly settings: EmailSettings
  readonly #options: ChannelOptions
  readonly #ownAddresses: readonly string[]
  readonly reader: MailReader
  #listener: MailListener | undefined
  #sender: Promise<MailSender> | undefined
  #mailboxes: MailboxWatcher[] = []
  #tokens: TokenSource | undefined
  #canary: Canary | undefined

  constructor(settings: EmailSettings, options: ChannelOptions) {
    this.name = options.name
    this.settings = settings
    this.#options = options
    this.#ownAddresses = [settings.address, ...settings.aliases]
    this.reader = new MailReader(settings, options)
  }

  getReady(): void {
    this.reader.warmUp()
  }

  async start(desk: Desk): Promise<void> {
    this.#tokens = await this.#tokensFrom(desk)
    // Of the time when it signed in with tokens; a store that is busy must not keep mail from coming in for that.
    if (!this.#tokens) await desk.settle('login').catch(() => undefined)
    if (this.settings.send.smtp) await this.#sendVia() // a Maildir needs it with the first mail
    const { maildir } = this
    if (maildir) {
      await maildir.prepare().catch(error => {
        throw new DeskError('config', `send.maildir: ${maildir.folder} cannot be written: ${sentenceOf(error)}.`)
      })
    }
    await this.#listen(desk)
    await this.#watch(desk)
    await this.#sendCanaries(desk)
  }

  async #listen(desk: Desk): Promise<void> {
    const { listen } = this.settings
    if (!listen) return
    const { maxMessageBytes, spoolPath, warn, budget } = this.#options
    const isOurs = (address: string) => !isStranger(address, this.settings.authentication)
    const isFull = () => budget.isFull
    const take = async (raw: RawMessage, envelope: Envelope) => {
      const { outcome, ref } = await this.take(desk, raw, envelope)
      // Whoever was not let in learns nothing of the ticket.
      return outcome === 'opened' || outcome === 'appended' ? `2.0.0 ${outcome} ${ref}` : '2.0.0 stored'
    }
    const ownAddresses = this.#ownAddresses
    const listener = new MailListener({ listen, ownAddresses, maxMessageBytes, spoolPath, take, warn, isOurs, isFull })
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

  async #sendCanaries(desk: Desk): Promise<void> {
    const { canary: every, send, address: from, imap } = this.settings
    if (every === undefined || !send.smtp) return
    const [{ Canary }, { addressOf }] = await Promise.all([
      import('./doctor/canary.ts'),
      import('./doctor/self-mail.ts'),
    ])
    const to = imap.length === 0 ? [from] : [...new Set(imap.map(mailbox => addressOf(mailbox, this.settings)))]
    const { now, warn } = this.#options
    this.#canary = new Canary({ desk, from, to, every, send: mail => this.#sendToSelf(mail), now, warn })
    this.#canary.start()
  }

  async #sendToSelf(mail: SelfMail): Promise<Sent> {
    return (await this.#sendVia()).send(mail.mark, mail.mail, [mail.to])
  }

  async stop(): Promise<void> {
    await this.#canary?.stop()
    this.#canary = undefined
    await this.#listener?.stop()
    this.#listener = undefined
    await Promise.all(this.#mailboxes.map(mailbox => mailbox.stop()))
    this.#mailboxes = []
    await this.reader.close()
    await this.#sender?.then(
      sender => sender.close(),
      () => undefined,
    )
    this.#sender = undefined
  }

  /**
   * Takes one raw message: reads it, and resolves once the desk has committed it. A spool file is used up. Where order
   * matters, `turn.before` is awaited before it is handed to the desk, and `turn.handed` called once it was. `release`
   * lets go bytes of the budget that were taken for it already. `live` says that it is handed over now, or lay in a
   * mailbox, maybe for long.
   */
  async take(
    desk: Pick<Desk, 'receive'>,
    raw: RawMessage,
    envelope: Envelope | null,
    more: { turn?: Turn; release?: () => void; sentByHand?: boolean; live?: 'now' | 'if-new' } = {},
  ): Promise<Receipt> {
    const { turn } = more
    const spooled = 'path' in raw ? [raw.path] : []
    const release = more.release ?? (await this.#options.budget.take('path' in raw ? raw.size : raw.bytes.length))
    try {
      const message = await this.reader.read(raw, envelope, more)
      if (!('quarantine' in message)) {
        spooled.push(...message.attachments.flatMap(({ content }) => ('path' in content ? [content.path] : [])))
        if (more.sentByHand) message.mail.sentByHand = true
        if (envelope || more.live === 'now' || (more.live && this.#isNew(message))) message.live = true
      }
      await turn?.before
      const receipt = desk.receive(message)
      turn?.handed()
      const result = await receipt
      if (!('quarantine' in message) && !more.sentByHand) await this.#canary?.seen(message)
      return result
    } finally {
      release()
      await Promise.all(spooled.map(path => rm(path, { force: true })))
    }
  }

  /** What came into a mailbox a moment ago, and did not wait there. */
  #isNew({ reachedAt }: InboundMessage): boolean {
    return reachedAt !== null && this.#options.now().getTime() - Date.parse(reachedAt) < NEW_MS
  }

  reread(raw: Uint8Array): Promise<InboundMessage | UnreadableMessage> {
    return this.reader.reread(raw)
  }

  layout(raw: Uint8Array, options: { remote: boolean }): Promise<Layout> {
    return this.reader.layout(raw, options)
  }

  /** A new path for a file in the making. */
  spoolPath(): Promise<string> {
    return this.#options.spoolPath()
  }

  async send(message: OutboundMessage, signal?: AbortSignal): Promise<Sent> {
    const size = message.attachments.reduce((sum, each) => sum + each.size, 0)
    const release = await this.#options.budget.take(size)
    try {
      const { composeMail } = await import('./send/compose-mail.ts')
      const { address, plusAddress } = this.settings
      const mail = await composeMail(message, { address, plusAddress })
      const sent = await (await this.#sendVia()).send(message.id, mail, message.recipients, signal)
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
      const { compileMail } = await import('./send/mail-sender.ts')
      const raw = await compileMail(mail)
      for (const mailbox of this.#mailboxes) mailbox.keepSent(raw)
    } catch (error) {
      this.#options.warn('an answer was sent but could not be put into the Sent folder', error) // it must not leave again
    }
  }

  owns(recipient: string): boolean {
    return isOurs(recipient, this.#ownAddresses)
  }

  /** Where answers go while no relay is configured. */
  get maildir(): Maildir | undefined {
    const { maildir } = this.settings.send
    const { statePath } = this.#options
    return maildir === undefined ? undefined : new Maildir(statePath(maildir), statePath('.'))
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
    this.#tokens ??= await this.#tokensFrom({ ...desk, alarm: async () => undefined }) // who asks hears it anyway
    const { listen, imap, send } = this.settings
    const findings = listen ? [await checkListener(listen)] : []
    const sending = await this.#checkSending()
    findings.push(sending)
    if (imap.length === 0) return findings
    const { checkMailboxes } = await import('./doctor/check-mailboxes.ts')
    const more = {
      channel: this.name,
      settings: this.settings,
      tokens: this.#tokens,
      desk,
      send: send.smtp && sending.ok ? (mail: SelfMail) => this.#sendToSelf(mail) : undefined,
      now: this.#options.now,
    }
    return [...findings, ...(await checkMailboxes(more))]
  }

  async #checkSending(): Promise<Finding> {
    const { smtp } = this.settings.send
    const what = smtp ? `mail leaves through ${smtp.host}:${smtp.port}` : `mail goes into ${this.maildir?.folder}`
    try {
      await (await this.#sendVia()).check()
      return { what, ok: true }
    } catch (error) {
      if (!smtp) return { what, ok: false, advice: `${sentenceOf(error)}: give this user the right to write there.` }
      const { smtpAdvice } = await import('./send/smtp-advice.ts')
      return { what, ok: false, advice: smtpAdvice(error, smtp, this.name) }
    }
  }

  /** What signs in at IMAP and SMTP in place of a password; loaded where it is configured. */
  async #tokensFrom(desk: Desk): Promise<TokenSource | undefined> {
    const { oauth } = this.settings
    if (!oauth) return undefined
    const [{ tokenSource }, { alarming }] = await Promise.all([
      import('./sign-in/oauth.ts'),
      import('./sign-in/oauth-alarm.ts'),
    ])
    return alarming(tokenSource(oauth, desk, this.#options.now, { channel: this.name }), desk)
  }

  async signIn(desk: Desk, say: (sentence: string) => void): Promise<void> {
    const { oauth, imap, send, address } = this.settings
    if (!oauth) {
      throw new DeskError(
        'config',
        `The channel ${this.name} signs in with passwords: add oauth to it, or leave login out.`,
      )
    }
    const { signIn } = await import('./sign-in/oauth-sign-in.ts')
    const user = imap.find(mailbox => mailbox.password === undefined)?.user ?? send.smtp?.user ?? address
    await signIn({ settings: oauth, memory: desk, channel: this.name, user, now: this.#options.now, say })
  }

  /** nodemailer is loaded with the first use. */
  #sendVia(): Promise<MailSender> {
    const { smtp } = this.settings.send
    this.#sender ??= import('./send/mail-sender.ts').then(({ maildirSender, smtpSender }) =>
      smtp ? smtpSender(smtp, this.#tokens) : maildirSender(this.maildir as Maildir),
    )
    return this.#sender
  }
}
