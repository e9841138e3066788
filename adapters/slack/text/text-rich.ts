// Reads rich text.
import { emojiNamed, withTone } from './text-emoji.ts'
import { type Fields, fieldsOf, listOf, numberOf, textOf } from './text-fields.ts'

import { codeBlock, writeMarkdown } from './text-markdown.ts'
import type { Style } from './text-marks.ts'
import { channelName, groupName, markdownLink, momentText, type Names, userName } from './text-names.ts'
import type { Atom, Run } from './text-nesting.ts'

/** A list within a list is at most so deep. */
const DEEPEST = 8

type Kind = 'text' | 'item' | 'quote' | 'code'

/** A block of type `rich_text`: https://docs.slack.dev/reference/block-kit/blocks/rich-text-block */
export function markdownFromRichText(block: Fields, names: Names): string {
  const lines: string[] = []
  let last: Kind = 'text'
  for (const element of listOf(block.elements)) {
    const { kind, text } = readElement(element, names)
    const isBordered = numberOf(element.border) > 0 && kind !== 'quote'
    // After a quote or a list Markdown takes the next line for more of it.
    if (
      lines.length > 0 &&
      ((kind === 'text' && last !== 'code' && last !== 'text') || (kind === 'quote' && last === 'quote'))
    )
      lines.push('')
    lines.push(...(isBordered ? text.map(quoted) : text))
    last = isBordered ? 'quote' : kind
  }
  return lines.join('\n')
}

function readElement(element: Fields, names: Names): { kind: Kind; text: string[] } {
  const elements = listOf(element.elements)
  switch (element.type) {
    case 'rich_text_list':
      return { kind: 'item', text: elements.flatMap((item, at) => readItem(element, item, at, names)) }
    case 'rich_text_quote':
      return { kind: 'quote', text: readLines(elements, names).map(quoted) }
    case 'rich_text_preformatted': {
      const code = elements.map(each => typedText(each, names)).join('')
      return { kind: 'code', text: codeBlock(code.replace(/\n$/, '')) }
    }
    default:
      return { kind: 'text', text: readLines(elements, names) }
  }
}

function quoted(line: string): string {
  return `> ${line}`.trimEnd()
}

function readItem(list: Fields, item: Fields, at: number, names: Names): string[] {
  const indent = ' '.repeat(4 * Math.min(Math.max(numberOf(list.indent), 0), DEEPEST))
  const mark = list.style === 'ordered' ? `${numberOf(list.offset) + at + 1}. ` : '- '
  const [first = '', ...rest] = readLines(listOf(item.elements), names)
  return [`${indent}${mark}${first}`, ...rest.map(line => `${indent}${' '.repeat(mark.length)}${line}`)]
}

function readLines(elements: readonly Fields[], names: Names): string[] {
  const lines: Run<Atom>[][] = [[]]
  for (const element of elements) {
    readRun(element, names).forEach((run, at) => {
      if (at > 0) lines.push([])
      lines.at(-1)?.push(run)
    })
  }
  // A section that something else follows ends with a line break.
  if (lines.length > 1 && lines.at(-1)?.every(run => 'text' in run && run.text === '')) lines.pop()
  const written = lines.map(line => writeMarkdown(line, names.exact))
  return names.exact ? withBlankLines(written) : written
}

/** Of blank lines that follow each other Markdown shows one: the others are breaks at the start of what follows. */
function withBlankLines(lines: readonly string[]): string[] {
  const last = lines.findLastIndex(line => line !== '')
  return lines.map((line, at) => (line === '' && at > 0 && lines[at - 1] === '' && at < last ? '\\' : line))
}

/** An element, one run for each line of it. */
function readRun(element: Fields, names: Names): Run<Atom>[] {
  const style = fieldsOf(element.style)
  const styles = new Set((['bold', 'italic', 'strike'] satisfies Style[]).filter(each => style[each] === true))
  const text = style.code === true || element.type !== 'link' ? typedText(element, names) : ''
  if (style.code === true) {
    return text.split('\n').map(code => (code.trim() === '' ? { styles, text: code } : { styles, atom: { code } }))
  }
  if (element.type !== 'link') return text.split('\n').map(text => ({ styles, text }))
  return [{ styles, atom: { markdown: markdownLink(textOf(element.url), textOf(element.text), names) } }]
}

/** An element of a section as somebody typed it. */
function typedText(element: Fields, names: Names): string {
  switch (element.type) {
    case 'user':
      return userName(textOf(element.user_id), names)
    case 'channel':
      return channelName(textOf(element.channel_id), names)
    case 'usergroup':
      return groupName(textOf(element.usergroup_id), names)
    case 'team':
      return `@${textOf(element.team_id)}`
    case 'broadcast':
      return `@${textOf(element.range)}`
    case 'emoji':
      return emojiText(element)
    case 'color':
      return textOf(element.value)
    case 'date':
      return textOf(element.fallback) || momentText(numberOf(element.timestamp))
    case 'link':
      return textOf(element.text) || textOf(element.url).replace(/^mailto:/, '')
    default:
      return ['text', 'title', 'label', 'name', 'url', 'fallback'].map(key => textOf(element[key])).find(Boolean) ?? ''
  }
}

function emojiText(element: Fields): string {
  const name = textOf(element.name)
  const points = textOf(element.unicode)
    .split('-')
    .map(each => Number.parseInt(each, 16))
  const isKnown = points.every(point => point > 0 && point <= 0x10ffff)
  const emoji = isKnown ? String.fromCodePoint(...points) : emojiNamed(name)
  return emoji === undefined ? `:${name}:` : withTone(emoji, `skin-tone-${numberOf(element.skin_tone)}`)
}
