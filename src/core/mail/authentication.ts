// Reads results of checks, and which host names align.
import { domainToASCII, domainToUnicode } from 'node:url'
import { getDomain } from 'tldts'
import type { Authentication, Authenticity } from '../../channel/message.ts'
import { ownEntry } from '../text/own-entry.ts'

/** What one check found (RFC 8601 section 2.2). */
export interface MethodResult {
  /** `dkim`, `spf` or `dmarc`; others are not looked at. */
  method: string
  result: string
  /** The domain that was checked, lower case; '' where it is not told. */
  domain: string
  /** Why, where that is known: a clause. */
  reason?: string
  /** A genuine signature that leaves out what matters. */
  partly?: true
  /** Of `dmarc=fail`: the domain publishes that nothing is to be done about it (RFC 7489 section 6.3, `p=none`). */
  tolerated?: true
}

const MOST_TOLD = 20
/** RFC 8601 section 2.7: what says something of the sender, for or against; the rest found nothing to check. */
const TELLING = /^(?:pass|fail|softfail|policy|permerror|temperror|neutral)$/

/** Whether the domain of the From address is one that vouches for the message. All results count, however many. */
export function judgeSender(from: string | null, all: readonly MethodResult[]): Authentication {
  const results = all.filter(each => /^(?:dkim|spf|dmarc)$/.test(each.method))
  const domain = from?.slice(from.lastIndexOf('@') + 1) ?? ''
  const about = (each: MethodResult) => [each.domain, each.reason].filter(Boolean).join(': ')
  const reasons = mostTelling(results).map(
    each => `${each.method}=${each.result}${about(each) ? ` (${about(each)})` : ''}`,
  )
  const verdict = (result: Authenticity) => ({ result, reasons })
  if (!domain) return verdict(results.length > 0 ? 'unaligned' : 'none')
  // RFC 7489 section 3.1: DMARC is about the domain of From, so one about another domain says nothing here.
  // One that names none may refuse, but not vouch: there may be several addresses in From.
  const failed = results.filter(
    each => each.method === 'dmarc' && each.result === 'fail' && (each.domain === '' || isAligned(each.domain, domain)),
  )
  if (failed.length > 0) return verdict(failed.every(each => each.tolerated) ? 'unaligned' : 'fail')
  const vouching = results.filter(each => each.result === 'pass' && isAligned(each.domain, domain))
  if (results.some(each => each.partly && isAligned(each.domain, domain)) && vouching.length === 0)
    return { ...verdict('unaligned'), partly: true }
  if (vouching.length === 0) return verdict(results.some(each => TELLING.test(each.result)) ? 'unaligned' : 'none')
  return { ...verdict('pass'), ...(vouching.some(each => each.method === 'spf') ? {} : { signed: true as const }) }
}

/** What is shown of many results: the verdicts first. */
function mostTelling(results: readonly MethodResult[]): readonly MethodResult[] {
  if (results.length <= MOST_TOLD) return results
  return results.toSorted((a, b) => Number(b.method === 'dmarc') - Number(a.method === 'dmarc')).slice(0, MOST_TOLD)
}

/** The same where something speaks against believing it: nobody is confirmed by what could be read in two ways. */
export function withDoubts(found: Authentication, doubts: readonly string[]): Authentication {
  if (doubts.length === 0) return found
  return { result: found.result === 'pass' ? 'unaligned' : found.result, reasons: [...doubts, ...found.reasons] }
}

/**
 * RFC 7489 section 3.1, relaxed: both belong to one organisation. What is no host name belongs to none, nor does a
 * domain below which anybody may register.
 */
export function isAligned(checked: string, from: string): boolean {
  const organisation = organisationOf(checked)
  return organisation !== null && organisation === organisationOf(from)
}

/** The domain that somebody registered, by the public suffix list, its private part included (github.io). */
function organisationOf(domain: string): string | null {
  const host = hostName(domain)
  // As it is by default, tldts would cut a host name out of what looks like a URL.
  return host && getDomain(host, { allowPrivateDomains: true, extractHostname: false, validateHostname: true })
}

