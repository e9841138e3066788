// The part of a mail that its writer wrote.
import { withoutBlankEnds } from '../text/plain-text.ts'
import { attributionEndingAt } from './reply/attribution.ts'
import { saysSentFrom, trimmedEnd, withoutEnding } from './reply/ending.ts'
import { aboveRules, fieldRole, headerBlockAt } from './reply/header-block.ts'
import {
  isBlank,
  isQuoted,
  isRule,
  MARKS,
  saysForwarded,
  saysGroupWise,
  saysOriginal,
  saysReplyAbove,
  withoutMarks,
} from './reply/lines.ts'
import { ownMarkerAt } from './reply/own-marker.ts'

/** The line in our mails above which people are asked to write. Everything from it on is ours. */
export const REPLY_MARKER = '##- Please write your reply above this line -##'

const MARKER_LINE = /^[>\s|*\uFDD0-\uFDD3]*##-\s|-##[\s*_|>]*$/
const LONGEST_MARKER = 400

export interface VisibleOptions {
  /** The subject says that it was forwarded: what it quotes is what it is about. */
  forward?: boolean
  /** The subject begins with what is "Fwd" in Danish and Norwegian, and "Re" in Finnish. */
  maybeForward?: boolean
  /** Whether it answers something, as its headers tell; what a first message shows of others is its own content. */
  answers?: boolean
}

/**
 * The new text of a message, without what it quotes, what introduces that, its signature and footers. Answers between
 * quoted lines keep those lines, what was forwarded stays. A text of which nothing would be left is given whole. Linear
 * in the length of the text, whatever stands in it. The text may hold `MARKS`; what is given holds none.
 */
export function visibleReply(text: string, options: VisibleOptions = {}): string {
  const whole = withoutMarkerOfOthers(trimmed(unwrapped(text.replace(BIDI, ''))))
  const above = aboveMarked(whole)
  const lines = above.split('\n')
  const { length, forwarded } = ownPart(
    lines,
    options.maybeForward && showsDanish(lines) ? { ...options, forward: true } : options,
  )
  const ownLines = withoutQuoteAround(lines, length)
  const tail = forwarded === null ? [] : lines.slice(forwarded)
  const visibleLines = tail.length > 0 ? [...ownLines, ...(ownLines.length > 0 ? [''] : []), ...tail] : ownLines
  return tidy(withoutMarks(visibleLines.join('\n'))) || trimmed(withoutMarks(above)) || trimmed(withoutMarks(whole))
}

/** A mail of another help desk begins with its marker: what stands below that is what it says. */
function withoutMarkerOfOthers(text: string): string {
  const end = text.indexOf('\n')
  const first = end < 0 ? '' : text.slice(0, end)
  if (!saysReplyAbove(first)) return text
  return ownMarkerAt(text.slice(0, end + LONGEST_MARKER).split('\n'), 0) < 0 ? trimmed(text.slice(end)) : text
}

/** What the first line is indented by stays where there are lines beside it, such as those of a program. */
function trimmed(text: string): string {
  const withoutBlanks = withoutBlankEnds(text).trimEnd()
  return withoutBlanks.includes('\n') ? withoutBlanks : withoutBlanks.trimStart()
}

/** The mail that is shown is headed in Danish or Norwegian. */
function showsDanish(lines: readonly string[]): boolean {
  return lines.some(line => /^[\s>*]{0,8}fra\*?:/i.test(line))
}

/** Marks of the reading direction and blanks of no width, which programs put around names. */
const BIDI = /[\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069]/g

const MAY_BE_WRAPPED = /[:：] {2,}\S|[^\s-] {0,4}-{5}|\bwrote:/

