// Checks DKIM, SPF and DMARC of a message.
import { Resolver } from 'node:dns/promises'
import { isIP } from 'node:net'
import type { DKIMResult, SPFResult } from 'mailauth'
import type { Authentication } from '../../../src/channel/message.ts'
import { UNKNOWN } from '../../../src/core/intake/sender-trust.ts'
import { isAligned, judgeSender, type MethodResult, withDoubts } from '../../../src/core/mail/authentication.ts'
import { type OpenMail, openMail, type RawMessage } from '../mime/raw-head.ts'
import type { AuthenticationSettings } from '../settings.ts'
import { doubtsOf } from './one-reading.ts'
import { openFields, type Reader, type Signature, signaturesIn } from './signature.ts'

const QUERY_MS = 2_000
const TRIES = 2
const SLOWEST_MS = 10_000
const MOST_SIGNATURES = 5
const CLOCK_SKEW_MS = 5 * 60_000 // by which the clock of a signer may be ahead of ours
const MOST_QUERIES = 60 // of one message; SPF alone allows ten (RFC 7208 section 4.6.4)

/** Who handed a message over. */
export interface Client {
  /** Address of the other side of the connection. */
  ip: string
  /** What it called itself. */
  helo: string
  /** Envelope sender, '' for none. */
  sender: string
}

type Resolve = (name: string, type: string) => Promise<string[] | string[][]>

export interface SenderCheckOptions extends Pick<AuthenticationSettings, 'dns'> {
  /** Addresses of the desk, lower case. Left out: whom a message is addressed to is not looked at. */
  ownAddresses?: readonly string[]
  /** The time, in milliseconds; that of the clock unless told. */
  now?: number
}

/** What is made of a message that nobody could check: whoever sends must not be able to choose that nothing is found. */
export function unsureOf(client: Client | null): Authentication {
  return client ? { result: 'unaligned', reasons: ['it could not be checked'] } : UNKNOWN
}

/** Checks DKIM, SPF and DMARC of messages that no trusted server has checked (RFC 6376, 7208, 7489). */
export class SenderCheck {
  readonly #resolver = new Resolver({ timeout: QUERY_MS, tries: TRIES })
  readonly #ownAddresses: readonly string[] | undefined
  readonly #now: Date

  constructor({ dns, ownAddresses, now = Date.now() }: SenderCheckOptions) {
    if (dns !== undefined) this.#resolver.setServers([dns])
    this.#ownAddresses = ownAddresses
    this.#now = new Date(now)
  }

  /**
   * Never rejects. `client` is whoever handed it over from the internet; null where a server of ours or a mailbox did:
   * then nothing but signatures says anything, since it hands on what others wrote.
   */
  async check(raw: RawMessage, from: string | null, client: Client | null): Promise<Authentication> {
    const mail = await openMail(raw)
    const signatures = signaturesIn(mail.head.fields)
    if (!client && signatures.length === 0) return UNKNOWN
    const unsure = unsureOf(client)
    if (signatures.length > MOST_SIGNATURES || signatures.some(each => each.excessive)) return unsure
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<Authentication>(resolve => {
      timer = setTimeout(() => resolve(unsure), SLOWEST_MS)
    })
    try {
      const verdict = this.#ask(mail, signatures, from, client)
      const found = withDoubts(await Promise.race([verdict, late]), doubtsOf(mail.head, from))
      // Who passes on what others wrote has broken no promise of theirs.
      return client || found.result === 'pass' ? found : { result: 'none', reasons: found.reasons }
    } catch {
      return unsure
    } finally {
      clearTimeout(timer)
    }
  }

