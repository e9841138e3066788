// Cards of tickets: what of them is shown, and what is due.
import type { Sql, Tx } from './engine/sql.ts'

/** The card of a ticket in the room of its desk. */
export interface StoredCard {
  ticketId: string
  channel: string
  /** Null: it is not shown yet. */
  place: string | null
  /** The newest event that was told below it; 0: none. */
  toldSeq: number
  /** Since something was last shown; the one that was taken is counted. */
  attempts: number
}

/** From now on the ticket has a card: to be shown at this time, or, if null, once something more happens to it. */
export async function addCard(tx: Tx, ticketId: string, channel: string, at: string | null): Promise<void> {
  await tx`
    INSERT INTO cards (ticket_id, channel, due_at) VALUES (${ticketId}, ${channel}, ${at})
    ON CONFLICT (ticket_id) DO NOTHING`
  tx.wake()
}

/** The newest event that the card of a ticket tells in this channel; null if it has none there. */
export async function cardShows(sql: Sql, ticketId: string, channel: string): Promise<number | null> {
  const [card] = await sql<{ seq: number }>`
    SELECT told_seq AS seq FROM cards WHERE ticket_id = ${ticketId} AND channel = ${channel} AND place IS NOT NULL`
  return card?.seq ?? null
}

/** Something happened that the card does not show yet. */
export async function cardIsDue(tx: Tx, ticketId: string, at: string): Promise<void> {
  const due = await tx`
    UPDATE cards SET due_at = ${at} WHERE ticket_id = ${ticketId} RETURNING ticket_id`
  if (due.length > 0) tx.wake()
}

/** Open tickets of a desk, of a range of numbers, that have no card yet get one, told of what happens from now on. */
export async function adoptCards(
  tx: Tx,
  { deskId, channel, from, to }: { deskId: string; channel: string; from: number; to: number },
): Promise<void> {
  await tx`
    INSERT INTO cards (ticket_id, channel, told_seq)
    SELECT id, ${channel}, event_seq FROM tickets
    WHERE number BETWEEN ${from} AND ${to} AND closed_at IS NULL AND desk_id = ${deskId}
    ON CONFLICT (ticket_id) DO NOTHING`
}

/** Takes cards of these channels that are due and counts the attempt before it is made. */
export async function takeDueCards(
  tx: Tx,
  channel: string,
  { now, nextTryAt, limit }: { now: string; nextTryAt: string; limit: number },
): Promise<StoredCard[]> {
  return tx<StoredCard>`
    UPDATE cards SET attempts = attempts + 1, due_at = ${nextTryAt}
    WHERE due_at <= ${now} AND ticket_id IN (
      SELECT ticket_id FROM cards WHERE channel = ${channel} AND due_at <= ${now} ORDER BY due_at, ticket_id LIMIT ${limit})
    RETURNING ticket_id AS "ticketId", channel, place, told_seq AS "toldSeq", attempts`
}

/** Where the card is, once it is shown. */
export async function placeCard(tx: Tx, ticketId: string, place: string): Promise<void> {
  await tx`UPDATE cards SET place = ${place} WHERE ticket_id = ${ticketId}`
}

/** An event was told below the card. */
export async function markToldBelowCard(tx: Tx, ticketId: string, seq: number): Promise<void> {
  await tx`UPDATE cards SET told_seq = ${seq} WHERE ticket_id = ${ticketId} AND told_seq < ${seq}`
}

/**
 * All is shown up to this event, unless more happened since the card was taken. The card alone tells that: PostgreSQL
 * looks at it anew after waiting for whoever changed it, and at no other row.
 */
export async function cardIsShown(tx: Tx, ticketId: string, seq: number, nextTryAt: string): Promise<void> {
  await tx`
    UPDATE cards SET due_at = NULL, attempts = 0 WHERE ticket_id = ${ticketId} AND due_at = ${nextTryAt}
      AND ${seq} >= (SELECT event_seq FROM tickets WHERE id = ${ticketId})`
}

export async function retryCard(tx: Tx, ticketId: string, at: string): Promise<void> {
  await tx`UPDATE cards SET due_at = ${at} WHERE ticket_id = ${ticketId} AND due_at IS NOT NULL`
}

/** The earliest time at which a card of a channel is due. */
export async function nextCardDue(sql: Sql, channel: string): Promise<string | undefined> {
  const [row] = await sql<{ at: string | null }>`
    SELECT min(due_at) AS at FROM cards WHERE channel = ${channel} AND due_at IS NOT NULL`
  return row?.at ?? undefined
}
