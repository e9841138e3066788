import { createHash } from 'node:crypto'
import pg from 'pg'
import { codeOf, DeskError } from '../errors.ts'
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
const TEMPORARY = /^(08|53|57)|^(ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|EHOSTUNREACH)/

const types = new pg.TypeOverrides()
types.setTypeParser(20, Number) // int8: counters and sizes stay below 2^53
types.setTypeParser(1700, Number) // numeric: what sum() of int8 gives

/** PostgreSQL for any number of processes on one database; writers take turns for each conversation. */
export function openPostgres(url: string): Store & { migratable: Migratable } {
  const shared = { connectionString: url, max: POOL, types, application_name: 'relaydesk' }
  const pool = new pg.Pool(shared)
  const readers = new pg.Pool({ ...shared, options: '-c default_transaction_read_only=on' })
  // Numbers are taken in the middle of a transaction: from the same pool, as many transactions as it has would wait for ever.
  const counters = new pg.Pool({ ...shared, max: COUNTERS })
  for (const each of [pool, readers, counters]) each.on('error', () => undefined) // an idle connection died; the next use opens another
  const blocks = new Map<string, { next: number; end: number }>()
  const listener = wakeListener(url)

  async function once<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    const client = await pool.connect()
    let broken: Error | undefined
    try {
      await client.query('BEGIN')
      const state = { wake: false }
      const result = await work(transaction(client, counters, blocks, state))
      await client.query('COMMIT')
      // Outside the transaction, because NOTIFY inside serialises all commits; a lost one is made up for by the slow poll.
      if (state.wake) await client.query(`NOTIFY ${WAKE_CHANNEL}`).catch(() => undefined)
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

  return {
    engine: 'postgres',
    read: (text, ...values) => guarded(() => query(readers, text, values)),
    async consistently(work) {
      const client = await guarded(() => readers.connect())
      try {
        await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
        return await work((text, ...values) => query(client, text, values))
      } finally {
        await client.query('ROLLBACK').catch(() => undefined)
        client.release()
      }
    },
    async transact(work) {
      for (let attempt = 1; ; attempt += 1) {
        try {
          return await guarded(() => once(work))
        } catch (error) {
          if (attempt >= RETRIES || !RETRY.has(codeOf(error))) throw error
        }
      }
    },
    migratable: migratable(pool),
    onWake: wanted => listener.add(wanted),
    async snapshot() {
      throw new DeskError(
        'usage',
        'This desk is on PostgreSQL: back it up with pg_dump, then copy the files folder. The README says how.',
      )
    },
    async close() {
      await listener.close()
      await Promise.all([pool.end(), readers.end(), counters.end()])
    },
  }
}

function migratable(pool: pg.Pool): Migratable {
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
  const expanded = expand(text, values, position => `$${position}`)
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
    async number(counter: string, wanted = 1) {
      const block = blocks.get(counter)
      if (block && block.next < block.end) return block.next++
      const taken = await counters.query<{ value: number }>(
        `INSERT INTO counters (name, value) VALUES ($1, $2)
         ON CONFLICT (name) DO UPDATE SET value = counters.value + $2 RETURNING value`,
        [counter, wanted],
      )
      const end = (taken.rows[0]?.value ?? 0) + 1
      blocks.set(counter, { next: end - wanted + 1, end })
      return end - wanted
    },
    wake() {
      state.wake = true
    },
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

async function guarded<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const ended = /Connection terminated|timeout expired|server closed the connection/i.test(String(error))
    if (error instanceof DeskError || !(ended || TEMPORARY.test(codeOf(error)))) throw error
    throw new DeskError('temporary', 'PostgreSQL cannot be reached just now: see that it runs and accepts us.', {
      cause: error,
    })
  }
}
