import { existsSync } from 'node:fs'
import { copyFile, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import pg from 'pg'
import type { DeskPlace } from './desk-process.ts'

/** What a desk holds, without what may differ from run to run (ids, numbers, times). */
export interface DeskPicture {
  /** One text for each ticket: its members by Message-ID, with the digests of their files; and its acknowledgements. */
  tickets: string[]
  /** Message-ID of every stored message, as often as it is stored. */
  messageIds: string[]
  /** Tickets for which more than one acknowledgement was queued. */
  acknowledgedTwice: string[]
  /** Arrivals by outcome. */
  outcomes: Record<string, number>
}

type Row = Record<string, string | null>
type Query = (sql: string) => Promise<Row[]>

const NOTHING: DeskPicture = { tickets: [], messageIds: [], acknowledgedTwice: [], outcomes: {} }

/** Looks at a desk without touching it: what a killed process left is for the next process of the desk to recover. */
export async function readPicture(place: DeskPlace): Promise<DeskPicture> {
  return place.database === 'sqlite' ? readSqlite(join(place.folder, 'state')) : readPostgres(place.database)
}

/** What differs between the unkilled run and another, in sentences; empty if nothing does. */
export function differences(unkilled: DeskPicture, found: DeskPicture): string[] {
  const expected = new Set(unkilled.tickets)
  const there = new Set(found.tickets)
  const outcomes = [unkilled, found].map(({ outcomes }) => JSON.stringify(outcomes))
  return [
    ...unkilled.tickets.filter(ticket => !there.has(ticket)).map(ticket => `this ticket is missing: ${ticket}`),
    ...found.tickets.filter(ticket => !expected.has(ticket)).map(ticket => `no such ticket without a kill: ${ticket}`),
    ...found.acknowledgedTwice.map(ticket => `acknowledged more than once: ${ticket}`),
    ...(outcomes[0] === outcomes[1] ? [] : [`arrivals are ${outcomes[1]} instead of ${outcomes[0]}`]),
  ]
}

async function readSqlite(state: string): Promise<DeskPicture> {
  const copy = await mkdtemp(join(tmpdir(), 'relaydesk-picture-'))
  try {
    for (const name of ['relaydesk.db', 'relaydesk.db-wal']) {
      if (existsSync(join(state, name))) await copyFile(join(state, name), join(copy, name))
    }
    const database = new Database(join(copy, 'relaydesk.db'))
    try {
      const query: Query = async sql => database.prepare<[], Row>(sql).all()
      const tables = await query(`SELECT name FROM sqlite_master WHERE name = 'arrivals'`)
      return tables.length > 0 ? await readTables(query) : NOTHING
    } finally {
      database.close()
    }
  } finally {
    await rm(copy, { recursive: true, force: true })
  }
}

async function readPostgres(address: string): Promise<DeskPicture> {
  const client = new pg.Client({ connectionString: address })
  await client.connect()
  try {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
    const query: Query = async sql => (await client.query<Row>(sql)).rows
    const tables = await query(`SELECT 1 WHERE to_regclass('arrivals') IS NOT NULL`)
    return tables.length > 0 ? await readTables(query) : NOTHING
  } finally {
    await client.end()
  }
}

async function readTables(query: Query): Promise<DeskPicture> {
  const messages = await query(
    `SELECT id, ticket_id AS ticket, external_id AS mail FROM messages WHERE direction = 'in'`,
  )
  const files = await query('SELECT message_id AS message, sha256 FROM attachments ORDER BY message_id, position')
  const acknowledgements = await query(`SELECT ticket_id AS ticket FROM outbox WHERE kind = 'acknowledgement'`)
  const arrivals = await query('SELECT outcome, reason FROM arrivals ORDER BY outcome, reason')
  const tickets = await query('SELECT id FROM tickets')
  const filesOf = Map.groupBy(files, file => file.message)
  const messagesOf = Map.groupBy(messages, message => message.ticket)
  const acknowledged = Map.groupBy(acknowledgements, each => each.ticket)
  const picture: DeskPicture = { ...NOTHING, tickets: [], acknowledgedTwice: [], outcomes: {} }
  for (const { id = null } of tickets) {
    const members = (messagesOf.get(id) ?? []).map(message => {
      const digests = (filesOf.get(message.id) ?? []).map(file => file.sha256?.slice(0, 12))
      return [message.mail, ...digests].join(' ')
    })
    const times = acknowledged.get(id)?.length ?? 0
    const text = `${members.sort().join(', ')}; acknowledged ${times} times`
    picture.tickets.push(text)
    if (times > 1) picture.acknowledgedTwice.push(text)
  }
  picture.tickets.sort()
  picture.messageIds = messages.map(message => message.mail ?? '')
  for (const { outcome, reason } of arrivals) {
    const name = reason ? `${outcome}:${reason}` : `${outcome}`
    picture.outcomes[name] = (picture.outcomes[name] ?? 0) + 1
  }
  return picture
}
