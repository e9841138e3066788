import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { addCard, cardIsDue, cardIsShown, nextCardDue, takeDueCards } from '../../src/store/cards.ts'
import type { Store } from '../../src/store/engine/sql.ts'
import { openStore } from '../../src/store/engine/store.ts'
import { eventually } from '../support/eventually.ts'
import { makePlace, type Place } from '../support/store/engines.ts'
import { asAdministrator, settled } from '../support/store/store-handles.ts'

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

  test('a card stays due where something happens while it is noted that all is shown', async () => {
    const at = '2026-03-02T09:00:00.000Z'
    const again = '2026-03-02T09:01:00.000Z'
    await store.transact(async tx => {
      await tx`INSERT INTO desks (id, name, prefix) VALUES ('help', 'Help', 'HD')`
      await tx`INSERT INTO people (id, name, created_at) VALUES ('ann', 'Ann', ${at})`
      await tx`
        INSERT INTO tickets (id, number, desk_id, channel, subject, state, requester_id, opened_at, updated_at, event_seq, event_hash)
        VALUES ('t', 1, 'help', 'support', 'Printer', 'new', 'ann', ${at}, ${at}, 1, '')`
      await addCard(tx, 't', 'slack', at)
      await takeDueCards(tx, 'slack', { now: at, nextTryAt: again, limit: 1 })
    })
    const isShown = Promise.withResolvers<void>()
    const happening = store.transact(async tx => {
      await tx`UPDATE tickets SET event_seq = 2 WHERE id = 't'`
      await cardIsDue(tx, 't', '2026-03-02T09:00:01.000Z')
      await isShown.promise
    })
    const shown = store.transact(tx => cardIsShown(tx, 't', 1, again))
    await asAdministrator(place, client =>
      eventually(async () => {
        const { rows } = await client.query(`SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'`)
        return rows.length > 0 ? true : undefined
      }, 'one waits for the other'),
    )
    isShown.resolve()
    await Promise.all([happening, shown])
    expect(await nextCardDue(store.read, 'slack')).toBe('2026-03-02T09:00:01.000Z')
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
      message: expect.stringContaining('PostgreSQL at 127.0.0.1:1 cannot be reached (ECONNREFUSED)'),
    })
  })

  test.each([
    [
      'its database is not there',
      (url: string) => url.replace(/[^/]+$/, 'no_such_desk'),
      /refuses the connection \(.*does not exist\)/,
    ],
    ['the address holds signs of its own', () => 'postgres://127.0.0.1:1/x?password=p@s3', /^(?!.*s3).*at its address/],
  ])('that is not ours is told as well: %s', async (_what, address, said) => {
    const opening = openStore(address(place.database), place.folder)
    await expect(opening).rejects.toMatchObject({ code: 'temporary', message: expect.stringMatching(said) })
  })
})
