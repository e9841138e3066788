// What a message of Slack says, as Markdown.
import { markdownFromAttachments } from './text-attachments.ts'
import { hasRichText, markdownFromBlocks } from './text-blocks.ts'
import { markdownFromSlack } from './text-mrkdwn.ts'
import type { Names } from './text-names.ts'

export { markdownFromBlocks } from './text-blocks.ts'
export { markdownFromSlack } from './text-mrkdwn.ts'
export type { Names } from './text-names.ts'

/** What Slack writes as the text of a message that has only blocks. */
const NO_TEXT = /^This (?:content can't be displayed|message contains interactive elements)\.?$/

/**
 * All that a message says, as Markdown that reads well as plain text: its blocks where a person typed them, else its text,
 * else other blocks; then what hangs below it. https://docs.slack.dev/reference/events/message
 */
export function markdownFromMessage(
  message: { text?: unknown; blocks?: unknown; attachments?: unknown },
  names: Names,
): string {
  const text = typeof message.text === 'string' && !NO_TEXT.test(message.text) ? message.text : ''
  const messageText = ownText(text, message.blocks, names)
  return [messageText, markdownFromAttachments(message.attachments, names)]
    .filter(each => each.trim() !== '')
    .join('\n\n')
}

function ownText(text: string, blocks: unknown, names: Names): string {
  const blockText = hasRichText(blocks) || text.trim() === '' ? markdownFromBlocks(blocks, names) : ''
  return blockText || markdownFromSlack(text, names)
}
