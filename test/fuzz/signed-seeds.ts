import { createPrivateKey, createPublicKey } from 'node:crypto'
import { dkimSign } from 'mailauth/lib/dkim/sign.js'
import { SEEDS } from './seeds.ts'

/** Whose signatures stand in the mails below; nobody else has this key, and it is worth nothing. */
export const SIGNER = { domain: 'example.com', selector: 'fuzz' }

const PRIVATE = 'MC4CAQAwBQYDK2VwBCIEIAZDfmhEsO4DUCRIG7IYvsPpZubFGRPJqsBTtFmATlm/'
const key = createPrivateKey({ key: Buffer.from(PRIVATE, 'base64'), format: 'der', type: 'pkcs8' })
const jwk = createPublicKey(key).export({ format: 'jwk' })

/** As name servers tell it (RFC 8463 section 4). */
export const PUBLIC_KEY = `v=DKIM1; k=ed25519; p=${Buffer.from(jwk.x ?? '', 'base64url').toString('base64')}`

/** What large providers cover, and what covers all. */
const COVERS = [
  'from:to:cc:subject:date:message-id:reply-to:in-reply-to:references:mime-version:content-type:content-transfer-encoding',
  'to:subject:message-id:date:from:in-reply-to:references:mime-version:cc:reply-to',
  'from:date:subject:message-id:content-type:mime-version',
]

/** Our own mails as their sender's domain signed them, a character a byte. */
export const SIGNED_SEEDS: readonly string[] = await Promise.all(SEEDS.map((seed, index) => sign(seed, index)))

async function sign(mail: string, index: number): Promise<string> {
  const { signatures } = await dkimSign(Buffer.from(mail, 'latin1'), {
    canonicalization: index % 2 === 0 ? 'relaxed/relaxed' : 'simple/simple',
    headerList: COVERS[index % COVERS.length] ?? '',
    signTime: new Date('2026-01-05T10:00:00Z'),
    signatureData: [
      {
        signingDomain: SIGNER.domain,
        selector: SIGNER.selector,
        privateKey: key.export({ type: 'pkcs8', format: 'pem' }).toString(),
      },
    ],
  } as Parameters<typeof dkimSign>[1])
  return signatures + mail
}
