// Marks of mrkdwn, and what may stand around them.
export type Style = 'bold' | 'italic' | 'strike'

/** https://docs.slack.dev/messaging/formatting-message-text#basic-formatting */
export const MARKS: Readonly<Record<Style, string>> = { bold: '*', italic: '_', strike: '~' }

/**
 * Shown as nothing, and keeps Slack from reading the mark beside it, because to Slack it is part of a word. Slack documents
 * no way to do that: the soft hyphen is what people found to work (https://webapps.stackexchange.com/questions/86557, and
 * jsx-slack before `>`). The word joiner and the spaces without width do not: as far as is known Slack takes all of U+2000
 * to U+206F for punctuation, beside which it reads marks.
 */
export const JOINER = '\u00AD'

/**
 * The space without width: a mark beside it is read even within a word.
 * https://github.com/yhatt/jsx-slack/blob/main/docs/about-escape-and-exact-mode.md#exact-mode
 */
export const GAP = '\u200B'

/** Before which Slack ends what is marked, beside the end of a line: tried by those of slack-message-parser, issue 34. */
const ENDS_BEFORE = /[\s~!#$%^)\-+={}[\];:'",.?/\u2000-\u206F]/

/** A mark opens after the same, and after what opens. */
const OPENS_AFTER = /[\s~!#$%^()\-+={}[\];:'",.?/\u2000-\u206F]/

const PART_OF_WORD = /[\p{L}\p{N}\p{M}\u00AD]/u

/** Whether Slack reads a mark that opens after this character; '' is the start of a line. */
export function opensAfter(character: string): boolean {
  return character === '' || OPENS_AFTER.test(character)
}

/** Whether Slack reads a mark that closes before this character; '' is the end of a line. */
export function closesBefore(character: string): boolean {
  return character === '' || ENDS_BEFORE.test(character)
}

/** Beside this character no mark is ever read. */
export function isPartOfWord(character: string): boolean {
  return PART_OF_WORD.test(character)
}

/** The last character; '' of ''. */
export function lastOf(text: string): string {
  const last = text.at(-1) ?? ''
  return /[\uDC00-\uDFFF]/.test(last) ? text.slice(-2) : last
}

/** The first character; '' of ''. */
export function firstOf(text: string): string {
  const point = text.codePointAt(0)
  return point === undefined ? '' : String.fromCodePoint(point)
}

/** The three characters that Slack reads as its own, written so that it shows them. */
export function escapeText(text: string): string {
  return text.replace(/[&<>]/g, mark => ENTITIES[mark] ?? mark)
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' }
const CHARACTERS: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>' }

export function unescapeText(text: string): string {
  return text.replace(/&(amp|lt|gt);/g, (entity, name: string) => CHARACTERS[name] ?? entity)
}
