// Events of tickets, a chain of digests.
import { hashEvent } from '../core/ticket/digests.ts'
import type { FramedEvent, RecordedEvent, TicketEvent } from '../core/ticket/ticket-event.ts'
import type { Sql, Tx } from './engine/sql.ts'

/** An event as it lies there, for checking. */
export interface StoredEvent extends Omit<RecordedEvent, 'type' | 'data'> {
  type: TicketEvent['type']
  /** JSON as it was hashed. */
  data: string
}

/** An event with its place behind the one whose hash is `previous`. */
export function chainEvent(event: FramedEvent, previous: string): StoredEvent {
  const data = JSON.stringify(event.data)
  return { ...event, data, previous, hash: hashEvent(event, event.type, data, previous) }
}

/** Puts an event at the end of its ticket's chain; the caller moves the ticket's head along. */
export async function insertEvent(tx: Tx, event: StoredEvent): Promise<void> {
  const e = event
  await tx`
    INSERT INTO events (ticket_id, seq, at, actor_id, channel, type, data, previous, hash)
    VALUES (${e.ticketId}, ${e.seq}, ${e.at}, ${e.actorId}, ${e.channel}, ${e.type}, ${e.data}, ${e.previous}, ${e.hash})`
}

/** Events of the tickets after this one, for a walk through all of them. */
export async function eventsBetween(sql: Sql, afterTicket: string, lastTicket: string): Promise<StoredEvent[]> {
  return sql<StoredEvent>`
    SELECT ticket_id AS "ticketId", seq, at, actor_id AS "actorId", channel, type, data, previous, hash
    FROM events WHERE ticket_id > ${afterTicket} AND ticket_id <= ${lastTicket} ORDER BY ticket_id, seq`
}

/** All events of a ticket in order. */
export async function eventsOf(sql: Sql, ticketId: string): Promise<RecordedEvent[]> {
  return eventsAfter(sql, ticketId, 0)
}

const PAGE = 500 // rows a statement: of the longest tickets too, each takes few milliseconds

/** Events of a ticket behind one of them, in order. */
export async function eventsAfter(sql: Sql, ticketId: string, seq: number): Promise<RecordedEvent[]> {
  const events: RecordedEvent[] = []
  for (let last = seq; ; last = events.at(-1)?.seq ?? last) {
    const rows = await sql<StoredEvent>`
      SELECT ticket_id AS "ticketId", seq, at, actor_id AS "actorId", channel, type, data, previous, hash
      FROM events WHERE ticket_id = ${ticketId} AND seq > ${last} ORDER BY seq LIMIT ${PAGE}`
    events.push(...rows.map(parsed))
    if (rows.length < PAGE) return events
  }
}

function parsed(row: StoredEvent): RecordedEvent {
  return { ...row, data: JSON.parse(row.data) } as unknown as RecordedEvent
}

export async function eventAt(sql: Sql, ticketId: string, seq: number): Promise<RecordedEvent | undefined> {
  const [row] = await sql<StoredEvent>`
    SELECT ticket_id AS "ticketId", seq, at, actor_id AS "actorId", channel, type, data, previous, hash
    FROM events WHERE ticket_id = ${ticketId} AND seq = ${seq}`
  return row && parsed(row)
}

/** What somebody did on a ticket, in order. */
export async function eventsBy(sql: Sql, ticketId: string, actorId: string): Promise<RecordedEvent[]> {
  const rows = await sql<StoredEvent>`
    SELECT ticket_id AS "ticketId", seq, at, actor_id AS "actorId", channel, type, data, previous, hash
    FROM events WHERE ticket_id = ${ticketId} AND actor_id = ${actorId} ORDER BY seq`
  return rows.map(parsed)
}

/** The newest event of a type, and of those that fit. */
export async function lastEventOf(
  sql: Sql,
  ticketId: string,
  type: TicketEvent['type'],
  fits: (data: Record<string, unknown>) => boolean = () => true,
): Promise<RecordedEvent | undefined> {
  const rows = await sql<StoredEvent>`
    SELECT ticket_id AS "ticketId", seq, at, actor_id AS "actorId", channel, type, data, previous, hash
    FROM events WHERE ticket_id = ${ticketId} AND type = ${type} ORDER BY seq`
  return rows.map(parsed).findLast(event => fits(event.data as Record<string, unknown>))
}
