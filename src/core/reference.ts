/** References: how people name a ticket. `HD-1234` is a desk's prefix and a number that is unique in the installation. */

const WRITTEN = /^\s*\[?(?:#|([\p{L}][\p{L}\p{N}]{0,9})[-\s]?)?0*(\d{1,12})\]?\s*$/u

export function formatReference(prefix: string, ticketNumber: number): string {
  return `${prefix}-${ticketNumber}`
}

/** The number in `HD-1234`, `hd1234`, `#1234` or `1234`; null if this names no ticket. The prefix may be any desk's. */
export function parseReference(text: string, prefixes: readonly string[]): number | null {
  const found = WRITTEN.exec(text)
  if (!found) return null
  const [, prefix, digits] = found
  if (prefix && !prefixes.some(known => known.toLowerCase() === prefix.toLowerCase())) return null
  const number = Number(digits)
  return number > 0 ? number : null
}

/** Tickets a subject names, in order. Bracketed is how we write it; bare is how people mention one. */
export function referencesIn(subject: string, prefixes: readonly string[]): { number: number; bracketed: boolean }[] {
  if (prefixes.length === 0) return []
  const names = prefixes.map(prefix => prefix.replace(/[^\p{L}\p{N}]/gu, '')).join('|')
  const pattern = new RegExp(`(\\[)?(?<![\\p{L}\\p{N}-])(?:${names})-(\\d{1,12})(?![\\p{L}\\p{N}-])(\\])?`, 'giu')
  return [...subject.matchAll(pattern)].map(found => ({
    number: Number(found[2]),
    bracketed: found[1] !== undefined && found[3] !== undefined,
  }))
}

/** A subject without our references and without the `Re:` of mail programs, for showing it and for answering. */
export function plainSubject(subject: string, prefixes: readonly string[]): string {
  const names = prefixes.map(prefix => prefix.replace(/[^\p{L}\p{N}]/gu, '')).join('|')
  let plain = subject.replace(new RegExp(`\\[(?:${names})-\\d{1,12}\\]`, 'giu'), ' ')
  plain = plain.replace(/\s+/g, ' ').trim()
  for (let again = true; again; ) {
    const shorter = plain.replace(/^(?:re|aw|sv|antw|rif|ref|odp|res|vs|ynt)(?:\[\d+\])?\s*:\s*/i, '')
    again = shorter !== plain
    plain = shorter
  }
  return plain
}
