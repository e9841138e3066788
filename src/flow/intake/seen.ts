// How far whoever writes a mail has seen a ticket: as far as the mail of ours told that it answers, and no further.
import type { DeskFacts } from '../../commands/command/command.ts'
import { readersOf, shownWith } from '../../commands/command/recipients.ts'
import type { ShownState } from '../../core/ticket/shown.ts'
import type { Sql } from '../../store/engine/sql.ts'
import type { OutboxEntry } from '../../store/outbox.ts'
import { currentTicket, type Ticket, ticketById } from '../../store/tickets.ts'

/** A ticket as a mail of ours told of it. */
export interface SeenMail {
  /** The ticket of which it told, which may have become part of another. */
  named: Ticket
  /** This one, or the other. */
  ticket: Ticket
  shown: ShownState
}

/** What whoever answers a mail of ours has seen of its ticket; undefined where it told of none. */
export async function seenByAnswer(sql: Sql, answeredMail: OutboxEntry | undefined): Promise<SeenMail | undefined> {
  const named = answeredMail?.ticketId ? await ticketById(sql, answeredMail.ticketId) : undefined
  if (!named || answeredMail?.shownSeq == null) return undefined
  const ticket = (await currentTicket(sql, named.id)) ?? named
  return { named, ticket, shown: { seq: answeredMail.shownSeq, readers: answeredMail.readers } }
}

/**
 * Changes who reads a ticket as its writer asks, who knows of that: where they had seen who read it before, they have
 * seen who reads it now. Gives what the change gives.
 */
export async function changing<T>(
  sql: Sql,
  facts: DeskFacts,
  seen: SeenMail | undefined,
  change: () => Promise<T>,
): Promise<T> {
  const readersNow = async ({ ticket }: SeenMail) => shownWith(ticket, await readersOf(sql, facts, ticket)).readers
  const isAsShown = seen !== undefined && seen.shown.readers === (await readersNow(seen))
  const result = await change()
  if (isAsShown) seen.shown.readers = await readersNow(seen)
  return result
}
