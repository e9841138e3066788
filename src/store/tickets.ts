// Tickets, and the events that change them.
import { COLUMN_NAMES, COLUMNS, type ColumnName, factsOf, type TicketFacts } from '../core/ticket/columns.ts'
import { formatReference } from '../core/ticket/reference.ts'
import { applyEvent, type TicketView } from '../core/ticket/ticket.ts'
import type { TicketEvent } from '../core/ticket/ticket-event.ts'
import { words } from '../core/ticket/words.ts'
import { addCard, cardIsDue } from './cards.ts'
import { Fragment, fragment, insertInto, joined, list, type Sql, type Tx } from './engine/sql.ts'
import { chainEvent, insertEvent } from './events.ts'
import { insertMessage, type PreparedMessage } from './messages.ts'
import { personById } from './people.ts'

const MOST_MERGES = 100 // in a row

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
  const [found] = await sql<Ticket>`SELECT * FROM tickets_read WHERE id = ${id}`
  return found
}

/** Those of these tickets that there are, in any order. */
export async function ticketsByIds(sql: Sql, ids: readonly string[]): Promise<Ticket[]> {
  return ids.length === 0 ? [] : sql<Ticket>`SELECT * FROM tickets_read WHERE id IN (${list(ids)})`
}

/** Ids of those of these tickets that there are, by number. */
export async function ticketIdsByNumbers(sql: Sql, numbers: readonly number[]): Promise<Map<number, string>> {
  if (numbers.length === 0) return new Map()
  const rows = await sql<{ id: string; number: number }>`
    SELECT id, number FROM tickets WHERE number IN (${list(numbers)})`
  return new Map(rows.map(({ id, number }) => [number, id]))
}

export async function ticketIdByNumber(sql: Sql, number: number): Promise<string | undefined> {
  const [found] = await sql<{ id: string }>`SELECT id FROM tickets WHERE number = ${number}`
  return found?.id
}

/** The ticket itself, or the one that it became part of. */
export async function currentTicket(sql: Sql, id: string): Promise<Ticket | undefined> {
  let ticket = await ticketById(sql, id)
  for (let hops = 0; ticket?.mergedInto && hops < MOST_MERGES; hops += 1) {
    ticket = await ticketById(sql, ticket.mergedInto)
  }
  return ticket
}

/** Of these tickets, those that became part of others, with the one that each leads to. */
export async function mergesAmong(sql: Sql, ids: readonly string[]): Promise<Map<string, string>> {
  const merged =
    ids.length === 0
      ? []
      : await sql<{ id: string }>`
    SELECT id FROM tickets WHERE id IN (${list(ids)}) AND merged_into IS NOT NULL`
  const targets = new Map<string, string>()
  for (const { id } of merged) targets.set(id, (await currentTicket(sql, id))?.id ?? id)
  return targets
}

/** Tickets that became part of this one, directly or through others; oldest first. */
export async function mergedIn(sql: Sql, id: string): Promise<Ticket[]> {
  return sql<Ticket>`
    WITH RECURSIVE parts (id) AS (
      SELECT id FROM tickets WHERE merged_into = ${id}
      UNION SELECT t.id FROM tickets t JOIN parts p ON t.merged_into = p.id)
    SELECT * FROM tickets_read WHERE id IN (SELECT id FROM parts) ORDER BY number`
}

/** Other tickets of a requester, newest first. */
export async function ticketsOfRequester(
  sql: Sql,
  requesterId: string,
  { except = '', limit }: { except?: string; limit: number },
): Promise<Ticket[]> {
  return sql<Ticket>`
    SELECT * FROM tickets_read WHERE "requesterId" = ${requesterId} AND id <> ${except} AND "mergedInto" IS NULL
    ORDER BY number DESC LIMIT ${limit}`
}

/** Tickets that an address takes part in and that are not closed, or were closed lately; newest first. */
export async function ticketsOfAddress(
  sql: Sql,
  { kind, address }: { kind: string; address: string },
  { closedSince, limit }: { closedSince: string; limit: number },
): Promise<Ticket[]> {
  return sql<Ticket>`
    SELECT * FROM tickets_read WHERE id IN (
      SELECT ticket_id FROM participants WHERE kind = ${kind} AND address = ${address} AND left_at IS NULL)
      AND "mergedInto" IS NULL AND ("closedAt" IS NULL OR "closedAt" > ${closedSince})
    ORDER BY number DESC LIMIT ${limit}`
}

/** Tickets that a person takes part in, under whatever address, and that are not closed, or were closed lately; newest first. */
export async function ticketsOfPerson(
  sql: Sql,
  personId: string,
  { closedSince, limit }: { closedSince: string; limit: number },
): Promise<Ticket[]> {
  return sql<Ticket>`
    SELECT * FROM tickets_read WHERE id IN (
      SELECT ticket_id FROM participants WHERE person_id = ${personId} AND left_at IS NULL)
      AND "mergedInto" IS NULL AND ("closedAt" IS NULL OR "closedAt" > ${closedSince})
    ORDER BY number DESC LIMIT ${limit}`
}

/** Reply addresses of the tickets of a channel that are not closed. */
export async function openConversations(sql: Sql, channel: string): Promise<string[]> {
  const found: string[] = []
  for (const { from, to } of await ticketRanges(sql)) {
    const rows = await sql<{ replyTo: string }>`
      SELECT reply_to AS "replyTo" FROM tickets
      WHERE number BETWEEN ${from} AND ${to} AND channel = ${channel} AND closed_at IS NULL AND reply_to IS NOT NULL
      ORDER BY number`
    for (const row of rows) found.push(row.replyTo)
  }
  return found
}

