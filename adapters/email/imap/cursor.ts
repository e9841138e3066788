/**
 * What a folder has been read up to; stored in the transaction of the message it stands for. UIDs only grow as long as
 * UIDVALIDITY stays (RFC 3501 section 2.3.1.1), so nothing that is read, flagged or late can be missed.
 */
export interface FolderCursor {
  uidValidity: string
  /** Every message up to this UID was taken, or is none of ours. */
  uid: number
  /** Messages above this UID came while the desk was watching: they are taken however old they say they are. */
  until: number
  /** Of those up to `until`, what came to the server before this is not ours; ISO 8601 UTC, null to take all. */
  since: string | null
  /** Messages up to this UID were never taken. */
  from: number
  /** Messages that were noted and stay as they are on the server: not marked, not moved. */
  untouched: number[]
}

export function cursorKey(user: string, host: string, folder: string): string {
  return `imap ${user}@${host} ${folder}`
}

export function readCursor(text: string): FolderCursor {
  return JSON.parse(text) as FolderCursor
}

export function writeCursor(cursor: FolderCursor): string {
  return JSON.stringify(cursor)
}

const SLACK_MS = 10 * 60_000 // the server's clock may differ, and counts whole seconds

/** Where to begin in a folder that is seen for the first time. */
export function firstCursor(
  uidValidity: string,
  uidNext: number,
  policy: 'new' | 'all' | Date,
  now: Date,
): FolderCursor {
  const last = uidNext - 1
  if (policy === 'new') {
    const since = new Date(now.getTime() - SLACK_MS).toISOString()
    return { uidValidity, uid: last, until: last, since, from: last, untouched: [] }
  }
  return {
    uidValidity,
    uid: 0,
    until: last,
    since: policy === 'all' ? null : policy.toISOString(),
    from: 0,
    untouched: [],
  }
}

/** Where to begin after the server numbered its messages anew: from the start, without what was never ours. */
export function restartedCursor(cursor: FolderCursor, uidValidity: string, uidNext: number): FolderCursor {
  return { uidValidity, uid: 0, until: uidNext - 1, since: cursor.since, from: 0, untouched: [] }
}
