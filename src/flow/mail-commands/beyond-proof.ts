// Which commands are more than a mail of ours confirms that an agent's mail answers.
import { arrivalByNumber } from '../../store/arrivals.ts'
import type { Sql } from '../../store/engine/sql.ts'
import { isToldOf } from '../../store/held-notices.ts'
import type { OutboxEntry } from '../../store/outbox.ts'
import { currentTicket, ticketIdByNumber } from '../../store/tickets.ts'
import type { MailCommand } from './mail-command.ts'

/**
 * Why a command is more than the mail confirms that it answers: that stands for its own ticket, and a notification of
 * held messages for those. What only looks is told to the agent alone, and needs no ticket. Null if it may be done.
 */
export async function beyondProof(sql: Sql, alone: readonly OutboxEntry[], step: MailCommand): Promise<string | null> {
  const ownTickets = new Map<string, string>()
  for (const { ticketId } of alone) {
    const ticket = ticketId === null ? undefined : await currentTicket(sql, ticketId)
    if (ticket) ownTickets.set(ticket.id, ticket.ref)
  }
  const isOwn = async (number: number) => {
    const id = await ticketIdByNumber(sql, number)
    const ticket = id === undefined ? undefined : await currentTicket(sql, id)
    return ticket === undefined || ownTickets.has(ticket.id) // of none there is, the command says so itself
  }
  const refs = [...ownTickets.values()]
  const only = refs.length > 0 ? `only for ${refs.join(' and ')}` : 'only for what that mail is about'
  const refusal = `we only know that you wrote this because it answers one of our mails, and that counts ${only}. Reply to a mail about the ticket you mean, or write from an address that your mail server confirms.`
  const { command, args, named } = step
  if ('settles' in command) {
    const { arrivals, decision } = command.settles(args)
    for (const number of arrivals) {
      const arrival = await arrivalByNumber(sql, number)
      if (!arrival) continue
      const waitsFor = arrival.ticketId === null ? undefined : await currentTicket(sql, arrival.ticketId)
      const isNamed = await isToldOf(
        sql,
        alone.map(each => each.id),
        number,
      )
      if (!isNamed && !(waitsFor && ownTickets.has(waitsFor.id))) return refusal
      const target = decision.action === 'join' ? decision.ticket : null
      const targetId = target === null ? undefined : await ticketIdByNumber(sql, target)
      const into = targetId === undefined ? undefined : await currentTicket(sql, targetId)
      if (into && into.id !== waitsFor?.id && !ownTickets.has(into.id)) return refusal
    }
    return null
  }
  const numbers = 'reads' in command ? (named === null ? [] : [named]) : [...command.tickets(args)]
  if (!('reads' in command) && numbers.length === 0) return refusal
  for (const number of numbers) if (!(await isOwn(number))) return refusal
  return null
}