const HOST = /^(?=.{1,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/

/** A domain as name servers know it, in lower case (RFC 5890); null for what is none. */
export function hostName(domain: string): string | null {
  const written = domain.normalize('NFC').toLowerCase().replace(/\.$/, '')
  if (HOST.test(written)) return written
  if (!/^[\p{L}\p{M}\p{N}.-]+$/u.test(written)) return null
  const host = domainToASCII(written)
  // What only becomes a name by being mapped (full-width letters) is none: others may map it in another way.
  return HOST.test(host) && domainToUnicode(host) === written ? host : null
}

/** One field Authentication-Results: who says so, '' where it does not tell, and what they found. */
export interface AuthenticationResults {
  server: string
  results: MethodResult[]
  /** It does not follow the rules, so that others may read it in another way. */
  malformed: boolean
}

const LONGEST = 1_000_000

/** Reads the value of a field Authentication-Results (RFC 8601 section 2.2), also as Microsoft writes it, without a server. */
export function readAuthenticationResults(value: string): AuthenticationResults {
  const { parts, open } = clauses(value.slice(0, LONGEST))
  const [first, ...more] = parts
  const named = !first?.text.includes('=')
  const server = named ? (/^[^\s;]{1,255}/.exec(first?.text ?? '')?.[0] ?? '').toLowerCase() : ''
  const read = (named ? more : parts).map(resultOf)
  const malformed = open || value.length > LONGEST || read.includes('malformed')
  return { server, results: read.filter(each => each !== null && each !== 'malformed'), malformed }
}

/** What stands between two semicolons, with a blank for each comment, and its comments. */
interface Clause {
  text: string
  comments: string
}

/** Neither semicolons nor comments count within quotes. `open`: one of these has no end. */
function clauses(value: string): { parts: Clause[]; open: boolean } {
  let clause: Clause = { text: '', comments: '' }
  const parts = [clause]
  let depth = 0
  let quoted = false
  for (let at = 0; at < value.length; at += 1) {
    const sign = value[at] ?? ''
    if (sign === '\\' && (quoted || depth > 0)) {
      at += 1
      continue
    }
    if (depth === 0 && sign === '"') quoted = !quoted
    else if (!quoted && sign === '(') depth += 1
    else if (!quoted && depth > 0 && sign === ')') {
      depth -= 1
      if (depth === 0) clause.text += ' '
    } else if (!quoted && depth === 0 && sign === ';') {
      clause = { text: '', comments: '' }
      parts.push(clause)
    }
    // What a sender chose must not pass for a property of its own, or end one.
    else if (depth === 0) clause.text += quoted && !/[\w@.+-]/.test(sign) ? '_' : sign
    else clause.comments += sign
  }
  return { parts: parts.map(({ text, comments }) => ({ text: text.trim(), comments })), open: quoted || depth > 0 }
}

const DOMAIN_OF: Record<string, readonly string[]> = {
  dkim: ['header.d', 'header.i'],
  spf: ['smtp.mailfrom', 'smtp.mail', 'smtp.helo'],
  dmarc: ['header.from', 'from.header'],
}

/** What a clause found; null where it is about another method. */
function resultOf({ text, comments }: Clause): MethodResult | null | 'malformed' {
  const [resultText = '', ...properties] = text
    .replace(/\s+/g, ' ')
    .replace(/ ?([=/]) ?/g, '$1')
    .split(' ')
  const [, method = '', result = ''] = /^([a-z][\w-]{0,30})(?:\/\d{1,5})?=([a-z]{1,20})$/i.exec(resultText) ?? []
  if (!method) return /^(?:|none|(?!dkim|spf|dmarc)[\w.-]{1,100}=[^=].*)$/i.test(resultText) ? null : 'malformed'
  const domains = ownEntry(DOMAIN_OF, method.toLowerCase())
  if (!domains) return { method: method.toLowerCase(), result: result.toLowerCase(), domain: '' }
  // Two values of one property, or words that are none: who knows what they mean.
  const named = new Map(properties.map(each => [nameIn(each), each.slice(nameIn(each).length + 1).toLowerCase()]))
  if (named.size < properties.length || named.has('')) return 'malformed'
  const property = domains.map(name => named.get(name)).find(Boolean) ?? ''
  const domain = property
    .slice(property.lastIndexOf('@') + 1)
    .replace(/[<>]/g, '')
    .replace(/(?<=[^.])\.$/, '')
  const found = { method: method.toLowerCase(), result: result.toLowerCase(), domain }
  return found.result === 'fail' && isTolerated(named, comments) ? { ...found, tolerated: true } : found
}

/** That the domain wants nothing done stands in a property, or as most servers write it in a comment: `(p=NONE dis=NONE)`. */
function isTolerated(named: ReadonlyMap<string, string>, comments: string): boolean {
  const property = named.get('policy.dmarc') ?? named.get('action')
  if (property !== undefined) return property === 'none'
  const policies = [...comments.matchAll(/\b(?:p|sp|np|policy|dis)=(\w+)/gi)].map(([, policy = '']) =>
    policy.toLowerCase(),
  )
  return policies.length > 0 && policies.every(policy => policy === 'none')
}

function nameIn(property: string): string {
  return property.slice(0, Math.max(0, property.indexOf('='))).toLowerCase()
}
