/** What an agent's mail asks the desk to do, and what is left of its text. */
export interface Orders {
  /** Command lines in their order, without `!`. */
  lines: string[]
  text: string
}

const ORDER = /^!\s?(\p{L}[\p{L}\p{N}-]{0,30})(?:\s+(\S.{0,1000}))?$/u
const MOST = 20

/**
 * Command lines at the top or the bottom of what a person wrote: `!claim`, `!note Called her.` A line with a word that
 * stands elsewhere, is quoted, or has other text before it on its line is none.
 */
export function ordersIn(text: string): Orders {
  const lines = text.split('\n').map(line => line.trimEnd())
  let top = 0
  const first: string[] = []
  for (; top < lines.length && first.length < MOST; top += 1) {
    const line = (lines[top] ?? '').trim()
    if (line === '') continue
    if (!ORDER.test(line)) break
    first.push(line)
  }
  let bottom = lines.length
  const last: string[] = []
  for (; bottom > top && first.length + last.length < MOST; bottom -= 1) {
    const line = (lines[bottom - 1] ?? '').trim()
    if (line === '') continue
    if (!ORDER.test(line)) break
    last.unshift(line)
  }
  return {
    lines: [...first, ...last].map(line => line.slice(1).trim()),
    text: lines.slice(top, bottom).join('\n').trim(),
  }
}
