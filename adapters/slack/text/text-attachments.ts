// Text of attachments of messages.
import { hasRichText, markdownFromBlocks } from './text-blocks.ts'
import { type Fields, fieldsOf, listOf, textOf } from './text-fields.ts'
import { markdownFromSlack } from './text-mrkdwn.ts'
import { markdownLink, momentText, type Names } from './text-names.ts'

/** More of them are one on top of another that nobody reads. */
const MOST = 20

/**
 * What hangs below a message, as Markdown that reads well as plain text: messages of others that it passes on, quoted, with
 * who wrote them; previews of links; what programs add. '' if there is nothing to read.
 * https://docs.slack.dev/legacy/legacy-messaging/legacy-secondary-message-attachments
 */
export function markdownFromAttachments(attachments: unknown, names: Names): string {
  return listOf(attachments)
    .slice(0, MOST)
    .map(each => (isMessage(each) ? passedOn(each, names) : attachmentText(each, names)))
    .filter(text => text.trim() !== '')
    .join('\n\n')
}

function isMessage(attachment: Fields): boolean {
  return attachment.is_msg_unfurl === true || attachment.is_share === true || attachment.is_reply_unfurl === true
}

/** `Ann in #general, 2026-01-05 10:00 UTC (https://...):` and what she wrote. */
function passedOn(attachment: Fields, names: Names): string {
  const id = textOf(attachment.author_id)
  const author = names.user(id) ?? (textOf(attachment.author_name) || textOf(attachment.author_subname) || id)
  const channel = names.channel(textOf(attachment.channel_id)) ?? textOf(attachment.channel_name)
  const moment = attachment.ts ? momentText(Number.parseFloat(String(attachment.ts))) : ''
  const where = [channel && `#${channel.replace(/^#/, '')}`, moment].filter(Boolean).join(', ')
  const link = textOf(attachment.from_url)
  const head = [author || 'Somebody', where && `in ${where}`, link && `(${link})`].filter(Boolean).join(' ')
  const files = listOf(attachment.files).map(file => `[file: ${textOf(file.name) || textOf(file.title)}]`)
  const text = [messageText(attachment, names), ...files].filter(Boolean).join('\n')
  return text ? `${head}:\n\n${quoted(text)}` : head
}

function messageText(attachment: Fields, names: Names): string {
  const messages = listOf(attachment.message_blocks).map(each => fieldsOf(each.message).blocks)
  const inner = [...messages, attachment.blocks].filter(hasRichText).map(blocks => markdownFromBlocks(blocks, names))
  const exact = inner.filter(Boolean).join('\n\n')
  if (exact) return exact
  const text = textOf(attachment.text)
  if (text) return markdownFromSlack(text, names)
  return markdownFromBlocks(attachment.blocks, names) || markdownFromSlack(textOf(attachment.fallback), names)
}

function attachmentText(attachment: Fields, names: Names): string {
  const read = (value: unknown) => markdownFromSlack(textOf(value), names)
  const title = textOf(attachment.title)
  const link = textOf(attachment.title_link) || textOf(attachment.from_url)
  const fields = listOf(attachment.fields).map(each => [read(each.title), read(each.value)].filter(Boolean).join(': '))
  const lines = [
    textOf(attachment.author_name),
    title ? markdownLink(link, read(title), names) : '',
    read(attachment.text) || markdownFromBlocks(attachment.blocks, names),
    ...fields,
    read(attachment.footer),
  ].filter(Boolean)
  const pretext = read(attachment.pretext)
  if (lines.length === 0) return pretext || read(attachment.fallback)
  return [pretext, quoted(lines.join('\n'))].filter(Boolean).join('\n\n')
}

function quoted(text: string): string {
  return text
    .split('\n')
    .map(line => `> ${line}`.trimEnd())
    .join('\n')
}
