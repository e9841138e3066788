// What came in, each with its outcome.
import type { RevisedMessage } from '../channel/message.ts'
import type { ArrivalVerdict } from '../core/intake/verdict.ts'
import type { Outcome } from '../outcome.ts'
import { keyOf } from './engine/id.ts'
import { list, type Sql, type Tx } from './engine/sql.ts'

export interface Arrival {
  /** What agents call it: M-12. */
  number: number
  channel: string
  externalId: string
  outcome: Outcome
  /** A sentence beside the reason, where there is one. */
  detail: string | null
  ticketId: string | null
  messageId: string | null
  duplicateOf: number | null
  fingerprint: string | null
  /** Of an opened one: `queued`, or `none:<reason>`. */
  acknowledgement: string | null
  sender: string | null
  subject: string | null
  raw: string
  arrivedAt: string
  /** Why its outcome is what it is. */
  verdict: ArrivalVerdict | null
}

interface ArrivalRow extends Omit<Arrival, 'outcome' | 'verdict'> {
  verdict: string | null
  outcome: string
  reason: string | null
}

function arrival(row: ArrivalRow): Arrival {
  const { reason, ...rest } = row
  return {
    ...rest,
    outcome: (reason === null ? row.outcome : `${row.outcome}:${reason}`) as Outcome,
    verdict: row.verdict === null ? null : (JSON.parse(row.verdict) as ArrivalVerdict),
  }
}

/** An outcome as its two columns. */
function split(outcome: Outcome): { outcome: string; reason: string | null } {
  const colon = outcome.indexOf(':')
  return colon < 0 ? { outcome, reason: null } : { outcome: outcome.slice(0, colon), reason: outcome.slice(colon + 1) }
}

export async function insertArrival(tx: Tx, arrival: Arrival): Promise<void> {
  const a = arrival
  const { outcome, reason } = split(a.outcome)
  await tx`
    INSERT INTO arrivals (number, channel, external_key, external_id, outcome, reason, detail, ticket_id, message_id,
                          duplicate_of, fingerprint, acknowledgement, sender, subject, raw, arrived_at,
                          verdict)
    VALUES (${a.number}, ${a.channel}, ${keyOf(a.externalId)}, ${a.externalId}, ${outcome}, ${reason}, ${a.detail},
            ${a.ticketId}, ${a.messageId}, ${a.duplicateOf}, ${a.fingerprint}, ${a.acknowledgement}, ${a.sender},
            ${a.subject}, ${a.raw}, ${a.arrivedAt}, ${a.verdict && JSON.stringify(a.verdict)})`
}

/** Counts a further arrival of an id that is known, and gives the first; undefined if it is new. */
export async function countAgain(tx: Tx, channel: string, externalId: string): Promise<Arrival | undefined> {
  const [found] = await tx<{ number: number }>`
    UPDATE arrivals SET seen = seen + 1 WHERE channel = ${channel} AND external_key = ${keyOf(externalId)} RETURNING number`
  return found && arrivalByNumber(tx, found.number)
}

export async function arrivalByFingerprint(sql: Sql, fingerprint: string): Promise<Arrival | undefined> {
  const [found] = await sql<ArrivalRow>`
    SELECT * FROM arrivals_read WHERE fingerprint = ${fingerprint} AND outcome <> 'duplicate'`
  return found && arrival(found)
}

/** Another copy counts: what comes from now on is compared with that one. */
export async function giveUpFingerprint(tx: Tx, number: number): Promise<void> {
  await tx`UPDATE arrivals SET fingerprint = NULL WHERE number = ${number}`
}

export async function arrivalByNumber(sql: Sql, number: number): Promise<Arrival | undefined> {
  const [found] = await sql<ArrivalRow>`SELECT * FROM arrivals_read WHERE number = ${number}`
  return found && arrival(found)
}

/** The newest of a ticket, oldest first. */
export async function newestArrivalsOf(sql: Sql, ticketId: string, limit: number): Promise<Arrival[]> {
  const rows = await sql<ArrivalRow>`
    SELECT * FROM arrivals_read WHERE "ticketId" = ${ticketId} ORDER BY number DESC LIMIT ${limit}`
  return rows.map(arrival).reverse()
}

/** What a ticket began with. */
export async function firstArrival(sql: Sql, ticketId: string): Promise<Arrival | undefined> {
  const [found] = await sql<ArrivalRow>`
    SELECT * FROM arrivals_read WHERE "ticketId" = ${ticketId} ORDER BY number LIMIT 1`
  return found && arrival(found)
}

/** Those of a ticket that came as these messages. */
export async function arrivalsOfMessages(
  sql: Sql,
  ticketId: string,
  messageIds: readonly string[],
): Promise<Arrival[]> {
  const rows = await sql<ArrivalRow>`
    SELECT * FROM arrivals_read WHERE "messageId" IN (${list(messageIds)}) ORDER BY number`
  return rows.map(arrival).filter(each => each.ticketId === ticketId)
}

/** The newest ones, whatever became of them. */
export async function newestArrivals(sql: Sql, limit: number): Promise<Arrival[]> {
  const rows = await sql<ArrivalRow>`SELECT * FROM arrivals_read ORDER BY number DESC LIMIT ${limit}`
  return rows.map(arrival)
}