  async #ask(
    mail: OpenMail,
    signatures: readonly Signature[],
    from: string | null,
    client: Client | null,
  ): Promise<Authentication> {
    const resolver = this.#asking()
    const [dkim, spf] = await Promise.all([
      this.#askDkim(mail, signatures, { from: from ?? '', ownAddresses: this.#ownAddresses }, resolver),
      client ? askSpf(client, resolver) : [],
    ])
    const dmarc = from === null ? [] : await askDmarc(from, { dkim, spf }, resolver)
    return judgeSender(from, [...dmarc, ...dkim, ...spf])
  }

  /** What signatures prove. Where others may read the message in another way, they prove nothing, and are not looked at. */
  async #askDkim(
    mail: OpenMail,
    signatures: readonly Signature[],
    reader: Reader,
    resolver: Resolve,
  ): Promise<MethodResult[]> {
    if (signatures.length === 0 || mail.head.doubt !== null) return []
    const { verifyDkim } = await import('./dkim.ts')
    const curTime = this.#now
    const results = await verifyDkim(mail, { resolver, rejectRsaSha1: true, curTime })
    const found: MethodResult[] = []
    for (const each of results.filter(({ signingDomain }) => signingDomain)) {
      const genuine = each.status.result === 'pass'
      // A copy of it may claim to cover more: which one was found genuine is not told, so none of them may be weak.
      const alike = signatures.filter(({ proof }) => proof === each.signature)
      const flaw = genuine ? flawOf(each, alike, curTime) : null
      const openFieldsReason = genuine && !flaw ? await openFields(mail, { covers: coveredByAll(alike) }, reader) : null
      // RFC 8601 section 2.7.1: genuine, and still not what we rely on.
      const dkimResult = { method: 'dkim', domain: each.signingDomain ?? '' }
      if (openFieldsReason)
        found.push({ ...dkimResult, result: 'neutral', reason: openFieldsReason, partly: true }) // it refutes nothing
      else if (flaw) found.push({ ...dkimResult, result: 'policy', reason: flaw })
      else found.push({ ...dkimResult, result: each.status.result })
    }
    return found
  }

  #asking(): Resolve {
    let queries = 0
    return (name, type) => {
      queries += 1
      if (queries > MOST_QUERIES) throw Object.assign(new Error('Too many queries.'), { code: 'ESERVFAIL' })
      return this.#resolver.resolve(name, type as 'TXT') // mailauth knows what each type gives
    }
  }
}

/** Why a genuine signature says nothing of who wrote the text, a clause (RFC 6376 sections 3.5, 3.6.1 and 8.2). */
function flawOf(
  { status, canonBodyLengthLimited, signTime }: DKIMResult,
  alike: readonly Signature[],
  now: Date,
): string | null {
  if (alike.length === 0) return 'its signature can be read in two ways'
  const flawed = alike.find(({ flaw }) => flaw !== null)
  if (flawed) return flawed.flaw
  if (canonBodyLengthLimited && status.underSized) return 'it covers only the beginning of the text'
  if (status.testing) return 'its key is only for tests'
  if (signTime && Date.parse(signTime) > now.getTime() + CLOCK_SKEW_MS) return 'it is dated in the future'
  return null
}

function coveredByAll(signatures: readonly Signature[]): ReadonlySet<string> {
  const names = signatures.flatMap(({ covers }) => [...covers])
  return new Set(names.filter(name => signatures.every(({ covers }) => covers.has(name))))
}

async function askSpf({ ip, helo, sender }: Client, resolver: Resolve): Promise<MethodResult[]> {
  const { spf } = await import('mailauth/lib/spf/index.js')
  const name = helo || ip
  const found: SPFResult = await spf({ ip, helo: isIP(name) ? `[${name}]` : name, sender, resolver })
  return [{ method: 'spf', result: found.status.result, domain: found.domain ?? '' }]
}

/** DMARC, by what SPF and flawless signatures say (RFC 7489 section 3). */
async function askDmarc(
  from: string,
  { dkim, spf }: { dkim: readonly MethodResult[]; spf: readonly MethodResult[] },
  resolver: Resolve,
): Promise<MethodResult[]> {
  const { dmarc } = await import('mailauth/lib/dmarc/index.js')
  const passed = (results: readonly MethodResult[]) => results.filter(({ result }) => result === 'pass')
  const found = await dmarc({
    headerFrom: [from],
    spfDomains: passed(spf).map(({ domain }) => domain),
    dkimDomains: passed(dkim).map(({ domain }) => ({ domain })),
    resolver,
  })
  if (!found) return []
  // The domain did sign it, though not all of it.
  const author = from.slice(from.lastIndexOf('@') + 1)
  const signed = dkim.some(({ partly: isPartial, domain }) => isPartial && isAligned(domain, author))
  const partly = signed && found.status.result === 'fail'
  if (partly) return []
  const tolerated = found.status.result === 'fail' && found.policy === 'none' ? ({ tolerated: true } as const) : {}
  return [{ method: 'dmarc', result: found.status.result, domain: found.domain ?? '', ...tolerated }]
}
