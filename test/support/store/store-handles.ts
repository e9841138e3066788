import { setTimeout as pause } from 'node:timers/promises'
import pg from 'pg'
import { eventually } from '../eventually.ts'
import type { Place } from './engines.ts'

/** Waits until a listener has said what it says on its own when it begins. */
export async function settled(count: () => number): Promise<void> {
  let last = -1
  await eventually(async () => {
    const same = count() === last
    last = count()
    await pause(100)
    return same ? true : undefined
  }, 'the listener comes to rest')
}

/** A connection to the PostgreSQL database of a place, beside the store. */
export async function asAdministrator<T>(place: Place, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: place.database })
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}
