import { randomBytes } from 'node:crypto'
import type { Workspace } from './service/workspace.ts'
import type { Block, Json } from './shapes.ts'

/** What a person typed, as Slack keeps it: its text with links and mentions marked, and the same as rich text. */
export interface Typed {
  text: string
  blocks: Block[]
}

const MARKED = /@([\w.-]*\w)|#([\w-]+)|(https?:\/\/[^\s<>]*[^\s<>.,;:!?)])|([\w.+-]+@[\w-]+(?:\.[\w-]+)+)/g

/**
 * `@ann`, `#support`, URLs and e-mail addresses become what Slack's clients make of them; `&`, `<` and `>` are escaped.
 * https://docs.slack.dev/messaging/formatting-message-text
 */
export function typed(text: string, workspace: Workspace): Typed {
  let written = ''
  const elements: Json[] = []
  const plain = (part: string) => {
    if (part === '') return
    written += escaped(part)
    elements.push({ type: 'text', text: part })
  }
  let from = 0
  for (const match of text.matchAll(MARKED)) {
    const found = marked(match, workspace)
    if (!found) continue
    plain(text.slice(from, match.index))
    written += found.text
    elements.push(found.element)
    from = match.index + match[0].length
  }
  plain(text.slice(from))
  const sections = [{ type: 'rich_text_section', elements }]
  const block = { type: 'rich_text', block_id: randomBytes(3).toString('hex'), elements: sections }
  return { text: written, blocks: [block as Block] }
}

function marked(match: RegExpMatchArray, workspace: Workspace): { text: string; element: Json } | undefined {
  const [, name, channel, url, email] = match
  if (email)
    return { text: `<mailto:${email}|${email}>`, element: { type: 'link', url: `mailto:${email}`, text: email } }
  if (url) return { text: `<${escaped(url)}>`, element: { type: 'link', url } }
  if (name && ['here', 'channel', 'everyone'].includes(name)) {
    return { text: `<!${name}>`, element: { type: 'broadcast', range: name } }
  }
  const user = name === workspace.bot.name ? workspace.bot.id : workspace.people.get(name ?? '')?.id
  if (user) return { text: `<@${user}>`, element: { type: 'user', user_id: user } }
  const id = workspace.channels.get(channel ?? '')
  return id ? { text: `<#${id}|${channel}>`, element: { type: 'channel', channel_id: id } } : undefined
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
