// Finds which messages of a folder are the desk's to take.
import type { SearchObject } from 'imapflow'
import type { BoundedImap } from './bounded-client.ts'
import type { FolderCursor } from './cursor.ts'
import { WINDOW } from './imap-limits.ts'

const DAY_MS = 86_400_000

/**
 * UIDs above one that may be ours, ascending, so many at a time as fit into an answer. What came before the desk watched
 * is left out by day, since SINCE knows days only, and the server's at that (RFC 3501 section 6.4.4): ask `isForeign` of
 * what stands on the border.
 *
 * An answer is kept short by sequence numbers, of which there are as many as messages. Nothing is missed where they
 * change meanwhile: each answer holds all above the last UID that was given, up to some later message.
 */
export async function* uidsOfOurs(client: BoundedImap, cursor: FolderCursor, after: number): AsyncGenerator<number[]> {
  let last = after
  for (let end = await firstEnd(client, after); ; ) {
    const before = count(client)
    const all = end >= before
    const numbers = all ? {} : { seq: `1:${end}` }
    const found = await client.uids({ ...numbers, uid: `${last + 1}:*`, ...ofOurs(cursor, last) })
    const later = found.filter(uid => uid > last) // `6:*` names the last message even if that is 5 (section 6.4.8)
    if (later.length > 0) yield later
    if (all) return
    last = later.at(-1) ?? last
    const missing = Math.max(0, before - count(client)) // such as those that were moved away: the others count from less
    end = Math.max(1, end + WINDOW - missing)
  }
}

/** The same of what was read already, from the last message back, as long as there is any among so many. */
export async function* uidsBefore(
  client: BoundedImap,
  cursor: FolderCursor,
  criteria: SearchObject,
): AsyncGenerator<number[]> {
  const { from, uid: last } = cursor
  let empty = 0 // at first there may be only what is not read yet
  for (let end = await firstEnd(client, last); end > 0 && empty < 2; end -= WINDOW) {
    end = Math.min(end, count(client))
    const seq = `${Math.max(1, end - WINDOW + 1)}:${end}`
    const found = await client.uids({ seq, uid: `${from + 1}:${last}`, ...ofOurs(cursor, from), ...criteria })
    const within = found.filter(uid => uid > from && uid <= last)
    empty = within.length === 0 ? empty + 1 : 0
    if (within.length > 0) yield within
  }
}

/** Whether a message was there before the desk was, by its INTERNALDATE. */
export function isForeign(
  { until, since }: FolderCursor,
  uid: number,
  internalDate: Date | string | undefined,
): boolean {
  if (since === null || uid > until || !internalDate) return false
  return new Date(internalDate).getTime() < Date.parse(since)
}

function ofOurs({ until, since }: FolderCursor, after: number): SearchObject {
  if (since === null || after >= until) return {}
  return { or: [{ uid: `${until + 1}:*` }, { since: new Date(Date.parse(since) - DAY_MS) }] }
}

/** A sequence number with at most so many messages between a UID and it, as far as the server tells the truth. */
async function firstEnd(client: BoundedImap, after: number): Promise<number> {
  const all = count(client)
  if (all <= WINDOW || (await isUpTo(client, all - WINDOW, after))) return all
  let [low, high] = [0, all - WINDOW]
  while (after > 0 && high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    if (await isUpTo(client, middle, after)) low = middle
    else high = middle
  }
  return low + WINDOW
}

async function isUpTo(client: BoundedImap, number: number, after: number): Promise<boolean> {
  const uid = await client.uidAt(number)
  return uid !== undefined && uid <= after
}

function count({ mailbox }: BoundedImap): number {
  return mailbox ? mailbox.exists : 0
}
