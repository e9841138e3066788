// Asks a requester whether their ticket is solved.
import type { Tx } from '../../store/engine/sql.ts'
import { type Change, recordEvent, type Ticket } from '../../store/tickets.ts'
import type { DeskFacts } from '../command/command.ts'
import { notifyRequester } from '../command/notify-requester.ts'

/** Asks the requester of a resolved ticket whether it is solved, and how it was; false if there is no address. */
export async function askWhetherSolved(tx: Tx, facts: DeskFacts, ticket: Ticket, change: Change): Promise<boolean> {
  const question = await notifyRequester(tx, facts, ticket, 'ask-solved', '')
  if (!question) return false
  await recordEvent(tx, ticket, { type: 'asked', data: { outbox: question.id } }, { ...change, actorId: null })
  return true
}
