// Queues the receipt of a ticket's first message.
import type { Trust } from '../../core/intake/sender-trust.ts'
import { plainName } from '../../core/text/address.ts'
import type { Tx } from '../../store/engine/sql.ts'
import { queue } from '../../store/outbox.ts'
import type { Ticket } from '../../store/tickets.ts'

/** Queues the receipt of a ticket's first message to its requester; false if there is no address to send it to. */
export async function queueAcknowledgement(
  tx: Tx,
  ticket: Ticket,
  first: { id: string; externalId: string | null },
  name: string,
  at: string,
  cause: Trust = 'confirmed',
): Promise<boolean> {
  if (!ticket.replyTo) return false
  const draft = {
    kind: 'acknowledgement',
    purpose: 'requester',
    channel: ticket.channel,
    ticketId: ticket.id,
    messageId: first.id,
    inReplyTo: first.externalId,
    refs: first.externalId ? [first.externalId] : [],
    cause,
  } as const
  await queue(tx, draft, [{ recipient: ticket.replyTo, name: plainName(name), shown: 'to' }], at)
  return true
}
