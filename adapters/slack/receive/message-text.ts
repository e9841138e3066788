// The text of a message.
import { oneLine } from '../../../src/core/text/address.ts'
import { type KnownNames, namesFrom, withoutDesk } from '../people/mentions.ts'
import { markdownFromMessage } from '../text/mrkdwn-reader.ts'
import { type Fields, listOf, textOf } from '../text/text-fields.ts'
import { inMarkdown } from '../text/text-names.ts'

/** Slack itself cuts a text after 40,000 characters: https://docs.slack.dev/changelog/2018-truncating-really-long-messages */
const LONGEST = 100_000

const LONGEST_SUBJECT = 80

/** What reading a message takes beside it. */
export interface Reading {
  botUserId: string
  /** How the desk is called where it is mentioned within a text. */
  deskName: string
  names: KnownNames
  /** As Markdown that shows what was typed; else as what reads best as plain text. */
  exact?: boolean
}

/**
 * What a person says with a message: its text, and messages of others that it passes on, as Markdown that reads well as
 * plain text. A mention of the desk at the beginning is no part of it. '' if there is only a file, or nothing.
 */
export function textOfMessage(message: Fields, { botUserId, deskName, names, exact = false }: Reading): string {
  const content = {
    text: textOf(message.text).slice(0, LONGEST),
    blocks: message.blocks,
    attachments: listOf(message.attachments).filter(isPassedOn),
  }
  const how = { ...namesFrom(names, botUserId), exact }
  const desk = inMarkdown(names.users[botUserId] ?? deskName, how)
  const text = withoutDesk(markdownFromMessage(content, how).replace(exact ? /^(?:&#(?:32|9);)+/ : '', ''), desk)
  if (text.length <= LONGEST) return text.toWellFormed()
  return `${text.slice(0, LONGEST).toWellFormed()}\n\n(${text.length - LONGEST} more characters stay in Slack)`
}

/** Not the preview of a link, which the sender did not write. */
function isPassedOn(attachment: Fields): boolean {
  return [attachment.is_share, attachment.is_msg_unfurl, attachment.is_reply_unfurl].includes(true)
}

/** The first line that says something, at most 80 characters; else the name of the first file. Never ''. */
export function subjectOf(text: string, fileNames: readonly string[]): string {
  const lines = text.split('\n', 50).map(plainLine)
  const line = lines.find(each => /[\p{L}\p{N}]/u.test(each)) ?? lines.find(each => each !== '')
  if (line !== undefined) return cutAtWord(line)
  const name = oneLine(fileNames[0] ?? '')
  return name ? cutAtWord(`(file) ${name}`) : '(no text)'
}

/** Without what makes it a heading, a quote, an item or bold in Markdown. */
function plainLine(line: string): string {
  const text = line.slice(0, 1_000).replace(/^[\s>#]+|^\s*(?:[-*]|\d{1,3}\.)\s+/, '')
  return oneLine(text.replace(/\*\*|~~|`+/g, ''), 1_000)
}

function cutAtWord(line: string): string {
  if (line.length <= LONGEST_SUBJECT) return line
  const start = line.slice(0, LONGEST_SUBJECT)
  const lastSpace = start.lastIndexOf(' ')
  return oneLine(line, lastSpace > LONGEST_SUBJECT / 2 ? lastSpace + 1 : LONGEST_SUBJECT)
}
