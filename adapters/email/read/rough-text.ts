// Text of HTML that is too large to be laid out.
import { decodeHTML } from 'entities'

/** Text of HTML too large to be laid out properly: tags go, blocks become lines. Linear in its length. */
export function roughText(html: string): string {
  const lower = html.toLowerCase()
  let text = ''
  let position = 0
  while (position < html.length) {
    const open = html.indexOf('<', position)
    if (open < 0) {
      text += html.slice(position)
      break
    }
    text += html.slice(position, open)
    const isComment = html.startsWith('<!--', open)
    const hidden = /^<(script|style|head|title)\b/i.exec(html.slice(open, open + 10))?.[1]
    const close = hidden
      ? indexOfTag(lower, hidden, open)
      : isComment
        ? html.indexOf('-->', open)
        : html.indexOf('>', open)
    if (close < 0) break
    if (/^<\/t[dh]\b/i.test(html.slice(open, open + 5))) text += ' '
    if (/^<\/?(?:p|div|br|tr|li|h\d|table|blockquote)\b/i.test(html.slice(open, open + 14))) text += '\n'
    position = close + (isComment ? '-->'.length : 1)
  }
  return decodeHTML(text)
    .replace(/[\t\r][ \t\r]*| [ \t\r]+/g, ' ') // a single blank is left alone: there may be millions
    .replace(/ ?\n[\n ]*/g, '\n')
    .trim()
}

function indexOfTag(lower: string, tag: string, from: number): number {
  const end = lower.indexOf(`</${tag.toLowerCase()}`, from)
  return end < 0 ? -1 : lower.indexOf('>', end)
}
