// A line of plain text, such that Slack reads nothing in it.
import { emojiNamed } from './text-emoji.ts'
import {
  closesBefore,
  escapeText,
  firstOf,
  GAP,
  isPartOfWord,
  JOINER,
  lastOf,
  MARKS,
  opensAfter,
  type Style,
} from './text-marks.ts'
import type { Part } from './text-nesting.ts'

/** What is no plain text in a line for Slack. */
export type Piece =
  | { code: string }
  /** A link; without a label it shows its address. */
  | { url: string; label: Part<Piece>[] }
  /** Written as it is: what stands before a line. */
  | { prefix: string }

const MARK_RUNS = /\*+|＊+|_+|＿+|~+|`+|｀+/g
/** An address of a page in a text, with what may follow it. */
export const ADDRESS = /https?:\/\/[^\s<>|"`\u00AD]+/g
const EMOJI_NAME = /:([a-z0-9_+'-]+(?:::skin-tone-[2-6])?)(?=:)/
/** What makes a line a quote, or for us an item of a list. */
const LINE_START = /^[ \t\u00A0]*[>＞•◦▪‣]/

/** Where Slack reads something in a text. */
const SPOTS = anyOf(ADDRESS, MARK_RUNS, EMOJI_NAME, LINE_START)
const SPOTS_OF_LABEL = anyOf(MARK_RUNS, EMOJI_NAME)

function anyOf(...expressions: RegExp[]): RegExp {
  return new RegExp(expressions.map(each => each.source).join('|'), 'g')
}

/** Slack reads some marks of full width as well. */
const CLASSES: Readonly<Record<string, string>> = { '＊': '*', '＿': '_', '｀': '`' }

/** What may follow an address without being of it. */
const AFTER_ADDRESS = ".,;:!?)]}'*_~"

/** An address without what follows it. */
export function withoutMarksBehind(found: string): string {
  let end = found.length
  while (AFTER_ADDRESS.includes(found.charAt(end - 1))) end--
  return found.slice(0, end)
}

/**
 * One line as mrkdwn. Text is shown as it is: what Slack would read in it as a mark, a name of an emoji, a quote or an item
 * of a list has `JOINER` beside it. https://docs.slack.dev/messaging/formatting-message-text
 */
export function writeLine(parts: readonly Part<Piece>[]): string {
  return new LineWriter(parts, false).write()
}

class LineWriter {
  readonly #parts: readonly Part<Piece>[]
  /** Of a link, in which there is neither quote nor address. */
  readonly #isLabel: boolean
  /** How many marks of each kind are still to come. */
  readonly #ahead = new Map<string, number>()
  readonly #open = new Set<string>()
  readonly #out: string[] = []
  /** The last character of `#out`; of an escaped one what it stands for. */
  #last = ''
  #isAtStart: boolean
  /** The last that was written opens, so that another mark may stand right after it. */
  #hasOpened = false

  constructor(parts: readonly Part<Piece>[], isLabel: boolean) {
    this.#parts = parts
    this.#isLabel = isLabel
    this.#isAtStart = !isLabel
    for (const part of parts) {
      if ('text' in part) for (const [run] of part.text.matchAll(MARK_RUNS)) this.#count(run)
      else if ('open' in part || 'close' in part) this.#count(markOf(part))
      else if ('code' in part.atom) this.#count('``')
    }
  }

  #count(run: string): void {
    const mark = classOf(run)
    this.#ahead.set(mark, (this.#ahead.get(mark) ?? 0) + run.length)
  }

  #pass(run: string): void {
    const mark = classOf(run)
    this.#ahead.set(mark, (this.#ahead.get(mark) ?? 0) - run.length)
  }

  write(): string {
    this.#parts.forEach((part, at) => {
      if ('open' in part) this.#openMark(markOf(part))
      else if ('close' in part) this.#closeMark(markOf(part), at)
      else if ('text' in part) this.#text(part.text, this.#firstAfter(at))
      else this.#piece(part.atom, at)
      this.#hasOpened = 'open' in part
    })
    return this.#out.join('')
  }

  #emit(text: string): void {
    if (text === '') return
    this.#out.push(text)
    this.#last = /&(?:amp|lt|gt);$/.test(text.slice(-5)) ? '&' : lastOf(text)
  }

  #openMark(mark: string): void {
    this.#pass(mark)
    this.#letMarkOpen()
    this.#emit(mark)
    this.#open.add(mark)
    this.#isAtStart = false
  }

  #closeMark(mark: string, at: number): void {
    this.#pass(mark)
    // Beside the same mark it would not be read, nor would the other.
    if (this.#last === mark) this.#emit(GAP)
    this.#emit(mark)
    this.#open.delete(mark)
    this.#letMarkClose(at)
  }

  #letMarkOpen(): void {
    const isRead = this.#hasOpened || (opensAfter(this.#last) && !/[*_~`]/.test(this.#last))
    if (!isRead && !this.#isAtStart) this.#emit(GAP)
  }

  #letMarkClose(at: number): void {
    const next = this.#parts[at + 1]
    if (next && 'close' in next) return
    const character = this.#firstAfter(at)
    if (!closesBefore(character) || character === '~') this.#emit(GAP)
  }

  #firstAfter(at: number): string {
    const next = this.#parts[at + 1]
    if (!next) return ''
    if ('text' in next) return firstOf(next.text)
    if ('open' in next || 'close' in next) return markOf(next)
    return 'code' in next.atom ? '`' : '<'
  }

  #piece(piece: Piece, at: number): void {
    if ('prefix' in piece) {
      this.#emit(piece.prefix)
      this.#isAtStart &&= /^[\s>]*$/.test(piece.prefix)
      this.#hasOpened = true
      return
    }
    if ('code' in piece) {
      this.#pass('``')
      this.#letMarkOpen()
      this.#emit(`\`${escapeText(piece.code)}\``)
      this.#letMarkClose(at)
    } else {
      const label = piece.label.length > 0 ? `|${new LineWriter(piece.label, true).write()}` : ''
      this.#emit(`<${escapeText(piece.url)}${label}>`)
    }
    this.#isAtStart = false
  }

  #text(text: string, following: string): void {
    const pattern = new RegExp(this.#isLabel ? SPOTS_OF_LABEL : SPOTS)
    let from = 0
    for (let match = pattern.exec(text); match; match = pattern.exec(text)) {
      const [found, name = ''] = match
      this.#plain(text.slice(from, match.index))
      if (found.startsWith('http')) pattern.lastIndex = match.index + this.#address(found)
      else if (name) this.#plain(emojiNamed(name) === undefined ? found : `:${JOINER}${name}`)
      else if (/[>＞•◦▪‣]$/.test(found)) this.#lineStart(found)
      else this.#literalMark(found, firstOf(text.slice(pattern.lastIndex, pattern.lastIndex + 2)) || following)
      from = pattern.lastIndex
    }
    this.#plain(text.slice(from))
  }

  #plain(text: string): void {
    this.#emit(escapeText(text))
    if (text.trim() !== '') this.#isAtStart = false
  }

  #lineStart(mark: string): void {
    const joined = this.#isAtStart ? `${mark.slice(0, -1)}${JOINER}${mark.slice(-1)}` : mark
    this.#plain(joined)
  }

  /** Writes an address as a link to itself, so that Slack takes no mark in it for one; gives how much of it that was. */
  #address(found: string): number {
    const url = withoutMarksBehind(found)
    this.#emit(/\/\/./.test(url) ? `<${escapeText(url)}>` : escapeText(url))
    for (const [run] of url.matchAll(MARK_RUNS)) this.#pass(run)
    this.#isAtStart = false
    return url.length
  }

  #literalMark(run: string, after: string): void {
    this.#pass(run)
    const mark = classOf(run)
    const isFence = mark === '`' && run.length > 2
    if (isFence || this.#couldOpen(mark, after)) this.#emit(JOINER)
    const couldClose = this.#open.has(mark) && !/\s/.test(this.#last) && !isPartOfWord(after)
    this.#plain(isFence ? [...run].join(JOINER) : run)
    if (couldClose) this.#emit(JOINER)
  }

  #couldOpen(mark: string, after: string): boolean {
    if ((this.#ahead.get(mark) ?? 0) <= 0 || isPartOfWord(this.#last)) return false
    return mark === '`' || (after !== '' && !/\s/.test(after))
  }
}

function classOf(run: string): string {
  const first = firstOf(run)
  return CLASSES[first] ?? first
}

function markOf(part: { open: Style } | { close: Style }): string {
  return MARKS['open' in part ? part.open : part.close]
}
