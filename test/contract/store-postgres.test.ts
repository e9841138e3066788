import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Store } from '../../src/store/sql.ts'
import { openStore } from '../../src/store/store.ts'
import { makePlace, type Place } from '../support/engines.ts'
import { eventually } from '../support/eventually.ts'
import { asAdministrator, settled } from '../support/store-handles.ts'

describe('a store on postgres alone', () => {
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
