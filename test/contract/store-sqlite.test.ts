import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Store } from '../../src/store/engine/sql.ts'
import { DATABASE_FILE, openStore } from '../../src/store/engine/store.ts'
import { eventually, inTime } from '../support/eventually.ts'
import { makePlace, type Place } from '../support/store/engines.ts'

describe('a store on sqlite alone', () => {
  let place: Place
  let store: Store

  beforeEach(async () => {
    place = await makePlace('sqlite')
    store = await place.open()
  })

  afterEach(async () => {
    await store.close()
    await place.remove()
  })

  test('refuses a transaction that waits for a timer, and goes on with the next', async () => {
    const waiting = store.transact(async tx => {
      await tx`INSERT INTO counters (name, value) VALUES ('slow', 1)`
      await pause(5)
    })
    await expect(waiting).rejects.toThrow('waited for something that is no statement')
    await store.transact(tx => tx`INSERT INTO counters (name, value) VALUES ('quick', 1)`)
    expect(await store.read`SELECT name FROM counters`).toEqual([{ name: 'quick' }])
  })

  test('does not take a long chain of statements for waiting', async () => {
    await store.transact(async tx => {
      for (let i = 0; i < 2_000; i += 1) await tx`INSERT INTO counters (name, value) VALUES (${`many ${i}`}, ${i})`
    })
    expect(await store.read`SELECT count(*) AS n FROM counters`).toEqual([{ n: 2_000 }])
  })

  test('copies itself consistently while it is written to, and never over an existing file', async () => {
    await store.transact(tx => tx`INSERT INTO counters (name, value) VALUES ('before', 1)`)
    const copy = join(place.folder, 'copy')
    await openStore('sqlite', copy).then(made => made.close())
    await expect(store.snapshot(join(copy, DATABASE_FILE))).rejects.toThrow()

    const target = join(place.folder, 'snapshot.db')
    const writing = store.transact(async tx => {
      for (let i = 0; i < 50; i += 1) await tx`INSERT INTO counters (name, value) VALUES (${`during ${i}`}, 1)`
    })
    const asked = (async () => {
      for (let i = 0; i < 20; i += 1) await undefined
      return store.snapshot(target) // in the middle of the transaction
    })()
    await Promise.all([writing, asked])
    const found = countIn(target)
    expect([1, 51]).toContain(found)
  })
})

