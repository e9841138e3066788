// The commands tag and untag.
import { words } from '../../core/ticket/words.ts'
import { DeskError } from '../../errors.ts'
import { recordEvent } from '../../store/tickets.ts'
import { onTicketWith } from '../command/on-ticket.ts'

const TAG = /^[\p{L}\p{N}][\p{L}\p{N}._-]{0,39}$/u

export const tag = onTicketWith<{ tags: string[] }>({
  word: 'tag',
  usage: 'TAG...',
  summary: 'Adds tags that you can find tickets by (list tag vip).',
  parse: parts => ({ tags: tagsIn(parts) }),
  async writes(tx, _call, ticket, change, { tags }) {
    const add = tags.filter(each => !words(ticket.tags).includes(each))
    if (add.length === 0) throw new DeskError('conflict', `${ticket.ref} already has ${tags.join(', ')}.`)
    const now = await recordEvent(tx, ticket, { type: 'tagged', data: { add, remove: [] } }, change)
    return {
      text: `${ticket.ref} has the tags ${words(now.tags).join(', ')}.`,
      data: { ref: ticket.ref, tags: words(now.tags) },
    }
  },
})

export const untag = onTicketWith<{ tags: string[] }>({
  word: 'untag',
  usage: 'TAG...',
  summary: 'Removes tags.',
  parse: parts => ({ tags: tagsIn(parts) }),
  async writes(tx, _call, ticket, change, { tags }) {
    const remove = tags.filter(each => words(ticket.tags).includes(each))
    if (remove.length === 0) throw new DeskError('conflict', `${ticket.ref} has no tag ${tags.join(', ')}.`)
    const now = await recordEvent(tx, ticket, { type: 'tagged', data: { add: [], remove } }, change)
    const remainingTags = words(now.tags)
    return {
      text:
        remainingTags.length > 0
          ? `${ticket.ref} has the tags ${remainingTags.join(', ')}.`
          : `${ticket.ref} has no tags.`,
      data: { ref: ticket.ref, tags: remainingTags },
    }
  },
})

function tagsIn(parts: readonly string[]): string[] {
  const tags = [
    ...new Set(parts.flatMap(part => part.split(/[\s,]+/)).map(part => part.replace(/^#/, '').toLowerCase())),
  ].filter(Boolean)
  const wrong = tags.find(each => !TAG.test(each))
  if (tags.length > 0 && wrong === undefined) return tags
  throw new DeskError(
    'usage',
    wrong === undefined
      ? 'Say which tag: tag TICKET vip'
      : `"${wrong}" is not a tag: write a word of letters and digits.`,
  )
}
