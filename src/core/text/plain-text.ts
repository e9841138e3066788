/** What a text is beside its words: where its lines end, what is no character of it, and how Markdown reads as plain text. */

import { printable } from './printable.ts'

/** A text as everybody is shown it: lines end in one way, and controls and what turns the reading direction are gone. */
export function plainText(text: string): string {
  return printable(text.replace(/\r\n?/g, '\n')).toWellFormed()
}

/** Without blank lines at its ends; what the first line is indented by stays, as do blanks at the end of the last. */
export function withoutBlankEnds(text: string): string {
  const rest = text.trimStart()
  if (rest === '') return ''
  const start = text.lastIndexOf('\n', text.length - rest.length) + 1
  const end = text.indexOf('\n', text.trimEnd().length)
  return text.slice(start, end < 0 ? text.length : end).replace(/\r$/, '')
}

/** Code, which is literal in Markdown, or something in a text that only keeps a character from being read as a mark. */
const PARTS =
  /(?<fence>^ {0,3}(?<open>`{3,}|~{3,})[^\n]*(?:\n[\s\S]*?)??(?:\n {0,3}\k<open>[`~]*[ \t]*$|(?![\s\S])))|(?<code>(?<run>`+)(?!`)[\s\S]*?[^`]\k<run>(?!`)|`+)|<(?<address>https?:\/\/[^\s<>]*|[\w.+-]+@[\w.-]+)>|\\(?<escaped>[!-/:-@[-`{-~])|\\(?=\n)|&#(?<point>\d{1,5});/gm

/**
 * Markdown as it reads best as plain text: what marks it stays, and what only keeps a character from being one goes
 * (https://spec.commonmark.org/0.31.2/#backslash-escapes).
 */
export function readableMarkdown(markdown: string): string {
  return markdown.replace(PARTS, (...found) => {
    const { fence, code, address, escaped, point } = found.at(-1) as Record<string, string | undefined>
    return fence ?? code ?? address ?? escaped ?? (point ? String.fromCodePoint(Number(point)) : '')
  })
}
