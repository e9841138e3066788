import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { list, type Store } from '../../src/store/sql.ts'
import { ENGINES, makePlace, type Place } from '../support/engines.ts'

describe.each(ENGINES)('a store on %s', engine => {
  let place: Place
  let store: Store

  beforeEach(async () => {
    place = await makePlace(engine)
    store = await place.open()
  })

  afterEach(async () => {
    await store.close()
    await place.remove()
  })

  test('gives numbers that are unique and increase', async () => {
    const numbers = await Promise.all(Array.from({ length: 20 }, () => store.transact(tx => tx.number('ticket'))))
    expect(new Set(numbers).size).toBe(20)
    expect(Math.min(...numbers)).toBe(1)
  })

  test('keeps what was committed and nothing of what failed', async () => {
    await store.transact(tx => tx`INSERT INTO counters (name, value) VALUES ('kept', 1)`)
    const failing = store.transact(async tx => {
      await tx`INSERT INTO counters (name, value) VALUES ('lost', 1)`
      throw new Error('no')
    })
    await expect(failing).rejects.toThrow('no')
    expect(await store.read`SELECT name FROM counters WHERE name IN (${list(['kept', 'lost'])})`).toEqual([
      { name: 'kept' },
    ])
    expect(await store.read`SELECT name FROM counters WHERE name IN (${list([])})`).toEqual([])
  })
})
