// Lines such as "On Monday Ann wrote".
import { mailWords } from '../../../mail-words.ts'
import { betweenDashes, isBlank, isQuoted, MARKS } from './lines.ts'

const MOST_LINES = 5 // mail programs wrap it
const LONGEST = 500 // characters

const ADDRESS = /[^\s<>@()]{1,64}@[^\s<>@()]{1,255}/
const CLOCK = /\b\d{1,2}\s?[:.h時点]\s?\d{2}(?!\d)|\d{1,2}시/
const YEAR = /(?:^|\D)(?:19|20)\d{2}(?:\D|$)/
const DAY = /\b\d{1,2}[./-]\d{1,2}\b|\b\d{1,2}\.?\s\p{L}{3,12}|\p{L}{3,12}\.?\s\d{1,2}\b|\d月/u
/** One to four short words and then a number, "On Mon, Jan 5", "Le lun. 5", "W dniu 5". */
const OPENS_WITH_WORD =
  /^[\s>*"-]{0,8}[\p{L}\p{M}]{1,12}[.,،׳'’]{0,2}\s(?:(?:de |den |dem |the )?[\p{L}\p{M}]{1,12}[.,،׳'’]{0,2}\s){0,3}[\d\u0660-\u0669\u06f0-\u06f9]/u
const OPENS_WITH_NUMBER = /^[\s>*"-]{0,8}[\d\u0660-\u0669\u06f0-\u06f9]/
const BRACKETED_ADDRESS = /<[^<>\s@]{1,64}@[^<>\s]{1,255}>/
/** "On Friday, Bob wrote:": a line that opens with such a word and names a day in words. */
const OPENS = /^[\s>*-]{0,8}(?:on|am|le|el|il|em|op|den|på|w|dnia|dne|în|в)\s/iu

/** GroupWise marks the first line of it. */
const BEGINS_GROUPWISE = /^>>> \p{L}{1,4} \d/u

/** Whether a line may be the last one of an attribution, cheaply. */
function mayEnd(line: string): boolean {
  const text = line.trimEnd()
  if (text.length > LONGEST) return false
  if (/[:：]["*_\s]{0,4}$/.test(text)) return true
  // The end is looked at first: what it may follow takes long to look for, and nearly no line ends so.
  return /["*e-]$/i.test(text) && /\p{L}{4}\s?[:：]?["*\s]{0,4}-{3,}["*\s-]{0,12}$|\bwrote["*\s-]{0,12}$/iu.test(text)
}

/** Some programs end it without a colon: "Quoting Bob (2026-01-05 10:00)", "2026/1/5 Bob <bob@example.com>". */
function mayEndBare(lines: readonly string[], last: number): boolean {
  const line = (lines[last] ?? '').trimEnd()
  if (line.length > LONGEST || !/[\p{L}\p{N}>)"]$/u.test(line) || isQuoted(line)) return false
  const below = isBlank(lines[last + 1]) ? lines[last + 2] : lines[last + 1]
  if (!isQuoted(below ?? '')) return false
  const above = lines[last - 1]
  if (/^\s{0,8}<[^<>\s@]{1,64}@[^<>\s]{1,255}>$/.test(line)) return OPENS.test(above ?? '') && isBlank(lines[last - 2])
  if (!isBlank(above)) return false
  if (/^\s{0,8}(?:quoting|zitat von)\s/i.test(line)) return true
  return (
    (OPENS.test(line) && CLOCK.test(line)) || (OPENS_WITH_NUMBER.test(line) && /[^\s<>]@[^\s<>]{1,255}>$/.test(line))
  )
}

function wrote(text: string): boolean {
  const lower = text.toLowerCase().normalize('NFC')
  return mailWords().wrote.some(word => {
    const at = lower.indexOf(word)
    return at >= 0 && !/\p{L}/u.test(/[a-zа-яё]/i.test(word) ? lower.charAt(at - 1) : '')
  })
}

/** How sure it is: 2 also in front of text without quote marks, 1 only in front of a quote, 0 is none. */
export type Certainty = 0 | 1 | 2

/** "-----Bob Berg wrote: -----", as Notes and Android write it. */
function isBetweenDashes(text: string): boolean {
  return /^-{3}/.test(text) && /-{3}$/.test(text) && betweenDashes(text).text.length > 8
}

/** Arabic and Persian digits as those of the rest. */
function withWesternDigits(text: string): string {
  return text.replace(/[\u0660-\u0669\u06f0-\u06f9]/g, digit => String(digit.charCodeAt(0) & 15))
}

function certainty(line: string): Certainty {
  if (line.length > LONGEST) return 0
  const text = withWesternDigits(line)
  const verb = wrote(text)
  if (verb && isBetweenDashes(text)) return 2
  const address = ADDRESS.test(text)
  const clock = CLOCK.test(text)
  const year = YEAR.test(text)
  const day = clock || year || DAY.test(text)
  const colon = /[:：]["*_\s-]{0,14}$/.test(text)
  if (verb && ((address && day) || (clock && (year || DAY.test(text))))) return 2
  // Nobody writes an address between brackets in front of what he says of somebody.
  if (verb && colon && /^[^<>:]{1,60}<[^<>\s@]{1,64}@[^<>\s]{1,255}>,? \S{1,12}(?: \S{1,12})?\s?[:：]$/.test(text))
    return 2
  if (!colon) return (verb || />$/.test(text)) && (address || day) ? 1 : 0
  // Some programs say no "wrote": "30.09.2017, 18.30, "Bob" <bob@example.com>:"
  if (address && clock && (year || DAY.test(text)) && /[>)\]]["*_\s]{0,4}[:：]["*_\s]{0,4}$/.test(text)) return 2
  if (
    address &&
    clock &&
    year &&
    /^(?:\p{L}{3,5}\.? )?\d.{0,80}\s[^\s<>@]{1,64}@[^\s<>@]{1,255}\s?[:：]\s*$/u.test(text)
  )
    return 2
  if (address && year && /^[\s>*"-]{0,8}\d{4}-\d{2}-\d{2}/.test(text) && />\s?:\s*$/.test(text)) return 2
  return verb || address || (clock && year) || (year && OPENS.test(text)) ? 1 : 0
}

/** A line that begins what goes on below: "Em segunda-feira, 5 de janeiro de 2026". */
function opensWithDay(line: string | undefined): boolean {
  if (line === undefined || line.length > 80 || !YEAR.test(line)) return false
  return (OPENS.test(line) || OPENS_WITH_WORD.test(line) || OPENS_WITH_NUMBER.test(line)) && !/[.!?:;]\s*$/.test(line)
}

export interface Attribution {
  /** First line, and the line behind the last. */
  start: number
  end: number
  certainty: Certainty
}

/** The attribution whose last line this is; null where it is none. */
export function attributionEndingAt(lines: readonly string[], last: number): Attribution | null {
  const final = lines[last] ?? ''
  if (final.startsWith(MARKS.attribution)) return { start: last, end: last + 1, certainty: 2 }
  if (!mayEnd(final) && !mayEndBare(lines, last)) return null
  const quoted = isQuoted(final)
  const found: Attribution[] = []
  let text = ''
  for (let start = last; start > last - MOST_LINES && start >= 0; start -= 1) {
    const line = lines[start] ?? ''
    const marked = isQuoted(line) && !BEGINS_GROUPWISE.test(line)
    if (isBlank(line) || (start < last && marked !== quoted) || text.length + line.length > LONGEST) break
    if (start < last && mayEnd(line)) break
    text = `${line.trim()} ${text}`.trim()
    const sure = certainty(text)
    if (sure === 0) continue
    const candidate: Attribution = { start, end: last + 1, certainty: sure }
    if (!ADDRESS.test(text) && ADDRESS.test(lines[start - 1] ?? '')) continue // it was wrapped behind the address
    const goesOn = !YEAR.test(text) && isQuoted(lines[start - 1] ?? '') === quoted && opensWithDay(lines[start - 1])
    if (!goesOn && (OPENS_WITH_WORD.test(line) || (OPENS.test(line) && sure === 2))) return candidate
    found.push(candidate)
  }
  // A name that stands alone above its address belongs to it.
  const [shortest] = found
  if (shortest?.certainty === 2 && /^[\s>*]{0,8}</.test(lines[shortest.start] ?? '')) {
    const above = lines[shortest.start - 1] ?? ''
    const name = /^[\s>*"']{0,8}\p{L}[^<>@:：.!?]{0,60}$/u.test(above) && isQuoted(above) === quoted
    if (name && isBlank(lines[shortest.start - 2])) return { ...shortest, start: shortest.start - 1 }
  }
  const opened = found.find(each => OPENS_WITH_NUMBER.test(lines[each.start] ?? '') && each.certainty === 2)
  const chosen = opened ?? found.find(each => each.certainty === 2) ?? found[0] ?? null
  if (!chosen || chosen.certainty < 2) return chosen
  // Text that opens like no attribution and only mentions a time and a writer is a sentence of its own.
  const opening = lines[chosen.start] ?? ''
  const opens =
    OPENS_WITH_NUMBER.test(opening) ||
    ADDRESS.test(opening) ||
    betweenDashes(opening).before >= 4 ||
    (isBlank(lines[chosen.start - 1]) && BRACKETED_ADDRESS.test(lines.slice(chosen.start, chosen.end).join(' ')))
  return opens ? chosen : { ...chosen, certainty: 1 }
}
