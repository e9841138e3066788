// Lines as rich text, in which Slack reads nothing.
import type { RichTextBlock, RichTextElement, RichTextText } from '@slack/types'
import type { Row } from '../text/mrkdwn-writer.ts'
import type { Line } from '../text/text-inline-markdown.ts'
import { ADDRESS, type Piece, withoutMarksBehind } from '../text/text-line.ts'
import type { Part } from '../text/text-nesting.ts'

type Element = RichTextBlock['elements'][number]
type Style = NonNullable<RichTextText['style']>

/**
 * Lines as rich text, in which Slack reads nothing: each character is shown as it is, and copied as it is
 * (https://docs.slack.dev/reference/block-kit/blocks/rich-text-block). Undefined for lines that show nothing.
 */
export function richBlock(rows: readonly Row[]): RichTextBlock | undefined {
  const elements: Element[] = []
  for (const group of alike(rows)) {
    const [first] = group
    if (!first) continue
    if ('code' in first) {
      elements.push({ type: 'rich_text_preformatted', elements: textOf(first.code.join('\n'), {}) })
      continue
    }
    const groupElements = group.flatMap((row, at) => [
      ...(at > 0 ? textOf('\n', {}) : []),
      ...('line' in row ? lineOf(row) : []),
    ])
    const type = first.quotes > 0 ? 'rich_text_quote' : 'rich_text_section'
    if (groupElements.length > 0) elements.push({ type, elements: joined(groupElements) })
  }
  const shown = elements.filter(each => each.elements.length > 0)
  return shown.length > 0 ? { type: 'rich_text', elements: shown } : undefined
}

/** Lines of one kind that follow each other; code stands by itself. */
function alike(rows: readonly Row[]): Row[][] {
  const groups: Row[][] = []
  for (const row of rows) {
    const last = groups.at(-1)?.[0]
    const goesOn = last && 'line' in last && 'line' in row && last.quotes > 0 === row.quotes > 0
    if (goesOn) groups.at(-1)?.push(row)
    else groups.push([row])
  }
  return groups
}

function lineOf({ quotes, before, line }: Extract<Row, { line: Line }>): RichTextElement[] {
  const deeper = '> '.repeat(Math.max(0, quotes - 1))
  return [...textOf(deeper + before, {}), ...line.flatMap(runOf)]
}

function runOf(run: Line[number]): RichTextElement[] {
  const style = Object.fromEntries([...run.styles].map(each => [each, true])) as Style
  if ('text' in run) return withLinks(run.text, style)
  const { atom } = run
  if ('code' in atom) return textOf(atom.code, { ...style, code: true })
  if ('prefix' in atom) return textOf(atom.prefix, {})
  const label = atom.label.map(partText).join('')
  if (isAddress(atom.url)) return [linkTo(atom.url, label, style)]
  return textOf(label && label !== atom.url ? `${label} (${atom.url})` : atom.url, style)
}

function partText(part: Part<Piece>): string {
  if ('text' in part) return part.text
  if (!('atom' in part)) return ''
  const { atom } = part
  if ('code' in atom) return atom.code
  return 'prefix' in atom ? atom.prefix : atom.label.map(partText).join('') || atom.url
}

/** Addresses in it lead to where they say. */
function withLinks(text: string, style: Style): RichTextElement[] {
  const elements: RichTextElement[] = []
  const addresses = new RegExp(ADDRESS)
  let from = 0
  for (let found = addresses.exec(text); found; found = addresses.exec(text)) {
    const [within = ''] = found[0].split(/[[\]]/, 1)
    const url = withoutMarksBehind(within)
    addresses.lastIndex = found.index + within.length
    if (!isAddress(url)) continue
    elements.push(...textOf(text.slice(from, found.index), style), linkTo(url, url, style))
    from = found.index + url.length
  }
  return [...elements, ...textOf(text.slice(from), style)]
}

const LONGEST_ADDRESS = 2_000

/** Slack refuses the whole message where a link of it leads nowhere. */
function isAddress(url: string): boolean {
  return url.length <= LONGEST_ADDRESS && URL.canParse(url)
}

function linkTo(url: string, text: string, style: Style): RichTextElement {
  return { type: 'link', url, text: text || url, ...styled(style) }
}

function textOf(text: string, style: Style): RichTextText[] {
  return text === '' ? [] : [{ type: 'text', text, ...styled(style) }]
}

function styled(style: Style): { style?: Style } {
  return Object.keys(style).length > 0 ? { style } : {}
}

/** What follows each other in one look is one text. */
function joined(elements: readonly RichTextElement[]): RichTextElement[] {
  const merged: RichTextElement[] = []
  for (const element of elements) {
    const last = merged.at(-1)
    const isSame =
      last?.type === 'text' && JSON.stringify(last.style) === JSON.stringify((element as typeof last).style)
    if (isSame && element.type === 'text') merged[merged.length - 1] = { ...last, text: last.text + element.text }
    else merged.push(element)
  }
  return merged
}
