import { verify } from '../../src/flow/upkeep/verify.ts'
import type { Sql } from '../../src/store/engine/sql.ts'
import { AWAY_WORDS } from './away.ts'
import { type Departure, type Exchange, withoutDetail } from './exchange.ts'
import type { SimulatedDesk } from './simulated-desk.ts'
import type { Nature } from './writer.ts'

/** How many at most and on average. */
export interface Spread {
  most: number
  mean: number
}

/** What became of a month at one desk. */
export interface DeskFigures {
  name: string
  address: string
  tickets: number
  /** What came into one ticket, and what left on it, notifications of agents included. */
  received: Spread
  sent: Spread
  /** Acknowledgements on one ticket. */
  acknowledgements: number
  /** Arrivals by outcome, and by outcome and reason. */
  outcomes: Record<string, number>
  reasons: Record<string, number>
  /** Acknowledgements that were queued, and why others were not. */
  acknowledged: Record<string, number>
  /** Recipients by what became of their mail. */
  dropped: number
  /** Which tickets were opened again by mail of a machine that shows it, one entry for each time. */
  reopenedByRobots: string[]
  /** And by mail of a machine that writes as a person would. */
  reopenedByDisguised: string[]
  /** What a machine wrote and the desk sent on as an answer of an agent. */
  sentOn: number
  alarms: string[]
  problems: string[]
  unaccounted: number
}

export async function figuresOf(desk: SimulatedDesk): Promise<DeskFigures> {
  const { store, files } = desk.open.context
  const { read } = store
  const checked = await store.consistently(sql => verify(sql, files))
  const alarms = await read<{ code: string }>`SELECT code FROM alarms ORDER BY code`
  return {
    name: desk.plan.name,
    address: desk.plan.address,
    tickets: checked.tickets,
    received: await receivedOf(read),
    sent: await sentOf(read),
    acknowledgements: await acknowledgementsOf(read),
    outcomes: checked.outcomes,
    reasons: checked.reasons,
    acknowledged: await acknowledgedBy(read),
    dropped: await countOf(read`
      SELECT count(*) AS count FROM outbox_recipients WHERE state = 'dropped' AND error LIKE 'this address has had enough%'`),
    reopenedByRobots: await reopenedBy(read, 'robot'),
    reopenedByDisguised: await reopenedBy(read, 'disguised'),
    sentOn: await countOf(read`
      SELECT count(*) AS count FROM messages WHERE direction = 'out' AND text LIKE ${`%${AWAY_WORDS}%`}`),
    alarms: alarms.map(({ code }) => code),
    problems: checked.problems,
    unaccounted: checked.unaccounted,
  }
}

async function receivedOf(sql: Sql): Promise<Spread> {
  return spreadOf(await sql`SELECT count(*) AS count FROM messages WHERE direction = 'in' GROUP BY ticket_id`)
}

async function sentOf(sql: Sql): Promise<Spread> {
  return spreadOf(
    await sql`
      SELECT count(*) AS count FROM outbox_recipients r JOIN outbox o ON o.id = r.outbox_id
      WHERE r.state = 'sent' AND o.ticket_id IS NOT NULL GROUP BY o.ticket_id`,
  )
}

async function acknowledgementsOf(sql: Sql): Promise<number> {
  const rows = await sql`
    SELECT count(*) AS count FROM outbox_recipients r JOIN outbox o ON o.id = r.outbox_id
    WHERE o.kind = 'acknowledgement' GROUP BY o.ticket_id`
  return spreadOf(rows).most
}

async function acknowledgedBy(sql: Sql): Promise<Record<string, number>> {
  const rows = await sql<{ acknowledgement: string; count: number }>`
    SELECT acknowledgement, count(*) AS count FROM arrivals WHERE acknowledgement IS NOT NULL
    GROUP BY acknowledgement ORDER BY acknowledgement`
  return Object.fromEntries(rows.map(row => [row.acknowledgement, row.count]))
}

/** A ticket is opened again by the message that came in last. */
async function reopenedBy(sql: Sql, nature: Nature): Promise<string[]> {
  const rows = await sql<{ number: number; subject: string }>`
    SELECT t.number, m.subject FROM events e
    JOIN events cause ON cause.ticket_id = e.ticket_id AND cause.seq = (
      SELECT max(before.seq) FROM events before
      WHERE before.ticket_id = e.ticket_id AND before.seq < e.seq AND before.type = 'received')
    JOIN messages m ON m.ticket_id = e.ticket_id AND cause.data LIKE '%' || m.id || '%'
    JOIN tickets t ON t.id = e.ticket_id
    WHERE e.type = 'reopened' AND e.data LIKE '%"message"%' AND m.external_id LIKE ${`<${nature}.%`} ORDER BY t.number, e.seq`
  return rows.map(row => `${row.number} by "${row.subject.replace(/\d+/g, '0')}"`)
}

async function countOf(rows: Promise<object[]>): Promise<number> {
  const [row] = (await rows) as { count: number }[]
  return row?.count ?? 0
}

function spreadOf(rows: object[]): Spread {
  const counts = (rows as { count: number }[]).map(row => row.count)
  const sum = counts.reduce((all, count) => all + count, 0)
  return { most: Math.max(0, ...counts), mean: sum / (counts.length || 1) }
}

/** What one address got. */
export interface ActorFigures {
  address: string
  /** Mails from each desk, by its name. */
  from: Record<string, number>
  acknowledgements: number
  notifications: number
  replies: number
  /** Automatic mails of one desk in one day, at most. */
  mostAutomatic: number
}

export function actorFigures(exchange: Exchange, desks: readonly SimulatedDesk[]): ActorFigures[] {
  const byRecipient = Map.groupBy(exchange.departures, each => withoutDetail(each.recipient))
  return [...byRecipient].map(([address, got]) => ({
    address,
    from: Object.fromEntries(
      desks.map(({ plan }) => [plan.name, got.filter(each => each.desk === plan.address).length]),
    ),
    acknowledgements: got.filter(each => each.manner === 'acknowledgement').length,
    notifications: got.filter(each => each.manner === 'notification').length,
    replies: got.filter(each => each.manner === 'reply').length,
    mostAutomatic: mostInDay(got.filter(each => each.manner !== 'reply')),
  }))
}

/** In any 24 hours of one desk. */
function mostInDay(automatic: readonly Departure[]): number {
  const perDesk = [...Map.groupBy(automatic, each => each.desk).values()]
  return Math.max(0, ...perDesk.map(mostWithin))
}

function mostWithin(departures: readonly Departure[]): number {
  let most = 0
  let first = 0
  departures.forEach((each, index) => {
    while (each.at.getTime() - (departures[first]?.at.getTime() ?? 0) >= 24 * 60 * 60_000) first += 1
    most = Math.max(most, index - first + 1)
  })
  return most
}

/** What the desks sent each other on one ticket of the one that sent it. */
export interface Exchanged {
  ticket: string
  automatic: number
  replies: number
}

export function betweenDesks(exchange: Exchange): Exchanged[] {
  const between = exchange.departures.filter(each => exchange.isDesk(each.recipient))
  return [...Map.groupBy(between, each => /\[(?:N|S)-\d+\]/.exec(each.subject)?.[0] ?? each.subject)].map(
    ([ticket, sent]) => ({
      ticket,
      automatic: sent.filter(each => each.manner !== 'reply').length,
      replies: sent.filter(each => each.manner === 'reply').length,
    }),
  )
}
