/** References: how people name a ticket. `HD-1234` is a desk's prefix and a number that is unique in the installation. */

export function formatReference(prefix: string, ticketNumber: number): string {
  return `${prefix}-${ticketNumber}`
}

/** A reference at the beginning of what somebody typed. */
export interface Reference {
  number: number
  /** Where what follows it begins. */
  end: number
  /** Nothing but quotes, brackets, marks and punctuation is around it; otherwise it may be a word of a text. */
  isAlone: boolean
}

/** Further characters are no part of the first word. */
const LONGEST = 200

/** What may stand between a prefix and its number: `HD 12`, `HD#12`, `*HD*-12`, `HD (12)`, `HD no. 12`. */
const BETWEEN = '[-_#:./*~`+=|\\\\()[\\]"\'\\s]{0,4}(?:n[or°º][.:]?[ \\t#]{0,2})?'

/** A colon or a quote that is closed behind a blank, as the French write them. */
const BEHIND = '(?:[ \\t]+[:»«›”“"\'’)\\]}]+(?=\\s|$))?'

/** A number alone, as far as it may be marked as one. */
const BARE = new RegExp(`^\\s*[[("'*_~\`<“”„«‘]*#?0*(\\d{1,12})[^\\p{L}\\p{N}\\s]*(?=\\s|$)${BEHIND}`, 'u')

/**
 * The ticket that a text begins with, however it is written: `HD-12`, `hd12`, `HD 12`, `(HD–12)`, `*HD-12*`, `#HD-12:`,
 * `“ＨＤ‑１２”`. The prefix may be any desk's; one that ends in a digit is taken as long as it can be. Null if the first
 * word names none. `numbers`: `#12` and `12` name one as well.
 */
export function referenceAt(text: string, prefixes: readonly string[], { numbers = false } = {}): Reference | null {
  const { plain, ends } = plainLetters(text)
  const names = prefixes.toSorted((a, b) => b.length - a.length).map(lettersOf)
  const named = `(?:${names.join('|') || '(?!)'})${BETWEEN}0*(\\d{1,12})`
  const alone = new RegExp(
    `^(?::[a-z0-9_+-]{1,40}:|[^\\p{L}\\p{N}]){0,40}${named}[^\\p{L}\\p{N}\\s]*(?=\\s|$)${BEHIND}`,
    'iu',
  )
  const within = new RegExp(`^\\s*(?:\\S*?[^\\p{L}\\p{N}\\s])??${named}(?!\\d)`, 'iu')
  for (const [expression, isAlone] of [
    [alone, true],
    ...(numbers ? [[BARE, true] as const] : []),
    [within, false],
  ] as const) {
    const found = expression.exec(plain)
    const number = Number(found?.[1] ?? 0)
    if (found && number > 0) return { number, end: ends[found[0].length - 1] ?? text.length, isAlone }
  }
  return null
}

/**
 * The beginning of a text in plain letters and digits, whatever width and script the digits are of, with every dash a
 * hyphen and without what nobody sees; and where in the text each of them ends.
 */
function plainLetters(text: string): { plain: string; ends: number[] } {
  let plain = ''
  let at = 0
  const ends: number[] = []
  for (const letter of text.slice(0, LONGEST)) {
    at += letter.length
    const same = letter
      .normalize('NFKC')
      .replace(/[\p{Default_Ignorable_Code_Point}\p{Cf}\p{Mn}]/gu, '')
      .replace(/[\p{Pd}\u2212\u00AF\u02D7\u2043]/gu, '-')
      .replace(/\p{Nd}/gu, digit => String(digitOf(digit)))
    for (let unit = 0; unit < same.length; unit += 1) ends.push(at)
    plain += same
    if (same === '' && ends.length > 0) ends[ends.length - 1] = at
  }
  return { plain, ends }
}

/** Digits of a script stand together, zero first. */
function digitOf(digit: string): number {
  const code = digit.codePointAt(0) ?? 0
  let before = 0
  while (/\p{Nd}/u.test(String.fromCodePoint(code - before - 1))) before += 1
  return before % 10
}

/** The number of the ticket that a text is nothing but the name of; null if it names none. */
export function parseReference(text: string, prefixes: readonly string[]): number | null {
  const found = referenceAt(text, prefixes, { numbers: true })
  return found?.isAlone && text.slice(found.end).trim() === '' ? found.number : null
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
