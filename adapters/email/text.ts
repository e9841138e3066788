import type { Headers } from 'mailparser'
import { withoutMarks } from '../../src/core/reply/lines.ts'
import { layOut } from './lay-out.ts'
import { roughText } from './rough-text.ts'

/** A part of a message as mailparser keeps it in its tree; only texts shown in place have `textContent`. */
export interface MimePart {
  contentType: string | false
  textContent?: string
  children: MimePart[]
  /** It is the head of a message within the message. */
  showMeta?: boolean
  headers: Headers
}

const LONGEST_HTML = 1_000_000 // laying out more costs seconds
const DEEPEST_HTML = 1_000
const LONGEST_ROUGH = 4_000_000 // the text of the rest is in the raw message alone

/**
 * The text of a message: of alternatives the plain one, HTML laid out where there is no other, parts in their order.
 * It holds `MARKS` where the structure of HTML tells what is quoted.
 */
export function textOfParts(part: MimePart): string {
  return textOf(part).replace(/\n{4,}/g, '\n\n\n')
}

function textOf(part: MimePart): string {
  const own = part.textContent === undefined ? '' : ownText(part, part.textContent)
  const inner = part.contentType === 'multipart/alternative' ? best(part.children) : joined(part.children.map(textOf))
  return joined([part.showMeta ? messageHead(part.headers) : '', own, inner])
}

function ownText(part: MimePart, content: string): string {
  if (part.contentType !== 'text/html') return withoutMarks(content)
  const costly = content.length > LONGEST_HTML || isDeep(content)
  return costly ? roughText(withoutMarks(content.slice(0, LONGEST_ROUGH))) : layOut(withoutMarks(content))
}

/** Tags that need no end of their own, so that many of them are not deep. */
const ENDS_ITSELF = /^(?:area|base|br|col|dd|dt|hr|img|input|li|link|meta|option|p|source|tbody|td|th|thead|tr|wbr)$/i

/** More elements within each other than people write; laying them out takes time by the square, and stack. */
function isDeep(html: string): boolean {
  let depth = 0
  for (const [, end, tag = ''] of html.matchAll(/<(\/?)([a-z][a-z0-9:]{0,20})/gi)) {
    if (ENDS_ITSELF.test(tag)) continue
    depth = end ? Math.max(0, depth - 1) : depth + 1
    if (depth > DEEPEST_HTML) return true
  }
  return false
}

/** The first plain alternative that says something, else the first that does. */
function best(alternatives: MimePart[]): string {
  const plain = alternatives.find(each => each.contentType === 'text/plain' && each.textContent?.trim())
  if (plain?.textContent) return withoutMarks(plain.textContent)
  for (const each of alternatives) {
    const text = textOf(each)
    if (text.trim()) return text
  }
  return ''
}

function joined(texts: string[]): string {
  const spoken = texts.filter(text => text.trim())
  return spoken.length <= 1 ? (spoken[0] ?? '') : spoken.map(text => text.replace(/\s+$/, '')).join('\n\n')
}

/** What a message within the message says of itself. */
function messageHead(headers: Headers): string {
  return ['From', 'To', 'Date', 'Subject']
    .flatMap(name => {
      const value = headers.get(name.toLowerCase()) as { text?: string } | Date | string | undefined
      if (value === undefined) return []
      const said = value instanceof Date ? value.toUTCString() : typeof value === 'string' ? value : (value.text ?? '')
      return said ? [`${name}: ${said}`] : []
    })
    .join('\n')
}
