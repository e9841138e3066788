// Reads mrkdwn, line by line.
import { readCode, readInline } from './text-inline.ts'
import { codeBlock, writeMarkdown } from './text-markdown.ts'
import { JOINER } from './text-marks.ts'
import type { Names } from './text-names.ts'

/**
 * Slack's mrkdwn, as it stands in the `text` of a message, as Markdown that reads well as plain text. Emoji that a
 * workspace made itself stay `:name:`. https://docs.slack.dev/messaging/formatting-message-text
 */
export function markdownFromSlack(text: string, names: Names): string {
  const reader = new TextReader(names)
  let before = ''
  for (const { text: plain, code } of segments(text)) {
    before += plain
    if (code === undefined) continue
    if (code.trim() === '') before += `\`\`\`${code}\`\`\``
    else {
      reader.addCode(before, code)
      before = ''
    }
  }
  return reader.finish(before)
}

/** Texts, and the code that follows each. What is opened and not closed is text. */
function segments(text: string): { text: string; code?: string }[] {
  const parts = text.split('```')
  const unclosed = parts.length % 2 === 0 ? `\`\`\`${parts.pop()}` : ''
  const segments: { text: string; code?: string }[] = []
  for (let at = 0; at < parts.length; at += 2) {
    const code = parts[at + 1]
    segments.push(code === undefined ? { text: `${parts[at]}${unclosed}` } : { text: parts[at] ?? '', code })
  }
  return segments
}

/** What makes a line an item, as Slack writes it and apps are told to. */
const BULLET = /^([ \t\u00A0]*)[•◦▪‣]\uFE0E?[ \t\u00A0]+/

class TextReader {
  readonly #names: Names
  readonly #lines: string[] = []
  /** What the last line was: after a quote or a list Markdown needs a blank line. */
  #last: 'text' | 'quote' | 'item' = 'text'
  /** `>>>` quotes all that follows. */
  #isQuoted = false
  #isAfterCode = false

  constructor(names: Names) {
    this.#names = names
  }

  /** Code stands on lines of its own; what begins a quote right before it makes it a part of that. */
  addCode(before: string, code: string): void {
    const mark = /(?:^|\n)(?:&gt;|>) ?$/.exec(before)?.[0]
    const text = before.slice(0, mark ? -mark.length : undefined)
    this.#addText(mark === undefined && text.endsWith('\n') ? text.slice(0, -1) : text)
    const written = readCode(code.replace(/^\n|\n$/g, ''), this.#names).replaceAll(`${JOINER}\``, '`')
    this.#lines.push(...codeBlock(written).map(line => `${mark === undefined ? '' : '> '}${line}`))
    this.#isAfterCode = true
    this.#last = 'text'
  }

  finish(text: string): string {
    this.#addText(text)
    return this.#lines.join('\n')
  }

  #addText(text: string): void {
    if (text === '') return
    const lines = text.split('\n')
    // The line break after code is its end.
    if (this.#isAfterCode && lines[0] === '') lines.shift()
    this.#isAfterCode = false
    for (const line of lines) this.#addLine(line)
  }

  #addLine(line: string): void {
    const rest = line.replace(/^(?:&gt;|>){3} ?/, '')
    if (rest !== line) this.#isQuoted = true
    const [quotes = ''] = /^(?:(?:&gt;|>) ?)+/.exec(rest) ?? []
    const depth = (quotes.match(/>|&gt;/g) ?? []).length + (this.#isQuoted ? 1 : 0)
    const [mark = '', indent = ''] = BULLET.exec(rest.slice(quotes.length)) ?? []
    const bullet = mark ? `${' '.repeat(4 * Math.ceil(indent.length / 4))}- ` : ''
    const text = writeMarkdown(readInline(rest.slice(quotes.length + mark.length), this.#names), this.#names.exact)
    this.#separate(depth > 0 ? 'quote' : mark ? 'item' : 'text', text)
    this.#lines.push(`${'> '.repeat(depth)}${bullet}${text}`.replace(depth > 0 ? / +$/ : /$^/, ''))
  }

  #separate(kind: 'text' | 'quote' | 'item', text: string): void {
    const continues = kind === 'text' && this.#last === 'item' && /^(?:\s|\d+[.)]\s)/.test(text)
    if (continues) return
    if (kind === 'text' && this.#last !== 'text' && text !== '') this.#lines.push('')
    this.#last = kind
  }
}
