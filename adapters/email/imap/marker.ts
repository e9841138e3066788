// Marks or moves messages once they are stored.
import type { ImapFlow } from 'imapflow'
import type { BoundedImap } from './bounded-client.ts'
import type { FolderCursor } from './cursor.ts'
import { isForeign, uidsBefore } from './own-uids.ts'

export const KEYWORD = '$Relaydesk'
const AT_ONCE = 250 // their numbers fit into one command
const MOST_WAITING = 10_000 // the others are found by asking the server, once these are marked

/**
 * Marks or moves messages once they are stored. What could not be marked is tried again with each pass, and what an
 * earlier run left unmarked is found by asking the server, so that nothing of it need be remembered.
 */
export class Marker {
  readonly #after: string
  readonly #warn: (sentence: string) => void
  #waiting = new Set<number>()
  #uidValidity: string | undefined
  #isChecked = false

  /** `after`: `keyword`, `seen`, `nothing` or `move:FOLDER`. */
  constructor(after: string, warn: (sentence: string) => void) {
    this.#after = after
    this.#warn = warn
  }

  /** Another connection is asked anew; what is stored still waits for its mark. */
  reset(): void {
    this.#isChecked = false
  }

  add(uid: number): void {
    if (this.#after !== 'nothing' && this.#waiting.size < MOST_WAITING) this.#waiting.add(uid)
  }

  /** Finds, once a connection, what came since the desk watches and is stored but not marked. */
  async begin(client: BoundedImap, cursor: FolderCursor): Promise<void> {
    if (this.#uidValidity !== cursor.uidValidity) this.#waiting.clear() // their numbers are those of other messages now
    this.#uidValidity = cursor.uidValidity
    if (this.#isChecked) return
    this.#isChecked = true
    const { from, uid: last, untouched } = cursor
    if (this.#after === 'nothing' || this.#after === 'seen' || last <= from) return
    if (this.#after === 'keyword' && !canKeep(client, KEYWORD)) return
    const unmarked = this.#after === 'keyword' ? { unKeyword: KEYWORD } : { deleted: false }
    for await (const found of uidsBefore(client, cursor, unmarked)) {
      for (const uid of await withoutForeign(client, cursor, found)) if (!untouched.includes(uid)) this.add(uid)
      if (this.#waiting.size >= MOST_WAITING) return
    }
  }

  async mark(client: BoundedImap): Promise<void> {
    const waiting = [...this.#waiting].sort((a, b) => a - b)
    for (let at = 0; at < waiting.length; at += AT_ONCE) {
      const uids = waiting.slice(at, at + AT_ONCE)
      if (!(await this.#markAll(client, uids))) return
      for (const uid of uids) this.#waiting.delete(uid)
    }
  }

  async #markAll(client: BoundedImap, uids: number[]): Promise<boolean> {
    if (this.#after === 'seen') return client.addFlags(uids, ['\\Seen'])
    if (this.#after === 'keyword') return canKeep(client, KEYWORD) ? client.addFlags(uids, [KEYWORD]) : true
    const folder = this.#after.slice('move:'.length)
    if (await move(client, uids, folder)) return true
    // Most often there is no such folder yet; an answer of "it exists" tells that it is something else.
    await client.mailboxCreate(folder).catch(() => undefined)
    if (await move(client, uids, folder)) return true
    this.#warn(`messages could not be moved to ${folder}; they are stored, and the desk will try to move them again.`)
    return false
  }
}

async function withoutForeign(client: BoundedImap, cursor: FolderCursor, uids: number[]): Promise<number[]> {
  const early = uids.filter(uid => uid <= cursor.until)
  if (cursor.since === null || early.length === 0) return uids
  const foreign = new Set<number>()
  for (let at = 0; at < early.length; at += AT_ONCE) {
    await client.each(early.slice(at, at + AT_ONCE), { uid: true, internalDate: true }, ({ uid, internalDate }) => {
      if (isForeign(cursor, uid, internalDate)) foreign.add(uid)
      return internalDate !== undefined
    })
  }
  return uids.filter(uid => !foreign.has(uid))
}

/**
 * Without MOVE and UIDPLUS a message cannot be taken out of a folder without everything that somebody else marked for
 * deletion: it is copied and marked as deleted, which mail programs hide (RFC 4315 section 2.1, RFC 6851).
 */
async function move(client: BoundedImap, uids: number[], folder: string): Promise<boolean> {
  if (client.capabilities.has('MOVE') || client.capabilities.has('UIDPLUS')) return client.moveTo(uids, folder)
  return (await client.copyTo(uids, folder)) && client.addFlags(uids, ['\\Deleted'])
}

/** Whether the selected folder keeps a keyword of ours (RFC 3501 section 7.1, PERMANENTFLAGS). */
export function canKeep(client: ImapFlow, keyword: string): boolean {
  const flags = client.mailbox ? client.mailbox.permanentFlags : undefined
  return flags === undefined || flags.has('\\*') || flags.has(keyword)
}
