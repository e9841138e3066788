import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Store, Tx } from '../../src/store/engine/sql.ts'
import { ENGINES, makePlace, type Place } from '../support/store/engines.ts'

describe.each(ENGINES)('a store on %s', engine => {
  let place: Place
  let store: Store

  beforeEach(async () => {
    place = await makePlace(engine)
    store = await place.open()
  })

  afterEach(async () => {
    await store.close().catch(() => undefined)
    await place.remove()
  })

  const put = (tx: Tx, name: string, value = 1) => tx`INSERT INTO counters (name, value) VALUES (${name}, ${value})`
  const names = async () =>
    (await store.read<{ name: string }>`SELECT name FROM counters ORDER BY name`).map(r => r.name)
  const value = async (name: string) =>
    (await store.read<{ value: number }>`SELECT value FROM counters WHERE name = ${name}`)[0]?.value

  test('keeps what was committed and nothing of what failed', async () => {
    await store.transact(tx => put(tx, 'kept'))
    const failing = store.transact(async tx => {
      await put(tx, 'lost')
      throw new Error('no')
    })
    await expect(failing).rejects.toThrow('no')
    expect(await names()).toEqual(['kept'])
  })

  test('gives the result of the work, and another handle sees it at once', async () => {
    const other = await place.open()
    const seen = await store.transact(tx => tx`INSERT INTO counters (name, value) VALUES ('seen', 1) RETURNING name`)
    expect(seen).toEqual([{ name: 'seen' }])
    expect(await other.read`SELECT value FROM counters WHERE name = 'seen'`).toEqual([{ value: 1 }])
    await other.close()
  })

  test('never says that it stored what it did not, even if the work hides a failed statement', async () => {
    const work = async (tx: Tx) => {
      await put(tx, 'kept')
      await put(tx, 'kept').catch(() => undefined)
    }
    const said = await store.transact(work).then(
      () => ['kept'],
      () => [],
    )
    expect(await names()).toEqual(said)
  })

  test('reads its own writes inside a transaction, and nobody else does before the commit', async () => {
    await store.transact(async tx => {
      await put(tx, 'mine')
      expect(await tx`SELECT name FROM counters`).toEqual([{ name: 'mine' }])
      expect(await store.read`SELECT name FROM counters`).toEqual([])
    })
    expect(await names()).toEqual(['mine'])
  })

  test('refuses every write on the read connection', async () => {
    await store.transact(tx => put(tx, 'kept'))
    await expect(store.read`INSERT INTO counters (name, value) VALUES ('evil', 1)`).rejects.toThrow()
    await expect(store.read`UPDATE counters SET value = 2`).rejects.toThrow()
    await expect(store.read`DELETE FROM counters`).rejects.toThrow()
    await expect(store.read`DROP TABLE counters`).rejects.toThrow()
    await expect(store.consistently(sql => sql`DELETE FROM counters`)).rejects.toThrow()
    expect(await value('kept')).toBe(1)
  })

  test('goes on reading after a statement that failed', async () => {
    await expect(store.read`SELECT nothing FROM nowhere`).rejects.toThrow()
    await expect(store.consistently(sql => sql`SELECT nothing FROM nowhere`)).rejects.toThrow()
    await expect(store.transact(tx => tx`SELECT nothing FROM nowhere`)).rejects.toThrow()
    await store.transact(tx => put(tx, 'after'))
    expect(await names()).toEqual(['after'])
  })

  test('shows one moment to consistently(), whatever is committed meanwhile', async () => {
    await store.transact(tx => put(tx, 'a'))
    await store.consistently(async sql => {
      expect(await sql`SELECT name FROM counters`).toHaveLength(1)
      await store.transact(tx => put(tx, 'b'))
      await store.transact(tx => tx`UPDATE counters SET value = 9`)
      expect(await sql`SELECT name, value FROM counters`).toEqual([{ name: 'a', value: 1 }])
    })
    expect(await names()).toEqual(['a', 'b'])
    expect(await store.consistently(sql => sql`SELECT value FROM counters WHERE name = 'a'`)).toEqual([{ value: 9 }])
  })

  test('loses no change of many transactions at once that read before they write', async () => {
    await store.transact(tx => put(tx, 'shared', 0))
    const addOne = () =>
      store.transact(async tx => {
        await tx.lock(['shared'])
        const [row] = await tx<{ value: number }>`SELECT value FROM counters WHERE name = 'shared'`
        await tx`UPDATE counters SET value = ${(row?.value ?? 0) + 1} WHERE name = 'shared'`
      })
    await Promise.all(Array.from({ length: 60 }, addOne))
    expect(await value('shared')).toBe(60)
  })

  test('lets the next transaction through after one that failed', async () => {
    const results = await Promise.allSettled([
      store.transact(() => Promise.reject(new Error('first'))),
      store.transact(tx => put(tx, 'second')),
      store.transact(tx => tx`INSERT INTO nowhere VALUES (1)`),
      store.transact(tx => put(tx, 'fourth')),
    ])
    expect(results.map(result => result.status)).toEqual(['rejected', 'fulfilled', 'rejected', 'fulfilled'])
    expect(await names()).toEqual(['fourth', 'second'])
  })

  test('gives numbers that are unique and begin with 1', async () => {
    const numbers = await Promise.all(Array.from({ length: 20 }, () => store.transact(tx => tx.number('ticket'))))
    expect(new Set(numbers).size).toBe(20)
    expect(Math.min(...numbers)).toBe(1)
    expect(await store.transact(tx => tx.number('another'))).toBe(1)
  })

  test('gives each number once inside one transaction, also when they are asked for at the same time', async () => {
    const numbers = await store.transact(tx => Promise.all(Array.from({ length: 5 }, () => tx.number('ticket', 5))))
    const later = await store.transact(tx => tx.number('ticket', 5))
    expect(new Set([...numbers, later]).size).toBe(6)
  })

  test('gives a greater number to whoever asks after another got theirs', async () => {
    for (let round = 0; round < 60; round += 1) {
      const ask = () => store.transact(tx => tx.number(`round ${round}`, 10))
      const numbers = await Promise.all(Array.from({ length: 2 + (round % 7) }, ask))
      expect(await ask()).toBeGreaterThan(Math.max(...numbers))
    }
  })

  test('keeps events as they are: changing or deleting one is refused', async () => {
    await insertEvent(store)
    await expect(store.transact(tx => tx`UPDATE events SET data = '{}'`)).rejects.toThrow('append-only')
    await expect(store.transact(tx => tx`DELETE FROM events WHERE ticket_id = 't'`)).rejects.toThrow('append-only')
    expect(await store.read`SELECT seq, data FROM events`).toEqual([{ seq: 1, data: '{"a":1}' }])
  })

  test('refuses what contradicts the tables: an owner who is nobody, a second ticket of one number', async () => {
    await insertEvent(store)
    await expect(store.transact(tx => tx`UPDATE tickets SET owner_id = 'nobody', state = 'open'`)).rejects.toThrow()
    const second = store.transact(
      tx => tx`
        INSERT INTO tickets (id, number, desk_id, channel, subject, state, requester_id, opened_at, updated_at,
                             event_seq, event_hash)
        VALUES ('t2', 1, 'help', 'support', '', 'new', 'p', '', '', 0, '')`,
    )
    await expect(second).rejects.toThrow()
    await expect(store.transact(tx => tx`UPDATE tickets SET state = 'closed'`)).rejects.toThrow()
  })

  test('can be closed twice, also at once, with somebody still listening', async () => {
    store.onWake(() => undefined)
    await Promise.all([store.close(), store.close()])
    await store.close()
  })

  test('ends the transactions in hand before it closes, and takes none afterwards', async () => {
    const inHand = Array.from({ length: 5 }, (_, index) => store.transact(tx => put(tx, `hand ${index}`)))
    await store.close()
    await Promise.all(inHand)
    await expect(store.transact(tx => put(tx, 'late'))).rejects.toThrow()
    store = await place.open()
    expect(await names()).toHaveLength(5)
  })
})

/** The least that an event needs around it. */
function insertEvent(store: Store): Promise<unknown> {
  return store.transact(async tx => {
    await tx`INSERT INTO desks (id, name, prefix) VALUES ('help', 'Help desk', 'HD')`
    await tx`INSERT INTO people (id, name, created_at) VALUES ('p', 'Ann', '2026-01-05T10:00:00.000Z')`
    await tx`
      INSERT INTO tickets (id, number, desk_id, channel, subject, state, requester_id, opened_at, updated_at, event_seq,
                           event_hash)
      VALUES ('t', 1, 'help', 'support', 'Printer', 'new', 'p', '2026-01-05T10:00:00.000Z', '2026-01-05T10:00:00.000Z',
              1, 'h')`
    await tx`
      INSERT INTO events (ticket_id, seq, at, actor_id, channel, type, data, previous, hash)
      VALUES ('t', 1, '2026-01-05T10:00:00.000Z', 'p', 'support', 'opened', '{"a":1}', '', 'h')`
  })
}
