import { type FramedEvent, hashEvent, type RecordedEvent, type TicketEvent } from '../core/events.ts'
import type { Sql, Tx } from './sql.ts'

/** Puts an event at the end of its ticket's chain; the caller moves the ticket's head along. Gives its hash. */
export async function appendEvent(tx: Tx, event: FramedEvent, previous: string): Promise<string> {
  const data = JSON.stringify(event.data)
  const hash = hashEvent(event, event.type, data, previous)
  await tx`
    INSERT INTO events (ticket_id, seq, at, actor_id, channel, type, data, previous, hash)
    VALUES (${event.ticketId}, ${event.seq}, ${event.at}, ${event.actorId}, ${event.channel}, ${event.type}, ${data},
            ${previous}, ${hash})`
  return hash
}

/** An event as it lies there, for checking. */
export interface StoredEvent extends Omit<RecordedEvent, 'type' | 'data'> {
  type: TicketEvent['type']
  /** JSON as it was hashed. */
  data: string
}

export async function eventsOf(sql: Sql, ticketId: string): Promise<StoredEvent[]> {
  return sql<StoredEvent>`
    SELECT ticket_id AS "ticketId", seq, at, actor_id AS "actorId", channel, type, data, previous, hash
    FROM events WHERE ticket_id = ${ticketId} ORDER BY seq`
}

/** Events of the tickets after this one, for a walk through all of them. */
export async function eventsBetween(sql: Sql, afterTicket: string, lastTicket: string): Promise<StoredEvent[]> {
  return sql<StoredEvent>`
    SELECT ticket_id AS "ticketId", seq, at, actor_id AS "actorId", channel, type, data, previous, hash
    FROM events WHERE ticket_id > ${afterTicket} AND ticket_id <= ${lastTicket} ORDER BY ticket_id, seq`
}
