import { getDomain } from 'tldts'
import type { Authentication, Authenticity } from '../channel.ts'
import { ownEntry } from './own-entry.ts'

/** What one check found (RFC 8601 section 2.2). */
export interface MethodResult {
  /** `dkim`, `spf` or `dmarc`; others are not looked at. */
  method: string
  result: string
  /** The domain that was checked, lower case; '' where it is not told. */
  domain: string
}

const MOST = 20
/** RFC 8601 section 2.7: what says something of the sender, for or against; the rest found nothing to check. */
const TELLING = /^(?:pass|fail|softfail|policy|permerror|temperror|neutral)$/

/** Whether the domain of the From address is one that vouches for the message. */
export function judgeSender(from: string | null, all: readonly MethodResult[]): Authentication {
  const results = all.filter(each => /^(?:dkim|spf|dmarc)$/.test(each.method)).slice(0, MOST)
  const domain = from?.slice(from.lastIndexOf('@') + 1) ?? ''
  const reasons = results.map(each => `${each.method}=${each.result}${each.domain ? ` (${each.domain})` : ''}`)
  const told = (result: Authenticity) => ({ result, reasons })
  if (!domain) return told(results.length > 0 ? 'unaligned' : 'none')
  const dmarc = results.find(each => each.method === 'dmarc')
  // RFC 7489 section 3.1: DMARC is about the domain of From, so one about another domain says nothing here.
  // One that names none may refuse, but not vouch: there may be several addresses in From.
  if (dmarc?.result === 'pass' && isAligned(dmarc.domain, domain)) return told('pass')
  if (dmarc?.result === 'fail' && (dmarc.domain === '' || isAligned(dmarc.domain, domain))) return told('fail')
  const vouches = results.some(
    each => each.method !== 'dmarc' && each.result === 'pass' && isAligned(each.domain, domain),
  )
  if (vouches) return told('pass')
  return told(results.some(each => TELLING.test(each.result)) ? 'unaligned' : 'none')
}

/** RFC 7489 section 3.1, relaxed: both belong to one organisation. */
function isAligned(checked: string, from: string): boolean {
  if (checked === '') return false
  return checked === from || (organisation(checked) !== null && organisation(checked) === organisation(from))
}

/** The domain that somebody registered, by the public suffix list, its private part included (github.io). */
function organisation(domain: string): string | null {
  return getDomain(domain, { allowPrivateDomains: true, validateHostname: false })
}

/** One field Authentication-Results: who says so, '' where it does not tell, and what they found. */
export interface AuthenticationResults {
  server: string
  results: MethodResult[]
}

const LONGEST = 20_000

/** Reads the value of a field Authentication-Results (RFC 8601 section 2.2), also as Microsoft writes it, without a server. */
export function readAuthenticationResults(value: string): AuthenticationResults {
  const [first = '', ...more] = clauses(value.slice(0, LONGEST))
  const named = !first.includes('=')
  const server = named ? (/^[^\s;]{1,255}/.exec(first.trim())?.[0] ?? '').replaceAll('"', '').toLowerCase() : ''
  return { server, results: (named ? more : [first, ...more]).flatMap(resultOf) }
}

/** Parts between semicolons, without comments; neither counts within quotes. */
function clauses(value: string): string[] {
  const parts: string[] = ['']
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
    else if (!quoted && depth > 0 && sign === ')') depth -= 1
    else if (!quoted && depth === 0 && sign === ';') parts.push('')
    // What a sender chose must not pass for a property of its own, or end one.
    else if (depth === 0) parts[parts.length - 1] += quoted && !/[\w@.+-]/.test(sign) ? '_' : sign
  }
  return parts.map(part => part.trim())
}

const DOMAIN_OF: Record<string, readonly string[]> = {
  dkim: ['header.d', 'header.i'],
  spf: ['smtp.mailfrom', 'smtp.mail', 'smtp.helo'],
  dmarc: ['header.from', 'from.header'],
}

function resultOf(clause: string): MethodResult[] {
  const [, method = '', result = ''] =
    /^([a-z][\w-]{0,30})(?:\s?\/\s?\d{1,5})?\s{0,5}=\s{0,5}([a-z]{1,20})/i.exec(clause) ?? []
  if (!method) return []
  const properties = new Map<string, string>()
  for (const [, name = '', value = ''] of clause.matchAll(
    /([a-z]{1,20}\.[a-z_-]{1,30})\s{0,5}=\s{0,5}([^\s;]{1,2000})/gi,
  )) {
    if (!properties.has(name.toLowerCase())) properties.set(name.toLowerCase(), value.toLowerCase())
  }
  const told = (ownEntry(DOMAIN_OF, method.toLowerCase()) ?? []).map(name => properties.get(name)).find(Boolean) ?? ''
  const domain = told
    .slice(told.lastIndexOf('@') + 1)
    .replace(/[<>"]/g, '')
    .replace(/\.$/, '')
  return [{ method: method.toLowerCase(), result: result.toLowerCase(), domain }]
}
