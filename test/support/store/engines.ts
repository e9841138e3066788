import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, inject } from 'vitest'
import type { Store } from '../../../src/store/engine/sql.ts'
import { openStore } from '../../../src/store/engine/store.ts'

export const ENGINES = ['sqlite', 'postgres'] as const
export type Engine = (typeof ENGINES)[number]

/** A state folder and a database of its own, and how to open the store on them as often as wanted. */
export interface Place {
  engine: Engine
  folder: string
  /** What `database` in a configuration says. */
  database: string
  open(): Promise<Store>
  remove(): Promise<void>
}

let count = 0

export async function makePlace(engine: Engine): Promise<Place> {
  const folder = await mkdtemp(join(tmpdir(), 'relaydesk-test-'))
  const database = engine === 'sqlite' ? 'sqlite' : await createDatabase()
  return {
    engine,
    folder,
    database,
    open: () => openStore(database, folder),
    remove: () => rm(folder, { recursive: true, force: true }),
  }
}

/** Places that are removed once all tests of the file are over. */
export function placesOfFile(engine: Engine): () => Promise<Place> {
  const places: Place[] = []
  afterAll(() => Promise.all(places.map(place => place.remove())))
  return async () => {
    const place = await makePlace(engine)
    places.push(place)
    return place
  }
}

/** A new database on the server of the run. */
async function createDatabase(): Promise<string> {
  const server = inject('postgres')
  count += 1
  const name = `test_${process.pid}_${count}`
  const client = new pg.Client({ connectionString: `${server}/postgres` })
  await client.connect()
  await client.query(`CREATE DATABASE ${name}`)
  await client.end()
  return `${server}/${name}`
}
