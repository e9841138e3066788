import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Store } from '../../src/store/engine/sql.ts'
import { DATABASE_FILE } from '../../src/store/engine/store.ts'
import { eventually } from '../support/eventually.ts'
import { ENGINES, makePlace, type Place } from '../support/store/engines.ts'
import { inProcesses } from '../support/store/store-crew.ts'
import { asAdministrator, settled } from '../support/store/store-handles.ts'

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

  test('is made and migrated once when several processes open it at the same time', async () => {
    for (let round = 0; round < 4; round += 1) {
      const fresh = await makePlace(engine)
      try {
        await inProcesses(
          fresh,
          Array.from({ length: 4 }, () => ({ task: 'open' as const })),
        )
        const store = await fresh.open()
        expect(await store.read`SELECT name FROM counters`).toEqual([])
        await store.close()
      } finally {
        await fresh.remove()
      }
    }
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
      message: expect.stringMatching(
        /^This database has version 999, but this Relaydesk only knows versions up to \d+: .*newer.*\.$/,
      ),
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
    await eventually(() => (woken > before ? true : undefined), 'the other handle is woken')
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
    await eventually(() => (woken > before ? true : undefined), 'this process is woken')
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

async function setVersion(place: Place, version: number): Promise<void> {
  if (place.engine === 'sqlite') {
    const db = new Database(join(place.folder, DATABASE_FILE))
    db.pragma(`user_version = ${version}`)
    return void db.close()
  }
  await asAdministrator(place, client => client.query('INSERT INTO schema_version VALUES ($1)', [version]))
}
