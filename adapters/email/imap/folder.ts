import type { FetchMessageObject, ImapFlow, MailboxObject } from 'imapflow'
import type { Cursor, Desk, LostMessage, UnreadableMessage } from '../../../src/channel.ts'
import { pack } from '../../../src/content.ts'
import { IN_MEMORY, spool } from '../collect.ts'
import type { RawMessage } from '../head.ts'
import type { FolderSettings, ImapSettings } from '../settings.ts'
import { whatItSaid } from './connect.ts'
import { Conveyor, type Turn } from './conveyor.ts'
import { cursorAnew, cursorKey, type FolderCursor, firstCursor, readCursor, writeCursor } from './cursor.ts'
import { Marker } from './marker.ts'
import { isForeign, uidsOfOurs } from './ours.ts'
import { Shared } from './shared.ts'
import { Stuck } from './stuck.ts'

const LISTED = 250 // messages whose sizes are asked for at once: their numbers fit into one command
const BATCH = 50 // messages asked for at once
const BATCH_BYTES = 4 * 1024 * 1024
const MOST_UNTOUCHED = 200 // messages that stay as they are, of which the cursor keeps the numbers
const AHEAD = 200 // messages read and not yet stored

/** What a folder is given by its channel. */
export interface FolderOptions {
  desk: Desk
  mailbox: ImapSettings
  folder: FolderSettings
  /** Colleagues send what lies in it, without the desk. */
  sentByHand?: boolean
  maxMessageBytes: number
  /** Takes so many bytes of what all channels may hold in memory. */
  hold(bytes: number): Promise<() => void>
  /** Takes a raw message through `desk`, which hands it on with its cursor; calls `release` once it is stored. */
  take(desk: Pick<Desk, 'receive'>, raw: RawMessage, more: TakeOptions): Promise<unknown>
  spoolPath(): Promise<string>
  now(): Date
  warn(sentence: string, error?: unknown): void
  /** Nothing more is begun. */
  stopped(): boolean
}

export interface TakeOptions {
  turn: Turn
  release: () => void
  sentByHand: boolean
  live: 'if-new'
}

interface Listed {
  uid: number
  size: number
}

/** Takes what is new in one folder, in the order in which it came, and marks it. */
export class FolderReader {
  readonly #options: FolderOptions
  readonly #key: string
  readonly #marker: Marker
  #stuck = new Stuck()
  #cursor: FolderCursor | undefined
  #path: string | undefined
  #taken = 0

  constructor(options: FolderOptions) {
    this.#options = options
    const { mailbox, folder } = options
    this.#key = cursorKey(mailbox.user, mailbox.host, folder.name)
    this.#marker = new Marker(folder.after, sentence => options.warn(`${folder.name}: ${sentence}`))
  }

  /** Messages handed over so far: tells whether a connection that failed brought anything. */
  get taken(): number {
    return this.#taken
  }

  get name(): string {
    return this.#options.folder.name
  }

