import type { ImapFlow, SearchObject } from 'imapflow'
import type { FolderCursor } from './cursor.ts'

const DAY_MS = 86_400_000

/**
 * UIDs after one up to another that may be ours, ascending. What came before the desk watched is left out by day, since
 * SINCE knows days only, and the server's at that (RFC 3501 section 6.4.4): ask `isForeign` of what stands on the border.
 */
export async function uidsOfOurs(
  client: ImapFlow,
  { until, since }: FolderCursor,
  after: number,
  upTo: number | '*',
  criteria: SearchObject = {},
): Promise<number[]> {
  const found: number[] = []
  if (after < until) {
    const day = since === null ? {} : { since: new Date(Date.parse(since) - DAY_MS) }
    const last = upTo === '*' ? until : Math.min(until, upTo)
    found.push(...(await search(client, { uid: `${after + 1}:${last}`, ...day, ...criteria })))
  }
  const from = Math.max(after, until)
  if (upTo === '*' || upTo > from) {
    // `6:*` names the last message even if that is 5 (RFC 3501 section 6.4.8).
    const late = await search(client, { uid: `${from + 1}:${upTo}`, ...criteria })
    found.push(...late.filter(uid => uid > from))
  }
  return found.sort((a, b) => a - b)
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

async function search(client: ImapFlow, query: SearchObject): Promise<number[]> {
  const found = await client.search(query, { uid: true })
  if (!found) throw new Error('The server did not say what there is.')
  return found
}
