// What stands between angle brackets: mentions, channels, dates, links.
import { unescapeText } from './text-marks.ts'
import { channelName, groupName, inMarkdown, markdownLink, momentText, type Names, userName } from './text-names.ts'

/**
 * What stands between angle brackets, as people see it: a mention, a channel, a date or a link.
 * https://docs.slack.dev/messaging/formatting-message-text#notes-on-retrieving-formatted-messages
 */
export function readAngle(inner: string, names: Names): string {
  const bar = inner.indexOf('|')
  const target = bar < 0 ? inner : inner.slice(0, bar)
  if (/^[@#!]/.test(target)) return readNamed(inner, names)
  return markdownLink(unescapeText(target), bar < 0 ? '' : unescapeText(inner.slice(bar + 1)), names)
}

function readNamed(inner: string, names: Names): string {
  const bar = inner.indexOf('|')
  const target = bar < 0 ? inner : inner.slice(0, bar)
  const label = bar < 0 ? '' : unescapeText(inner.slice(bar + 1))
  const id = target.slice(1)
  if (target.startsWith('@')) return inMarkdown(userName(id, names, label), names)
  if (target.startsWith('#')) return inMarkdown(channelName(id, names, label), names)
  return readCommand(id, label, names)
}

/** The same as somebody typed it, within code. */
export function readAngleInCode(inner: string, names: Names): string {
  if (/^[@#!]/.test(inner)) return readNamed(inner, { ...names, exact: false })
  const bar = inner.indexOf('|')
  return unescapeText(bar < 0 ? inner.replace(/^mailto:/, '') : inner.slice(bar + 1))
}

function readCommand(command: string, label: string, names: Names): string {
  const [name = '', ...values] = command.split('^')
  if (name === 'subteam') return inMarkdown(groupName(values[0] ?? '', names, label), names)
  if (name === 'date') {
    const text = label || momentText(Number(values[0]))
    return values[2] ? markdownLink(unescapeText(values[2]), text, names) : inMarkdown(text, names)
  }
  // `@here` and the like; clients show a command that they do not know by its label.
  return /^(?:here|channel|everyone|group)$/.test(name) ? `@${name}` : inMarkdown(label || name, names)
}