/** Held and quarantined ones, oldest first: what waits for an agent. A revision waits for its message alone. */
export async function waitingArrivals(sql: Sql, limit: number): Promise<Arrival[]> {
  const rows = await sql<ArrivalRow>`
    SELECT * FROM arrivals_read WHERE outcome IN ('held', 'quarantined') AND coalesce(reason, '') <> 'early'
    ORDER BY number LIMIT ${limit}`
  return rows.map(arrival)
}

export interface ArrivalResult {
  outcome: Outcome
  duplicateOf: number | null
  ticketId: string | null
  messageId: string | null
  acknowledgement: string | null
  fingerprint: string | null
  sender: string | null
  subject: string | null
  detail: string | null
  raw: string
  verdict: ArrivalVerdict | null
}

/** A waiting arrival was decided. False if somebody else was faster. */
export async function settleArrival(tx: Tx, number: number, settled: ArrivalResult, at: string): Promise<boolean> {
  const s = settled
  const { outcome, reason } = split(s.outcome)
  const rows = await tx`
    UPDATE arrivals SET outcome = ${outcome}, reason = ${reason}, detail = ${s.detail}, ticket_id = ${s.ticketId},
           message_id = ${s.messageId}, duplicate_of = ${s.duplicateOf}, acknowledgement = ${s.acknowledgement}, fingerprint = ${s.fingerprint},
           sender = ${s.sender}, subject = ${s.subject}, raw = ${s.raw}, decided_at = ${at},
           verdict = ${s.verdict && JSON.stringify(s.verdict)}
    WHERE number = ${number} AND outcome IN ('held', 'quarantined', 'ignored') RETURNING number`
  return rows.length > 0
}

/** A held arrival is left be. False if it is not held. */
export async function discardArrival(tx: Tx, number: number, at: string): Promise<boolean> {
  const rows = await tx`
    UPDATE arrivals SET outcome = 'ignored', reason = 'discarded', decided_at = ${at}
    WHERE number = ${number} AND outcome = 'held' RETURNING number`
  return rows.length > 0
}

/** Deliveries by outcome: each arrival once, and each repeat of one as a duplicate. */
export async function countOutcomes(
  sql: Sql,
): Promise<{ outcome: string; reason: string | null; count: number; repeats: number }[]> {
  return sql`
    SELECT outcome, reason, count(*) AS count, sum(seen - 1) AS repeats FROM arrivals
    GROUP BY outcome, reason ORDER BY outcome, reason`
}

/** By the id in its channel. */
export async function arrivalByExternalId(sql: Sql, channel: string, externalId: string): Promise<Arrival | undefined> {
  const [found] = await sql<{ number: number }>`
    SELECT number FROM arrivals WHERE channel = ${channel} AND external_key = ${keyOf(externalId)}`
  return found && arrivalByNumber(sql, found.number)
}

/** An arrival is a revision of another, which may not have come yet. */
export async function noteRevision(
  tx: Tx,
  number: number,
  { revises, text, revisedAt }: Pick<RevisedMessage, 'revises' | 'text' | 'revisedAt'>,
): Promise<void> {
  await tx`
    UPDATE arrivals SET revises = ${keyOf(revises)},
           revision = CASE WHEN outcome = 'held' THEN ${JSON.stringify({ text, revisedAt })} ELSE NULL END
    WHERE number = ${number}`
}

/** Revisions of a message that came before it, in the order in which they came. */
export async function earlyRevisions(
  sql: Sql,
  channel: string,
  externalId: string,
): Promise<{ early: Arrival; revision: Pick<RevisedMessage, 'text' | 'revisedAt'> }[]> {
  const rows = await sql<{ number: number; revision: string }>`
    SELECT number, revision FROM arrivals
    WHERE channel = ${channel} AND revises = ${keyOf(externalId)} AND outcome = 'held' ORDER BY number`
  const found = await Promise.all(
    rows.map(async ({ number, revision }) => ({ early: await arrivalByNumber(sql, number), revision })),
  )
  return found.flatMap(({ early, revision }) => (early ? [{ early, revision: JSON.parse(revision) }] : []))
}

/** Held ones of one reason that came before a time, oldest first. */
export async function heldBefore(sql: Sql, reason: string, before: string, limit: number): Promise<Arrival[]> {
  const rows = await sql<ArrivalRow>`
    SELECT * FROM arrivals_read WHERE outcome = 'held' AND reason = ${reason} AND "arrivedAt" < ${before}
    ORDER BY "arrivedAt", number LIMIT ${limit}`
  return rows.map(arrival)
}

/** Revisions whose message did not come by then are of nothing that we have. Gives how many. */
export async function giveUpEarly(tx: Tx, before: string, at: string): Promise<number> {
  const rows = await tx`
    UPDATE arrivals SET outcome = 'ignored', reason = 'revision-of-nothing', revision = NULL, decided_at = ${at}
    WHERE outcome = 'held' AND reason = 'early' AND arrived_at < ${before} RETURNING number`
  return rows.length
}
