/** References: how people name a ticket. `HD-1234` is a desk's prefix and a number that is unique in the installation. */

export function formatReference(prefix: string, ticketNumber: number): string {
  return `${prefix}-${ticketNumber}`
}

/**
 * The number in `HD-1234`, `hd1234`, `#1234` or `1234`; null if this names no ticket. The prefix may be any desk's; one
 * that ends in a digit is taken as long as it can be.
 */
export function parseReference(text: string, prefixes: readonly string[]): number | null {
  const marks = ['#', ...prefixes.toSorted((a, b) => b.length - a.length).map(prefix => `${lettersOf(prefix)}[-\\s]?`)]
  const found = new RegExp(`^\\s*\\[?(?:${marks.join('|')})?0*(\\d{1,12})\\]?\\s*$`, 'iu').exec(text)
  const number = Number(found?.[1] ?? 0)
  return number > 0 ? number : null
}

/** Safe in a pattern. */
function lettersOf(prefix: string): string {
  return prefix.replace(/[^\p{L}\p{N}]/gu, '')
}

/** Tickets a subject names, in order. Bracketed is how we write it; bare is how people mention one. */
export function referencesIn(subject: string, prefixes: readonly string[]): { number: number; bracketed: boolean }[] {
  if (prefixes.length === 0) return []
  const names = prefixes.map(lettersOf).join('|')
  const pattern = new RegExp(`(\\[)?(?<![\\p{L}\\p{N}-])(?:${names})-(\\d{1,12})(?![\\p{L}\\p{N}-])(\\])?`, 'giu')
  return [...subject.matchAll(pattern)].map(found => ({
    number: Number(found[2]),
    bracketed: found[1] !== undefined && found[3] !== undefined,
  }))
}

/** A subject without our references and without the `Re:` of mail programs, for showing it and for answering. */
export function plainSubject(subject: string, prefixes: readonly string[]): string {
  const names = prefixes.map(lettersOf).join('|')
  let plain = subject.replace(new RegExp(`\\[(?:${names})-\\d{1,12}\\]`, 'giu'), ' ')
  plain = plain.replace(/\s+/g, ' ').trim()
  for (let again = true; again; ) {
    const shorter = plain.replace(/^(?:re|aw|sv|antw|rif|ref|odp|res|vs|ynt)(?:\[\d+\])?\s*:\s*/i, '')
    again = shorter !== plain
    plain = shorter
  }
  return plain
}
