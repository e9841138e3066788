// Emoji by their names.
import { nameToEmoji } from 'gemoji'
import { SLACK_NAMES } from './text-emoji-names.ts'

const OTHERWISE: ReadonlyMap<string, string> = new Map(
  [...SLACK_NAMES.matchAll(/(\S+) (\S+)/g)].map(([, name = '', emoji = '']) => [name, emoji]),
)

const FLAG = /^flag-([a-z])([a-z])$/

/** Regional indicator A less `a` (Unicode, annex B of technical standard 51). */
const FLAG_OFFSET = 0x1f1e6 - 0x61

/**
 * The emoji that Slack shows for a name without colons, e.g. `tada` or `wave::skin-tone-3`; undefined for one that a
 * workspace made itself. https://docs.slack.dev/messaging/formatting-message-text#emoji
 */
export function emojiNamed(name: string): string | undefined {
  const [base = '', tone = ''] = name.split('::', 2)
  const emoji = plainEmoji(base)
  return emoji === undefined ? undefined : withTone(emoji, tone)
}

function plainEmoji(name: string): string | undefined {
  const emoji = OTHERWISE.get(name)
  if (emoji !== undefined) return emoji
  const [, first, second] = FLAG.exec(name) ?? []
  if (first && second) return String.fromCodePoint(...[first, second].map(each => each.charCodeAt(0) + FLAG_OFFSET))
  return Object.hasOwn(nameToEmoji, name) ? nameToEmoji[name] : undefined
}

/** In the colour of skin that `skin-tone-2` to `skin-tone-6` stand for, where the emoji has one. */
export function withTone(emoji: string, tone: string): string {
  const number = Number(/^skin-tone-([2-6])/.exec(tone)?.[1] ?? 0)
  const [first = '', ...rest] = emoji
  if (number === 0 || !/\p{Emoji_Modifier_Base}/u.test(first) || /\p{Emoji_Modifier}/u.test(emoji)) return emoji
  return [
    first,
    String.fromCodePoint(0x1f3f9 + number),
    ...rest.filter((each, at) => at > 0 || each !== '\uFE0F'),
  ].join('')
}
