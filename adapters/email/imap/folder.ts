// Takes what is new in one folder.
import type { MailboxObject } from 'imapflow'
import type { Desk } from '../../../src/channel/desk.ts'
import type { Cursor, LostMessage, UnreadableMessage } from '../../../src/channel/message.ts'
import { pack } from '../../../src/content.ts'
import { IN_MEMORY } from '../mime/collect.ts'
import type { RawMessage } from '../mime/raw-head.ts'
import type { FolderSettings, ImapSettings } from '../settings.ts'
import type { BoundedImap } from './bounded-client.ts'
import { serverReply } from './connect.ts'
import { cursorKey, type FolderCursor, firstCursor, readCursor, restartedCursor, writeCursor } from './cursor.ts'
import { type ListedMessage, MessageFetcher } from './fetcher.ts'
import { Marker } from './marker.ts'
import { OrderedPipeline, type Turn } from './ordered-pipeline.ts'
import { isForeign, uidsOfOurs } from './own-uids.ts'
import { SharedBudget } from './shared.ts'

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

/** Takes what is new in one folder, in the order in which it came, and marks it. */
export class FolderReader {
  readonly #options: FolderOptions
  readonly #key: string
  readonly #marker: Marker
  readonly #fetcher: MessageFetcher
  #cursor: FolderCursor | undefined
  #path: string | undefined
  #taken = 0

