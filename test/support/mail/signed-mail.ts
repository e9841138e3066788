import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { dkimSign } from 'mailauth/lib/dkim/sign.js'
import type { DnsServer } from '../servers/dns-server.ts'

/** How a mail is signed; whatever is left out as most signers do it. */
export interface Signing {
  domain?: string
  selector?: string
  /** Names of the fields to cover, as in `h=`; all of them unless told. */
  covers?: string
  algorithm?: string
  canonicalization?: string
  signTime?: Date
  expires?: Date
  /** Characters of the text that are covered. */
  length?: number
}

/** What most programs cover that sign all they can (Exim, OpenDKIM). */
export const COVERS_ALL =
  'From:Sender:Reply-To:Subject:Date:Message-ID:To:Cc:MIME-Version:Content-Type:Content-Transfer-Encoding:In-Reply-To:References'

/** Long ago for whoever checks it, whatever time a test gives them. */
const SIGNED_AT = new Date('2026-01-05T09:00:00Z')

/** A domain's key, and its records at a name server. */
export class DomainKey {
  readonly #key: KeyObject
  readonly record: string

  constructor({ bits = 2048, notes = '' } = {}) {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: bits })
    this.#key = privateKey
    this.record = `v=DKIM1; k=rsa; ${notes}p=${publicKey.export({ type: 'spki', format: 'der' }).toString('base64')}`
  }

  publish(dns: DnsServer, domain: string, selector = 's1'): void {
    dns.texts.set(`${selector}._domainkey.${domain}`, this.record)
  }

  /** The mail with the signature on top, a character a byte. */
  async sign(mail: string, more: Signing = {}): Promise<string> {
    const { domain = 'example.com', selector = 's1', covers = COVERS_ALL, algorithm = 'rsa-sha256', length } = more
    const { signatures, errors } = await dkimSign(Buffer.from(mail, 'latin1'), {
      canonicalization: more.canonicalization ?? 'relaxed/relaxed',
      algorithm,
      signTime: more.signTime ?? SIGNED_AT,
      ...(more.expires ? { expires: more.expires } : {}),
      headerList: covers,
      signatureData: [
        {
          signingDomain: domain,
          selector,
          privateKey: this.#key.export({ type: 'pkcs8', format: 'pem' }).toString(),
          ...(length === undefined ? {} : { maxBodyLength: length }),
        },
      ],
    } as Parameters<typeof dkimSign>[1])
    if (!signatures) throw new Error(`It was not signed: ${JSON.stringify(errors)}`)
    return signatures + mail
  }
}
