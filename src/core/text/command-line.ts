// How a line that somebody typed falls into words, and how a word is written so that it stays one.

/** A command and its arguments. */
export interface CommandLine {
  /** Lower case, without a leading `!` or `/`. */
  word: string
  args: string[]
}

/** A word of a line. */
export interface Word {
  /** Without its quotes. */
  value: string
  /** It stands in no quotes and is no code, so that it may be an option. */
  isBare: boolean
  /** Where it begins and ends in the line, with its quotes. */
  start: number
  end: number
}

/** Quotes of several scripts, each with the one that closes it; in a word and in front of one, an apostrophe closes nothing. */
const QUOTED = [
  /'((?:[^']|(?<=\p{L})'(?=\p{L}))*)'(?![\p{L}\p{N}])/u,
  /‘((?:[^‘’]|(?<=\p{L})’(?=\p{L}))*)’(?![\p{L}\p{N}])/u,
  /“([^“”]*)”/u,
  /„([^„“”]*)[“”]/u,
  /”([^”]*)”/u,
  /«([^«»]*)»/u,
  /»([^«»]*)«/u,
  /「([^「」]*)」/u,
]
const CODE = /`+[^`]+`+/u
const WITH_VALUE = /([-\p{Pd}\u2212]{1,3}\p{L}[\p{L}\p{N}-]*=)"((?:[^"\\]|\\.)*)"/u
const DOUBLE = /"((?:[^"\\]|\\.)*)"/u
const WORDS = new RegExp([WITH_VALUE, DOUBLE, ...QUOTED, CODE, /\S+/u].map(each => each.source).join('|'), 'gsu')

/** The words of a line: quotes keep words together, in double ones a backslash keeps the next character. */
export function wordsOf(line: string): Word[] {
  return [...line.matchAll(WORDS)].map(found => {
    const [all, option, value, doubled, ...others] = found
    const span = { start: found.index, end: found.index + all.length }
    if (option !== undefined) return { ...span, value: option + unescaped(value ?? ''), isBare: true }
    const quoted = doubled === undefined ? others.find(each => each !== undefined) : unescaped(doubled)
    return { ...span, value: quoted ?? all, isBare: quoted === undefined && !all.startsWith('`') }
  })
}

function unescaped(text: string): string {
  return text.replace(/\\(.)/gsu, '$1')
}

/** Splits a line at blanks, as `wordsOf` does. */
export function parseCommandLine(line: string): CommandLine {
  const [word = '', ...args] = wordsOf(line).map(each => each.value)
  return { word: commandWord(word), args }
}

/** `!Claim` and `/claim` are `claim`. */
export function commandWord(word: string): string {
  return word.replace(/^[!/]/, '').toLowerCase()
}

/** An argument such that it is read back as it is, and as no option, but for line breaks: a line is one line. */
export function quoteArgument(argument: string): string {
  if (/^[^\s"'“”‘’„«»「」`\\\p{Pd}\u2212][^\s"'“”‘’„«»「」`\\]*$/u.test(argument)) return argument
  return `"${argument.replace(/[\\"]/g, '\\$&').replace(/[\r\n\u2028\u2029]+/g, ' ')}"`
}

/** The word most like `word`, if one is like it at all: at most a third of its letters differ. */
export function nearest(word: string, known: readonly string[]): string | null {
  const most = Math.max(1, Math.floor(word.length / 3))
  const [best] = known
    .filter(candidate => Math.abs(candidate.length - word.length) <= most)
    .map(candidate => ({ candidate, apart: distance(word, candidate) }))
    .sort((a, b) => a.apart - b.apart)
  return best && best.apart <= most ? best.candidate : null
}

/** Edits between two short words, a swap of neighbours counting one (optimal string alignment). */
function distance(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, j) => j)]
  const at = (i: number, j: number) => rows[i]?.[j] ?? Number.POSITIVE_INFINITY
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i]
    rows.push(row)
    for (let j = 1; j <= b.length; j += 1) {
      const change = a[i - 1] === b[j - 1] ? 0 : 1
      const swap = a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? at(i - 2, j - 2) + 1 : Number.POSITIVE_INFINITY
      row.push(Math.min(at(i - 1, j) + 1, at(i, j - 1) + 1, at(i - 1, j - 1) + change, swap))
    }
  }
  return at(a.length, b.length)
}
