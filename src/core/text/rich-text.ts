// Text that leaves, and how it reads as plain text.
import { plainText, readableMarkdown } from './plain-text.ts'

/** Markdown in which `\uE000n\uE001` stands for `verbatim[n]`: text of others, shown as it is, never interpreted. */
export interface RichText {
  markdown: string
  verbatim: string[]
  /** Those of `verbatim`, by number, in which addresses of pages are links. */
  linked?: number[]
}

/** What stands for `verbatim[n]`. */
export const HELD = /\uE000(\d+)\uE001/g

/** A value in bold, such as a reference: of that, text has nothing. */
const BOLD_VALUE = /\*\*((?:M-)?\uE000\d+\uE001)\*\*/g

/** Markdown reads well as plain text; a value stands there as it was typed, and keeps the marks of a quote on every line. */
export function plainFromRichText({ markdown, verbatim }: RichText): string {
  return readableMarkdown(markdown.replace(BOLD_VALUE, '$1'))
    .split('\n')
    .map(line => {
      const prefix = /^(?:\s*>\s?)+/.exec(line)?.[0] ?? ''
      return line.replace(HELD, (_, index: string) => valueAt(verbatim, index).replace(/\n/g, `\n${prefix}`))
    })
    .join('\n')
    .concat('\n')
}

/** What stands in place of a value, without the line breaks at its end. */
export function valueAt(verbatim: readonly string[], index: string | undefined): string {
  const text = plainText(verbatim[Number(index)] ?? '')
  let end = text.length
  while (text[end - 1] === '\n') end -= 1
  return text.slice(0, end)
}
