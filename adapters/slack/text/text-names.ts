// Names of people, channels and groups in a text, and links as Markdown.
import { escapeMarkdown } from './text-markdown.ts'

/** What people see for the ids in a text; undefined where that is not known. */
export interface Names {
  /** What is only text is written so that Markdown reads nothing in it; else as it reads best as plain text. */
  exact?: boolean

  /** Without `@`. */
  user(id: string): string | undefined
  /** Without `#`. */
  channel(id: string): string | undefined
  /** The handle of a group of users, without `@`. */
  group(id: string): string | undefined
}

export function userName(id: string, names: Names, label = ''): string {
  return `@${names.user(id) ?? (label.replace(/^@/, '') || id)}`
}

export function channelName(id: string, names: Names, label = ''): string {
  return `#${names.channel(id) ?? (label.replace(/^#/, '') || id)}`
}

export function groupName(id: string, names: Names, label = ''): string {
  return `@${names.group(id) ?? (label.replace(/^@/, '') || id)}`
}

/** A text within Markdown. */
export function inMarkdown(text: string, { exact }: Names): string {
  return exact ? escapeMarkdown(text) : text
}

/** Whether Slack made a link of what somebody typed, such as `readme.md`, which is the label then. */
export function isLinkedBySlack(url: string, label: string): boolean {
  return [url, url.replace(/\/$/, '')].some(
    each => label === each || label === each.replace(/^(?:https?:\/\/|mailto:|tel:)/, ''),
  )
}

/** A link as Markdown; an address by itself where the label says nothing else. */
export function markdownLink(url: string, label: string, names: Names): string {
  if (names.exact) return exactLink(url, label)
  const bare = url.replace(/^(?:mailto|tel):/, '')
  const labelText = label.replace(/\s+/g, ' ').trim()
  if (labelText === '') return bare
  if (isLinkedBySlack(url, labelText)) return labelText === url ? bare : labelText
  const target = /[()\s<>]/.test(url) ? `<${url.replace(/[<>]/g, encodeURIComponent)}>` : url
  return `[${labelText.replace(/[[\]]/g, '\\$&')}](${target})`
}

/** The same such that it shows just its label. */
function exactLink(url: string, label: string): string {
  const bare = url.replace(/^(?:mailto|tel):/, '')
  const labelText = label.replace(/\s+/g, ' ').trim()
  if (labelText === '' || isLinkedBySlack(url, labelText)) {
    const typed = labelText === '' || labelText === url ? bare : labelText
    return /^(?:https?:\/\/[^\s<>]+|[\w.+-]+@[\w-]+(?:\.[\w-]+)+)$/.test(typed) ? `<${typed}>` : escapeMarkdown(typed)
  }
  const target = url.replace(/[\s<>]/g, encodeURIComponent).replace(/[\\&()]/g, '\\$&')
  return `[${escapeMarkdown(labelText || bare)}](${target})`
}

/** When something is, for whom there is no better text. `seconds` since 1970. */
export function momentText(seconds: number): string {
  const moment = new Date(seconds * 1000)
  return Number.isNaN(moment.getTime()) ? '' : `${moment.toISOString().slice(0, 16).replace('T', ' ')} UTC`
}
