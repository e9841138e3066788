// Reads mails for the channel: in threads of their own, with what can be found out of whom they are.
import type { ChannelOptions, Layout } from '../../../src/channel/adapter.ts'
import type { InboundMessage, UnreadableMessage } from '../../../src/channel/message.ts'
import { UNKNOWN } from '../../../src/core/intake/sender-trust.ts'
import { throughList } from '../../../src/core/mail/list-mail.ts'
import { isPostmaster, postmasters } from '../../../src/core/text/address.ts'
import { DeskError } from '../../../src/errors.ts'
import type { Client } from '../authentication/sender-check.ts'
import { SenderJudge } from '../authentication/sender-judge.ts'
import type { RawMessage } from '../mime/raw-head.ts'
import type { EmailSettings } from '../settings.ts'
import type { Envelope } from '../take/listener.ts'
import { outsider, trustedByDefault } from '../take/smtp-origin.ts'
import type { ParseOptions } from './parse-message.ts'
import type { ParsedMail, ReadMail } from './parsed-mail.ts'
import { MailParserPool } from './parser-pool.ts'

const FRESH_MS = 3 * 24 * 60 * 60 * 1000 // signatures of older mail may name keys that are gone

export class MailReader {
  readonly #settings: EmailSettings
  readonly #options: Pick<ChannelOptions, 'spoolPath' | 'now'>
  /** The desk's own addresses on this channel. */
  readonly #ownAddresses: readonly string[]
  readonly #parser = new MailParserPool()
  readonly #trusted: readonly string[]
  readonly #judge = new SenderJudge()

  constructor(settings: EmailSettings, options: Pick<ChannelOptions, 'spoolPath' | 'now'>) {
    this.#settings = settings
    this.#options = options
    this.#ownAddresses = [settings.address, ...settings.aliases]
    this.#trusted = settings.authentication.trusted?.map(host => host.toLowerCase()) ?? trustedByDefault(settings)
  }

  warmUp(): void {
    this.#parser.warmUp()
  }

  async close(): Promise<void> {
    await this.#parser.close()
    await this.#judge.close()
  }

  /** Reads a mail that comes in, and finds out of whom it is; of one that was sent by hand nobody asks. */
  async read(raw: RawMessage, envelope: Envelope | null, { sentByHand = false } = {}): Promise<ParsedMail['message']> {
    const outside = outsider(envelope, this.#settings)
    const judged = !sentByHand && (envelope !== null || this.#settings.imap.length > 0)
    const { message } = await this.parse(
      raw,
      envelope,
      outside ? { trusted: [] } : {}, // what somebody on the internet claims of a server of ours, none has written
      judged ? read => this.#recognise(read, raw, outside) : undefined,
    )
    return message
  }

  /** Finds out whether a message is of whom it says, where no server of ours has. */
  async #recognise({ message, head }: ReadMail, raw: RawMessage, outside: Client | null): Promise<void> {
    if (!head || 'quarantine' in message) return
    const { from, list, checked, signed } = head
    const { authentication } = this.#settings
    if (!authentication.check || checked || (!outside && !signed)) return
    const since = this.#options.now().getTime() - FRESH_MS
    if (!outside && Date.parse(message.reachedAt ?? '') < since) return
    const options = { dns: authentication.dns, ownAddresses: this.#ownAddresses, now: this.#options.now().getTime() }
    const found = await this.#judge.judge({ raw, from, client: outside, options })
    message.authentication = throughList(list, found, {
      from,
      ownAddresses: this.#ownAddresses,
      looked: outside !== null,
    })
  }

  /** Reads one raw message and stores nothing. */
  async parse(
    raw: RawMessage,
    envelope: ParseOptions['envelope'],
    more: Pick<ParseOptions, 'longestText' | 'html' | 'trusted'> = {},
    look?: (read: ReadMail) => Promise<void>,
  ): Promise<ParsedMail> {
    const ownAddresses = this.#ownAddresses
    const toPostmaster = envelope?.to.some(address => isPostmaster(address, ownAddresses))
    const addressed = toPostmaster ? [...ownAddresses, ...postmasters(ownAddresses)] : ownAddresses
    const options = { ownAddresses: addressed, trusted: this.#trusted, envelope, ...more }
    return this.#parser.parse(raw, options, await this.#options.spoolPath(), look)
  }

  /** Where anybody may hand over mail, what is read again does not tell whether a server of ours wrote its head. */
  async reread(raw: Uint8Array): Promise<InboundMessage | UnreadableMessage> {
    const { message } = await this.parse({ bytes: raw }, null)
    if ('mail' in message && this.#settings.listen) delete message.mail.nullSender
    const proven = 'quarantine' in message || message.authentication.result !== 'pass' || !this.#settings.listen
    return proven ? message : { ...message, authentication: UNKNOWN }
  }

  async layout(raw: Uint8Array, { remote }: { remote: boolean }): Promise<Layout> {
    const { message, from, html } = await this.parse({ bytes: raw }, null, { html: { remote } })
    if ('quarantine' in message) throw new DeskError('unsound', message.detail)
    const {
      subject,
      sentAt,
      text,
      attachments,
      mail: { to },
    } = message
    return {
      subject,
      from,
      to,
      sentAt,
      text,
      files: attachments.map(({ name, content }) => ({ name, size: content.size })),
      html,
    }
  }
}
