import type { Sql, Tx } from './sql.ts'

/** What a channel remembers between starts. */
export async function recall(sql: Sql, channel: string, key: string): Promise<string | undefined> {
  const [found] = await sql<{
    value: string
  }>`SELECT value FROM channel_memory WHERE channel = ${channel} AND key = ${key}`
  return found?.value
}

export async function remember(tx: Tx, channel: string, key: string, value: string): Promise<void> {
  await tx`
    INSERT INTO channel_memory (channel, key, value) VALUES (${channel}, ${key}, ${value})
    ON CONFLICT (channel, key) DO UPDATE SET value = excluded.value`
}
