export interface CommandLine {
  /** Lower case, without a leading `!` or `/`. */
  word: string
  args: string[]
}

/** Splits a line at blanks; quotes keep words together, a backslash keeps the next character. */
export function parseCommandLine(line: string): CommandLine {
  const parts: string[] = []
  for (const found of line.matchAll(/"((?:[^"\\]|\\.)*)"|'([^']*)'|“([^“”]*)”|(\S+)/gu)) {
    const [, doubled, single, curly, bare] = found
    parts.push(doubled === undefined ? (single ?? curly ?? bare ?? '') : doubled.replace(/\\(.)/gu, '$1'))
  }
  const [word = '', ...args] = parts
  return { word: word.replace(/^[!/]/, '').toLowerCase(), args }
}

/** A line whose text stands behind its first arguments: the line without it, and the text as it was written. */
export function splitText(line: string, takes: number): { line: string; text: string } {
  const parts = [...line.matchAll(/"(?:[^"\\]|\\.)*"|'[^']*'|“[^“”]*”|\S+/gu)]
  const first = parts[takes + 1]
  if (!first) return { line, text: '' }
  const text = line.slice(first.index).trim()
  const quoted = parts.length === takes + 2 ? parseCommandLine(`x ${text}`).args[0] : undefined
  return { line: line.slice(0, first.index).trim(), text: quoted ?? text }
}

/** An argument such that `parseCommandLine` reads it back as it is, but for line breaks: a line is one line. */
export function quoteArgument(argument: string): string {
  if (/^[^\s"'“”\\]+$/u.test(argument)) return argument
  return `"${argument.replace(/[\\"]/g, '\\$&').replace(/[\r\n\u2028\u2029]+/g, ' ')}"`
}

/** The word most like `word`, if one is like it at all: at most a third of its letters differ. */
export function nearest(word: string, known: readonly string[]): string | null {
  const [best] = known
    .map(candidate => ({ candidate, apart: distance(word, candidate) }))
    .sort((a, b) => a.apart - b.apart)
  return best && best.apart <= Math.max(1, Math.floor(word.length / 3)) ? best.candidate : null
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
