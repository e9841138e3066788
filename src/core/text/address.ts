/** Addresses as the desk compares them. */

const LONGEST = 320 // RFC 5321 section 4.5.3.1: 64 for the local part, 255 for the domain

/** Lower case and trimmed; null if it is no address that an answer could be sent to. */
export function normaliseAddress(text: string): string | null {
  const address = text.trim().replace(/[^\u212a]+/g, part => part.toLowerCase()) // the sign for Kelvin is no k
  if (address.length > LONGEST) return null
  return /^[^\s@<>(),;:"\\\p{Cc}]+@[^\s@<>(),;:"\\\p{Cc}]+$/u.test(address) ? address : null
}

/** The same of what somebody typed: in angle brackets, or with the end of a sentence behind it. */
export function typedAddress(text: string): string | null {
  return normaliseAddress(text.replace(/^<|[.!?]{1,3}$/g, '').replace(/>$/, ''))
}

/** `help+token@desk` is `help@desk` with the detail `token` (RFC 5233). */
export function splitDetail(address: string): { base: string; detail: string } {
  const at = address.lastIndexOf('@')
  const plus = address.indexOf('+')
  if (plus <= 0 || plus > at) return { base: address, detail: '' }
  return { base: address.slice(0, plus) + address.slice(at), detail: address.slice(plus + 1, at) }
}

/**
 * What is the same in all addresses that lead to one mailbox: the detail behind a plus left out (RFC 5233), and at
 * Google the dots (https://support.google.com/mail/answer/7436150).
 */
export function canonicalAddress(address: string): string {
  const { base } = splitDetail(address)
  const at = base.lastIndexOf('@')
  const domain = base.slice(at + 1)
  if (domain !== 'gmail.com' && domain !== 'googlemail.com') return base
  return `${base.slice(0, at).replaceAll('.', '')}@gmail.com`
}

/** Whether this is one of our own addresses, with or without a detail. */
export function isOurs(address: string, ownAddresses: readonly string[]): boolean {
  return ownAddresses.includes(address) || ownAddresses.includes(splitDetail(address).base)
}

/**
 * The postmaster of this server and of our domains, whom everybody may write to (RFC 5321 section 4.5.1). These are
 * addresses to write to: what comes from one is of a mail server, and none of ours.
 */
export function postmasters(ownAddresses: readonly string[]): string[] {
  return [
    'postmaster',
    ...new Set(ownAddresses.map(address => `postmaster@${address.slice(address.lastIndexOf('@') + 1)}`)),
  ]
}

/** Whether somebody writes to a postmaster of ours, whatever the case, and in whichever form of the domain (RFC 5890). */
export function isPostmaster(address: string, ownAddresses: readonly string[]): boolean {
  const key = hostKey(address)
  return postmasters(ownAddresses).some(each => hostKey(each) === key)
}

/** Only a host name is read as one: a URL would lose what stands behind it. */
function hostKey(address: string): string {
  const [local = '', domain] = address.toLowerCase().split('@')
  if (domain === undefined || !/^[\p{L}\p{M}\p{N}.-]+$/u.test(domain)) return address.toLowerCase()
  return `${local}@${URL.parse(`http://${domain}`)?.hostname ?? domain}`
}

/** `Ann Ode <ann@example.com>`, or what there is of it. */
export function displayAddress(person: { address: string; name: string }): string {
  return person.name && person.name !== person.address
    ? `${shownName(person.name)} <${person.address}>`
    : person.address
}

const MOST_WORDS = 5

/** A name that could be read as more than one stands in quotes, as in a mail (RFC 5322 section 3.4). */
function shownName(name: string): string {
  const isPlain = /^[\p{L}\p{M}\p{N} .'’()-]+$/u.test(name) && name.split(' ').length <= MOST_WORDS
  return isPlain ? name : `"${name.replace(/["\\]/g, '')}"`
}

/**
 * A name as it may stand in a mail of ours to others: short, and nothing that leads anywhere, because whoever wrote it
 * may want our mail to say it. '' where that leaves nothing.
 */
export function plainName(name: string): string {
  return name.length > 60 || /[/\\@<>]|\bwww\.|\.[a-z]{2,}(?:\W|$)/i.test(name) ? '' : name
}

/** A text of others in a subject of ours, without addresses that lead elsewhere. */
export function withoutLinks(text: string): string {
  return text.replace(/(?:https?:\/\/|www\.)\S{1,2000}/gi, '(link)')
}

/** Line breaks, controls and the marks that turn the reading direction have no place in a name or a subject. */
export function oneLine(text: string, longest = 255): string {
  const line = text
    .replace(/[\p{Cc}\u2028\u2029]+/gu, ' ')
    .replace(/[\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069\uE000\uE001\uFEFF]/g, '')
    .replace(/\s+/g, ' ')
    .trim()
  if (line.length <= longest) return line
  const cut = line.slice(0, longest - 1).replace(/[\uD800-\uDBFF]$/, '') // never half a character
  return `${cut.toWellFormed()}…`
}