/** Programs on telephones leave out the ends of lines around what introduces a quote. */
function unwrapped(text: string): string {
  if (!MAY_BE_WRAPPED.test(text)) return text
  return text
    .split('\n')
    .flatMap((line, at, lines) => {
      if (line.length > 2_000 || !MAY_BE_WRAPPED.test(line) || isQuoted(line)) return [line]
      const behind = /^(\s{0,8}\S.{0,300}?[:：]) {2,}(\S.*)$/.exec(line)
      if (behind && attributionEndingAt([behind[1] ?? ''], 0)?.certainty === 2) return behind.slice(1)
      const original = /^(.{0,300}?[^\s-]) {0,4}(-{5,12} ?[^-]{6,40}-{5,12}) {0,4}(.*)$/.exec(line)
      if (original && /\p{L}/u.test(original[1] ?? '') && saysOriginal(original[2] ?? '')) return original.slice(1)
      const wrote = /^(.{1,300}?[^\s-])(?: |-{3} )(On \p{L}{3,9}, .{8,200}\bwrote:)\s*$/u.exec(line)
      const splits = wrote && quotedBelow(lines, at + 1) && attributionEndingAt([wrote[2] ?? ''], 0)?.certainty === 2
      return splits ? wrote.slice(1) : [line]
    })
    .join('\n')
}

/** Lines of nothing but blanks are empty, and no more than two of them stand together. */
function tidy(text: string): string {
  return trimmed(text.replace(/^[ \t\u00a0]+$/gm, '').replace(/\n{4,}/g, '\n\n\n'))
}

const FORWARD =
  /^\s*(?:\[[^\]]{0,80}\]\s{0,5}){0,3}\[?\s*(?:fwd?|wg|wtr|tr|rv|enc|i|doorst|vb|vl|pd|fs|továbbítás|пересл|пер|πρθ|הועבר|hà|ilt|i̇lt|vidb|videresendt|transfert|transf|weitergeleitet|转发|轉寄|转寄|転送|전달)\s*[:：]/iu

/** A subject that says of its mail that it was forwarded, by whatever program. */
export function isForwardSubject(subject: string): boolean {
  return FORWARD.test(subject)
}

/** A subject that says of its mail that it is an answer. */
export function isAnswerSubject(subject: string): boolean {
  return /^\s*(?:\[[^\]]{0,80}\]\s{0,5}){0,3}(?:re|aw|antw|sv|odp|vs|rif|ref|res|ynt|ad|отв|відп|回复|答复|回覆|返信|回信|답장|回)\s{0,3}(?:\[\d{1,3}\]|\(\d{1,3}\))?\s{0,3}[:：]/iu.test(
    subject,
  )
}

/** `Fwd: Printer` without what says that it was forwarded. */
export function withoutForwardMark(subject: string): string {
  return isForwardSubject(subject) ? subject.replace(/^.{0,300}?[:：]\s{0,20}/, '') : subject
}

/**
 * The text above our marker line; the whole text where there is none. What stands below may be what the reader must not
 * see, so nothing of it is ever given, even if nothing else is left.
 */
export function aboveMarker(text: string): string {
  return withoutMarks(aboveMarked(text))
}

function aboveMarked(text: string): string {
  const lines = text.split('\n')
  const at = lines.findIndex((line, each) => MARKER_LINE.test(line) || ownMarkerAt(lines, each) >= 0)
  if (at < 0) return text
  // Some programs put it behind what introduces the quote.
  const before = (lines[at] ?? '').slice(0, Math.max(0, ownMarkerAt(lines, at)))
  const above = /[\p{L}\p{N}]/u.test(before) ? [...lines.slice(0, at), before] : lines.slice(0, at)
  const end = withoutQuoteAtEnd(above, withoutIntroduction(above, above.length))
  return trimmed(above.slice(0, end).join('\n'))
}

/** What its sender wrote of a reply as it is shown; '' where it shows nothing but what it quotes or a signature. */
export function writtenIn(visible: string): string {
  const lines = trimmed(visible).split('\n')
  const { length, forwarded } = ownPart(lines, {})
  const ownLines = forwarded === null ? withoutQuoteAround(lines, length) : lines
  const attribution = attributionEndingAt(ownLines, trimmedEnd(ownLines, ownLines.length) - 1)
  const isIntroduction = attribution?.certainty === 2 && attribution.start === 0
  return isIntroduction || ownLines.every(isBlank) ? '' : visible
}

