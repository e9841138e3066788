// The command expect: when a ticket should be solved.
import { momentIn, momentInWords } from '../../core/text/time-expressions.ts'
import { isDone } from '../../core/ticket/ticket-state.ts'
import { DeskError } from '../../errors.ts'
import { recordEvent } from '../../store/tickets.ts'
import { notifyRequester } from '../command/notify-requester.ts'
import { onTicketWith } from '../command/on-ticket.ts'

/** `expect HD-7 friday 17:00`: the requester is told. */
export const expect = onTicketWith<{ at: string | null }>({
  word: 'expect',
  aliases: ['eta'],
  usage: 'TIME|none',
  summary: 'Sets when it should be solved, and tells the requester.',
  parse(words, facts) {
    if (/^none$/i.test(words[0] ?? '') && words.length === 1) return { at: null }
    const parts = words.flatMap(word => word.split(' '))
    const found = momentIn(parts, facts.at)
    if (found && found.rest.length === 0) return { at: found.at }
    throw new DeskError(
      'usage',
      `"${words.join(' ')}" is not a time in the future: write it like friday 17:00, tomorrow or 2h.`,
    )
  },
  async writes(tx, call, ticket, change, { at }) {
    if (isDone(ticket.state))
      throw new DeskError('conflict', `${ticket.ref} is done: reopen it first (reopen ${ticket.ref}).`)
    if (ticket.expectedAt === at) throw new DeskError('conflict', `${ticket.ref} is already expected at that time.`)
    const notice = at === null ? null : await notifyRequester(tx, call, ticket, 'expectation', momentInWords(at))
    await recordEvent(tx, ticket, { type: 'expected', data: { at, told: notice !== null } }, change)
    if (at === null)
      return { text: `${ticket.ref} no longer has an expected time.`, data: { ref: ticket.ref, expectedAt: at } }
    const whom = notice === null ? 'there is nobody to tell' : 'the requester will be told'
    return {
      text: `${ticket.ref} should be solved by ${momentInWords(at)}; ${whom}.`,
      data: { ref: ticket.ref, expectedAt: at },
    }
  },
})
