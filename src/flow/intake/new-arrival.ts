// The record of something that came in, before it has an outcome.
import type { InboundMessage } from '../../channel/message.ts'
import { oneLine } from '../../core/text/address.ts'
import type { Arrival } from '../../store/arrivals.ts'
import type { Sql, Tx } from '../../store/engine/sql.ts'
import { ticketById } from '../../store/tickets.ts'
import type { Intake, Origin } from '../context.ts'
import type { InboundItem } from './inbound-item.ts'

/** Of what went into no ticket. */
export const NOTHING = { ticketId: null, messageId: null, acknowledgement: null, ref: null } as const

/** An arrival before anything is decided of it. */
export async function newArrival(tx: Tx, intake: Intake, origin: Origin, message: InboundItem): Promise<Arrival> {
  return {
    number: await tx.number('arrival', intake.group),
    channel: origin.channel,
    externalId: message.id,
    outcome: 'opened',
    detail: null,
    ticketId: null,
    messageId: null,
    duplicateOf: null,
    acknowledgement: null,
    raw: message.raw.sha256,
    arrivedAt: intake.facts.at,
    verdict: null,
    ...('subject' in message ? describe(message) : { fingerprint: null, sender: null, subject: null }),
  }
}

export function describe(message: InboundMessage): Pick<Arrival, 'fingerprint' | 'sender' | 'subject'> {
  const {
    fingerprint,
    from,
    subject,
    mail: { through },
  } = message
  return { fingerprint, sender: from?.address ?? through?.lists[0] ?? null, subject: oneLine(subject) }
}

export async function refOf(sql: Sql, ticketId: string | null): Promise<string | null> {
  const ticket = ticketId === null ? undefined : await ticketById(sql, ticketId)
  return ticket?.ref ?? null
}