/**
 * The beginning of a visible reply that its writer surely typed: what stands in the whole text above all that introduces
 * words of others, however these are marked. Programs that quote without marks show there what others chose, quote marks
 * among it. The whole text may hold `MARKS`.
 */
export function typedPart(text: string, visible: string): string {
  const lines = unwrapped(text.replace(BIDI, '')).split('\n')
  const at = lines.findIndex((_, at) => introduces(lines, at))
  if (at < 0) return visible
  // The last line of an introduction is found first.
  const start = attributionEndingAt(lines, at)?.start ?? at
  const above = lines.slice(0, start).map(line => withoutMarks(line).trim())
  let known = 0
  let length = 0
  for (const line of visible.split('\n')) {
    const found = isBlank(line) ? known : above.indexOf(line.trim(), known) + 1
    if (!isBlank(line) && found === 0) break
    known = found
    length += line.length + 1
  }
  return visible.slice(0, length)
}

function introduces(lines: readonly string[], at: number): boolean {
  const line = lines[at] ?? ''
  if (line.startsWith(MARKS.quote)) return true
  if (isBlank(line) || !INTRODUCES.test(line)) return false
  if (saysForwarded(line) || saysOriginal(line) || headerBlockAt(lines, at) !== null) return true
  return attributionEndingAt(lines, at)?.certainty === 2
}

/** What every line holds that introduces something: nearly no line of a text does, so the others are not looked at. */
const INTRODUCES = /[:：\uFDD0\uFDD1]|wrote|^\s{0,40}[-‐‑‒–—―_=*~+#<|.]/i

/** Where quoted or forwarded text without quote marks begins, from the top. */
function ownPart(
  lines: readonly string[],
  { forward = false, answers = true }: VisibleOptions,
): { length: number; forwarded: number | null } {
  let written = false
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at] ?? ''
    if (isBlank(line)) continue
    if (isQuoted(line)) {
      if (saysGroupWise(line) && (written || forward)) return { length: at, forwarded: forward ? at : null }
      continue
    }
    if (!INTRODUCES.test(line)) {
      written = true
    } else {
      if (saysForwarded(line)) return { length: at, forwarded: at }
      const cut = quoteFrom(lines, at, answers)
      if (cut !== null && (written || forward)) return { length: cut, forwarded: forward ? cut : null }
      if (cut === null && !isRule(line) && !introducesMarked(lines, at)) written = true
    }
  }
  return { length: lines.length, forwarded: null }
}

/** What introduces a quote with marks is not the writer's either. */
function introducesMarked(lines: readonly string[], at: number): boolean {
  return quotedBelow(lines, at + 1) && attributionEndingAt(lines, at)?.certainty === 2
}

/** The first line of unmarked quoted text, if what introduces it begins or ends at this one. */
function quoteFrom(lines: readonly string[], at: number, answers: boolean): number | null {
  const line = lines[at] ?? ''
  if (line.startsWith(MARKS.quote)) return aboveRules(lines, at)
  const block = headerBlockAt(lines, at)
  if (block) {
    const isVisible = quotedBelow(lines, block.end) || isShown(lines, at, block.start) || !(answers || block.start < at)
    return isVisible ? null : block.start
  }
  if (saysOriginal(line)) {
    const isVisible = isShown(lines, at, at) || !(answers || introducesSomething(lines, at + 1))
    return isVisible || quotedBelow(lines, at + 1) ? null : at
  }
  if (saysReplyAbove(line) || (answers && isHistoryOfZendesk(lines, at))) return at
  const attribution = attributionEndingAt(lines, at)
  if (
    attribution?.certainty === 2 &&
    !quotedBelow(lines, attribution.end) &&
    !areAllBlankFrom(lines, attribution.end)
  ) {
    return attribution.start
  }
  return null
}

