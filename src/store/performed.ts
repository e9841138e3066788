import { keyOf } from './id.ts'
import type { Tx } from './sql.ts'

/** What was answered to a command that came before under this id; undefined if it did not. */
export async function answerBefore(tx: Tx, channel: string, id: string): Promise<string | undefined> {
  const [found] = await tx<{
    answer: string
  }>`SELECT answer FROM performed WHERE key = ${keyOf('command', channel, id)}`
  return found?.answer
}

export async function rememberAnswer(tx: Tx, channel: string, id: string, answer: string, at: string): Promise<void> {
  await tx`
    INSERT INTO performed (key, answer, at) VALUES (${keyOf('command', channel, id)}, ${answer}, ${at})
    ON CONFLICT (key) DO NOTHING`
}

/** Forgets what came before a time: no transport delivers again after so long. */
export async function prunePerformed(tx: Tx, before: string): Promise<void> {
  await tx`DELETE FROM performed WHERE at < ${before}`
}
