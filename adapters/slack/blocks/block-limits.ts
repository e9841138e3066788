// Limits of Block Kit.
import type { PlainTextElement } from '@slack/types'
import { printable } from '../../../src/core/text/printable.ts'

/**
 * What Slack refuses beyond; characters, where nothing else is said. Each with the vendor's page.
 * Lengths are compared in UTF-16 units here, which are never fewer than what Slack counts.
 */
export const LIMITS = {
  /** https://docs.slack.dev/reference/block-kit/blocks/section-block; the same for any text object. */
  sectionText: 3_000,
  /** https://docs.slack.dev/reference/block-kit/blocks/header-block. */
  headerText: 150,
  /** https://docs.slack.dev/reference/block-kit/blocks/context-block. */
  contextElements: 10,
  /** https://docs.slack.dev/reference/block-kit/blocks/actions-block; it was five once. */
  actionsElements: 25,
  /** https://docs.slack.dev/reference/block-kit/block-elements/button-element. */
  buttonText: 75,
  buttonValue: 2_000,
  /** https://docs.slack.dev/reference/block-kit/composition-objects/option-object. */
  optionText: 75,
  optionValue: 150,
  /** https://docs.slack.dev/reference/block-kit/block-elements/select-menu-element. */
  selectOptions: 100,
  placeholder: 150,
  /** https://docs.slack.dev/reference/block-kit/block-elements/radio-button-group-element. */
  radioOptions: 10,
  /** https://docs.slack.dev/reference/block-kit/blocks/input-block; the hint as well. */
  inputLabel: 2_000,
  /** https://docs.slack.dev/reference/block-kit/block-elements/plain-text-input-element. */
  inputText: 3_000,
  /** `block_id`, `action_id`, `callback_id`: https://docs.slack.dev/reference/block-kit/blocks/section-block. */
  id: 255,
  /** https://docs.slack.dev/reference/block-kit/blocks. */
  messageBlocks: 50,
  viewBlocks: 100,
  /** Title, submit and close: https://docs.slack.dev/reference/views/modal-views. */
  viewTitle: 24,
  privateMetadata: 3_000,
  /** Bytes; `view_too_large`: https://docs.slack.dev/reference/methods/views.publish. */
  homeBytes: 250_000,
  /**
   * All blocks of one message together, as JSON. Documented nowhere; messages are refused (`msg_blocks_too_long`) at about
   * 13,200: https://github.com/slackapi/bolt-js/issues/2509. With some room left.
   */
  messageJson: 12_000,
} as const

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' }

/** At most `most` long, with … for what is left out; no character is cut in two. What steers a reader is gone. */
export function cut(text: string, most: number): string {
  const clean = printable(text).toWellFormed()
  if (clean.length <= most) return clean
  const end = /[\uD800-\uDBFF]/.test(clean.charAt(most - 2)) ? most - 2 : most - 1
  return `${clean.slice(0, end).trimEnd()}…`
}

/** The same in one line. */
export function cutLine(text: string, most: number): string {
  return cut(printable(text).replace(/\s+/g, ' ').trim(), most)
}

/** The text with `&`, `<` and `>` as Slack wants them (https://docs.slack.dev/messaging/formatting-message-text). */
export function escapeText(text: string): string {
  return text.replace(/[&<>]/g, mark => ENTITIES[mark] ?? mark)
}

/** A text of others in one line of mrkdwn, escaped and then at most `most` long; no entity is cut in two. */
export function escapedLine(text: string, most: number): string {
  let room = most
  while (true) {
    const escaped = escapeText(cutLine(text, room))
    if (escaped.length <= most) return escaped
    room -= Math.max(1, Math.ceil((escaped.length - most) / 5))
  }
}

/** Text in mrkdwn for one section; a cut goes through no entity and no link. */
export function cutMrkdwn(text: string): string {
  const clean = printable(text).toWellFormed()
  if (clean.length <= LIMITS.sectionText) return clean
  return `${clean.slice(0, LIMITS.sectionText - 1).replace(/(?:&[a-z]*|<[^<>]*|[\uD800-\uDBFF])$/, '')}…`
}

/** A text that is shown as it is, in one line; Slack refuses an empty one. */
export function plainText(text: string, most: number): PlainTextElement {
  return { type: 'plain_text', text: cutLine(text, most) || '–', emoji: false }
}

/** How long a value becomes on the wire, at most: every character outside ASCII as `\uXXXX`. */
export function wireSize(value: unknown): number {
  const json = JSON.stringify(value)
  return json.length + 5 * (json.match(/[^\x00-\x7F]/g)?.length ?? 0)
}
