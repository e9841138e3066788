// The command spent: time that somebody worked on a ticket.
import { parseDuration } from '../../core/text/time-expressions.ts'
import { DeskError } from '../../errors.ts'
import { recordEvent } from '../../store/tickets.ts'
import { storeInternalText } from '../command/internal-text.ts'
import { onTicketWith } from '../command/on-ticket.ts'

const MINUTE_MS = 60_000
const MOST_MINUTES = 60 * 24 * 31

/** `spent HD-7 20m "on the phone with the vendor"`. */
export const spent = onTicketWith<{ minutes: number; what: string }>({
  word: 'spent',
  aliases: ['time'],
  usage: 'TIME ["ON WHAT"]',
  summary: 'Records time that you worked on it, such as 20m or 1h30m.',
  body: 'optional',
  parse([span = '', ...what]) {
    const minutes = Math.round((parseDuration(span) ?? 0) / MINUTE_MS)
    if (minutes >= 1 && minutes <= MOST_MINUTES) return { minutes, what: what.join(' ') }
    throw new DeskError('usage', `"${span}" is not a working time: write it like 20m or 1h30m.`)
  },
  async writes(tx, call, ticket, change, { minutes, what }) {
    const note = await storeInternalText(tx, ticket, change, call.actor, what || call.body, 'work')
    await recordEvent(tx, ticket, { type: 'spent', data: { person: call.actor.id, minutes, ...note } }, change)
    return { text: `Recorded ${minutes} minutes of your time on ${ticket.ref}.`, data: { ref: ticket.ref, minutes } }
  },
})