/** A rule, and then "Bob Berg, Jan 5, 2026, 10:00 AM CET:". */
function isHistoryOfZendesk(lines: readonly string[], at: number): boolean {
  if (!/^-{20,}\s*$/.test(lines[at] ?? '')) return false
  const line = (isBlank(lines[at + 1]) ? lines[at + 2] : lines[at + 1]) ?? ''
  return line.length < 160 && /^\p{L}[^@:：]{1,80}\b\d{4}\b.{1,8}\d{1,2}:\d{2}[^:]{0,16}:?\s*$/u.test(line)
}

/** Something stands below "Original Message" that it may introduce: a field, or at least more than a line. */
function introducesSomething(lines: readonly string[], from: number): boolean {
  const below = lines.slice(from, from + FARTHEST + 2).filter(line => !isBlank(line))
  return below.some(line => fieldRole(line) !== undefined || /@|\d/.test(line))
}

/** "This is what I got:": the writer wants it read. */
function isShown(lines: readonly string[], at: number, start: number): boolean {
  return start === at && /[^\s][:：]$/.test((lines[trimmedEnd(lines, start) - 1] ?? '').slice(-200).trimEnd())
}

const FARTHEST = 4 // blank lines between what introduces a quote and the quote

function quotedBelow(lines: readonly string[], from: number): boolean {
  for (let at = from; at < Math.min(lines.length, from + FARTHEST); at += 1) {
    const line = lines[at] ?? ''
    if (!isBlank(line)) return isQuoted(line)
  }
  return false
}

function areAllBlankFrom(lines: readonly string[], from: number): boolean {
  return trimmedEnd(lines, lines.length) <= from
}

/** Takes off the end what is not new, and of what is left what introduces quotes; a quote above an answer goes as well. */
function withoutQuoteAround(lines: readonly string[], length: number): string[] {
  let end = length < lines.length ? withoutRules(lines, length) : length
  for (let before = -1; before !== end; ) {
    before = end
    end = withoutQuoteAtEnd(lines, withoutEnding(lines, end))
  }
  // What is nothing but a quote or a signature is no reply; the caller gives it whole.
  return answersOf(lines, end)
}

/** The length without the lines that were drawn above what was cut. */
function withoutRules(lines: readonly string[], length: number): number {
  let end = trimmedEnd(lines, length)
  while (end > 0 && /^[\s>*]{0,8}[-_=*~─—–]{2,200}\s*$/.test(lines[end - 1] ?? '')) end = trimmedEnd(lines, end - 1)
  return end
}

/** The length without the quote at the end and what introduces it. */
function withoutQuoteAtEnd(lines: readonly string[], length: number): number {
  const end = trimmedEnd(lines, length)
  let quote = end
  while (quote > 0 && (isBlank(lines[quote - 1]) || isOfQuote(lines, quote - 1))) quote -= 1
  if (quote === end) {
    const attribution = attributionEndingAt(lines, end - 1)
    return attribution?.certainty === 2 && attribution.start > 0 ? trimmedEnd(lines, attribution.start) : end
  }
  return withoutIntroduction(lines, quote)
}

/** A line of a quote, or what was wrapped off its end by a server on the way and lost its mark. */
function isOfQuote(lines: readonly string[], at: number): boolean {
  const line = lines[at] ?? ''
  if (isQuoted(line)) return true
  const above = (lines[at - 1] ?? '').trimEnd()
  const wrapped = line.length <= 30 && above.length >= 60 && above.length <= 80 && /[^\s.?!:;…]$/.test(above)
  return wrapped && !isBlank(line) && isQuoted(above) && isQuoted(lines[at + 1] ?? '')
}

const LONGEST_BLOCK = 40