const RANGE = 2_000 // tickets that one statement looks at, so that it takes few milliseconds

/** The numbers of all tickets in parts, for what looks at each of them. */
export async function ticketRanges(sql: Sql): Promise<{ from: number; to: number }[]> {
  const [{ last } = { last: null }] = await sql<{ last: number | null }>`SELECT max(number) AS last FROM tickets`
  return Array.from({ length: Math.ceil((last ?? 0) / RANGE) }, (_, part) => ({
    from: part * RANGE + 1,
    to: (part + 1) * RANGE,
  }))
}

export interface Opening {
  id: string
  number: number
  desk: { id: string; prefix: string }
  channel: string
  subject: string
  replyTo: string | null
  requester: { id: string; name: string }
  /** The channel of the room where agents see its card. */
  room?: string | undefined
  /** The card is shown once something more happens. */
  quiet?: boolean
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
  const { desk, requester, recordedBy, room, quiet = false, ...identity } = opening
  const framed = { ...event, ...change, ticketId: identity.id, seq: 1 }
  const facts = applyEvent(undefined, framed)
  const chained = chainEvent(framed, '')
  const beside = [
    identity.id,
    identity.number,
    identity.channel,
    identity.subject,
    identity.replyTo,
    recordedBy?.id ?? null,
    1,
    chained.hash,
  ]
  await tx(INSERT, ...beside, ...KNOWN_AT_OPENING.map(name => facts[name]))
  await insertMessage(tx, first)
  await insertEvent(tx, chained)
  if (room !== undefined) await addCard(tx, identity.id, room, quiet ? null : change.at)
  return {
    ...identity,
    ...facts,
    ref: formatReference(desk.prefix, identity.number),
    prefix: desk.prefix,
    requesterName: requester.name,
    ownerName: null,
    ownerHandle: null,
    recordedByName: recordedBy?.name ?? null,
    eventSeq: 1,
    eventHash: chained.hash,
  }
}

/** What a ticket has beside the columns that follow from its events. */
const BESIDE = ['id', 'number', 'channel', 'subject', 'reply_to', 'recorded_by', 'event_seq', 'event_hash']
const KNOWN_AT_OPENING = COLUMN_NAMES.filter(name => COLUMNS[name].opening !== null)
const INSERT = insertInto('tickets', [...BESIDE, ...KNOWN_AT_OPENING.map(snakeCase)])

/** Changes a ticket by an event: the row is what `applyEvent` makes of it. Gives the ticket after it. */
export async function recordEvent(tx: Tx, ticket: Ticket, event: TicketEvent, change: Change): Promise<Ticket> {
  const seq = ticket.eventSeq + 1
  const framed = { ...event, ...change, ticketId: ticket.id, seq }
  const facts = applyEvent(factsOf(ticket), framed)
  const chained = chainEvent(framed, ticket.eventHash)
  const { hash } = chained
  await insertEvent(tx, chained)
  const changed = COLUMN_NAMES.filter(name => facts[name] !== ticket[name])
  const head = fragment`event_seq = ${seq}, event_hash = ${hash}`
  const values = changed.map(name => fragment`${columnSql(name)} = ${facts[name]}`)
  await tx`UPDATE tickets SET ${joined([head, ...values], ', ')} WHERE id = ${ticket.id}`
  await cardIsDue(tx, ticket.id, change.at)
  if (facts.tags !== '' || ticket.tags !== '') await updateTags(tx, ticket, facts)
  const names = facts.ownerId === ticket.ownerId ? {} : await namesOf(tx, facts.ownerId)
  return { ...ticket, ...facts, ...names, eventSeq: seq, eventHash: hash }
}

/** A column of a ticket in a statement. */
export function columnSql(name: ColumnName): Fragment {
  return new Fragment([snakeCase(name)], [])
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, letter => `_${letter.toLowerCase()}`)
}

/** Each tag goes with what lists are ordered by, so every event of a ticket with tags changes them. */
async function updateTags(tx: Tx, { id, number }: Ticket, facts: TicketFacts): Promise<void> {
  await tx`DELETE FROM ticket_tags WHERE ticket_id = ${id}`
  const done = facts.closedAt === null ? 0 : 1
  for (const tag of words(facts.tags)) {
    await tx`
      INSERT INTO ticket_tags (ticket_id, tag, done, updated_at, number)
      VALUES (${id}, ${tag}, ${done}, ${facts.updatedAt}, ${number})`
  }
}

async function namesOf(sql: Sql, ownerId: string | null): Promise<Pick<Ticket, 'ownerName' | 'ownerHandle'>> {
  const owner = ownerId === null ? undefined : await personById(sql, ownerId)
  return { ownerName: owner?.name ?? null, ownerHandle: owner?.handle ?? null }
}

/** Where the requester reads answers from now on. */
export async function moveReplyTo(tx: Tx, ticketId: string, replyTo: string): Promise<void> {
  await tx`UPDATE tickets SET reply_to = ${replyTo} WHERE id = ${ticketId}`
}

/** A page of tickets in order of id, for a walk through all of them. */
export async function ticketsAfter(sql: Sql, id: string, limit: number): Promise<Ticket[]> {
  return sql<Ticket>`SELECT * FROM tickets_read WHERE id > ${id} ORDER BY id LIMIT ${limit}`
}

export interface TicketHead {
  id: string
  number: number
  ref: string
  eventSeq: number
  eventHash: string
}
