// Lines of a text, and the marks that HTML leaves on them.
import { mailWords, once } from '../../../mail-words.ts'

/** Set before a line by what reads HTML, where its structure tells what the text does not; no character of any text. */
export const MARKS = {
  /** From here on the mail that is answered, without quote marks. */
  quote: '\uFDD0',
  /** Says who wrote what is quoted below. */
  attribution: '\uFDD1',
  /** The signature begins. */
  signature: '\uFDD2',
  /** The signature ends. */
  signatureEnd: '\uFDD3',
} as const

const ANY_MARK = /[\uFDD0-\uFDD3]/g

/** The text as it is shown: without our marks. */
export function withoutMarks(text: string): string {
  return text.replace(ANY_MARK, '')
}

const LONGEST_LINE = 1_000 // characters; no line of a mail program's own is longer

export function isBlank(line: string | undefined): boolean {
  return line === undefined || line.trim() === ''
}

/** ">" in front, with the initials of the writer as The Bat and Emacs put them. */
export function isQuoted(line: string): boolean {
  return /^\s{0,20}[>＞]|^\s{0,3}[A-Z]{1,4}>+(?: |$)/.test(line)
}

/** A line of nothing but dashes or the like, which programs draw above a quote or a signature. */
export function isRule(line: string): boolean {
  return line.length < LONGEST_LINE && /^[\s>*]{0,8}(?:_{5,}|-{5,}|={5,}|—{3,}|─{3,}|\*{5,})\s*$/.test(line)
}

const DASHES = new Set('-‐‑‒–—―_=')
const AROUND = new Set([...DASHES, ...'*~+#<>|:. \t\u00a0\uFDD0\uFDD1'])

/** What a line says between dashes, lower case; `dashes` are how many there are before and behind it. */
export function betweenDashes(rawLine: string): { text: string; before: number; behind: number } {
  if (rawLine.length > LONGEST_LINE) return { text: '', before: 0, behind: 0 }
  const line = rawLine.includes('&nbsp;') ? rawLine.replaceAll('&nbsp;', ' ') : rawLine // as QQ writes it into plain text
  let start = 0
  let end = line.length
  let before = 0
  let behind = 0
  for (; start < end && AROUND.has(line.charAt(start)); start += 1) if (DASHES.has(line.charAt(start))) before += 1
  for (; end > start && AROUND.has(line.charAt(end - 1)); end -= 1) if (DASHES.has(line.charAt(end - 1))) behind += 1
  return { text: line.slice(start, end).toLowerCase().normalize('NFC').replace(/\s+/g, ' '), before, behind }
}

const originals = once(() => new Set(mailWords().original))
const forwards = once(() => new Set(mailWords().forwarded))

/** Whether a line may say something between dashes: nearly no line does, and every line of every mail is asked. */
const BEGINS_WITH_DASH = /^[\s>|:.*~+#<\uFDD0\uFDD1]{0,60}[-‐‑‒–—―_=]/
const ENDS_WITH_COLON = /[:：]\*?\s*$/

/** "-----Original Message-----" in any of the languages. */
export function saysOriginal(line: string): boolean {
  if (!BEGINS_WITH_DASH.test(line)) return false
  const { text, before, behind } = betweenDashes(line)
  return before >= 2 && (behind >= 2 || before >= 4) && originals().has(text)
}

/** The same without any dash, as BlackBerry writes it: it tells only with a header below it. */
export function saysBareOriginal(line: string): boolean {
  if (line.length > 80) return false
  const text = line.trim().toLowerCase().normalize('NFC').replace(/\s+/g, ' ')
  return text.includes(' ') && originals().has(text)
}

/** ">>> Bob Berg <bob@example.com> 05.01.2026 10:00 >>>": GroupWise puts it above a quote without marks. */
export function saysGroupWise(line: string): boolean {
  return line.length < 400 && /^>>> ?[^\s>].*\d.* ?>>>\s*$/.test(line) && /\d\s?[:.]\s?\d{2}/.test(line)
}

/** "##- Please type your reply above this line -##", as help desks put it above what they quote; never a bare sentence. */
export function saysReplyAbove(line: string): boolean {
  if (line.length > 160 || !/^[\s>|\uFDD0-\uFDD3]{0,20}[-‐‑‒–—―_=*~+#<[(]{2}/.test(line)) return false
  const text = line.toLowerCase().normalize('NFC')
  return (
    mailWords().replyAbove.some(words => text.includes(words)) && mailWords().reply.some(word => text.includes(word))
  )
}

/** "---------- Forwarded message ----------", "Begin forwarded message:" in any of the languages. */
export function saysForwarded(line: string): boolean {
  const introduces = ENDS_WITH_COLON.test(line.slice(-10))
  if (!introduces && !BEGINS_WITH_DASH.test(line)) return false
  const { text, before } = betweenDashes(line)
  if (before >= 2 && (forwards().has(text) || text.startsWith('forwarded by '))) return true
  return introduces && forwards().has(text) && text.includes(' ')
}
