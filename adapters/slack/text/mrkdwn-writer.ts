// Markdown as Slack's mrkdwn.
import MarkdownIt, { type Token } from 'markdown-it'
import type { RichText } from '../../../src/core/text/rich-text.ts'
import { fillVerbatim, inlineRuns, type Line, plainCells } from './text-inline-markdown.ts'
import { writeLine } from './text-line.ts'
import { escapeText, GAP, JOINER } from './text-marks.ts'
import { nest } from './text-nesting.ts'
import { tableLines } from './text-table.ts'

const RULE = '─'.repeat(12)

/** What Slack itself writes before the items of lists within lists. */
const BULLETS = ['• ', '◦ ', '▪\uFE0E ']

const markdownIt = new MarkdownIt({ html: false, linkify: true, breaks: true })
markdownIt.linkify.set({ fuzzyLink: false, fuzzyEmail: false, fuzzyIP: false }).add('//', null)
markdownIt.normalizeLinkText = address => address

/** A line of a message with what stands before it; or a block of code, which stands in no quote. */
export type Row = { quotes: number; before: string; line: Line } | { code: readonly string[] }

/** What Markdown shows in Slack, line by line. What is `verbatim` is shown as it is: it mentions nobody and marks nothing. */
export function rowsOf({ markdown, verbatim }: RichText): Row[] {
  const values = verbatim.map(each => each.toWellFormed().trimEnd().replace(/\r\n?/g, '\n'))
  return new BlockReader(values).read(markdownIt.parse(markdown.toWellFormed(), {}))
}

/**
 * Markdown as Slack's mrkdwn, for the field `text` of a message or a text object of type `mrkdwn`. What is `verbatim` is
 * shown as it is: it mentions nobody and marks nothing. Of any length: see `splitForSlack`.
 * https://docs.slack.dev/messaging/formatting-message-text
 */
export function slackFromRichText(text: RichText): string {
  return mrkdwnOf(rowsOf(text))
}

export function mrkdwnOf(rows: readonly Row[]): string {
  return rows.map(mrkdwnRow).join('\n')
}

const HELP = new RegExp(`[${JOINER}${GAP}]`)

/** Whether something stands in it that only keeps a character from being read, and is copied with it. */
export function needsHelp(mrkdwn: string): boolean {
  return HELP.test(mrkdwn)
}

function mrkdwnRow(row: Row): string {
  if ('code' in row) {
    const broken = row.code.map(line => escapeText(line.replace(/`{3,}/g, run => [...run].join(JOINER))))
    return ['```', ...broken, '```'].join('\n')
  }
  const prefix = `${'> '.repeat(row.quotes)}${row.before}`
  const parts = nest(row.line)
  return parts.length > 0 ? writeLine([{ atom: { prefix } }, ...parts]) : prefix.trimEnd()
}

class BlockReader {
  readonly #verbatim: readonly string[]
  readonly #written: Row[] = []
  /** The numbers that the items of the open lists have; null for a bullet. */
  readonly #lists: (number | null)[] = []
  #quotes = 0
  /** Of the last line. */
  #quotesBefore = 0
  /** What stands before the next line: the mark of an item. */
  #marker = ''
  #wantsBlank = false
  #rows: string[][] = []

  constructor(verbatim: readonly string[]) {
    this.#verbatim = verbatim
  }

  read(tokens: readonly Token[]): Row[] {
    let isHeading = false
    for (const token of tokens) {
      if (token.type === 'heading_open') isHeading = true
      else if (token.type === 'heading_close') isHeading = false
      else if (token.type === 'inline' && this.#rows.length > 0) this.#addCell(token)
      else if (token.type === 'inline') this.#addText(token, isHeading)
      else this.#block(token)
    }
    return this.#written
  }

  #block(token: Token): void {
    switch (token.type) {
      case 'bullet_list_open':
        this.#openList(null)
        break
      case 'ordered_list_open':
        this.#openList(Number(token.attrGet('start') ?? 1))
        break
      case 'bullet_list_close':
      case 'ordered_list_close':
        this.#lists.pop()
        this.#wantsBlank = true
        break
      case 'list_item_open':
        this.#openItem()
        break
      case 'list_item_close':
        this.#flushMarker()
        this.#wantsBlank = false
        break
      case 'blockquote_open':
        this.#flushMarker()
        this.#quotes++
        break
      case 'blockquote_close':
        this.#quotes--
        break
      default:
        this.#leaf(token)
    }
  }

  #leaf(token: Token): void {
    if (token.type === 'fence' || token.type === 'code_block') {
      this.#addCode(fillVerbatim(token.content, this.#verbatim).replace(/\n$/, '').split('\n'))
    } else if (token.type === 'hr') {
      this.#startBlock()
      this.#addLine([{ styles: new Set(), text: RULE }])
    } else if (token.type === 'tr_open') this.#rows.push([])
    else if (token.type === 'table_close') {
      this.#addCode(tableLines(this.#rows))
      this.#rows = []
    }
  }

  #openList(start: number | null): void {
    this.#flushMarker()
    if (this.#lists.length > 0) this.#wantsBlank = false
    this.#lists.push(start)
  }

  #openItem(): void {
    const number = this.#lists.at(-1) ?? null
    const depth = this.#lists.length - 1
    const mark = number === null ? BULLETS[Math.min(depth, BULLETS.length - 1)] : `${number}. `
    this.#marker = `${' '.repeat(4 * depth)}${mark}`
    if (number !== null) this.#lists[depth] = number + 1
  }

  /** An item that does not begin with a line of its own still has its mark. */
  #flushMarker(): void {
    if (this.#marker === '') return
    this.#startBlock()
    this.#addLine([])
    this.#wantsBlank = false
  }

  #startBlock(): void {
    const quotes = Math.min(this.#quotes, this.#quotesBefore)
    if (this.#wantsBlank && this.#written.length > 0) this.#written.push({ quotes, before: '', line: [] })
    this.#wantsBlank = true
  }

  #addText(token: Token, isHeading: boolean): void {
    this.#startBlock()
    for (const line of inlineRuns(token.children ?? [], this.#verbatim, isHeading)) this.#addLine(line)
  }

  #addLine(line: Line): void {
    const depth = this.#lists.length
    const before = this.#marker || ' '.repeat(depth > 0 ? 4 * depth - 2 : 0)
    this.#marker = ''
    this.#written.push({ quotes: this.#quotes, before, line })
    this.#quotesBefore = this.#quotes
  }

  /** Slack has no block of code within a quote: there each line is code by itself. */
  #addCode(lines: readonly string[]): void {
    this.#flushMarker()
    if (lines.every(line => line.trim() === '')) return
    this.#startBlock()
    if (this.#quotes > 0) {
      for (const line of lines) this.#addLine(line.trim() === '' ? [] : codeLine(line))
      return
    }
    this.#written.push({ code: lines })
    this.#quotesBefore = 0
  }

  #addCell(token: Token): void {
    this.#rows.at(-1)?.push(plainCells(token.children ?? [], this.#verbatim))
  }
}

/** Slack's code ends at the first mark of code, so what holds one is shown as text. */
function codeLine(code: string): Line {
  return [{ styles: new Set(), ...(code.includes('`') ? { text: code } : { atom: { code } }) }]
}
