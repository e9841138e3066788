import type { TicketEvent } from '../core/events.ts'
import { formatReference } from '../core/reference.ts'
import { applyEvent, type TicketFacts, type TicketView } from '../core/ticket.ts'
import { chainEvent, insertEvent } from './events.ts'
import { insertMessage, type PreparedMessage } from './messages.ts'
import type { Sql, Tx } from './sql.ts'

export interface Ticket extends TicketView {
  id: string
  number: number
  deskId: string
  prefix: string
  channel: string
  subject: string
  replyTo: string | null
  requesterName: string
  ownerHandle: string | null
  /** The agent who recorded what came in by another way. */
  recordedByName: string | null
  eventSeq: number
  eventHash: string
}

export async function ticketById(sql: Sql, id: string): Promise<Ticket | undefined> {
  const [found] = await sql<Ticket>`
    SELECT t.id, t.number, d.prefix || '-' || t.number AS ref, t.desk_id AS "deskId", d.prefix, t.channel, t.subject, t.state,
           t.requester_id AS "requesterId", r.name AS "requesterName", t.reply_to AS "replyTo",
           t.owner_id AS "ownerId", o.name AS "ownerName", o.handle AS "ownerHandle", t.opened_at AS "openedAt",
           t.updated_at AS "updatedAt", t.first_response_at AS "firstResponseAt", t.closed_at AS "closedAt",
           t.event_seq AS "eventSeq", t.event_hash AS "eventHash", recorder.name AS "recordedByName"
    FROM tickets t JOIN desks d ON d.id = t.desk_id JOIN people r ON r.id = t.requester_id
    LEFT JOIN people o ON o.id = t.owner_id LEFT JOIN people recorder ON recorder.id = t.recorded_by WHERE t.id = ${id}`
  return found
}

export async function ticketIdByNumber(sql: Sql, number: number): Promise<string | undefined> {
  const [found] = await sql<{ id: string }>`SELECT id FROM tickets WHERE number = ${number}`
  return found?.id
}

export interface TicketFilter {
  /** Closed ones too. */
  closed: boolean
  ownerId?: string | null
  limit: number
}

/** Newest change first. `ownerId` null asks for those without an owner. */
export async function listTickets(sql: Sql, filter: TicketFilter): Promise<Ticket[]> {
  const { ownerId, limit } = filter
  const anyOwner = ownerId === undefined ? 1 : 0
  const rows = filter.closed
    ? await sql<{ id: string }>`
        SELECT id FROM tickets WHERE (1 = ${anyOwner} OR coalesce(owner_id, '') = ${ownerId ?? ''})
        ORDER BY updated_at DESC, number DESC LIMIT ${limit}`
    : await sql<{ id: string }>`
        SELECT id FROM tickets WHERE closed_at IS NULL AND (1 = ${anyOwner} OR coalesce(owner_id, '') = ${ownerId ?? ''})
        ORDER BY updated_at DESC, number DESC LIMIT ${limit}`
  const tickets = await Promise.all(rows.map(row => ticketById(sql, row.id)))
  return tickets.filter(ticket => ticket !== undefined)
}

export interface Opening {
  id: string
  number: number
  desk: { id: string; prefix: string }
  channel: string
  subject: string
  replyTo: string | null
  requester: { id: string; name: string }
  /** The agent who forwarded it. */
  recordedBy?: { id: string; name: string }
}

/** Who makes a change, when, and through which channel. */
export interface Change {
  at: string
  actorId: string | null
  channel: string
}

/** Opens a ticket with its first message and its first event. */
export async function openTicket(
  tx: Tx,
  opening: Opening,
  first: PreparedMessage,
  event: TicketEvent & { type: 'opened' },
  change: Change,
): Promise<Ticket> {
  const { desk, requester, recordedBy, ...own } = opening
  const framed = { ...event, ...change, ticketId: own.id, seq: 1 }
  const facts = applyEvent(undefined, framed)
  const chained = chainEvent(framed, '')
  await tx`
    INSERT INTO tickets (id, number, desk_id, channel, subject, state, requester_id, reply_to, opened_at, updated_at,
                         recorded_by, event_seq, event_hash)
    VALUES (${own.id}, ${own.number}, ${desk.id}, ${own.channel}, ${own.subject}, ${facts.state}, ${facts.requesterId},
            ${own.replyTo}, ${facts.openedAt}, ${facts.updatedAt}, ${recordedBy?.id ?? null}, 1, ${chained.hash})`
  await insertMessage(tx, first)
  await insertEvent(tx, chained)
  return {
    ...own,
    ...facts,
    ref: formatReference(desk.prefix, own.number),
    deskId: desk.id,
    prefix: desk.prefix,
    requesterName: requester.name,
    ownerName: null,
    ownerHandle: null,
    recordedByName: recordedBy?.name ?? null,
    eventSeq: 1,
    eventHash: chained.hash,
  }
}

/** Changes a ticket by an event: the row is what `applyEvent` makes of it. Gives the ticket after it. */
export async function recordEvent(tx: Tx, ticket: Ticket, event: TicketEvent, change: Change): Promise<Ticket> {
  const seq = ticket.eventSeq + 1
  const framed = { ...event, ...change, ticketId: ticket.id, seq }
  const facts = applyEvent(ticket, framed)
  const chained = chainEvent(framed, ticket.eventHash)
  const { hash } = chained
  await insertEvent(tx, chained)
  await tx`
    UPDATE tickets SET state = ${facts.state}, owner_id = ${facts.ownerId}, updated_at = ${facts.updatedAt},
           first_response_at = ${facts.firstResponseAt}, closed_at = ${facts.closedAt}, event_seq = ${seq},
           event_hash = ${hash}
    WHERE id = ${ticket.id}`
  return { ...ticket, ...facts, eventSeq: seq, eventHash: hash }
}

/** Where the requester reads answers from now on. */
export async function moveReplyTo(tx: Tx, ticketId: string, replyTo: string): Promise<void> {
  await tx`UPDATE tickets SET reply_to = ${replyTo} WHERE id = ${ticketId}`
}

/** A page of tickets in order of id, for a walk through all of them. */
export async function ticketsAfter(sql: Sql, id: string, limit: number): Promise<(TicketFacts & TicketHead)[]> {
  return sql<TicketFacts & TicketHead>`
    SELECT t.id, t.number, d.prefix || '-' || t.number AS ref, t.state, t.requester_id AS "requesterId", t.owner_id AS "ownerId",
           t.opened_at AS "openedAt", t.updated_at AS "updatedAt", t.first_response_at AS "firstResponseAt",
           t.closed_at AS "closedAt", t.event_seq AS "eventSeq", t.event_hash AS "eventHash"
    FROM tickets t JOIN desks d ON d.id = t.desk_id WHERE t.id > ${id} ORDER BY t.id LIMIT ${limit}`
}

export interface TicketHead {
  id: string
  number: number
  ref: string
  eventSeq: number
  eventHash: string
}
