// Nests the marks of a line well.
import type { Style } from './text-marks.ts'

/** What Markdown has beside text: `code` is the text in it, `markdown` stands as it is. */
export type Atom = { code: string } | { markdown: string }

/** A stretch of a line in one look: text, or something that cannot be cut, such as a link. */
export type Run<Atom> = { styles: ReadonlySet<Style> } & ({ text: string } | { atom: Atom })

export type Part<Atom> = { text: string } | { atom: Atom } | { open: Style } | { close: Style }

const STYLES: readonly Style[] = ['bold', 'strike', 'italic']

/**
 * One line of runs with marks between them, well nested. White space at the edge of what is marked stands outside,
 * because neither Slack nor Markdown reads a mark with white space on its inner side.
 */
export function nest<Atom>(runs: readonly Run<Atom>[]): Part<Atom>[] {
  const pieces = withoutMarkedSpace(runs.flatMap(cutEdges))
  const ends = new Map(STYLES.map(style => [style, endsOf(pieces, style)]))
  const parts: Part<Atom>[] = []
  const open: Style[] = []
  const closeFrom = (depth: number) => {
    for (const style of open.splice(depth).reverse()) parts.push({ close: style })
  }
  pieces.forEach((piece, at) => {
    const ended = open.findIndex(style => !piece.styles.has(style))
    if (ended >= 0) closeFrom(ended)
    const missing = STYLES.filter(style => piece.styles.has(style) && !open.includes(style))
    missing.sort((a, b) => (ends.get(b)?.[at] ?? 0) - (ends.get(a)?.[at] ?? 0))
    for (const style of missing) {
      open.push(style)
      parts.push({ open: style })
    }
    parts.push('text' in piece ? { text: piece.text } : { atom: piece.atom })
  })
  closeFrom(0)
  return parts
}

/** White space at the edges of a text as runs of its own. */
function cutEdges<Atom>(run: Run<Atom>): Run<Atom>[] {
  if (!('text' in run)) return [run]
  const core = run.text.trim()
  if (core === '') return run.text === '' ? [] : [run]
  const from = run.text.length - run.text.trimStart().length
  const { styles } = run
  return [run.text.slice(0, from), core, run.text.slice(from + core.length)]
    .filter(text => text !== '')
    .map(text => ({ styles, text }))
}

/** White space is marked only if what stands on both sides of it is. */
function withoutMarkedSpace<Atom>(runs: readonly Run<Atom>[]): Run<Atom>[] {
  const following: ReadonlySet<Style>[] = []
  let next: ReadonlySet<Style> = new Set()
  for (let at = runs.length - 1; at >= 0; at--) {
    const run = runs[at]
    following[at] = next
    if (run && !isSpace(run)) next = run.styles
  }
  let previous: ReadonlySet<Style> = new Set()
  return runs.map((run, at) => {
    if (!isSpace(run)) {
      previous = run.styles
      return run
    }
    const after = following[at]
    return { ...run, styles: new Set([...previous].filter(style => after?.has(style))) }
  })
}

function isSpace<Atom>(run: Run<Atom>): boolean {
  return 'text' in run && run.text.trim() === ''
}

/** For each piece, up to where it and those that follow it all have this style. */
function endsOf<Atom>(pieces: readonly Run<Atom>[], style: Style): number[] {
  const ends: number[] = []
  for (let at = pieces.length - 1; at >= 0; at--) {
    ends[at] = pieces[at]?.styles.has(style) ? (pieces[at + 1]?.styles.has(style) ? (ends[at + 1] ?? at) : at) : at
  }
  return ends
}
