import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import Database from 'better-sqlite3'
import pg from 'pg'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Store } from '../../src/store/sql.ts'
import { DATABASE_FILE, openStore } from '../../src/store/store.ts'
import { ENGINES, makePlace, type Place } from '../support/engines.ts'
import { eventually } from '../support/eventually.ts'
import { inProcesses } from '../support/store-crew.ts'

/** Several handles and several processes on one database. */
describe.each(ENGINES)('a shared store on %s', engine => {
  let place: Place
  const opened: Store[] = []

  const open = async () => {
    const store = await place.open()
    opened.push(store)
    return store
  }

  beforeEach(async () => {
    place = await makePlace(engine)
  })

  afterEach(async () => {
    for (const store of opened.splice(0)) await store.close().catch(() => undefined)
    await place.remove()
  })

  test('is migrated once when several processes open a new one at the same time', async () => {
    await inProcesses(
      place,
      Array.from({ length: 4 }, () => ({ task: 'open' as const })),
    )
    const store = await open()
    expect(await store.read`SELECT name FROM counters`).toEqual([])
  })

  test('is migrated once when it is opened twice at the same time in one process', async () => {
    await Promise.all([open(), open()])
  })

  test('is opened again without a change', async () => {
    await (await open()).transact(tx => tx.number('ticket'))
    const again = await open()
    expect(await again.transact(tx => tx.number('ticket'))).toBe(2)
  })

  test('is refused with a sentence if a newer program wrote it, and left as it is', async () => {
    const store = await open()
    await store.transact(tx => tx`INSERT INTO counters (name, value) VALUES ('kept', 7)`)
    await setVersion(place, 999)
    await expect(open()).rejects.toMatchObject({
      name: 'DeskError',
      code: 'config',
      message: expect.stringMatching(/^This database has version 999 and this Relaydesk knows up to \d+: .*newer.*\.$/),
    })
    expect(await store.read`SELECT value FROM counters WHERE name = 'kept'`).toEqual([{ value: 7 }])
  })

  test('gives no number twice to several processes, and each of them increasing ones', async () => {
    const taken = await inProcesses(
      place,
      Array.from({ length: 3 }, () => ({ task: 'number' as const, counter: 'ticket', times: 60 })),
    )
    expect(taken.map(numbers => numbers.length)).toEqual([60, 60, 60])
    expect(new Set(taken.flat()).size).toBe(180)
    for (const numbers of taken) expect(numbers).toEqual(numbers.toSorted((a, b) => a - b))
  })

  test('makes writers of the same keys take turns, in whatever order they name them', async () => {
    const store = await open()
    await store.transact(async tx => {
      for (const name of ['a', 'b', 'c']) await tx`INSERT INTO counters (name, value) VALUES (${name}, 0)`
    })
    const runs = await inProcesses(place, [
      { task: 'add', counters: ['a', 'b', 'c'], times: 60 },
      { task: 'add', counters: ['c', 'b', 'a'], times: 60 },
      { task: 'add', counters: ['b', 'c', 'a'], times: 60 },
    ])
    const rows = await store.read<{ value: number }>`SELECT value FROM counters WHERE name <> 'ticket'`
    expect(rows.map(row => row.value)).toEqual([180, 180, 180])
    expect(runs.flat()).toHaveLength(180) // nobody had to begin again after a deadlock
  })

  test('wakes the others when another handle commits something to deliver', async () => {
    const [store, other] = [await open(), await open()]
    let woken = 0
    store.onWake(() => {
      woken += 1
    })
    await settled(() => woken)
    const before = woken
    await other.transact(async tx => {
      await tx`INSERT INTO counters (name, value) VALUES ('woken', 1)`
      tx.wake()
    })
    await eventually(() => (woken > before ? true : undefined), 'the other handle is woken', 2_000)
  })

  test('wakes the others when another process commits something to deliver', async () => {
    const store = await open()
    let woken = 0
    store.onWake(() => {
      woken += 1
    })
    await settled(() => woken)
    const before = woken
    await inProcesses(place, [{ task: 'wake' }])
    await eventually(() => (woken > before ? true : undefined), 'this process is woken', 2_000)
  })

  test('wakes nobody who does not want to be woken any more', async () => {
    const [store, other] = [await open(), await open()]
    const wakes = { stays: 0, leaves: 0 }
    const leave = store.onWake(() => {
      wakes.leaves += 1
    })
    store.onWake(() => {
      wakes.stays += 1
    })
    await settled(() => wakes.leaves + wakes.stays)
    leave()
    const before = { ...wakes }
    for (const wanted of [1, 2]) {
      await other.transact(async tx => {
        await tx.number('anything')
        tx.wake()
      })
      await eventually(() => (wakes.stays >= before.stays + wanted ? true : undefined), 'the one that stays is woken')
    }
    expect(wakes.leaves).toBe(before.leaves)
  })
})

/** Waits until a listener has said what it says on its own when it begins. */
async function settled(count: () => number): Promise<void> {
  let last = -1
  await eventually(async () => {
    const same = count() === last
    last = count()
    await pause(100)
    return same ? true : undefined
  }, 'the listener comes to rest')
}

