// Counts within a time.
import { keyOf } from './engine/id.ts'
import { list, type Sql, type Tx } from './engine/sql.ts'

/** Counts one more of something, and gives how many there were since its window opened; it opens with the first. */
export async function countRate(tx: Tx, what: string, at: string, windowMs: number): Promise<number> {
  const key = keyOf('rate', what)
  const ends = new Date(Date.parse(at) + windowMs).toISOString()
  const [row] = await tx<{ count: number }>`
    INSERT INTO rates (key, count, ends_at) VALUES (${key}, 1, ${ends})
    ON CONFLICT (key) DO UPDATE SET count = CASE WHEN rates.ends_at <= ${at} THEN 1 ELSE rates.count + 1 END,
      ends_at = CASE WHEN rates.ends_at <= ${at} THEN excluded.ends_at ELSE rates.ends_at END
    RETURNING count`
  return row?.count ?? 1
}

/** How many there are of each of these things in its window; those of which there are none are left out. */
export async function ratesOf(sql: Sql, things: readonly string[], at: string): Promise<Map<string, number>> {
  if (things.length === 0) return new Map()
  const byKey = new Map(things.map(what => [keyOf('rate', what), what]))
  const rows = await sql<{ key: string; count: number }>`
    SELECT key, count FROM rates WHERE key IN (${list([...byKey.keys()])}) AND ends_at > ${at}`
  return new Map(rows.map(({ key, count }) => [byKey.get(key) ?? '', count]))
}

const SLOTS = 24 // of a window that slides: it is exact to one of them

/** Counts one more of something whose window slides; `slidingRate` gives how many there are. */
export async function countSliding(tx: Tx, what: string, at: string, windowMs: number): Promise<void> {
  const slot = Math.floor(Date.parse(at) / (windowMs / SLOTS))
  await countRate(tx, `${what} in ${slot}`, at, windowMs + windowMs / SLOTS)
}

/** How many were counted in the window that ends now. */
export async function slidingRate(sql: Sql, what: string, at: string, windowMs: number): Promise<number> {
  const newest = Math.floor(Date.parse(at) / (windowMs / SLOTS))
  const keys = Array.from({ length: SLOTS + 1 }, (_, back) => keyOf('rate', `${what} in ${newest - back}`))
  const [row] = await sql<{ count: number | null }>`SELECT sum(count) AS count FROM rates WHERE key IN (${list(keys)})`
  return row?.count ?? 0
}

/** Forgets what is over. */
export async function pruneRates(tx: Tx, at: string): Promise<void> {
  await tx`DELETE FROM rates WHERE ends_at <= ${at}`
}
