import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SenderCheck } from '../../adapters/email/authentication/sender-check.ts'
import { signaturesIn } from '../../adapters/email/authentication/signature.ts'
import { openMail } from '../../adapters/email/mime/raw-head.ts'
import { readMail } from '../../adapters/email/read/parse-message.ts'
import type { Read } from '../../adapters/email/read/parsed-mail.ts'
import type { InboundMessage, UnreadableMessage } from '../../src/channel/message.ts'
import { DnsServer } from '../support/servers/dns-server.ts'
import { PUBLIC_KEY, SIGNED_SEEDS, SIGNER } from './signed-seeds.ts'

const OWN = ['help@desk.example']

type Message = Read<InboundMessage> | Read<UnreadableMessage>

/** Compares what was checked of a message with what was read: whoever is confirmed says what was signed, no more. */
export class Forgeries {
  readonly #dns = new DnsServer()
  /** What each signature was made of, as it is read. */
  readonly #signed = new Map<string, Said>()
  #check: SenderCheck | undefined

  static async open(): Promise<Forgeries> {
    const forgeries = new Forgeries()
    const dns = await forgeries.#dns.start()
    forgeries.#dns.texts.set(`${SIGNER.selector}._domainkey.${SIGNER.domain}`, PUBLIC_KEY)
    forgeries.#check = new SenderCheck({ dns, ownAddresses: OWN })
    for (const seed of SIGNED_SEEDS) {
      const bytes = Buffer.from(seed, 'latin1')
      const { head } = await openMail({ bytes })
      const options = {
        ownAddresses: OWN,
        envelope: null,
        spool: join(tmpdir(), `relaydesk-fuzz-signed-${process.pid}`),
      }
      const { message } = await readMail({ bytes }, options)
      for (const { proof } of signaturesIn(head.fields)) forgeries.#signed.set(proof, said(message))
    }
    return forgeries
  }

  /** What is wrong with how far a message is believed; one sentence each. */
  async problemsOf(bytes: Uint8Array, message: Message): Promise<string[]> {
    if ('quarantine' in message) return []
    const { head } = await openMail({ bytes })
    const found = signaturesIn(head.fields).map(({ proof }) => this.#signed.get(proof))
    if (!this.#check || found.every(each => each === undefined)) return []
    const { result } = await this.#check.check({ bytes }, message.from?.address ?? null, null)
    const now = said(message)
    if (result !== 'pass' || found.some(each => each && isOf(each, now))) return []
    return ['sender: confirmed, though what is read is not what was signed']
  }

  close(): Promise<void> {
    return this.#dns.stop()
  }
}

interface Said {
  /** What must be as it was signed. */
  words: string
  /** Of which something may be missing: whoever hands a mail on can leave out what is not signed. */
  leads: string[]
}

/** All that is read of a message and that somebody could put words into. */
function said(message: Message): Said {
  if ('quarantine' in message) return { words: message.quarantine, leads: [] }
  const {
    from,
    replyTo,
    subject,
    text,
    messageId,
    attachments,
    mail: { to, cc, references },
  } = message
  const readers = [...to, ...cc].map(({ address }) => address).filter(address => !OWN.includes(address))
  const files = attachments.map(({ content }) => content.sha256)
  // Where lines of a text end may be said outside the signature (format=flowed); what they say may not.
  const words = JSON.stringify([from, subject, text.replace(/\s+/g, ' ').trim(), messageId, files])
  return {
    words,
    leads: [...readers, ...references, ...(replyTo === null || replyTo === from?.address ? [] : [replyTo])],
  }
}

function isOf(signed: Said, now: Said): boolean {
  return signed.words === now.words && now.leads.every(each => signed.leads.includes(each))
}
