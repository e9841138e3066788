// Finds the tickets that a command is about, and locks them.
import { formatReference } from '../../core/ticket/reference.ts'
import { DeskError } from '../../errors.ts'
import { may } from '../../people/access.ts'
import type { Sql, Tx } from '../../store/engine/sql.ts'
import { currentTicket, type Ticket, ticketById, ticketIdByNumber } from '../../store/tickets.ts'
import type { Call } from './command.ts'

/** The ticket of a number, or the one that it became part of. */
export async function findTicket(sql: Sql, number: number, prefixes: readonly string[]): Promise<Ticket> {
  const ticket = await findOwnTicket(sql, number, prefixes)
  return (ticket.mergedInto ? await currentTicket(sql, ticket.id) : ticket) ?? ticket
}

/** The ticket of this very number, also if it became part of another. */
export async function findOwnTicket(sql: Sql, number: number, prefixes: readonly string[]): Promise<Ticket> {
  const id = await ticketIdByNumber(sql, number)
  const ticket = id === undefined ? undefined : await ticketById(sql, id)
  if (!ticket)
    throw new DeskError('not-found', `There is no ticket ${prefixes[0]}-${number}: list shows those there are.`)
  return ticket
}

/** The ticket of this number, if the one who calls asked for it; whoever did not is told the same in every case. */
export async function findTicketOfRequester(
  sql: Sql,
  { actor, prefixes }: Pick<Call, 'actor' | 'prefixes'>,
  number: number,
  sentenceFor: (ref: string) => string,
): Promise<Ticket> {
  const id = await ticketIdByNumber(sql, number)
  const ticket = id === undefined ? undefined : await currentTicket(sql, id)
  if (ticket && may(actor, 'say-solved', ticket)) return ticket
  throw new DeskError('forbidden', sentenceFor(formatReference(prefixes[0] ?? '', number)))
}

/**
 * Locks tickets by number, and those that they became part of. False if one of them became part of yet another while it
 * waited: then that one is not locked.
 */
export async function lockTickets(tx: Tx, numbers: readonly number[]): Promise<boolean> {
  const ids = await leadingTo(tx, numbers)
  await tx.lock(ids.map(id => `ticket ${id}`))
  return (await leadingTo(tx, numbers)).every(id => ids.includes(id))
}

async function leadingTo(sql: Sql, numbers: readonly number[]): Promise<string[]> {
  const ids: string[] = []
  for (const number of numbers) {
    const id = await ticketIdByNumber(sql, number)
    const current = id === undefined ? undefined : await currentTicket(sql, id)
    if (id !== undefined) ids.push(id)
    if (current && current.id !== id) ids.push(current.id)
  }
  return ids
}
