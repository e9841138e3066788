// Reads DKIM signatures: what they cover, and what they leave open.
import { hostName, isAligned } from '../../../src/core/mail/authentication.ts'
import { isOurs, splitDetail } from '../../../src/core/text/address.ts'
import { addressesIn } from '../mime/address-list.ts'
import type { Field, OpenMail } from '../mime/raw-head.ts'
import { isShownByBody } from './shown-by-body.ts'

/** What a field DKIM-Signature says of itself (RFC 6376 section 3.5); nothing here says that it is genuine. */
export interface Signature {
  /** Whose it is; null where that can be read in two ways. */
  domain: string | null
  /** The signature proper, without blanks: tells it from others. */
  proof: string
  /** Names of the fields that it covers, lower case. */
  covers: ReadonlySet<string>
  /** Why it says little, whoever made it, a clause; null if nothing speaks against it. */
  flaw: string | null
  /** Characters of the text that it covers; null for all of it. */
  length: string | null
  /** No signer writes so much: it would only cost time to look at. */
  excessive: boolean
}

export function signaturesIn(fields: readonly Field[]): Signature[] {
  return fields.filter(({ name }) => name === 'dkim-signature').map(({ value }) => readSignature(value))
}

const LONGEST = 10_000
const MOST_COVERED = 500 // names of fields; signers that guard against fields being added name each twice

function readSignature(value: string): Signature {
  const parts = value.replace(/\s+/g, '').replace(/;$/, '').split(';')
  const tags = new Map(parts.map(part => [part.split('=', 1)[0] ?? '', part.slice(part.indexOf('=') + 1)]))
  const tag = (name: string) => tags.get(name) ?? ''
  const covered = tag('h').toLowerCase().split(':')
  const clear =
    tags.size === parts.length &&
    value.length <= LONGEST &&
    parts.every(part => /^[a-z][a-z0-9_]*=/i.test(part)) &&
    [...tags.keys()].every(name => name === name.toLowerCase())
  return {
    domain: clear ? hostName(tag('d')) : null,
    proof: tag('b'),
    covers: new Set(covered),
    flaw: !clear ? 'its signature can be read in two ways' : /sha1$/i.test(tag('a')) ? 'SHA-1 proves nothing' : null,
    length: tags.get('l') ?? null,
    excessive: value.length > LONGEST || covered.length > MOST_COVERED,
  }
}

export interface Reader {
  /** Whom we take for the sender. */
  from: string
  /** Addresses of the desk, lower case. Left out: To and Cc are not looked at. */
  ownAddresses?: readonly string[] | undefined
}

/**
 * Fields that a signature leaves open to anybody, and that say something: a clause, or null if there are none.
 *
 * Signers cover what they like (Google leaves out Content-Type, Microsoft all that says what is answered and to whom),
 * so a field outside the signature is no reason to doubt an honest mail where it says nothing that would not be so
 * without it: where it is addressed to the desk alone, to be answered at From, or where the text, which is signed, shows
 * itself what Content-Type says. What chooses a ticket (In-Reply-To, References, a Subject), lets people in (To, Cc),
 * leads answers elsewhere (Reply-To), makes a message another (Message-ID), names the writer behind a list
 * (X-Original-From) or makes other words of its bytes must be covered.
 * Date and MIME-Version decide nothing here.
 */
export async function openFields(
  mail: OpenMail,
  { covers }: Pick<Signature, 'covers'>,
  reader: Reader,
): Promise<string | null> {
  const uncoveredFields = mail.head.fields.filter(
    ({ name, value }) => !covers.has(name) && saysSomething(name, value, reader),
  )
  const names = new Set(uncoveredFields.map(({ name }) => name))
  if (!(await isShownByBody(mail, covers))) names.add('how its text is to be read (Content-Type)')
  return names.size === 0 ? null : `its signature leaves out ${[...names].join(', ')}`
}

function saysSomething(name: string, value: string, { from, ownAddresses }: Reader): boolean {
  if (value === '') return false
  if (/^(?:subject|message-id|in-reply-to|references|x-original-(?:from|sender))$/.test(name)) return true
  if (name === 'reply-to') return addressesIn([value]).some(({ address }) => address !== from)
  if (name !== 'to' && name !== 'cc') return false
  // Others would be let in by it, and what stands behind a plus may name a ticket.
  return addressesIn([value]).some(
    ({ address }) =>
      ownAddresses !== undefined && (!isOurs(address, ownAddresses) || splitDetail(address).detail !== ''),
  )
}

/**
 * What speaks against a signature of the sender's domain that somebody else has found genuine; null for nothing. Where
 * none is left in the message, theirs is the word that counts.
 */
export async function doubtAboutOthersResult(
  mail: OpenMail,
  reader: Reader,
): Promise<{ reason: string; partly: boolean } | null> {
  const domain = reader.from.slice(reader.from.lastIndexOf('@') + 1)
  // Which of several was meant is not told for sure, so none of them may be weak.
  const all = signaturesIn(mail.head.fields).filter(each => each.domain === null || isAligned(each.domain, domain))
  for (const { flaw, length } of all) {
    const reason = flaw ?? (length === null ? null : 'its signature may cover only the beginning of the text')
    if (reason) return { reason, partly: false }
  }
  for (const signature of all) {
    const reason = await openFields(mail, signature, reader)
    if (reason) return { reason, partly: true }
  }
  return null
}
