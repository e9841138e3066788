// What was left out of a text, in order.
import { attributionEndingAt } from './reply/attribution.ts'
import { fieldRole } from './reply/header-block.ts'
import { isBlank, isQuoted, saysOriginal } from './reply/lines.ts'

/** What was left out of a text, in the order in which it stands there. */
export interface QuotedPart {
  what: 'quoted text' | 'what introduces a quote' | 'the head of a quoted mail' | 'a signature or footer'
  /** How many lines that say something. */
  lines: number
}

/** What a visible reply leaves out of the whole text. Lines of the reply stand in the text in the same order. */
export function quotedPartsOf(text: string, visible: string): QuotedPart[] {
  const lines = text.split('\n')
  const visibleLines = visible.split('\n').map(line => line.trim())
  const cuts: QuotedPart[] = []
  let next = 0
  for (const [at, line] of lines.entries()) {
    while (next < visibleLines.length && visibleLines[next] === '') next += 1
    if (isBlank(line)) continue
    if (next < visibleLines.length && line.trim() === visibleLines[next]) {
      next += 1
      continue
    }
    const what = whatIs(lines, at)
    const last = cuts.at(-1)
    if (last?.what === what) last.lines += 1
    else cuts.push({ what, lines: 1 })
  }
  return merged(cuts)
}

function whatIs(lines: readonly string[], at: number): QuotedPart['what'] {
  const line = lines[at] ?? ''
  if (isQuoted(line)) return 'quoted text'
  if (fieldRole(line) !== undefined) return 'the head of a quoted mail'
  if (saysOriginal(line) || attributionEndingAt(lines, at) !== null) return 'what introduces a quote'
  return 'a signature or footer'
}

/** Behind what introduces a quote, all is quoted, also without marks. */
function merged(cuts: readonly QuotedPart[]): QuotedPart[] {
  const all: QuotedPart[] = []
  let quoting = false
  for (const cut of cuts) {
    const what: QuotedPart['what'] = quoting && cut.what === 'a signature or footer' ? 'quoted text' : cut.what
    quoting ||= what !== 'a signature or footer'
    const last: QuotedPart | undefined = all.at(-1)
    if (last?.what === what) last.lines += cut.lines
    else all.push({ what, lines: cut.lines })
  }
  return all
}
