// Messages that leave, as blocks.
import type { KnownBlock } from '@slack/types'
import type { Action } from '../../../src/channel/surface.ts'
import { actionBlocks } from './action-blocks.ts'
import { cutMrkdwn, LIMITS } from './block-limits.ts'

/** What the JSON of all texts of a message may take, so that the actions find room beside them. */
const TEXTS_JSON = 5_800

/**
 * One message: texts in mrkdwn, with links written as `<https://...>` and mentions as `<@U...>` (nothing else is made one),
 * and what its readers can do. A piece that is too long is cut, and one beyond the room of a message is left out: whose
 * text may be longer asks `inMessages` first.
 */
export function messageBlocks(mrkdwnPieces: string[], actions: Action[]): KnownBlock[] {
  const [texts = []] = inMessages(mrkdwnPieces)
  return [...texts.map(text => textSection(text)), ...actionBlocks(actions)]
}

/** The pieces of each message that a long text takes, in order. Blank pieces are none. */
export function inMessages(mrkdwnPieces: string[]): string[][] {
  const messages: string[][] = []
  let remaining = 0
  for (const piece of mrkdwnPieces.map(each => cutMrkdwn(each)).filter(each => each.trim() !== '')) {
    const size = JSON.stringify(textSection(piece)).length + 1
    const open = messages.at(-1)
    if (open && size <= remaining && open.length < LIMITS.messageBlocks - 1) {
      open.push(piece)
      remaining -= size
    } else {
      messages.push([piece])
      remaining = TEXTS_JSON - size
    }
  }
  return messages
}

function textSection(text: string): KnownBlock {
  return { type: 'section', text: { type: 'mrkdwn', text, verbatim: true }, expand: true }
}
