// Command lines in an agent's mail.
import { isQuoted } from '../mail/reply/lines.ts'
import { wordsOf } from './command-line.ts'
import { countOptions, type OptionKinds } from './options.ts'
import { withoutBlankEnds } from './plain-text.ts'

/** What an agent's mail asks the desk to do, and what is left of its text. */
export interface CommandLines {
  /** Command lines in their order, without `!`. */
  lines: string[]
  text: string
}

const ORDER = /^!\s?(\p{L}[\p{L}\p{N}-]{0,30})(?:\s+(\S.{0,1000}))?$/u
const MOST = 20
/** Commands that take a text, with the beginning of it on their line. */
const TEXT = /^!\s?(?:note|reply|answer)\s+\S/i

function paragraphAfter(lines: readonly string[], at: number): string[] {
  const end = lines.findIndex((line, index) => index > at && (line.trim() === '' || ORDER.test(line.trim())))
  return lines.slice(at + 1, end < 0 ? lines.length : end)
}

/** What a line must be known by to be taken for a command that went wrong. */
export interface KnownCommands {
  isCommand(word: string): boolean
  /** Options of an answer. */
  options: OptionKinds
}

/** Everything that is shown as the end of a line. */
const LINE_END = /\r\n|[\n\r\u000B\u000C\u0085\u2028\u2029]/
/** Signs that are shown in front of a word: of lists, quotes and styles, and those that a command begins with. */
const SIGNS_AND_WORD = /^(?:\s{0,8}\d{1,3}[.)](?=\s))?([^\p{L}\p{N}]{1,40})(\p{L}[\p{L}\p{N}-]{0,30})(?=(\S?))/u

/**
 * Whether a text has a line that looks like a command and is none: it stands in the middle, or is written in another
 * way. Somebody meant it for the desk, so such a text must not leave.
 */
export function mentionsCommand(text: string, known: KnownCommands): boolean {
  return text.split(LINE_END).some(line => isIntendedAsCommand(line, known))
}

/** As nearly every line begins: neither a command nor an option does. */
const BEGINS_WITH_LETTER = /^\s{0,20}[A-Za-z]/
const MAY_BE_OPTION = /^\s*[*_~]{0,2}[-\u2012-\u2015\u2212]/

function isIntendedAsCommand(line: string, { isCommand, options }: KnownCommands): boolean {
  if (line.length < 2 || BEGINS_WITH_LETTER.test(line)) return false
  const start = line.slice(0, 200)
  if (isQuoted(start) || !/[^\p{L}\p{N}\s]/u.test(start)) return false
  const normalised = start.normalize('NFKC').replace(/\p{Cf}|[\uFE0E\uFE0F]/gu, '')
  if (/^\s{0,20}!\s?\p{L}/u.test(normalised)) return true
  const [, signs = '', word = '', next = ''] = SIGNS_AND_WORD.exec(normalised) ?? []
  // What goes on behind the word is a path.
  const isCommandSign = /[!\u00A1\u2755\u2757]/.test(signs) || (/[/#\\]$/.test(signs) && /^[:*_`]?$/.test(next))
  if (isCommandSign && isCommand(word.toLowerCase())) return true
  const words = line.length <= 200 && MAY_BE_OPTION.test(line) ? wordsOf(line) : []
  return words.length > 0 && words.length <= 6 && countOptions(words, options) === words.length
}

/**
 * Command lines at the top or the bottom of what a person wrote: `!claim`, `!note Called her.` A line with a word that
 * stands elsewhere, is quoted, or has other text before it on its line is none. `atTop`: not at the bottom either.
 */
export function findCommandLines(text: string, { atTop = false } = {}): CommandLines {
  const lines = text.split('\n')
  let top = 0
  const first: string[] = []
  for (; top < lines.length && first.length < MOST; top += 1) {
    const line = (lines[top] ?? '').trim()
    if (line === '') continue
    if (!ORDER.test(line)) break
    // Mail programs wrap long lines: what goes on below a note is the note, up to an empty line.
    const more = TEXT.test(line) ? paragraphAfter(lines, top) : []
    top += more.length
    first.push([line, ...more].join('\n'))
  }
  let bottom = lines.length
  const last: string[] = []
  for (; !atTop && bottom > top && first.length + last.length < MOST; bottom -= 1) {
    const line = (lines[bottom - 1] ?? '').trim()
    if (line === '') continue
    if (!ORDER.test(line)) break
    last.unshift(line)
  }
  return {
    lines: [...first, ...last].map(line => line.slice(1).trim()),
    text: withoutBlankEnds(lines.slice(top, bottom).join('\n')),
  }
}