describe('a store on sqlite lets others come in between', () => {
  let place: Place
  let store: Store

  beforeEach(async () => {
    place = await makePlace('sqlite')
    store = await place.open()
  })

  afterEach(async () => {
    await store.close()
    await place.remove()
  })

  const LONG_MS = 300 // many times what a turn may last

  /** Does one thing over and over, until the event loop has gone round a few times, or so often that it never will. */
  async function turnsDuring(step: () => Promise<unknown>, most: number): Promise<number> {
    let turns = 0
    const count = () => {
      turns += 1
      if (turns < TURNS) setImmediate(count)
    }
    setImmediate(count)
    for (let steps = 0; turns < TURNS && steps < most; steps += 1) await step()
    return turns
  }

  const TURNS = 3

  test('where many short transactions follow each other', async () => {
    expect(await turnsDuring(() => store.transact(tx => tx.number('ticket')), 2_000)).toBe(TURNS)
  })

  test('where many reads follow each other', async () => {
    expect(await turnsDuring(() => store.read`SELECT count(*) AS n FROM tickets`, 50_000)).toBe(TURNS)
    await store.consistently(async sql => {
      expect(await turnsDuring(() => sql`SELECT count(*) AS n FROM tickets`, 50_000)).toBe(TURNS)
    })
  })

  test('where a read is asked for inside a long transaction, which still ends in its turn', async () => {
    const seen = await store.transact(async tx => {
      await tx.number('ticket')
      work(LONG_MS)
      return store.read`SELECT name FROM counters`
    })
    expect(seen).toEqual([])
  })

  test('while another process writes, and is not held up itself', async () => {
    const holder = new Database(join(place.folder, DATABASE_FILE))
    holder.exec('BEGIN IMMEDIATE')
    const writing = store.transact(tx => tx.number('ticket'))
    let turns = 0
    await eventually(() => {
      turns += 1
      return turns > 20
    }, 'the event loop turns')
    holder.exec('COMMIT')
    holder.close()
    expect(await writing).toBe(1)
  })

  test('while another writes one long transaction after the other', async () => {
    const other = await place.open()
    let over = false
    let others = 0
    const writing = (async () => {
      for (; !over && others < 200; others += 1) {
        await other.transact(async tx => {
          await tx.number('ticket')
          work(15)
        })
      }
    })()
    await store.transact(tx => tx.number('ticket'))
    expect(others).toBeLessThan(20)
    over = true
    await writing
    await other.close()
  })

  test('and a transaction says when it has lasted long enough', async () => {
    await store.transact(async tx => {
      await tx.number('ticket')
      work(LONG_MS)
      expect(tx.isLong()).toBe(true)
    })
  })

  test('and brings a long log into the database beside what is written, not within a commit', async () => {
    const other = new Database(join(place.folder, DATABASE_FILE))
    const log = () => (other.pragma('wal_checkpoint(NOOP)') as [{ log: number; checkpointed: number }])[0]
    const rows = Array.from({ length: 6_000 }, (_, n) => [`${n} ${'x'.repeat(9_000)}`, n] as const)
    await store.transact(async tx => {
      for (const [name, value] of rows) await tx`INSERT INTO counters (name, value) VALUES (${name}, ${value})`
    })
    expect(log()).toMatchObject({ checkpointed: 0 })
    expect(log().log).toBeGreaterThan(10_000)
    await eventually(async () => {
      await store.transact(tx => tx.number('ticket'))
      return log().log < 100
    }, 'the log begins anew')
    expect(await store.read`SELECT count(*) AS n FROM counters`).toEqual([{ n: rows.length + 1 }])
    other.close()
  })

  /** Keeps this thread busy for so many milliseconds. */
  function work(milliseconds: number): void {
    const end = performance.now() + milliseconds
    while (performance.now() < end);
  }
})

describe('a database file', () => {
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

  test('goes on by itself after it was closed with somebody still listening, and wakes nobody', async () => {
    const [closing, going] = [await place.open(), await place.open()]
    const woken = { closing: 0, going: 0 }
    closing.onWake(() => {
      woken.closing += 1
    })
    going.onWake(() => {
      woken.going += 1
    })
    await closing.close()
    const writing = await place.open()
    for (const wanted of [1, 2]) {
      await writing.transact(tx => tx.number('ticket'))
      await eventually(() => (woken.going >= wanted ? true : undefined), 'the open one is woken')
    }
    expect(woken.closing).toBe(0)
    for (const store of [going, writing]) await store.close()
  })

  test('that is none of ours is refused in a sentence, and left as it is', async () => {
    const folder = join(place.folder, 'other')
    await mkdir(folder)
    const text = 'Shopping list. '.repeat(100)
    await writeFile(join(folder, DATABASE_FILE), text)
    await expect(openStore('sqlite', folder)).rejects.toMatchObject({ name: 'DeskError', code: 'config' })
    expect(await readFile(join(folder, DATABASE_FILE), 'utf8')).toBe(text)
  })

  test('keeps nobody waiting who closes it while somebody else still reads', async () => {
    const [reading, leaving] = [await place.open(), await place.open()]
    await reading.consistently(async sql => {
      await sql`SELECT name FROM counters`
      await leaving.transact(tx => tx.number('ticket'))
      await inTime(leaving.close(), 'it closes')
    })
    await reading.close()
  })
})

function countIn(file: string): number {
  const db = new Database(file, { readonly: true })
  try {
    return db.prepare('SELECT count(*) FROM counters').pluck().get() as number
  } finally {
    db.close()
  }
}