async function setVersion(place: Place, version: number): Promise<void> {
  if (place.engine === 'sqlite') {
    const db = new Database(join(place.folder, DATABASE_FILE))
    db.pragma(`user_version = ${version}`)
    return void db.close()
  }
  await asAdministrator(place, client => client.query('INSERT INTO schema_version VALUES ($1)', [version]))
}

async function asAdministrator<T>(place: Place, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: place.database })
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

describe('a shared store on sqlite alone', () => {
  let place: Place

  beforeEach(async () => {
    place = await makePlace('sqlite')
    await (await place.open()).close()
  })

  afterEach(() => place.remove())

  test('that another program keeps locked is a temporary failure, told in a sentence', async () => {
    const holder = new Database(join(place.folder, DATABASE_FILE))
    holder.exec('BEGIN IMMEDIATE')
    try {
      await expect(place.open()).rejects.toMatchObject({ name: 'DeskError', code: 'temporary' })
    } finally {
      holder.close()
    }
    await (await place.open()).close()
  })

  test('keeps nobody waiting who closes it while somebody else still reads', async () => {
    const [reading, leaving] = [await place.open(), await place.open()]
    await reading.consistently(async sql => {
      await sql`SELECT name FROM counters`
      await leaving.transact(tx => tx.number('ticket'))
      const begun = Date.now()
      await leaving.close()
      expect(Date.now() - begun).toBeLessThan(2_000)
    })
    await reading.close()
  })
})

describe('a shared store on postgres alone', () => {
  let place: Place
  let store: Store

  beforeEach(async () => {
    place = await makePlace('postgres')
    store = await place.open()
  })

  afterEach(async () => {
    await store.close()
    await place.remove()
  })

  test('runs a transaction again that PostgreSQL gave up for a deadlock', async () => {
    await store.transact(async tx => {
      for (const name of ['a', 'b']) await tx`INSERT INTO counters (name, value) VALUES (${name}, 0)`
    })
    const both = Promise.withResolvers<void>()
    let runs = 0
    const addOne = (first: string, second: string) =>
      store.transact(async tx => {
        runs += 1
        await tx`UPDATE counters SET value = value + 1 WHERE name = ${first}`
        if (runs === 2) both.resolve()
        await both.promise
        await tx`UPDATE counters SET value = value + 1 WHERE name = ${second}`
      })
    await Promise.all([addOne('a', 'b'), addOne('b', 'a')])
    expect(await store.read`SELECT value FROM counters ORDER BY name`).toEqual([{ value: 2 }, { value: 2 }])
    expect(runs).toBeGreaterThan(2)
  })

  test('wakes nobody for a transaction that failed', async () => {
    await asAdministrator(place, async client => {
      const heard: string[] = []
      client.on('notification', ({ payload }) => heard.push(payload ?? ''))
      await client.query('LISTEN relaydesk_wake')
      const failing = store.transact(async tx => {
        tx.wake()
        await tx`INSERT INTO nowhere VALUES (1)`
      })
      await expect(failing).rejects.toThrow()
      await store.transact(async tx => tx.wake())
      await asAdministrator(place, other => other.query(`NOTIFY relaydesk_wake, 'last'`))
      await eventually(() => (heard.includes('last') ? true : undefined), 'the last notification comes')
      expect(heard).toEqual(['', 'last'])
    })
  })

  test('carries on after the server dropped a connection in the middle of anything', async () => {
    const drop = { name: 'DeskError', code: 'temporary' }
    const kill = async (sql: Store['read']) => void (await sql`SELECT pg_terminate_backend(pg_backend_pid())`)
    await expect(store.transact(kill)).rejects.toMatchObject(drop)
    await expect(kill(store.read)).rejects.toMatchObject(drop)
    await expect(store.consistently(kill)).rejects.toMatchObject(drop)
    expect(await store.transact(tx => tx.number('ticket'))).toBe(1)
    expect(await store.consistently(sql => sql`SELECT value FROM counters`)).toEqual([{ value: 1 }])
  })

  test('wakes again after the server dropped the connection that listens', async () => {
    let woken = 0
    store.onWake(() => {
      woken += 1
    })
    await settled(() => woken)
    await asAdministrator(place, client =>
      client.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'relaydesk wake'
                    AND datname = current_database()`),
    )
    const before = woken
    await eventually(() => (woken > before ? true : undefined), 'it asks once more when it listens again')
    const after = woken
    await store.transact(async tx => tx.wake())
    await eventually(() => (woken > after ? true : undefined), 'it hears the next commit')
  })

  test('cannot be written on the read connection, whatever options stand in its address', async () => {
    const other = await openStore(`${place.database}?options=-c%20statement_timeout%3D60000`, place.folder)
    await expect(other.read`INSERT INTO counters (name, value) VALUES ('evil', 1)`).rejects.toThrow('read-only')
    await other.close()
  })

  test('is backed up with the tools of PostgreSQL, and says so', async () => {
    await expect(store.snapshot(join(place.folder, 'copy.db'))).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining('pg_dump'),
    })
  })

  test('that cannot be reached is a temporary failure, told in a sentence', async () => {
    await expect(openStore('postgres://127.0.0.1:1/nowhere', place.folder)).rejects.toMatchObject({
      name: 'DeskError',
      code: 'temporary',
    })
  })
})
