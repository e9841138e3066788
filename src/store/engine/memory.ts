// What a channel remembers between starts.
import type { Sql, Tx } from './sql.ts'

/** What a channel remembers between starts. */
export async function recall(sql: Sql, channel: string, key: string): Promise<string | undefined> {
  const [found] = await sql<{
    value: string
  }>`SELECT value FROM channel_memory WHERE channel = ${channel} AND key = ${key}`
  return found?.value
}

/** Moves what is remembered on from one value to the next; false if it stands at another. */
export async function moveOn(tx: Tx, channel: string, key: string, from: string, to: string): Promise<boolean> {
  const moved = await tx`
    UPDATE channel_memory SET value = ${to} WHERE channel = ${channel} AND key = ${key} AND value = ${from} RETURNING key`
  return moved.length > 0
}

export async function remember(tx: Tx, channel: string, key: string, value: string): Promise<void> {
  await tx`
    INSERT INTO channel_memory (channel, key, value) VALUES (${channel}, ${key}, ${value})
    ON CONFLICT (channel, key) DO UPDATE SET value = excluded.value`
}