  constructor(options: FolderOptions) {
    this.#options = options
    const { mailbox, folder } = options
    this.#key = cursorKey(mailbox.user, mailbox.host, folder.name)
    this.#fetcher = new MessageFetcher(folder.name, options.maxMessageBytes, client => this.#isOpenIn(client))
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
  async pass(client: BoundedImap): Promise<void> {
    const mailbox = await this.#open(client)
    const conveyor = new OrderedPipeline()
    try {
      const cursor = await this.#begin(mailbox)
      await this.#marker.begin(client, cursor)
      const over = () => conveyor.failed || this.#options.stopped()
      if (mailbox.exists > 0) {
        for await (const uids of uidsOfOurs(client, cursor, cursor.uid)) {
          for (let at = 0; at < uids.length && !over(); ) {
            const some = uids.slice(at, at + (this.#fetcher.suspects(uids[at] ?? 0) ? 1 : LISTED))
            at += some.length
            await this.#takeListed(client, some, cursor, conveyor)
            await this.#marker.mark(client)
          }
          if (over()) break
        }
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
  async #open(client: BoundedImap): Promise<MailboxObject> {
    if (client.mailbox && client.mailbox.path === this.#path) return client.mailbox
    const mailbox = await openFolder(client, this.name)
    this.#path = mailbox.path
    return mailbox
  }

  #isOpenIn({ mailbox, usable }: BoundedImap): boolean {
    const same = mailbox && mailbox.path === this.#path && String(mailbox.uidValidity) === this.#cursor?.uidValidity
    return same && usable
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
      warn(`${this.name}: the server renumbered its messages; they are read again, and nothing comes in twice.`)
    const cursor = known
      ? restartedCursor(known, uidValidity, mailbox.uidNext)
      : firstCursor(uidValidity, mailbox.uidNext, folder.import, now())
    await desk.remember(this.#key, writeCursor(cursor))
    this.#cursor = cursor
    this.#fetcher.forget() // its numbers are those of other messages now
    return cursor
  }

  async #takeListed(
    client: BoundedImap,
    uids: number[],
    cursor: FolderCursor,
    conveyor: OrderedPipeline,
  ): Promise<void> {
    const { maxMessageBytes } = this.#options
    const [first = 0] = uids
    if (uids.length === 1 && this.#fetcher.isHopeless(first)) return this.#handRefused(first, conveyor)
    const { found, gone } = await this.#fetcher.list(client, uids)
    let batch: ListedMessage[] = []
    let bytes = 0
    const flush = async () => {
      if (batch.length > 0) await this.#takeBatch(client, batch, bytes, conveyor)
      batch = []
      bytes = 0
    }
    for (const uid of uids) {
      if (conveyor.failed || this.#options.stopped()) return
      const message = found.get(uid)
      if (message ? isForeign(cursor, uid, message.at) : !gone.has(uid)) continue
      const tooLong = this.#fetcher.tooLong(uid)
      if (message && message.size <= IN_MEMORY && !tooLong) {
        if (batch.length >= BATCH || bytes + message.size > BATCH_BYTES) await flush()
        batch.push(message)
        bytes += message.size
        continue
      }
      await flush()
      if (!message) this.#handLost(uid, conveyor)
      else if (message.size > maxMessageBytes || (tooLong && tooLong.way > 1)) {
        await this.#handTooLarge(client, message, conveyor)
      } else await this.#takeLarge(client, message, conveyor)
    }
    await flush()
  }

  async #takeBatch(
    client: BoundedImap,
    batch: ListedMessage[],
    bytes: number,
    conveyor: OrderedPipeline,
  ): Promise<void> {
    await conveyor.room(AHEAD)
    const held = new SharedBudget(await this.#options.hold(bytes), batch.length)
    const texts = await this.#fetcher.texts(client, batch).catch(error => {
      held.releaseAll()
      throw error
    })
    for (const message of batch) {
      const text = texts.get(message.uid)
      if (text instanceof Buffer) {
        this.#hand(message.uid, { bytes: text }, () => held.release(), conveyor)
        continue
      }
      held.release()
      if (text === 'larger') await this.#takeLarge(client, message, conveyor)
      else this.#handLost(message.uid, conveyor)
    }
  }

  /** A large message goes through a file. */
  async #takeLarge(client: BoundedImap, message: ListedMessage, conveyor: OrderedPipeline): Promise<void> {
    const { hold, spoolPath } = this.#options
    await conveyor.room(AHEAD)
    const raw = await this.#fetcher.large(client, message, await spoolPath())
    if (raw === 'gone') return this.#handLost(message.uid, conveyor)
    if (raw === 'too-large') return this.#handTooLarge(client, message, conveyor)
    this.#hand(message.uid, raw, await hold('path' in raw ? raw.size : raw.bytes.length), conveyor)
  }

  #hand(uid: number, raw: RawMessage, release: () => void, conveyor: OrderedPipeline): void {
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

  /** It is there, and the server cannot or will not give it: an agent must look, and the others must not wait for it. */
  #handRefused(uid: number, conveyor: OrderedPipeline): void {
    const { user } = this.#options.mailbox
    const detail = `The server did not deliver it, even after several attempts; it stays in ${this.name} of ${user}, as UID ${uid}.`
    const message = { id: this.#idOf(uid), raw: pack(new Uint8Array()), quarantine: 'not-given' as const, detail }
    this.#note(uid, message, conveyor)
  }

  #handLost(uid: number, conveyor: OrderedPipeline): void {
    const detail = `UID ${uid} of ${this.name} was gone before it could be read.`
    this.#note(uid, { id: this.#idOf(uid), raw: pack(new Uint8Array()), lost: 'gone', detail }, conveyor)
  }

  async #handTooLarge(client: BoundedImap, { uid, size }: ListedMessage, conveyor: OrderedPipeline): Promise<void> {
    const { mailbox, maxMessageBytes } = this.#options
    const head = await this.#fetcher.head(client, uid)
    if (head === 'gone') return this.#handLost(uid, conveyor)
    const tooLong = this.#fetcher.tooLong(uid)
    const bytes = Math.max(size, tooLong?.size ?? 0)
    const sizeSentence = tooLong
      ? `The server sends ${bytes} bytes of it at once, more than the desk accepts`
      : undefined
    const larger = sizeSentence ?? 'It is larger than the server says, and than limits.message allows'
    const why = bytes > maxMessageBytes ? `It has ${bytes} bytes, more than limits.message allows` : larger
    const detail = `${why}; it stays in ${this.name} of ${mailbox.user}, as UID ${uid}.`
    this.#note(uid, { id: this.#idOf(uid), raw: pack(head), quarantine: 'too-large', detail }, conveyor)
  }

  #note(uid: number, message: UnreadableMessage | LostMessage, conveyor: OrderedPipeline): void {
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
  #deskAt(uid: number, conveyor: OrderedPipeline, untouched: number[] = []): Pick<Desk, 'receive'> {
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

async function openFolder(client: BoundedImap, name: string): Promise<MailboxObject> {
  try {
    return await client.mailboxOpen(name)
  } catch (error) {
    if ((error as { responseStatus?: string }).responseStatus !== 'NO') throw error
    throw new NoFolder(`${name} cannot be opened: ${serverReply(error)}`, { cause: error })
  }
}
