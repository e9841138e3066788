// Mail of the desk's own to a requester.
import { plainName } from '../../core/text/address.ts'
import type { Tx } from '../../store/engine/sql.ts'
import { threadIds } from '../../store/messages.ts'
import { type OutboxKind, queue } from '../../store/outbox.ts'
import type { Ticket } from '../../store/tickets.ts'
import type { DeskFacts } from './command.ts'

const THREAD_LENGTH = 20

/** Queues a mail of the desk's own to the requester of a ticket; null if there is no address to send it to. */
export async function notifyRequester(
  tx: Tx,
  facts: DeskFacts,
  ticket: Ticket,
  kind: OutboxKind,
  note: string,
): Promise<{ id: string; token: string } | null> {
  if (!ticket.replyTo || facts.isOurs(ticket.replyTo)) return null
  const earlier = await threadIds(tx, ticket.id, THREAD_LENGTH)
  const draft = {
    kind,
    purpose: 'requester',
    channel: ticket.channel,
    ticketId: ticket.id,
    note,
    inReplyTo: earlier[0] ?? null,
    refs: earlier.toReversed(),
  } as const
  return queue(tx, draft, [{ recipient: ticket.replyTo, name: plainName(ticket.requesterName), shown: 'to' }], facts.at)
}
