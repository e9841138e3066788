// The command status: what somebody takes part in.
import { momentInWords } from '../../core/text/time-expressions.ts'
import { stateInWords } from '../../core/ticket/ticket-state.ts'
import { ticketsOfPerson } from '../../store/tickets.ts'
import { expectArgs, type ReadCommand } from '../command/command.ts'

const MOST = 50
const DAYS_MS = 30 * 24 * 60 * 60 * 1000

/** `status`: what somebody takes part in, as they may know it. */
export const status: ReadCommand<null> = {
  word: 'status',
  usage: '',
  summary: 'Shows your tickets and those you take part in.',
  anyone: true,
  body: 'none',
  parse(line) {
    expectArgs(this, line, 0, 0)
    return null
  },
  async reads(sql, call) {
    const closedSince = new Date(Date.parse(call.at) - DAYS_MS).toISOString()
    const tickets = await ticketsOfPerson(sql, call.actor.id, { closedSince, limit: MOST })
    const lines = tickets.map(ticket => {
      const owner = ticket.ownerName ? `, with ${ticket.ownerName}` : ''
      const expected = ticket.expectedAt ? `, expected ${momentInWords(ticket.expectedAt)}` : ''
      return `- ${ticket.ref} ${ticket.subject}: ${stateForRequester(ticket.state)}${owner}${expected}`
    })
    return {
      text: lines.length === 0 ? 'You have no open tickets.' : lines.join('\n'),
      data: tickets.map(({ ref, subject, state, ownerName, expectedAt }) => ({
        ref,
        subject,
        state,
        ownerName,
        expectedAt,
      })),
    }
  },
}

/** A state in the words of the one who waits. */
export function stateForRequester(state: Parameters<typeof stateInWords>[0]): string {
  return state === 'waiting-on-requester' ? 'waiting for you' : stateInWords(state)
}
