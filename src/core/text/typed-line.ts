// What somebody typed for the desk: a command, its options, and what stands behind it, exactly as it was typed.
import { DeskError } from '../../errors.ts'
import { referenceAt } from '../ticket/reference.ts'
import { commandWord, type Word, wordsOf } from './command-line.ts'
import { countOptions, isEnd, isOption, NO_OPTIONS, type OptionKinds, type Options, takeOptions } from './options.ts'
import { withoutBlankEnds } from './plain-text.ts'

/** A line as far as it can be read without looking anything up. */
export interface TypedLine {
  options: Options
  /** What stands behind the command's word, without its options, up to a bare `--`. */
  rest: string
  /** From a bare `--` on; '' if there is none. */
  tail: string
}

/** What must be known to read a line. */
export interface TypedLineReading {
  kinds: OptionKinds
  prefixes: readonly string[]
  /** It is one line, even if a mail program wrapped it. Otherwise what stands below the first line may be pasted. */
  isOneLine: boolean
}

/** The command's word. */
export function wordOf(typed: string): string {
  return commandWord(/\S+/u.exec(typed)?.[0] ?? '')
}

/**
 * Takes the options out of what was typed: on the first line wherever they stand outside of quotes; below it in front of
 * the text, and behind it on lines of their own. Throws a `DeskError` of code `usage` for one that is not understood.
 */
export function readTypedLine(typed: string, { kinds, prefixes, isOneLine }: TypedLineReading): TypedLine {
  const [word, ...words] = wordsOf(typed)
  const begin = word?.end ?? typed.length
  const [first = [], ...below] = isOneLine ? [words] : linesOf(typed, begin, words)
  const { options, rest } = takeOptions(first, kinds)
  const taken = takenOf(first, rest)
  const end = rest.find(isEnd)
  if (end) return { options, rest: without(typed, begin, end.start, taken), tail: typed.slice(end.start) }
  const head = without(typed, begin, first.at(-1)?.end ?? begin, taken)
  const reference = referenceAt(head, prefixes)
  const hasText = head.slice(reference?.isAlone ? reference.end : 0).trim() !== ''
  const more = optionsBelow(below, kinds, hasText)
  const all = [...taken, ...more.taken].sort((a, b) => a.start - b.start)
  return { options: options.and(more.options), rest: without(typed, begin, typed.length, all), tail: '' }
}

/**
 * The text in a line, of which `rest` and `tail` are left, without a `--` in front of it; a text in quotes without these.
 * Throws a `DeskError` where an option stands behind a `--` that may be a dash in a sentence.
 */
export function textIn(rest: string, tail: string, kinds: OptionKinds): string {
  const literal = tail.replace(/^--/, '')
  if (rest.trim() === '') return unquoted(literal.trim())
  const [next, ...others] = wordsOf(literal.split('\n', 1)[0] ?? '')
  const doubtful = next && !isOption(next, kinds) ? others.find(each => isOption(each, kinds)) : undefined
  if (doubtful) {
    throw new DeskError(
      'usage',
      `Nothing was done: is "${doubtful.value}" an option? Nothing after -- counts as one. If it is an option, write it before the --; if it is part of your text, put the text in quotes.`,
    )
  }
  const all = rest + tail
  // Quotes are of the line: what begins below it was typed, or pasted, as it is.
  return all.split('\n', 1)[0]?.trim() ? unquoted(all.trim()) : withoutBlankEnds(all).trimEnd()
}

/** What stands behind a command's word; where quotes are around ticket and text, as in `reply "HD-1 We come"`, without them. */
export function withoutQuotesAround(rest: string, prefixes: readonly string[]): string {
  const [only, second] = wordsOf(rest)
  if (!only || second || only.isBare) return rest
  const reference = referenceAt(only.value, prefixes, { numbers: true })
  return reference?.isAlone && only.value.slice(reference.end).trim() !== '' ? ` ${unquoted(rest.trim())}` : rest
}

/** What is sent is sent as it was typed: within quotes, too, a backslash stays but before one. */
function unquoted(text: string): string {
  const [only, second] = wordsOf(text)
  if (!only || second || only.isBare || text.startsWith('`')) return text
  return text.startsWith('"') ? text.slice(1, -1).replaceAll('\\"', '"') : only.value
}

/** By the line that they begin on; none for a line without a word, so that a text begins where it does. */
function linesOf(typed: string, begin: number, words: readonly Word[]): Word[][] {
  const lines: Word[][] = [[]]
  let before = begin
  for (const word of words) {
    if (typed.slice(before, word.start).includes('\n')) lines.push([])
    lines.at(-1)?.push(word)
    before = word.end
  }
  return lines
}

/** Those in front of the text, and those on lines of their own at its end. */
function optionsBelow(lines: Word[][], kinds: OptionKinds, hasText: boolean): { options: Options; taken: Word[] } {
  const remainingLines = [...lines]
  const taken: Word[] = []
  let options = NO_OPTIONS
  const take = (words: readonly Word[]) => {
    const found = takeOptions(words, kinds)
    options = options.and(found.options)
    taken.push(...takenOf(words, found.rest))
  }
  const isWhole = (line: readonly Word[]) => countOptions(line, kinds) === line.length || line.length === 1
  for (let begins = hasText; !begins && remainingLines.length > 0; ) {
    const line = remainingLines.shift() ?? []
    begins = !isWhole(line)
    take(begins ? line.slice(0, countOptions(line, kinds)) : line)
    begins ||= !line.every(word => taken.includes(word))
  }
  for (let last = remainingLines.at(-1); last && isWhole(last); last = remainingLines.at(-1)) {
    take(last)
    if (!last.every(word => taken.includes(word))) break
    remainingLines.pop()
  }
  return { options, taken }
}

function takenOf(words: readonly Word[], rest: readonly Word[]): Word[] {
  const others = new Set(rest)
  return words.filter(each => !others.has(each))
}

/** A part of a line without these words, and without the blanks before each. */
function without(typed: string, from: number, to: number, taken: readonly Word[]): string {
  let text = ''
  let at = from
  for (const { start, end } of taken) {
    if (start >= to) break
    text += typed.slice(at, start).trimEnd()
    at = end
  }
  return text + typed.slice(at, to)
}
