// Tokens: signed details of our addresses.
import { createHmac, timingSafeEqual } from 'node:crypto'

/**
 * What an answer to one of our messages means.
 * `requester`: it comes from those we answer. `answer`: an agent's answer to this goes to the requester.
 * `internal`: an answer stays among agents.
 */
export type Purpose = 'requester' | 'answer' | 'internal'

export interface TokenKey {
  /** `k` and a number; stands in each token, so that old keys stay valid after a rotation. */
  id: string
  secret: string
}

export interface TokenClaim {
  purpose: Purpose
  /** Number of the message we sent. */
  number: number
}

const LETTER: Record<Purpose, string> = { requester: 'q', answer: 'a', internal: 'i' }
const PURPOSE: Record<string, Purpose> = { q: 'requester', a: 'answer', i: 'internal' }

/** Safe in a Message-ID and behind a plus in an address, where case may be lost (RFC 5321 section 2.4). */
const FORM = /^([qais])-([0-9a-z]{1,10})-(k[0-9a-z]{1,4})-([a-z2-7]{16})$/
const LINK = 's'
const ANYWHERE = /(?<![0-9a-z])[qai]-[0-9a-z]{1,10}-k[0-9a-z]{1,4}-[a-z2-7]{16}(?![0-9a-z])/gi

export function signToken(key: TokenKey, claim: TokenClaim): string {
  const payload = `${LETTER[claim.purpose]}-${claim.number.toString(36)}-${key.id}`
  return `${payload}-${seal(key.secret, payload)}`
}

/** What a token claims, if one of these keys signed it; compared in constant time. */
export function verifyToken(keys: readonly TokenKey[], token: string): TokenClaim | null {
  const signed = verified(keys, token)
  const purpose = PURPOSE[signed?.letter ?? '']
  return signed && purpose ? { purpose, number: signed.number } : null
}

/** The secret of a page that belongs to the message with this token; in a mail it is worth nothing. */
export function signLink(keys: readonly TokenKey[], token: string): string | null {
  const signed = verified(keys, token)
  if (!signed) return null
  const payload = `${LINK}-${signed.number.toString(36)}-${signed.key.id}`
  return `${payload}-${seal(signed.key.secret, payload)}`
}

/** Number of the message that a link of ours belongs to; null for all else, tokens of mail among it. */
export function verifyLink(keys: readonly TokenKey[], link: string): number | null {
  const signed = verified(keys, link)
  return signed?.letter === LINK ? signed.number : null
}

/** Number of the message that a token or a link belongs to, whatever it is for. */
export function verifyAny(keys: readonly TokenKey[], text: string): number | null {
  return verified(keys, text)?.number ?? null
}

function verified(keys: readonly TokenKey[], text: string): { letter: string; number: number; key: TokenKey } | null {
  const found = FORM.exec(text.toLowerCase())
  if (!found) return null
  const [, letter = '', number = '', keyId, mac = ''] = found
  const key = keys.find(candidate => candidate.id === keyId)
  if (!key) return null
  const expected = seal(key.secret, `${letter}-${number}-${key.id}`)
  if (!timingSafeEqual(Buffer.from(expected), Buffer.from(mac))) return null
  return { letter, number: Number.parseInt(number, 36), key }
}

/** Whatever looks like a token of ours in a Message-ID or an address; not verified yet. */
export function tokensIn(text: string): string[] {
  return text.match(ANYWHERE) ?? []
}

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567'

/** 80 bits of HMAC-SHA256 in base32: as long as fits beside an address's local part of 64 characters. */
function seal(secret: string, payload: string): string {
  const mac = createHmac('sha256', secret).update(payload).digest()
  let bits = 0n
  for (const byte of mac.subarray(0, 10)) bits = (bits << 8n) | BigInt(byte)
  let text = ''
  for (let position = 75n; position >= 0n; position -= 5n) text += ALPHABET[Number((bits >> position) & 31n)]
  return text
}
