import { keyOf } from './id.ts'
import type { Tx } from './sql.ts'

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

/** Forgets what is over. */
export async function pruneRates(tx: Tx, at: string): Promise<void> {
  await tx`DELETE FROM rates WHERE ends_at <= ${at}`
}
