// Times as people write them.
import { createRequire } from 'node:module'
import type * as Chrono from 'chrono-node/en'

const UNITS: Record<string, number> = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 }
const require = createRequire(import.meta.url)
let loaded: typeof Chrono | undefined

/** 14 MB and a tenth of a second that few processes need. */
function chrono(): typeof Chrono {
  loaded ??= require('chrono-node/en') as typeof Chrono
  return loaded
}

const LONGEST_MS = 100 * 366 * 86_400_000
/** Characters: longer than any time that somebody writes, and chrono is slow with long texts. */
const LONGEST_WRITTEN = 100
const MORNING = 9 // o'clock, where only a day is named

/** A length of time such as `20m`, `1h30m`, `1.5h`, `2d`, at most 100 years; milliseconds, or null. */
export function parseDuration(text: string): number | null {
  if (text.length > LONGEST_WRITTEN) return null
  if (!/^(?:\d+(?:\.\d+)?\s*(?:min|mins|minutes?|hours?|days?|weeks?|[mhdw])\s*)+$/i.test(text.trim())) return null
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)\s*([mhdw])/gi)]
  const span = parts.reduce((sum, [, count, unit = '']) => sum + Number(count) * (UNITS[unit.toLowerCase()] ?? 0), 0)
  return span <= LONGEST_MS ? span : null
}

/**
 * A moment as people write it: `friday 17:00`, `tomorrow`, `2h`, `2026-12-01 14:00`, in the time zone of the machine.
 * ISO 8601 UTC, or null if it is none or lies in the past. A day alone is its morning.
 */
export function parseMoment(text: string, now: string): string | null {
  if (text.length > LONGEST_WRITTEN) return null
  const span = parseDuration(text)
  const from = new Date(now)
  if (span !== null) return span > 0 ? new Date(from.getTime() + span).toISOString() : null
  const [found, second] = chrono().parse(text.trim(), from, { forwardDate: true })
  if (!found || second || found.text.length < text.trim().length - 1) return null
  const moment = found.start.date()
  if (!found.start.isCertain('hour')) moment.setHours(MORNING, 0, 0, 0)
  // On a Monday, monday is the next one.
  if (moment <= from && found.start.isCertain('weekday') && !found.start.isCertain('day'))
    moment.setDate(moment.getDate() + 7)
  const ahead = moment.getTime() - from.getTime()
  return ahead > 0 && ahead <= LONGEST_MS ? moment.toISOString() : null
}

/** How much of the beginning of some words is a moment: its ISO time, and the words behind it. */
export function momentIn(words: readonly string[], now: string): { at: string; rest: string[] } | null {
  for (let count = Math.min(words.length, 6); count > 0; count -= 1) {
    const at = parseMoment(words.slice(0, count).join(' '), now)
    if (at) return { at, rest: words.slice(count) }
  }
  return null
}

/** `Friday 27 November, 17:00 CET`: for people, in the time zone of the machine. */
export function momentInWords(at: string): string {
  return new Intl.DateTimeFormat('en-GB', {
    weekday: 'long',
    day: 'numeric',
    month: 'long',
    hour: '2-digit',
    minute: '2-digit',
    timeZoneName: 'short',
  })
    .format(new Date(at))
    .replace(' at ', ', ')
}

/** `2026-11-27 17:00`: in UTC, without its seconds. */
export function shortMoment(at: string): string {
  return at.slice(0, 16).replace('T', ' ')
}
