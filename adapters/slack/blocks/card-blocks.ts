// The card of a ticket, and what is told below it.
import type { ContextBlock, KnownBlock, RichTextBlock, RichTextElement, RichTextSection } from '@slack/types'
import type { Card, CardEntry } from '../../../src/channel/surface.ts'
import { printable } from '../../../src/core/text/printable.ts'
import { actionBlocks } from './action-blocks.ts'
import { cut, escapedLine, LIMITS, plainText } from './block-limits.ts'

/** A message for `chat.postMessage`: `text` is what a notification says, escaped. */
export interface CardMessage {
  text: string
  blocks: KnownBlock[]
}

const NOTIFICATION = 300
const LATEST = 300
const LATEST_LINES = 4
const FACTS = 500
const NAMED_FILES = 8
const MENTIONS = 20

/** Lengths that the text of an entry is cut to, until the whole message finds room. */
const ENTRY_TEXTS = [LIMITS.sectionText - 100, 2_000, 1_200, 600]

/**
 * A ticket at a glance. What people wrote is rich text, in which nothing is interpreted, or plain text
 * (https://docs.slack.dev/reference/block-kit/blocks/rich-text-block). A done card is small and grey.
 */
export function cardBlocks(card: Card): CardMessage {
  const title = `${card.ref} · ${card.subject.trim() || '(no subject)'}`
  const facts = card.facts.filter(each => each.value.trim() !== '')
  const about = facts.length > 0 ? [small(facts.map(each => `${each.label}: ${each.value}`).join(' · '), FACTS)] : []
  const text = escapedLine([title, ...facts.map(each => each.value)].join(' · '), NOTIFICATION)
  if (card.done) {
    const quiet = card.actions.map(({ style: _style, ...action }) => action)
    return { text, blocks: [small(`✅ ${title}`, LIMITS.headerText), ...about, ...actionBlocks(quiet)] }
  }
  return {
    text,
    blocks: [
      { type: 'header', text: plainText(title, LIMITS.headerText) },
      ...about,
      ...(card.latest ? [quoted(card.latest)] : []),
      ...actionBlocks(card.actions),
    ],
  }
}

/** Something that happened on a ticket. What a requester wrote stands apart, so that nobody takes it for a colleague's. */
export function entryBlocks(entry: CardEntry): CardMessage {
  const title = headline(entry)
  const mentions = mentionsOf(entry.mentions)
  const last: KnownBlock[] = [
    ...filesOf(entry),
    ...(mentions ? [{ type: 'section' as const, text: { type: 'mrkdwn' as const, text: mentions } }] : []),
    ...actionBlocks(entry.actions),
  ]
  const summary = escapedLine(`${title} ${entry.text}`, NOTIFICATION)
  const shown = ENTRY_TEXTS.map(most => [...textBlocks(entry, title, most), ...last])
  const fitting = shown.find(blocks => JSON.stringify(blocks).length <= LIMITS.messageJson)
  return { text: mentions ? `${summary} ${mentions}` : summary, blocks: fitting ?? shown.at(-1) ?? [] }
}

/** Words that are shown as they are: nothing in them is interpreted. */
export function richText(...elements: RichTextBlock['elements']): RichTextBlock {
  return { type: 'rich_text', elements }
}

export function section(...elements: RichTextElement[]): RichTextSection {
  return { type: 'rich_text_section', elements }
}

export function words(text: string): RichTextElement {
  return { type: 'text', text }
}

export function bold(text: string): RichTextElement {
  return { type: 'text', text, style: { bold: true } }
}

/** A line in small grey letters. */
export function small(text: string, most: number): ContextBlock {
  return { type: 'context', elements: [plainText(text, most)] }
}

function quoted({ author, text, at }: NonNullable<Card['latest']>): RichTextBlock {
  const lines = printable(text)
    .split('\n')
    .map(line => line.trim())
    .filter(line => line !== '')
  const short = cut(lines.slice(0, LATEST_LINES).join('\n'), LATEST)
  const more = lines.length > LATEST_LINES && !short.endsWith('…') ? ' …' : ''
  const head = [bold(shownName(author)), ...moment(at), words(`\n${short}${more}`)]
  return richText({ type: 'rich_text_quote', elements: head })
}

/** A time as each reader's clock has it. */
function moment(at: string): RichTextElement[] {
  const seconds = Math.floor(Date.parse(at) / 1000)
  if (!(seconds > 0)) return []
  return [
    words(' · '),
    { type: 'date', timestamp: seconds, format: '{date_short_pretty} {time}', fallback: at.slice(0, 16) },
  ]
}

function headline({ from, author }: CardEntry): string {
  const who = shownName(author)
  if (from === 'requester') return `💬 ${who} (requester) writes:`
  if (from === 'answer') return `↩️ ${who} answered the requester:`
  if (from === 'note') return `📝 ${who} noted for other agents:`
  return author.trim() ? who : ''
}

function textBlocks({ from, text }: CardEntry, title: string, most: number): KnownBlock[] {
  if (from === 'event') return [small(`${title} ${text}`, most)]
  const whole = printable(text).trim()
  if (whole === '') return [richText(section(bold(title)))]
  const shown = cut(whole, most)
  const note = whole.length > most ? [small('Shortened here: write show to read everything.', LIMITS.sectionText)] : []
  if (from !== 'requester') return [richText(section(bold(title), words(`\n${shown}`))), ...note]
  return [richText(section(bold(title)), { type: 'rich_text_quote', elements: [words(shown)] }), ...note]
}

function filesOf({ files }: CardEntry): ContextBlock[] {
  if (files.length === 0) return []
  const names = files.slice(0, NAMED_FILES).map(({ name, size }) => `${cut(name, 60) || 'file'} (${sizeOf(size)})`)
  const more = files.length > NAMED_FILES ? ` and ${files.length - NAMED_FILES} more` : ''
  return [small(`📎 ${names.join(', ')}${more}`, 1_000)]
}

function sizeOf(bytes: number): string {
  if (bytes < 1_000) return `${bytes} bytes`
  if (bytes < 1_000_000) return `${Math.round(bytes / 1_000)} KB`
  return `${(bytes / 1_000_000).toFixed(1)} MB`
}

function mentionsOf(addresses: string[]): string {
  const people = addresses.flatMap(address => /^[TE][A-Z0-9]+\/([UW][A-Z0-9]{1,20})$/.exec(address)?.[1] ?? [])
  return [...new Set(people)]
    .slice(0, MENTIONS)
    .map(id => `<@${id}>`)
    .join(' ')
}

function shownName(author: string): string {
  return cut(printable(author).replace(/\s+/g, ' ').trim(), 80) || 'Somebody'
}
