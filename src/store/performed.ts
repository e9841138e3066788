// Answers to commands that may be given twice.
import { keyOf } from './engine/id.ts'
import type { Tx } from './engine/sql.ts'

/** What was asked for under this id before, as a digest, and what was answered; undefined if nothing was. */
export async function answerBefore(
  tx: Tx,
  channel: string,
  id: string,
): Promise<{ said: string | null; answer: string } | undefined> {
  const [found] = await tx<{ said: string | null; answer: string }>`
    SELECT said, answer FROM performed WHERE key = ${keyOf('command', channel, id)}`
  return found
}

export async function rememberAnswer(
  tx: Tx,
  { channel, id }: { channel: string; id: string },
  { digest, answer }: { digest: string; answer: string },
  at: string,
): Promise<void> {
  await tx`
    INSERT INTO performed (key, said, answer, at) VALUES (${keyOf('command', channel, id)}, ${digest}, ${answer}, ${at})
    ON CONFLICT (key) DO NOTHING`
}

/** Forgets what came before a time: no transport delivers again after so long. */
export async function prunePerformed(tx: Tx, before: string): Promise<void> {
  await tx`DELETE FROM performed WHERE at < ${before}`
}
