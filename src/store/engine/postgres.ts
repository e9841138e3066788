// The store on PostgreSQL.
import { createHash } from 'node:crypto'
import pg from 'pg'
import { codeOf, DeskError } from '../../errors.ts'
import type { Migratable } from './migrate.ts'
import { expand, type Sql, type Store, type Tx, type Value } from './sql.ts'

const POOL = 8
const COUNTERS = 2
const RETRIES = 5
const WAKE_CHANNEL = 'relaydesk_wake'
const LISTEN_AGAIN_MS = 2_000

/** Serialisation failure and deadlock: PostgreSQL gave up one of two transactions; the work is run again. */
const RETRY = new Set(['40001', '40P01'])
/** Connection lost, server starting or stopping, out of resources: SQLSTATE classes 08, 53, 57 and Node's own codes. */
const TEMPORARY = /^(08|53|57)|^(ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH)/

const types = new pg.TypeOverrides()
types.setTypeParser(20, Number) // int8: counters and sizes stay below 2^53
types.setTypeParser(1700, Number) // numeric: what sum() of int8 gives

/** PostgreSQL for any number of processes on one database; writers take turns for each conversation. */
export function openPostgres(url: string): Store & { migratable: Migratable } {
  const shared = { connectionString: url, types, application_name: 'relaydesk' }
  const pool = new pg.Pool({ ...shared, max: POOL })
  // The first query waits for what this resolves with, whatever the type says.
  const onConnect = (client: pg.ClientBase) => client.query('SET default_transaction_read_only = on')
  const readers = new pg.Pool({ ...shared, max: POOL, onConnect })
  // Numbers are taken in the middle of a transaction: from the same pool, as many transactions as it has would wait for ever.
  const counters = new pg.Pool({ ...shared, max: COUNTERS })
  const pools = [pool, readers, counters]
  for (const each of pools) {
    each.on('error', ignore) // an idle connection died; the next use opens another
    each.on('connect', client => client.on('error', ignore)) // one in use died; its query rejects
  }
  const guarded = guardAt(url)
  const blocks = new Map<string, { next: number; end: number }>()
  const listener = wakeListener(url)
  const running = new Set<Promise<unknown>>()
  let closed: Promise<void> | undefined

  async function once<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    const client = await pool.connect()
    let broken: Error | undefined
    try {
      await client.query('BEGIN')
      const state = { wake: false }
      const result = await work(transaction(client, counters, blocks, state))
      // After a failed statement COMMIT rolls back and says so; the work may have hidden the failure.
      const { command } = await client.query('COMMIT')
      if (command !== 'COMMIT') throw new Error('A statement of the transaction failed, so nothing of it was stored.')
      // Outside the transaction, because NOTIFY inside serialises all commits; a lost one is made up for by the slow poll.
      if (state.wake) await client.query(`NOTIFY ${WAKE_CHANNEL}`).catch(ignore)
      return result
    } catch (error) {
      await client.query('ROLLBACK').catch((failure: Error) => {
        broken = failure
      })
      throw error
    } finally {
      client.release(broken)
    }
  }

  async function untilDone<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await guarded(() => once(work))
      } catch (error) {
        if (attempt >= RETRIES || !RETRY.has(codeOf(error))) throw error
      }
    }
  }

  return {
    engine: 'postgres',
    read: (text, ...values) => guarded(() => query(readers, text, values)),
    consistently: work => guarded(() => consistently(readers, work)),
    async transact(work) {
      if (closed) throw new DeskError('unavailable', 'The database is closed: this process is stopping.')
      const turn = untilDone(work)
      const settled = turn.catch(ignore).finally(() => running.delete(settled))
      running.add(settled)
      return turn
    },
    migratable: migratable(pool, guarded),
    onWake: callback => listener.add(callback),
    async snapshot() {
      throw new DeskError(
        'usage',
        'This desk is on PostgreSQL: back it up with pg_dump, then copy the files folder. docs/operating.md says how.',
      )
    },
    close() {
      closed ??= (async () => {
        await listener.close()
        await Promise.all(running)
        await Promise.all(pools.map(each => each.end()))
      })()
      return closed
    },
  }
}

function ignore(): undefined {
  return undefined
}

async function consistently<T>(readers: pg.Pool, work: (sql: Sql) => Promise<T>): Promise<T> {
  const client = await readers.connect()
  let broken: Error | undefined
  try {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
    return await work((text, ...values) => query(client, text, values))
  } finally {
    await client.query('ROLLBACK').catch((failure: Error) => {
      broken = failure
    })
    client.release(broken)
  }
}

function migratable(pool: pg.Pool, guarded: ReturnType<typeof guardAt>): Migratable {
  let client: pg.PoolClient
  return {
    engine: 'postgres',
    async exclusively(work) {
      client = await guarded(() => pool.connect())
      try {
        await client.query('BEGIN')
        await client.query('SELECT pg_advisory_xact_lock($1)', [`${lockNumber('migrate')}`])
        await client.query('CREATE TABLE IF NOT EXISTS schema_version (version BIGINT NOT NULL)')
        await work()
        await client.query('COMMIT')
      } catch (error) {
        await client.query('ROLLBACK').catch(() => undefined)
        throw error
      } finally {
        client.release()
      }
    },
    async version() {
      const found = await client.query<{ version: number }>('SELECT max(version) AS version FROM schema_version')
      return found.rows[0]?.version ?? 0
    },
    script: async text => void (await client.query(text)),
    setVersion: async version => void (await client.query('INSERT INTO schema_version VALUES ($1)', [version])),
  }
}

