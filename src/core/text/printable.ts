/** Texts of strangers on a terminal, which they must not steer, nor show what is not there. */

/** Controls but tab and line feed, and the marks that turn the reading direction. */
const STEERING = /[^\P{Cc}\t\n]|[\u202A-\u202E\u2066-\u2069]/gu

/** A text that is only shown: what strangers wrote must not move a cursor, set a clipboard or lie. */
export function printable(text: string): string {
  return text.replace(STEERING, '')
}

/** The same for a terminal, where marks that put single letters elsewhere are of no use either. */
export function printableLine(text: string): string {
  return printable(text)
    .replace(/\p{Bidi_Control}/gu, '')
    .replace(/[\u2028\u2029]/g, '\n')
    .toWellFormed()
}

/** What JSON may hold in the open and a terminal obeys or does not show: C1, marks of direction, what has no width. */
const UNSEEN = /[^\P{Cc}\t\n\r]|[\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu

/** The same JSON with all of it escaped (RFC 8259 section 7): for programs nothing is taken out. */
export function printableJson(json: string): string {
  return json.replace(UNSEEN, found => {
    const units = Array.from({ length: found.length }, (_, index) => found.charCodeAt(index))
    return units.map(unit => `\\u${unit.toString(16).padStart(4, '0')}`).join('')
  })
}
