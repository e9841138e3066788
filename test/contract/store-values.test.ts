import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { list, type Store } from '../../src/store/engine/sql.ts'
import { ENGINES, makePlace, type Place } from '../support/store/engines.ts'

/** What was written comes back, whatever it was; where it cannot, it is changed alike on both engines. */
describe.each(ENGINES)('values in a store on %s', engine => {
  let place: Place
  let store: Store
  let count = 0

  beforeAll(async () => {
    place = await makePlace(engine)
    store = await place.open()
  })

  afterAll(async () => {
    await store.close()
    await place.remove()
  })

  function unused(): string {
    count += 1
    return `value ${count}`
  }

  async function textThrough(text: string): Promise<string | undefined> {
    const code = unused()
    await store.transact(
      tx => tx`INSERT INTO alarms (channel, code, sentence, raised_at) VALUES ('test', ${code}, ${text}, '')`,
    )
    const rows = await store.read<{ sentence: string }>`SELECT sentence FROM alarms WHERE code = ${code}`
    return rows[0]?.sentence
  }

  async function bytesThrough(bytes: Uint8Array | null): Promise<Uint8Array | null | undefined> {
    const name = unused()
    await store.transact(
      tx => tx`INSERT INTO blobs (sha256, size, encoding, data) VALUES (${name}, 0, 'identity', ${bytes})`,
    )
    const rows = await store.read<{ data: Uint8Array | null }>`SELECT data FROM blobs WHERE sha256 = ${name}`
    const data = rows[0]?.data
    return data ? Uint8Array.from(data) : data
  }

  async function numberThrough(number: number): Promise<unknown> {
    const name = unused()
    await store.transact(tx => tx`INSERT INTO counters (name, value) VALUES (${name}, ${number})`)
    return (await store.read<{ value: unknown }>`SELECT value FROM counters WHERE name = ${name}`)[0]?.value
  }

  test('every byte from 0 to 255 comes back, in every order', async () => {
    const all = Uint8Array.from({ length: 256 }, (_, index) => index)
    expect(await bytesThrough(all)).toEqual(all)
    expect(await bytesThrough(all.toReversed())).toEqual(all.toReversed())
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async bytes => {
        expect(await bytesThrough(bytes)).toEqual(bytes)
      }),
      { numRuns: 50 },
    )
  })

  test('no bytes are not the same as nothing', async () => {
    expect(await bytesThrough(new Uint8Array(0))).toEqual(new Uint8Array(0))
    expect(await bytesThrough(null)).toBeNull()
  })

  test('a part of a larger buffer is stored, not all of it', async () => {
    const whole = Uint8Array.from([1, 2, 3, 4, 5])
    expect(await bytesThrough(whole.subarray(1, 3))).toEqual(Uint8Array.from([2, 3]))
    expect(await bytesThrough(Buffer.from('abcdef').subarray(2, 4))).toEqual(Uint8Array.from(Buffer.from('cd')))
  })

  test('a megabyte of bytes and of text comes back', async () => {
    const bytes = Uint8Array.from({ length: 1024 * 1024 }, (_, index) => (index * 7) % 256)
    expect(Buffer.compare((await bytesThrough(bytes)) ?? Buffer.alloc(0), bytes)).toBe(0)
    const text = 'ä€😀\n'.repeat(250_000)
    expect((await textThrough(text)) === text).toBe(true)
  })

  test('NUL in text becomes U+FFFD', async () => {
    expect(await textThrough('a\0b\0')).toBe('a\uFFFDb\uFFFD')
  })

  test('half of a surrogate pair becomes U+FFFD, a whole pair stays', async () => {
    expect(await textThrough('a\uD83Db')).toBe('a\uFFFDb')
    expect(await textThrough('\uDE00')).toBe('\uFFFD')
    expect(await textThrough('\uD83D\uDE00')).toBe('😀')
  })

  test('any other text comes back as it is', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 200 }), async text => {
        expect(await textThrough(text)).toBe(text.replaceAll('\0', '\uFFFD'))
      }),
      { numRuns: 100 },
    )
    for (const text of ['', ' ', "it's", '"quoted"', '?', '$1', '$1 ? $', '%_\\', "'); DROP TABLE alarms; --"]) {
      expect(await textThrough(text)).toBe(text)
    }
  })

  test('whole numbers come back as numbers, also those that need more than 32 bits', async () => {
    const numbers = [0, 1, -1, 2 ** 31, -(2 ** 31) - 1, 2 ** 40, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER]
    for (const number of numbers) expect(await numberThrough(number)).toBe(number)
  })

  test('counts and sums are numbers', async () => {
    const prefix = unused()
    await store.transact(async tx => {
      for (const value of [1, 2 ** 40]) {
        await tx`INSERT INTO counters (name, value) VALUES (${`${prefix} ${value}`}, ${value})`
      }
    })
    const rows = await store.read`
      SELECT count(*) AS "howMany", sum(value) AS "allOfThem", max(value) AS "theLast"
      FROM counters WHERE name LIKE ${`${prefix} %`}`
    expect(rows).toEqual([{ howMany: 2, allOfThem: 2 ** 40 + 1, theLast: 2 ** 40 }])
  })

  test('a number reads like one inside a text, as references are made', async () => {
    const name = unused()
    await store.transact(tx => tx`INSERT INTO counters (name, value) VALUES (${name}, ${1234})`)
    expect(await store.read`SELECT 'HD-' || value AS ref FROM counters WHERE name = ${name}`).toEqual([
      { ref: 'HD-1234' },
    ])
  })

  test('nothing comes back as null, and is not the empty text', async () => {
    const code = unused()
    await store.transact(
      tx => tx`
        INSERT INTO alarms (channel, code, sentence, raised_at, settled_at) VALUES ('test', ${code}, '', '', ${null})`,
    )
    expect(await store.read`SELECT sentence, settled_at AS "settledAt" FROM alarms WHERE code = ${code}`).toEqual([
      { sentence: '', settledAt: null },
    ])
  })

  describe('lists', () => {
    const among = async (values: readonly (string | number)[]) => {
      const rows = await store.read<{ name: string }>`
        SELECT name FROM counters WHERE name IN (${list(values)}) ORDER BY name`
      return rows.map(row => row.name)
    }

    test('an empty list matches nothing', async () => {
      expect(await among([])).toEqual([])
    })

    test('a list matches each of its values once, and is never taken for SQL', async () => {
      const names = ['list a', 'list b', "list '), ('", 'list \uFFFD']
      await store.transact(async tx => {
        for (const name of names) await tx`INSERT INTO counters (name, value) VALUES (${name}, 1)`
      })
      expect(await among(['list b', 'list a', 'list a', 'no such'])).toEqual(['list a', 'list b'])
      expect(await among(["list '), ('"])).toEqual(["list '), ('"])
      expect(await among(['list \0'])).toEqual(['list \uFFFD'])
    })

    test('two lists and other values stand beside each other', async () => {
      await store.transact(async tx => {
        for (const value of [1, 2, 3])
          await tx`INSERT INTO counters (name, value) VALUES (${`pair ${value}`}, ${value})`
      })
      const rows = await store.read<{ name: string }>`
        SELECT name FROM counters WHERE name IN (${list(['pair 1', 'pair 2', 'pair 3'])}) AND value > ${1}
          AND value IN (${list([1, 3])}) AND name <> ${'pair 2'}`
      expect(rows).toEqual([{ name: 'pair 3' }])
    })

    test('a list may have thousands of values, and any length between', async () => {
      const many = Array.from({ length: 5_000 }, (_, index) => `many ${index}`)
      await store.transact(async tx => {
        for (const name of many.slice(0, 600)) await tx`INSERT INTO counters (name, value) VALUES (${name}, 1)`
      })
      expect(await among(many)).toHaveLength(600)
      for (let length = 1; length <= 600; length += 1) expect(await among(many.slice(0, length))).toHaveLength(length)
    })

    test('a list chooses what is changed, too', async () => {
      await store.transact(async tx => {
        for (const name of ['gone 1', 'gone 2', 'stays'])
          await tx`INSERT INTO counters (name, value) VALUES (${name}, 1)`
        const removed = await tx`DELETE FROM counters WHERE name IN (${list(['gone 1', 'gone 2'])}) RETURNING name`
        expect(removed).toHaveLength(2)
      })
      expect(await among(['gone 1', 'gone 2', 'stays'])).toEqual(['stays'])
    })
  })
})
