import type { KnownBlock, ModalView } from '@slack/types'
import type { Reply } from '../../src/channel.ts'
import { actionBlocks } from './action-blocks.ts'
import { cutMrkdwn, escapedLine, LIMITS, plainText } from './limits.ts'
import { splitForSlack } from './split.ts'
import { slackFromRichText } from './to-slack.ts'

/** What one person is told: `text` is for notifications, escaped. */
export interface Answer {
  text: string
  blocks: KnownBlock[]
}

const NOTIFICATION = 300
const PIECE = 2_800

/** What the blocks around the texts take of a message's JSON. */
const AROUND = 400
const MOST_BLOCKS = LIMITS.messageBlocks - 3

const NOT_ALL = 'That is not all of it: type the command in the console for the rest.'

/** What a command answered, within what one message holds; `id` begins each `action_id` of its buttons. */
export function answerOf({ text, actions = [] }: Pick<Reply, 'text' | 'actions'>, id = 'desk:'): Answer {
  const buttons = actionBlocks(actions, { id })
  const room = LIMITS.messageJson - AROUND - JSON.stringify(buttons).length
  const { sections, all } = textBlocks(text, room, MOST_BLOCKS - buttons.length)
  return { text: summaryOf(text), blocks: [...sections, ...(all ? [] : [notAll()]), ...buttons] }
}

/** A sentence of ours, or one that the desk has for the person. */
export function sentenceAnswer(sentence: string): Answer {
  return answerOf({ text: sentence })
}

/** The same as a modal, where there is no conversation to answer in. */
export function answerView(title: string, { text, actions = [] }: Pick<Reply, 'text' | 'actions'>): ModalView {
  return {
    type: 'modal',
    callback_id: 'desk:answer',
    title: plainText(title, LIMITS.viewTitle),
    close: plainText('Close', LIMITS.viewTitle),
    blocks: answerOf({ text, actions }, 'desk:answer:').blocks,
  }
}

/** As mrkdwn for one section of at most `most` characters, and whether that is all of it. */
export function shortMrkdwn(text: string, most: number): { mrkdwn: string; all: boolean } {
  const [first = '', ...others] = splitForSlack(mrkdwnOf(text), most)
  return { mrkdwn: cutMrkdwn(first), all: others.length === 0 }
}

/** One line of it, escaped, as a notification says it. */
export function summaryOf(text: string): string {
  return escapedLine(text, NOTIFICATION) || 'Done.'
}

function textBlocks(text: string, room: number, most: number): { sections: KnownBlock[]; all: boolean } {
  const pieces = splitForSlack(mrkdwnOf(text), PIECE)
  const sections: KnownBlock[] = []
  let left = room
  for (const piece of pieces.length > 0 ? pieces : ['Done.']) {
    const section = mrkdwnSection(piece)
    left -= JSON.stringify(section).length + 1
    if (left < 0 || sections.length === most) return { sections, all: false }
    sections.push(section)
  }
  return { sections, all: true }
}

/** Text that Slack shows as it is, mentions nobody and looks for nothing more in it. */
export function mrkdwnSection(text: string): KnownBlock {
  return { type: 'section', text: { type: 'mrkdwn', text: cutMrkdwn(text), verbatim: true }, expand: true }
}

function notAll(): KnownBlock {
  return { type: 'context', elements: [plainText(NOT_ALL, LIMITS.sectionText)] }
}

/**
 * The desk's text as Slack reads it. Paragraphs that are laid out with blanks are code; the rest is Markdown, in which no
 * link hides where it leads, as somebody else may have written it.
 */
function mrkdwnOf(text: string): string {
  const clean = text.toWellFormed().replace(/\r\n?/g, '\n').trim()
  const paragraphs = clean.split(/\n(?:[ \t]*\n)+/)
  const markdown = paragraphs.map(each => (isLaidOut(each) ? fenced(each) : each)).join('\n\n')
  return slackFromRichText({ markdown, verbatim: [] }).replace(/<([^<>|]+)\|([^<>]*)>/g, '$2 (<$1>)')
}

/** Two lines or more that have several gaps, as in a table, or a wide one; or every line has one. */
function isLaidOut(paragraph: string): boolean {
  const lines = paragraph.split('\n').map(line => line.trim().match(/(?<=\S) {2,}(?=\S)/g) ?? [])
  const columns = lines.filter(gaps => gaps.length >= 2 || gaps.some(gap => gap.length >= 4))
  return columns.length >= 2 || (lines.length >= 2 && lines.every(gaps => gaps.length > 0))
}

/** In a fence longer than any in it. */
function fenced(text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length))
  const fence = '`'.repeat(longest + 1)
  return `${fence}\n${text}\n${fence}`
}
