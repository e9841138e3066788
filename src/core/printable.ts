/** Controls but tab and line feed, and the marks that turn the reading direction. */
const STEERING = /[^\P{Cc}\t\n]|[\u202A-\u202E\u2066-\u2069]/gu

/** A text that a terminal only shows: what strangers wrote must not move its cursor, set its clipboard or lie. */
export function printable(text: string): string {
  return text.replace(STEERING, '')
}
