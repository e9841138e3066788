/** What whoever writes an answer was shown before: how far the ticket was, and who would read the answer. */
import { hash } from 'node:crypto'

export interface ShownState {
  /** The newest event of the ticket. */
  seq: number
  /** Digest of who would read an answer; null where that was not shown. */
  readers: string | null
}

/** `17-0a1b2c3d4e`, as `--read` takes it; `17` where only the event is known. */
export function formatShown({ seq, readers }: ShownState): string {
  return readers === null ? String(seq) : `${seq}-${readers}`
}

/** Null for what is neither of the two. */
export function parseShown(text: string): ShownState | null {
  const found = /^(\d{1,9})(?:-([0-9a-f]{10}))?$/i.exec(text)
  return found ? { seq: Number(found[1]), readers: found[2]?.toLowerCase() ?? null } : null
}

/** What stands for a set of readers: another one as soon as anybody comes, goes, or is answered elsewhere. */
export function readersDigest(
  recipients: readonly { channel: string; recipient: string }[],
  isShared: boolean,
): string {
  const addresses = recipients.map(({ channel, recipient }) => `${channel} ${recipient}`).sort()
  return hash('sha256', JSON.stringify([isShared, addresses])).slice(0, 10)
}
