// Parts long texts into messages.
import type { RichTextBlock } from '@slack/types'
import type { Row } from '../text/mrkdwn-writer.ts'
import type { Line } from '../text/text-inline-markdown.ts'
import { richBlock } from './rich-blocks.ts'

/** What one message shows, with the lines that it is made of. */
export interface RichPiece {
  rows: readonly Row[]
  block: RichTextBlock
}

/** A text is not cut into shorter pieces than that. */
const SHORTEST = 100

/**
 * Lines in pieces of at most `most` characters whose JSON takes at most `json`: cut at a blank line, else a line, else a
 * word, else between two characters. Nothing of it is lost but blank lines where one piece ends and another begins.
 */
export function richPieces(rows: readonly Row[], { most, json }: { most: number; json: number }): RichPiece[] {
  return groupsOf(
    rows.flatMap(row => shorter(row, most)),
    most,
  ).flatMap(group => {
    const block = richBlock(group)
    if (!block) return []
    const fits = JSON.stringify(block).length <= json || most / 2 < SHORTEST
    return fits ? [{ rows: group, block }] : richPieces(group, { most: Math.floor(most / 2), json })
  })
}

function groupsOf(rows: readonly Row[], most: number): Row[][] {
  const groups: Row[][] = []
  for (let from = 0; from < rows.length; ) {
    const to = endOfGroup(rows, from, most)
    const group = rows.slice(from, to)
    const first = group.findIndex(row => !isEmptyRow(row))
    if (first >= 0) groups.push(group.slice(first, group.findLastIndex(row => !isEmptyRow(row)) + 1))
    from = to
  }
  return groups
}

function endOfGroup(rows: readonly Row[], from: number, most: number): number {
  let length = 0
  let afterEmptyRow = from
  for (let at = from; at < rows.length; at++) {
    const row = rows[at]
    if (row) length += lengthOf(row) + 1
    if (length > most && at > from) return afterEmptyRow > from ? afterEmptyRow : at
    if (row && isEmptyRow(row) && length > most / 3) afterEmptyRow = at + 1
  }
  return rows.length
}

function isEmptyRow(row: Row): boolean {
  return 'line' in row && lengthOf(row) === 0
}

function lengthOf(row: Row): number {
  if ('code' in row) return row.code.reduce((sum, line) => sum + line.length + 1, 0)
  return row.before.length + row.line.reduce((sum, run) => sum + runLength(run), 0)
}

function runLength(run: Line[number]): number {
  if ('text' in run) return run.text.length
  if ('code' in run.atom) return run.atom.code.length
  return 'url' in run.atom ? run.atom.url.length : 0
}

/** A row that is longer than a piece as several. */
function shorter(row: Row, most: number): Row[] {
  if (lengthOf(row) < most) return [row]
  if ('code' in row) {
    return groupsOf(
      row.code.flatMap(line => cut(line, most - 1)).map(line => ({ code: [line] })),
      most,
    ).map(group => ({ code: group.flatMap(each => ('code' in each ? each.code : [])) }))
  }
  const { quotes, before } = row
  const lines: Line[] = [[]]
  let remaining = most - 1 - before.length
  for (const run of row.line.flatMap(each => cutRun(each, most - 1 - before.length))) {
    if (runLength(run) > remaining && lines.at(-1)?.length) {
      lines.push([])
      remaining = most - 1 - before.length
    }
    lines.at(-1)?.push(run)
    remaining -= runLength(run)
  }
  return lines.map((line, at) => ({ quotes, before: at > 0 ? '' : before, line }))
}

function cutRun(run: Line[number], most: number): Line {
  const { styles } = run
  if ('text' in run) return cut(run.text, most).map(text => ({ styles, text }))
  if ('code' in run.atom) return cut(run.atom.code, most).map(code => ({ styles, atom: { code } }))
  return [run]
}

/** Behind a blank, else between two characters. */
function cut(text: string, most: number): string[] {
  const parts: string[] = []
  let from = 0
  while (text.length - from > most) {
    const lastSpace = text.lastIndexOf(' ', from + most - 1)
    const end = lastSpace > from + most / 2 ? lastSpace + 1 : from + most
    const to = /[\uD800-\uDBFF]/.test(text.charAt(end - 1)) ? end - 1 : end
    parts.push(text.slice(from, to))
    from = to
  }
  return [...parts, text.slice(from)]
}