  /** Everything that is new is stored when it resolves. Rejects when the connection or the store gave up. */
  async pass(client: ImapFlow): Promise<void> {
    const mailbox = await this.#open(client)
    const conveyor = new Conveyor()
    try {
      const cursor = await this.#begin(mailbox)
      await this.#marker.begin(client, cursor)
      const uids = mailbox.exists === 0 ? [] : await uidsOfOurs(client, cursor, cursor.uid, '*')
      while (uids.length > 0 && !conveyor.failed && !this.#options.stopped()) {
        const some = uids.splice(0, this.#stuck.suspects(uids[0] ?? 0) ? 1 : LISTED)
        await this.#takeListed(client, some, cursor, conveyor)
        await this.#marker.mark(client)
      }
    } finally {
      await conveyor.end().catch(error => {
        this.#cursor = undefined // as stored, not as handed over
        throw error
      })
    }
    await this.#passOverForeign()
    await this.#marker.mark(client)
  }

  /** Selects the folder unless it is selected; servers may call it otherwise than the configuration does. */
  async #open(client: ImapFlow): Promise<MailboxObject> {
    if (client.mailbox && client.mailbox.path === this.#path) return client.mailbox
    const mailbox = await openFolder(client, this.name)
    this.#path = mailbox.path
    return mailbox
  }

  /** What is none of ours is not listed again. Everything before it is stored by now. */
  async #passOverForeign(): Promise<void> {
    const cursor = this.#cursor
    if (!cursor || cursor.uid >= cursor.until || this.#options.stopped()) return
    this.#cursor = { ...cursor, uid: cursor.until }
    await this.#options.desk.remember(this.#key, writeCursor(this.#cursor))
  }

  /** Forgets what a connection told: the next one may tell otherwise. */
  reset(): void {
    this.#cursor = undefined
    this.#marker.reset()
  }

  async #begin(mailbox: MailboxObject): Promise<FolderCursor> {
    const { desk, folder, now, warn } = this.#options
    const uidValidity = String(mailbox.uidValidity)
    if (this.#cursor?.uidValidity === uidValidity) return this.#cursor
    const stored = await desk.recall(this.#key)
    const known = stored === undefined ? undefined : readCursor(stored)
    // A mailbox restored from a backup has its old UIDVALIDITY, and numbers again what it had numbered since.
    const setBack = known !== undefined && mailbox.uidNext > 0 && mailbox.uidNext <= known.uid
    if (known?.uidValidity === uidValidity && !setBack) {
      this.#cursor = known
      return known
    }
    if (known)
      warn(`${this.name}: the server numbered its messages anew; they are read again, and nothing comes in twice.`)
    const cursor = known
      ? cursorAnew(known, uidValidity, mailbox.uidNext)
      : firstCursor(uidValidity, mailbox.uidNext, folder.import, now())
    await desk.remember(this.#key, writeCursor(cursor))
    this.#cursor = cursor
    this.#stuck = new Stuck() // its number is another message's now
    return cursor
  }

  async #takeListed(client: ImapFlow, uids: number[], cursor: FolderCursor, conveyor: Conveyor): Promise<void> {
    const { maxMessageBytes } = this.#options
    const [first = 0] = uids
    if (uids.length === 1 && this.#stuck.isHopeless(first)) return this.#handRefused(first, conveyor)
    const found = await this.#list(client, uids)
    let batch: Listed[] = []
    let bytes = 0
    const flush = async () => {
      if (batch.length > 0) await this.#takeBatch(client, batch, bytes, conveyor)
      batch = []
      bytes = 0
    }
    for (const uid of uids) {
      if (conveyor.failed || this.#options.stopped()) return
      const message = found.get(uid)
      const size = message?.size ?? 0
      if (message && isForeign(cursor, uid, message.internalDate)) continue
      if (message && size <= IN_MEMORY) {
        if (batch.length >= BATCH || bytes + size > BATCH_BYTES) await flush()
        batch.push({ uid, size })
        bytes += size
        continue
      }
      await flush()
      if (!message) this.#handLost(uid, conveyor)
      else if (size > maxMessageBytes) await this.#handTooLarge(client, { uid, size }, conveyor)
      else await this.#takeLarge(client, { uid, size }, conveyor)
    }
    await flush()
  }

  async #list(client: ImapFlow, uids: number[]): Promise<Map<number, FetchMessageObject>> {
    try {
      const query = { uid: true, size: true, internalDate: true } as const
      const found = byUid(await client.fetchAll(uids.join(','), query, { uid: true }))
      const missing = uids.filter(uid => !found.has(uid))
      await this.#confirmGone(client, missing)
      return found
    } catch (error) {
      this.#stuck.failedAt(uids[0] ?? 0, uids.at(-1) ?? 0)
      throw error
    }
  }

  async #takeBatch(client: ImapFlow, batch: Listed[], bytes: number, conveyor: Conveyor): Promise<void> {
    await conveyor.room(AHEAD)
    const held = new Shared(await this.#options.hold(bytes), batch.length)
    let found: Map<number, FetchMessageObject>
    try {
      const uids = batch.map(each => each.uid).join(',')
      found = byUid(await client.fetchAll(uids, { uid: true, source: true }, { uid: true }))
      const missing = batch.filter(({ uid }) => !found.get(uid)?.source).map(({ uid }) => uid)
      await this.#confirmGone(client, missing)
    } catch (error) {
      held.releaseAll()
      this.#stuck.failedAt(batch[0]?.uid ?? 0, batch.at(-1)?.uid ?? 0)
      throw error
    }
    for (const { uid } of batch) {
      const source = found.get(uid)?.source
      if (source) {
        this.#hand(uid, { bytes: source }, () => held.release(), conveyor)
      } else {
        held.release()
        this.#handLost(uid, conveyor)
      }
    }
  }

  /** A large message goes through a file, alone. */
  async #takeLarge(client: ImapFlow, { uid, size }: Listed, conveyor: Conveyor): Promise<void> {
    const { hold, spoolPath, maxMessageBytes } = this.#options
    await conveyor.room(AHEAD)
    const release = await hold(size)
    try {
      const download = await client.download(String(uid), undefined, { uid: true, chunkSize: IN_MEMORY })
      const content = 'content' in download ? download.content : undefined
      if (!content) {
        await this.#confirmGone(client, [uid])
        release()
        return this.#handLost(uid, conveyor)
      }
      const raw = await spool(content, await spoolPath(), maxMessageBytes)
      if (raw === 'too-large') {
        release()
        return await this.#handTooLarge(client, { uid, size }, conveyor)
      }
      this.#hand(uid, raw, release, conveyor)
    } catch (error) {
      release()
      this.#stuck.failedAt(uid, uid)
      throw error
    }
  }

  #hand(uid: number, raw: RawMessage, release: () => void, conveyor: Conveyor): void {
    const desk = this.#deskAt(uid, conveyor)
    conveyor.add(async turn => {
      await this.#options.take(desk, raw, {
        turn,
        release,
        sentByHand: this.#options.sentByHand === true,
        live: 'if-new',
      })
      this.#marker.add(uid)
    })
  }

  /**
   * Throws unless the server says that none of these messages is there. That it gave nothing when asked for them proves
   * nothing: on a connection that ended imapflow's fetches resolve as if there were no message.
   */
  async #confirmGone(client: ImapFlow, uids: number[]): Promise<void> {
    if (uids.length === 0) return
    const still = await client.search({ uid: uids.join(',') }, { uid: true })
    const { mailbox } = client
    const same = mailbox && mailbox.path === this.#path && String(mailbox.uidValidity) === this.#cursor?.uidValidity
    if (!still || !same || !client.usable) throw new Error('The connection ended while messages were read.')
    if (still[0] === undefined) return
    throw new Error(`The server has UID ${still[0]} of ${this.name} and did not give it.`)
  }

  /** It is there, and the server cannot or will not give it: an agent must look, and the others must not wait for it. */
  #handRefused(uid: number, conveyor: Conveyor): void {
    const { user } = this.#options.mailbox
    const detail = `The server did not give it, however often it was asked; it stays in ${this.name} of ${user}, as UID ${uid}.`
    const message = { id: this.#idOf(uid), raw: pack(new Uint8Array()), quarantine: 'not-given', detail }
    this.#note(uid, message, conveyor)
  }

  #handLost(uid: number, conveyor: Conveyor): void {
    const detail = `UID ${uid} of ${this.name} was gone before it could be read.`
    this.#note(uid, { id: this.#idOf(uid), raw: pack(new Uint8Array()), lost: 'gone', detail }, conveyor)
  }

  async #handTooLarge(client: ImapFlow, { uid, size }: Listed, conveyor: Conveyor): Promise<void> {
    const found = await client.fetchOne(String(uid), { uid: true, headers: true }, { uid: true })
    const head = found ? found.headers : undefined
    if (!head) {
      await this.#confirmGone(client, [uid])
      return this.#handLost(uid, conveyor)
    }
    const { mailbox } = this.#options
    const detail = `It has ${size} bytes, more than limits.message allows; it stays in ${this.name} of ${mailbox.user}, as UID ${uid}.`
    this.#note(uid, { id: this.#idOf(uid), raw: pack(head), quarantine: 'too-large', detail }, conveyor)
  }

  #note(uid: number, message: UnreadableMessage | LostMessage, conveyor: Conveyor): void {
    const desk = this.#deskAt(uid, conveyor, 'quarantine' in message ? [uid] : [])
    conveyor.add(async turn => {
      await turn.before
      const receipt = desk.receive(message)
      turn.handed()
      await receipt
    })
  }

  #idOf(uid: number): string {
    return `${this.#key} ${this.#cursor?.uidValidity} ${uid}`
  }

  /** Hands messages on with the cursor that says that this UID was taken. */
  #deskAt(uid: number, conveyor: Conveyor, untouched: number[] = []): Pick<Desk, 'receive'> {
    const before = this.#cursor as FolderCursor
    const after = { ...before, uid, untouched: [...before.untouched, ...untouched].slice(-MOST_UNTOUCHED) }
    this.#taken += 1
    this.#cursor = after
    const cursor: Cursor = { key: this.#key, value: writeCursor(after), follows: writeCursor(before) }
    return {
      receive: message => {
        conveyor.check()
        return this.#options.desk.receive(message, cursor)
      },
    }
  }
}

/** The server has no such folder, or does not let us in. */
export class NoFolder extends Error {}

async function openFolder(client: ImapFlow, name: string): Promise<MailboxObject> {
  try {
    return await client.mailboxOpen(name)
  } catch (error) {
    if ((error as { responseStatus?: string }).responseStatus !== 'NO') throw error
    throw new NoFolder(`${name} cannot be opened: ${whatItSaid(error)}`, { cause: error })
  }
}

function byUid(messages: FetchMessageObject[]): Map<number, FetchMessageObject> {
  return new Map(messages.map(message => [message.uid, message]))
}