async function query<Row extends object>(
  client: pg.Pool | pg.PoolClient,
  text: TemplateStringsArray,
  values: readonly Value[],
): Promise<Row[]> {
  const expanded = expand(text, values, { engine: 'postgres', placeholder: position => `$${position}` })
  const name = createHash('md5').update(expanded.text).digest('hex')
  const result = await client.query<Row>({ name, text: expanded.text, values: expanded.values.map(asBuffer) })
  return result.rows
}

/** pg takes a Uint8Array for an array of numbers unless it is a Buffer. */
function asBuffer(value: string | number | null | Uint8Array): unknown {
  return value instanceof Uint8Array ? Buffer.from(value.buffer, value.byteOffset, value.byteLength) : value
}

function transaction(
  client: pg.PoolClient,
  counters: pg.Pool,
  blocks: Map<string, { next: number; end: number }>,
  state: { wake: boolean },
): Tx {
  const write: Sql = (text, ...values) => query(client, text, values)
  return Object.assign(write, {
    async lock(keys: readonly string[]) {
      const numbers = [...new Set(keys.map(lockNumber))].sort((a, b) => (a < b ? -1 : 1))
      if (numbers.length === 0) return
      await client.query('SELECT pg_advisory_xact_lock(k) FROM unnest($1::bigint[]) AS k', [numbers.map(String)])
    },
    // In a short transaction of its own and in blocks, so that nobody waits for another's long one.
    async number(counter: string, count = 1) {
      const block = blocks.get(counter)
      if (block && block.next < block.end) return block.next++
      const taken = await counters.query<{ value: number }>(
        `INSERT INTO counters (name, value) VALUES ($1, $2)
         ON CONFLICT (name) DO UPDATE SET value = counters.value + $2 RETURNING value`,
        [counter, count],
      )
      const end = (taken.rows[0]?.value ?? 0) + 1
      // Of two who took a block at once, the numbers of the younger go on, so that numbers increase.
      if (end > (blocks.get(counter)?.end ?? 0)) blocks.set(counter, { next: end - count + 1, end })
      return end - count
    },
    wake() {
      state.wake = true
    },
    isLong: () => false, // others go on beside it
  })
}

/** A key as the 64-bit number that advisory locks are named by. */
function lockNumber(key: string): bigint {
  return createHash('sha256').update(key).digest().readBigInt64BE()
}

/** One connection that listens, opened with the first listener and again whenever it is lost. */
function wakeListener(url: string): { add(listener: () => void): () => void; close(): Promise<void> } {
  const listeners = new Set<() => void>()
  let client: pg.Client | undefined
  let again: NodeJS.Timeout | undefined
  let closed = false

  async function open() {
    const opened = new pg.Client({ connectionString: url, application_name: 'relaydesk wake' })
    client = opened
    let lost = false
    const reopen = () => {
      if (lost || closed) return
      lost = true
      again = setTimeout(open, LISTEN_AGAIN_MS)
    }
    opened.on('error', reopen)
    opened.on('end', reopen)
    opened.on('notification', () => {
      for (const listener of listeners) listener()
    })
    try {
      await opened.connect()
      await opened.query(`LISTEN ${WAKE_CHANNEL}`)
      for (const listener of listeners) listener()
    } catch {
      reopen()
    }
  }

  return {
    add(listener) {
      listeners.add(listener)
      if (!client) void open()
      return () => listeners.delete(listener)
    },
    async close() {
      closed = true
      clearTimeout(again)
      await client?.end().catch(() => undefined)
    },
  }
}

/** PostgreSQL itself refuses: SQLSTATE classes 28 (who we are) and 3D (which database). */
const REFUSED = /^(28|3D)/

/** Runs work on this server; what keeps it from being reached becomes a sentence that says what and where. */
function guardAt(url: string): <T>(work: () => Promise<T>) => Promise<T> {
  const place = placeOf(url)
  return async work => {
    try {
      return await work()
    } catch (error) {
      if (error instanceof DeskError) throw error
      const message = String(error instanceof Error ? error.message : error)
      const ended = /Connection terminated|timeout expired|server closed the connection/i.test(message)
      const refused = REFUSED.test(codeOf(error))
      if (!(ended || refused || TEMPORARY.test(codeOf(error)))) throw error
      const sentence = refused
        ? `PostgreSQL at ${place} refuses the connection (${message}): correct database in the configuration, or grant access to it.`
        : `PostgreSQL at ${place} cannot be reached (${codeOf(error) || message}): make sure that it is running and accepts connections, or correct database in the configuration.`
      throw new DeskError('temporary', sentence, { cause: error })
    }
  }
}

/** Host and port, where they can be told from a password that is not written as an address wants it. */
function placeOf(url: string): string {
  const { host = '', pathname = '', search = '', hash = '' } = URL.parse(url) ?? {}
  return host === '' || `${pathname}${search}${hash}`.includes('@') ? 'its address' : host
}
