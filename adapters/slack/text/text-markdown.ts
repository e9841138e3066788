// Runs of text as Markdown.
import MarkdownIt from 'markdown-it'
import { ADDRESS, withoutMarksBehind } from './text-line.ts'
import { firstOf, lastOf, type Style } from './text-marks.ts'
import { type Atom, nest, type Part, type Run } from './text-nesting.ts'

/**
 * One line as Markdown that reads well as it is: what is only text in it stays as it is, whatever Markdown makes of it. An
 * exact one shows what was typed, and has a look only where Markdown can give it that.
 */
export function writeMarkdown(runs: readonly Run<Atom>[], exact = false): string {
  if (!exact) return joined(runs, text => text)
  // Where nothing has a look, nothing is to be tried: thousands of short lines are one message.
  if (runs.every(run => 'text' in run && run.styles.size === 0)) return exactLine(runs)
  const plain: Run<Atom>[] = runs.map(run => ({ ...run, styles: new Set<Style>() }))
  const shown = shownText(exactLine(plain))
  const isShown = (line: string) => shownText(line) === shown
  const whole = exactLine(runs)
  if (isShown(whole)) return whole
  const some = exactLine(runs.map((run, at) => (isShown(exactLine(plain.with(at, run))) ? run : (plain[at] ?? run))))
  return isShown(some) ? some : exactLine(plain)
}

function exactLine(runs: readonly Run<Atom>[]): string {
  return escapedEnds(joined(oneCode(runs), textMarkdown))
}

/** Marks of code that stand beside each other would be one. */
function oneCode(runs: readonly Run<Atom>[]): Run<Atom>[] {
  const merged: Run<Atom>[] = []
  for (const run of runs.filter(each => !('text' in each) || each.text !== '')) {
    const last = merged.at(-1)
    const before = last && codeOf(last)
    const code = codeOf(run)
    if (before === undefined || code === undefined) merged.push(run)
    else merged[merged.length - 1] = { styles: last?.styles ?? run.styles, atom: { code: before + code } }
  }
  return merged
}

function codeOf(run: Run<Atom>): string | undefined {
  return 'atom' in run && 'code' in run.atom ? run.atom.code : undefined
}

/** A text in which addresses of pages are links. */
function textMarkdown(text: string): string {
  let from = 0
  const parts: string[] = []
  for (const { 0: found, index } of text.matchAll(ADDRESS)) {
    const url = withoutMarksBehind(found)
    if (/[[\]]/.test(url) || !URL.canParse(url)) continue
    parts.push(escapeMarkdown(text.slice(from, index)), `<${url}>`)
    from = index + url.length
  }
  return [...parts, escapeMarkdown(text.slice(from))].join('')
}

const markdownIt = new MarkdownIt({ html: false, breaks: true })

function shownText(markdown: string): string {
  const [inline] = markdownIt.parseInline(markdown, {})
  return (inline?.children ?? []).map(token => token.content).join('')
}

/** Without what Markdown would read in a text as a mark, a link, a character or a table. */
export function escapeMarkdown(text: string): string {
  return text.replace(/[\\`*_~[\]<>&|]|:(?=\/\/)/g, '\\$&')
}

/** A line at whose start nothing is read, and at whose ends no blank is left out. */
function escapedEnds(line: string): string {
  const text = line.trim()
  const [before = '', after = ''] =
    text === '' ? [line] : [line.slice(0, line.indexOf(text)), line.slice(line.indexOf(text) + text.length)]
  const escapedText = text
    .replace(/^(?:#{1,6}|[-+])(?=\s|$)|^[-=](?=[-= \t]*$)/, '\\$&')
    .replace(/^(\d{1,9})([.)])(?=\s|$)/, '$1\\$2')
  return `${blanks(before)}${escapedText}${blanks(after)}`
}

function blanks(text: string): string {
  return text.replace(/\s/g, space => `&#${space.charCodeAt(0)};`)
}

function joined(runs: readonly Run<Atom>[], write: (text: string) => string): string {
  const parts = nest(runs)
  const marks = italicMarks(parts)
  return parts.map((part, at) => writePart(part, marks.get(at) ?? '_', write)).join('')
}

function writePart(part: Part<Atom>, italic: string, write: (text: string) => string): string {
  if ('text' in part) return write(part.text)
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
  if (!code.includes('`') && !/^ .* $/.test(code)) return `\`${code}\``
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