/** The length without what introduces the quote that begins below. */
function withoutIntroduction(lines: readonly string[], length: number): number {
  let end = trimmedEnd(lines, length)
  while (end > 0 && isQuoted(lines[end - 1] ?? '')) end = trimmedEnd(lines, end - 1)
  const attribution = attributionEndingAt(lines, end - 1)
  if (attribution) return trimmedEnd(lines, withoutFields(lines, trimmedEnd(lines, attribution.start)))
  for (let at = end - 1; at >= Math.max(0, end - LONGEST_BLOCK); at -= 1) {
    const block = headerBlockAt(lines, at)
    if (block && block.end >= end && (at === 0 || headerBlockAt(lines, at - 1) === null))
      return trimmedEnd(lines, block.start)
  }
  if (saysOriginal(lines[end - 1] ?? '')) return trimmedEnd(lines, end - 1)
  return end
}

/** Yandex puts a rule and some fields above what introduces the quote. */
function withoutFields(lines: readonly string[], length: number): number {
  let end = length
  while (end > 0 && length - end < 6 && fieldRole(lines[end - 1] ?? '') !== undefined) end -= 1
  return end < length && isRule(lines[end - 1] ?? '') ? end - 1 : length
}

/** Some programs put what introduces a quote into it: its lines, and the empty ones below, if this quote begins so. */
function introductionWithin(lines: readonly string[], first: number, length: number): number[] {
  const below = saysOriginal(lines[first] ?? '') ? first + 1 : first
  const block = headerBlockAt(lines, below)
  const fields = block !== null && lines.slice(below, block.end).every(isQuoted) ? block.end : below
  if (fields > first) return Array.from({ length: fields - first }, (_, index) => first + index)
  for (let last = first; last < Math.min(length, first + 3); last += 1) {
    const attribution = attributionEndingAt(lines, last)
    if (attribution?.certainty !== 2 || attribution.start < first) continue
    const found = Array.from({ length: attribution.end - first }, (_, index) => first + index)
    for (let at = attribution.end; at < length && /^\s{0,3}>\s*$/.test(lines[at] ?? ''); at += 1) found.push(at)
    return found
  }
  return []
}

/** A block of fields that ends with this line. */
function headerBlockEndingAt(lines: readonly string[], at: number): { start: number; end: number } | null {
  if (fieldRole(lines[at] ?? '') === undefined) return null
  for (let start = at; start >= Math.max(0, at - 8); start -= 1) {
    const block = headerBlockAt(lines, start)
    if (block && block.end === at + 1 && (start === 0 || headerBlockAt(lines, start - 1) === null)) return block
  }
  return null
}

/** The lines without what introduces quotes among them; below one quote at the top, the answer alone. */
function answersOf(lines: readonly string[], length: number): string[] {
  const introduction = new Set<number>()
  for (let at = 0; at < length; at += 1) {
    if (isQuoted(lines[at] ?? '')) {
      if (!isQuoted(lines[at - 1] ?? ''))
        for (const each of introductionWithin(lines, at, length)) introduction.add(each)
      continue
    }
    if (!quotedBelow(lines, at + 1)) continue
    const block = headerBlockEndingAt(lines, at)
    if (block) for (let each = block.start; each < block.end; each += 1) introduction.add(each)
    const attribution = attributionEndingAt(lines, at)
    if (attribution) {
      const ruled = aboveRules(lines, attribution.start)
      const start = lines.slice(ruled, attribution.start).some(saysOriginal) ? ruled : attribution.start
      for (let each = start; each < attribution.end; each += 1) introduction.add(each)
      // A telephone's line stands above the quote, though the answer is below.
      const above = trimmedEnd(lines, start) - 1
      if (above >= 0 && saysSentFrom(lines[above] ?? '')) introduction.add(above)
    }
    if (saysOriginal(lines[at] ?? '')) introduction.add(at)
  }
  const hasOwnText = (at: number) => !introduction.has(at) && !isBlank(lines[at]) && !isOfQuote(lines, at)
  let first = 0
  while (first < length && !hasOwnText(first)) first += 1
  let quoteBelow = false
  for (let at = first; at < length; at += 1) if (isQuoted(lines[at] ?? '')) quoteBelow = true
  const [opening = first] = introduction
  const introduced = opening < first
  const from = introduced && !quoteBelow && first < length ? first : 0
  return lines.slice(from, length).filter((_, index) => !introduction.has(from + index))
}
