// What one person is told in answer to a command.
import type { KnownBlock, ModalView } from '@slack/types'
import type { Reply } from '../../../src/channel/desk.ts'
import { plainText as typed, withoutBlankEnds } from '../../../src/core/text/plain-text.ts'
import { mrkdwnOf, needsHelp, type Row } from '../text/mrkdwn-writer.ts'
import { actionBlocks } from './action-blocks.ts'
import { cutMrkdwn, escapedLine, LIMITS, plainText } from './block-limits.ts'
import { type RichPiece, richPieces } from './rich-pieces.ts'

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

const NOT_ALL = 'This is only part of the answer: run the command in a terminal for the rest.'

/** What a command answered, within what one message holds; `id` begins each `action_id` of its buttons. */
export function answerOf({ text, actions = [] }: Pick<Reply, 'text' | 'actions'>, id = 'desk:'): Answer {
  const buttons = actionBlocks(actions, { id })
  const room = LIMITS.messageJson - AROUND - JSON.stringify(buttons).length
  const { blocks, all } = textBlocks(text, room, MOST_BLOCKS - buttons.length)
  return { text: summaryOf(text), blocks: [...blocks, ...(all ? [] : [notAll()]), ...buttons] }
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

/** At most so much of it in one block, below a line that says what it is about; and whether that is all of it. */
export function shortAnswer(text: string, most: number, label: string): { block: KnownBlock; all: boolean } {
  const head: Row[] = label ? [{ quotes: 0, before: '', line: [{ styles: new Set(['bold']), text: label }] }] : []
  const [first, ...others] = richPieces([...head, ...rowsOfAnswer(text || 'Done.')], { most, json: LIMITS.messageJson })
  return { block: first ? pieceBlock(first) : mrkdwnSection('Done.'), all: others.length === 0 }
}

/** One line of it, escaped, as a notification says it. */
export function summaryOf(text: string): string {
  return escapedLine(text, NOTIFICATION) || 'Done.'
}

function textBlocks(text: string, room: number, most: number): { blocks: KnownBlock[]; all: boolean } {
  const blocks: KnownBlock[] = []
  let remaining = room
  for (const piece of richPieces(rowsOfAnswer(text.trim() ? text : 'Done.'), { most: PIECE, json: room })) {
    const block = pieceBlock(piece)
    remaining -= JSON.stringify(block).length + 1
    if (remaining < 0 || blocks.length === most) return { blocks, all: false }
    blocks.push(block)
  }
  return { blocks, all: true }
}

/** As it is: in mrkdwn where nothing must stand between its characters for that, which would be copied with them. */
function pieceBlock({ rows, block }: RichPiece): KnownBlock {
  const mrkdwn = mrkdwnOf(rows)
  return needsHelp(mrkdwn) || mrkdwn.length > LIMITS.sectionText ? block : mrkdwnSection(mrkdwn)
}

/** Text in which Slack looks for nothing but what is marked. */
export function mrkdwnSection(text: string): KnownBlock {
  return { type: 'section', text: { type: 'mrkdwn', text: cutMrkdwn(text), verbatim: true }, expand: true }
}

function notAll(): KnownBlock {
  return { type: 'context', elements: [plainText(NOT_ALL, LIMITS.sectionText)] }
}

/** The desk's text as it is, as somebody else may have written what is in it. What is laid out with blanks is code. */
function rowsOfAnswer(text: string): Row[] {
  const [first = '', ...rest] = withoutBlankEnds(typed(text)).split(/(\n(?:[ \t]*\n)+)/)
  const rows = paragraphRows(first)
  for (let at = 0; at < rest.length; at += 2) {
    const blanks = (rest[at] ?? '').split('\n').length - 2
    rows.push(...Array.from({ length: blanks }, () => lineRow('')), ...paragraphRows(rest[at + 1] ?? ''))
  }
  return rows
}

function paragraphRows(paragraph: string): Row[] {
  const lines = paragraph.split('\n')
  return isLaidOut(paragraph) ? [{ code: lines }] : lines.map(lineRow)
}

function lineRow(text: string): Row {
  return { quotes: 0, before: '', line: text === '' ? [] : [{ styles: new Set(), text }] }
}

/** Two lines or more that have several gaps, as in a table, or a wide one; or every line has one. */
function isLaidOut(paragraph: string): boolean {
  const lines = paragraph.split('\n').map(line => line.trim().match(/(?<=\S) {2,}(?=\S)/g) ?? [])
  const columns = lines.filter(gaps => gaps.length >= 2 || gaps.some(gap => gap.length >= 4))
  return columns.length >= 2 || (lines.length >= 2 && lines.every(gaps => gaps.length > 0))
}
