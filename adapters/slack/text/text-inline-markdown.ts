// Markdown within a line, for Slack.
import type { Token } from 'markdown-it'
import type { Piece } from './text-line.ts'
import { isDeceptive, isSame, linkable } from './text-links.ts'
import type { Style } from './text-marks.ts'
import { nest, type Run } from './text-nesting.ts'

export type Line = Run<Piece>[]

/** What stands for `verbatim[n]`, as markdown-it escapes it in an address. */
const HELD_IN_ADDRESS = /%EE%80%80(\d+)%EE%80%81/g

const STYLES: Readonly<Record<string, Style>> = { strong: 'bold', em: 'italic', s: 'strike' }

/** The lines of a paragraph, a heading or the like. */
export function inlineRuns(tokens: readonly Token[], verbatim: readonly string[], isHeading: boolean): Line[] {
  return new InlineReader(verbatim, isHeading).read(tokens)
}

/** The text of a cell, which has one line and no look. */
export function plainCells(tokens: readonly Token[], verbatim: readonly string[]): string {
  return inlineRuns(tokens, verbatim, false).map(plainText).join(' ')
}

/** Replaces what stands for a verbatim text by it. */
export function fillVerbatim(text: string, verbatim: readonly string[]): string {
  return text.replace(/\uE000(\d+)\uE001/g, (_, index: string) => verbatim[Number(index)] ?? '')
}

class InlineReader {
  readonly #verbatim: readonly string[]
  readonly #isHeading: boolean
  /** How often each style is open. */
  readonly #depths = new Map<Style, number>()
  #lines: Line[] = [[]]
  #link: { url: string; before: Line[] } | null = null

  constructor(verbatim: readonly string[], isHeading: boolean) {
    this.#verbatim = verbatim
    this.#isHeading = isHeading
  }

  read(tokens: readonly Token[]): Line[] {
    for (const token of tokens) this.#token(token)
    return this.#lines
  }

  #token(token: Token): void {
    const [name = '', end] = token.type.split('_')
    const style = STYLES[name]
    if (style) this.#depths.set(style, (this.#depths.get(style) ?? 0) + (end === 'open' ? 1 : -1))
    else if (token.type === 'softbreak' || token.type === 'hardbreak') this.#addText('\n')
    else if (token.type === 'code_inline') this.#addCode(fillVerbatim(token.content, this.#verbatim))
    else if (token.type === 'link_open') this.#openLink(token)
    else if (token.type === 'link_close') this.#closeLink()
    else if (token.type === 'image') this.#addImage(token)
    else this.#addText(fillVerbatim(token.content, this.#verbatim))
  }

  #styles(): ReadonlySet<Style> {
    const open = [...this.#depths].filter(([, depth]) => depth > 0).map(([style]) => style)
    return new Set(this.#isHeading ? [...open, 'bold'] : open)
  }

  #addText(text: string): void {
    const styles = this.#styles()
    text.split('\n').forEach((part, at) => {
      if (at > 0) this.#lines.push([])
      this.#lines.at(-1)?.push({ styles, text: part })
    })
  }

  /** Slack's code ends at the first mark of code, so what holds one is shown as text. */
  #addCode(code: string): void {
    code.split('\n').forEach((part, at) => {
      if (at > 0) this.#lines.push([])
      if (part.trim() === '' || part.includes('`')) this.#addText(part)
      else this.#lines.at(-1)?.push({ styles: this.#styles(), atom: { code: part } })
    })
  }

  #openLink(token: Token): void {
    this.#link = { url: this.#address(token, 'href'), before: this.#lines }
    this.#lines = [[]]
  }

  #address(token: Token, attribute: string): string {
    const address = String(token.attrGet(attribute) ?? '')
    return address.replace(HELD_IN_ADDRESS, (_, index: string) => encodeURI(this.#verbatim[Number(index)] ?? ''))
  }

  #closeLink(): void {
    if (!this.#link) return
    const { url, before } = this.#link
    const label = this.#lines
    this.#link = null
    this.#lines = before
    this.#addLink(url, label)
  }

  /** A label of several lines becomes one. */
  #addLink(address: string, label: Line[]): void {
    const runs = label.flatMap((line, at): Line => (at > 0 ? [{ styles: this.#styles(), text: ' ' }, ...line] : line))
    const text = plainText(runs)
    const url = linkable(address)
    const line = this.#lines.at(-1)
    const styles = this.#styles()
    if (text.trim() === '' && url) line?.push({ styles, atom: { url, label: [] } })
    else if (url && !isDeceptive(text, url))
      line?.push({ styles, atom: { url, label: labelOf(text, url, runs, styles) } })
    else {
      line?.push(...runs)
      if (isSame(text, address)) return
      line?.push({ styles, text: ' (' }, url ? { styles, atom: { url, label: [] } } : { styles, text: address })
      line?.push({ styles, text: ')' })
    }
  }

  /** As a link to it; within another link as what stands for it. */
  #addImage(token: Token): void {
    const alt = inlineRuns(token.children ?? [], this.#verbatim, false)
    if (this.#link) this.#addText(alt.map(plainText).join(' '))
    else this.#addLink(this.#address(token, 'src'), alt)
  }
}

function labelOf(text: string, url: string, runs: Line, outer: ReadonlySet<Style>) {
  if (text === url) return []
  return nest(runs.map(run => ({ ...run, styles: new Set([...run.styles].filter(style => !outer.has(style))) })))
}

function plainText(line: Line): string {
  return line.map(run => ('text' in run ? run.text : atomText(run.atom))).join('')
}

function atomText(piece: Piece): string {
  if ('code' in piece) return piece.code
  if ('prefix' in piece) return piece.prefix
  return piece.label.length === 0
    ? piece.url
    : piece.label.map(part => ('text' in part ? part.text : 'atom' in part ? atomText(part.atom) : '')).join('')
}
