// The page that each person has with the app.
import type { HomeView, KnownBlock } from '@slack/types'
import type { Home, HomeItem } from '../../../src/channel/surface.ts'
import { actionBlocks } from './action-blocks.ts'
import { cutLine, cutMrkdwn, escapeText, LIMITS, plainText, wireSize } from './block-limits.ts'
import { bold, richText, section, small, words } from './card-blocks.ts'

/** A page of more lists than this is no page any more. */
const SECTIONS = 20

interface Part {
  title: string
  empty: string
  items: KnownBlock[][]
  more: number
}

/**
 * What one person sees of the desk. Always within what Slack takes: the longest list gives up its last item first, and
 * says how many more there are. `toMrkdwn` writes the introduction, which is Markdown, the way Slack reads it.
 */
export function homeView(home: Home, toMrkdwn: (markdown: string) => string = escapeText): HomeView {
  const intro = home.intro.trim() ? cutMrkdwn(toMrkdwn(home.intro)) : ''
  const head: KnownBlock[] = [
    ...(intro ? [{ type: 'section' as const, text: { type: 'mrkdwn' as const, text: intro, verbatim: true } }] : []),
    ...actionBlocks(home.actions),
  ]
  const parts = home.sections.slice(0, SECTIONS).map<Part>(({ title, empty, items, more }, at) => ({
    title,
    empty,
    more: Math.max(0, more),
    items: items.map((item, index) => itemBlocks(item, `desk:${at}.${index}:`)),
  }))
  return { type: 'home', blocks: [...head, ...shorten(parts, head).flatMap(partBlocks)] }
}

function shorten(parts: Part[], head: KnownBlock[]): Part[] {
  const shorterParts = parts.map(part => ({ ...part, items: [...part.items] }))
  // As if each list said that there is more.
  const around = [
    ...head,
    ...shorterParts.flatMap(part => partBlocks({ ...part, items: [], more: Number.MAX_SAFE_INTEGER })),
  ]
  let blocks = around.length + shorterParts.flatMap(part => part.items).reduce((sum, item) => sum + item.length, 0)
  let bytes = wireSize({ type: 'home', blocks: around }) + sizeOf(shorterParts.flatMap(part => part.items))
  while (blocks > LIMITS.viewBlocks || bytes > LIMITS.homeBytes) {
    const longest = shorterParts.reduce((a, b) => (b.items.length > a.items.length ? b : a))
    const item = longest.items.pop()
    if (!item) break
    longest.more += 1
    blocks -= item.length
    bytes -= sizeOf([item])
  }
  return shorterParts
}

function sizeOf(items: KnownBlock[][]): number {
  return items.reduce((sum, item) => sum + wireSize(item), 0)
}

function partBlocks({ title, empty, items, more }: Part): KnownBlock[] {
  const rest = items.length > 0 ? `and ${more} more` : `${more} more`
  const end = more > 0 ? rest : items.length === 0 ? empty || 'Nothing here.' : ''
  return [
    { type: 'header', text: plainText(title, LIMITS.headerText) },
    ...items.flat(),
    ...(end ? [small(end, 500)] : []),
  ]
}

function itemBlocks({ ref, subject, detail, actions }: HomeItem, id: string): KnownBlock[] {
  const title = cutLine(`${ref} · ${subject.trim() || '(no subject)'}`, LIMITS.headerText)
  const below = cutLine(detail, 300)
  const shown = below ? [bold(title), words(`\n${below}`)] : [bold(title)]
  return [richText(section(...shown)), ...actionBlocks(actions, { id, buttons: 3 })]
}
