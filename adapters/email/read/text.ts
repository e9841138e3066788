// The text of a message, of whatever parts it stands in.
import { withoutMarks } from '../../../src/core/mail/reply/lines.ts'
import { isDeep } from './html-depth.ts'
import { layOut } from './lay-out.ts'
import { withoutLinkTwins } from './link-twins.ts'
import { roughText } from './rough-text.ts'

/** What the head of a part says of it, put right where it is miswritten. */
export interface PartHead {
  /** Media type, lower case. */
  type: string
  parameters: ReadonlyMap<string, string>
  /** Name of the file, '' where there is none. */
  name: string
  /** The text is shaped by commands of RFC 1896. */
  enriched: boolean
}

/** A part of a message as mailparser keeps it in its tree; only texts shown in place have `textContent`. */
export interface MimePart {
  contentType: string | false
  textContent?: string
  children: MimePart[]
  /** What it is a part of; undefined for the whole message. */
  parent?: MimePart
  written?: PartHead | undefined
}

const LONGEST_HTML = 1_000_000 // laying out more costs seconds
const LONGEST_ROUGH = 4_000_000 // the text of the rest is in the raw message alone

/**
 * The text of a message: of alternatives the plain one, HTML laid out where there is no other, parts in their order.
 * It holds `MARKS` where the structure of HTML tells what is quoted.
 */
export function textOfParts(part: MimePart): string {
  return textOf(part).replace(/\n{4,}/g, '\n\n\n')
}

function textOf(part: MimePart): string {
  const partText = part.textContent === undefined ? '' : ownText(part, part.textContent)
  const inner = part.contentType === 'multipart/alternative' ? best(part.children) : joined(part.children.map(textOf))
  return joined([partText, inner])
}

/** All HTML of a message in the order of its parts, of alternatives the last that is HTML. */
export function htmlOfParts(part: MimePart): string {
  if (part.contentType === 'text/html') return part.textContent ?? ''
  const inner = part.children.map(htmlOfParts).filter(Boolean)
  return part.contentType === 'multipart/alternative' ? (inner.at(-1) ?? '') : inner.join('\n<hr>\n')
}

/** The text of a message that came within a winmail.dat. */
export function layOutTnef({ text, html }: { text: string; html: string }): string {
  return text.trim() ? plain(text) : layOutHtml(html)
}

function ownText(part: MimePart, content: string): string {
  if (part.contentType !== 'text/html') return plain(part.written?.enriched ? withoutCommands(content) : content)
  return layOutHtml(content)
}

/** Whatever its line ends were, and as it was typed where a program made it of HTML. */
function plain(text: string): string {
  return withoutLinkTwins(withoutMarks(text).replace(/\r\n?/g, '\n'))
}

/** RFC 1896: commands in angle brackets, `<<` for one of these, parameters that are not shown, single line ends fold. */
function withoutCommands(text: string): string {
  return text
    .replaceAll('<<', '\uFDD4')
    .replace(/<param>[^<]{0,1000}<\/param>/gi, '')
    .replace(/<nl>/gi, '\n')
    .replace(/<\/?[a-z][a-z-]{0,60}>/gi, '')
    .replaceAll('\uFDD4', '<')
    .replace(/([^\n])\n(?!\n)/g, '$1 ')
    .replace(/\n\n/g, '\n')
}

function layOutHtml(content: string): string {
  const costly = content.length > LONGEST_HTML || isDeep(content)
  return costly ? roughText(withoutMarks(content.slice(0, LONGEST_ROUGH))) : layOut(withoutMarks(content))
}

/**
 * The plain alternative that says something, else the first that does. Several plain ones are no alternatives of each
 * other, whatever their sender calls them.
 */
function best(alternatives: MimePart[]): string {
  const plainOnes = alternatives.filter(
    each => each.contentType === 'text/plain' && each.textContent?.trim() && !isStub(each.textContent),
  )
  const unshaped = plainOnes.filter(each => !each.written?.enriched)
  const texts = (unshaped.length > 0 ? unshaped : plainOnes).map(each => ownText(each, each.textContent ?? ''))
  if (texts.length > 0) return joined([...new Set(texts)])
  for (const each of alternatives) {
    const text = textOf(each)
    if (text.trim()) return text
  }
  return ''
}

/** What stands for a text that only the HTML has. */
function isStub(text: string): boolean {
  return (
    text.length < 300 &&
    /(?:message|mail|e-mail) (?:contains|is in|requires|was sent in) html|html[ -](?:capable|enabled|compatible)|does not support html|view (?:it|this) (?:message|e?-?mail) (?:in|with) (?:an? )?html/i.test(
      text,
    )
  )
}

function joined(texts: string[]): string {
  const spoken = texts.filter(text => text.trim())
  return spoken.length <= 1 ? (spoken[0] ?? '') : spoken.map(text => text.trimEnd()).join('\n\n')
}
