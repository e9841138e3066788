import type { Atom } from './text-inline.ts'
import { firstOf, lastOf, type Style } from './text-marks.ts'
import { nest, type Part, type Run } from './text-nesting.ts'

/** One line as Markdown that reads well as it is: what is only text in it stays as it is, whatever Markdown makes of it. */
export function writeMarkdown(runs: readonly Run<Atom>[]): string {
  const parts = nest(runs)
  const marks = italicMarks(parts)
  return parts.map((part, at) => written(part, marks.get(at) ?? '_')).join('')
}

function written(part: Part<Atom>, italic: string): string {
  if ('text' in part) return part.text
  if ('atom' in part) return 'code' in part.atom ? codeMarkdown(part.atom.code) : part.atom.markdown
  return markOf('open' in part ? part.open : part.close, italic)
}

function markOf(style: Style, italic: string): string {
  if (style === 'italic') return italic
  return style === 'bold' ? '**' : '~~'
}

/** Within a word Markdown reads `*` but not `_`. */
function italicMarks(parts: readonly Part<Atom>[]): Map<number, string> {
  const marks = new Map<number, string>()
  let openedAt = 0
  parts.forEach((part, at) => {
    if ('open' in part && part.open === 'italic') openedAt = at
    if (!('close' in part) || part.close !== 'italic') return
    const before = parts[openedAt - 1]
    const after = parts[at + 1]
    const isWithin =
      (before && 'text' in before && /[\p{L}\p{N}_]/u.test(lastOf(before.text))) ||
      (after && 'text' in after && /[\p{L}\p{N}_]/u.test(firstOf(after.text)))
    if (!isWithin) return
    marks.set(openedAt, '*')
    marks.set(at, '*')
  })
  return marks
}

function codeMarkdown(code: string): string {
  if (!code.includes('`')) return `\`${code}\``
  const fence = '`'.repeat(longestFence(code) + 1)
  return `${fence} ${code} ${fence}`
}

/** Lines of code, with a fence longer than any in them. */
export function codeBlock(code: string): string[] {
  const fence = '`'.repeat(Math.max(3, longestFence(code) + 1))
  return [fence, ...code.split('\n'), fence]
}

function longestFence(code: string): number {
  return (code.match(/`+/g) ?? []).reduce((longest, run) => Math.max(longest, run.length), 0)
}
