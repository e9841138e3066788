// Gets messages of a folder in bounded memory.
import { Readable } from 'node:stream'
import { IN_MEMORY, spool } from '../mime/collect.ts'
import type { RawMessage } from '../mime/raw-head.ts'
import type { BoundedImap } from './bounded-client.ts'
import { PoisonMessage } from './poison-message.ts'
import { LiteralTooLong } from './response-gate.ts'

const HEAD_BYTES = 256 * 1024 // of a message that is too large
const INEXACT_BYTES = 64 * 1024 // servers count the ends of lines in their own way

export interface ListedMessage {
  uid: number
  /** As the server says; what comes may differ. */
  size: number
}

interface DatedMessage extends ListedMessage {
  at: Date | string | undefined
}

/**
 * Gets messages of a folder from its server, in bounded memory whatever it says of their size. What could not be had is
 * asked for in another way at the next connection.
 */
export class MessageFetcher {
  readonly #folder: string
  readonly #maxMessageBytes: number
  readonly #isOpen: (client: BoundedImap) => boolean
  #stuck = new PoisonMessage()

  /** `isOpen`: whether the folder is selected, and is the one that was selected. */
  constructor(folder: string, maxMessageBytes: number, isOpen: (client: BoundedImap) => boolean) {
    this.#folder = folder
    this.#maxMessageBytes = maxMessageBytes
    this.#isOpen = isOpen
  }

  /** Forgets what could not be had. */
  forget(): void {
    this.#stuck = new PoisonMessage()
  }

  /** It is asked for alone. */
  suspects(uid: number): boolean {
    return this.#stuck.suspects(uid)
  }

  /** It was asked for alone, and often enough. */
  isHopeless(uid: number): boolean {
    return this.#stuck.isHopeless(uid) && !this.tooLong(uid)
  }

  /** Of a message of which too much came at once: in which way it was asked for, and how many bytes there were. */
  tooLong(uid: number): { way: number; size: number } | undefined {
    return this.#stuck.tooLong(uid)
  }

  /** What the server tells of these messages, and which of them are gone. */
  async list(client: BoundedImap, uids: number[]): Promise<{ found: Map<number, DatedMessage>; gone: Set<number> }> {
    const found = new Map<number, DatedMessage>()
    try {
      const query = { uid: true, size: true, internalDate: true } as const
      await client.each(uids, query, ({ uid, size, internalDate }) => {
        if (size === undefined && internalDate === undefined) return false
        found.set(uid, { uid, size: size ?? 0, at: internalDate })
        return true
      })
      const missing = uids.filter(uid => !found.has(uid))
      const gone = missing.length > 0 ? await this.#withoutMadeUp(client, missing) : []
      await this.#confirmGone(client, gone)
      return { found, gone: new Set(gone) }
    } catch (error) {
      this.#stuck.failedAt(uids[0] ?? 0, uids.at(-1) ?? 0)
      throw error
    }
  }

  /** The texts of small messages. `larger` is one of which more came than its server said; gone is what is missing. */
  async texts(client: BoundedImap, listed: ListedMessage[]): Promise<Map<number, Buffer | 'larger'>> {
    const most = new Map(listed.map(({ uid, size }) => [uid, 2 * size + INEXACT_BYTES]))
    const texts = new Map<number, Buffer | 'larger'>()
    try {
      await client.each([...most.keys()], { uid: true, source: true }, ({ uid, source }) => {
        if (source) texts.set(uid, source.length > (most.get(uid) ?? 0) ? 'larger' : source)
        return !!source
      })
      const missing = [...most.keys()].filter(uid => !texts.has(uid))
      await this.#confirmGone(client, missing)
      return texts
    } catch (error) {
      this.#failed(error, listed, 1)
      throw error
    }
  }

  /** The text of a message of any size, part by part; what is large goes to a file at `path`. */
  async large(client: BoundedImap, message: ListedMessage, path: string): Promise<RawMessage | 'too-large' | 'gone'> {
    const { uid } = message
    try {
      const start = await client.part(uid, 0, IN_MEMORY)
      if (start) return await spool(Readable.from(this.#parts(client, uid, start)), path, this.#maxMessageBytes)
      await this.#confirmGone(client, [uid])
      return 'gone'
    } catch (error) {
      this.#failed(error, [message], 2)
      throw error
    }
  }

  /** The head of a message that is too large; nothing where its server gives even that with all the rest. */
  async head(client: BoundedImap, uid: number): Promise<Buffer | 'gone'> {
    if (this.tooLong(uid)?.way === 3) return Buffer.alloc(0)
    try {
      const start = await client.part(uid, 0, HEAD_BYTES)
      if (start) return headIn(start)
      await this.#confirmGone(client, [uid])
      return 'gone'
    } catch (error) {
      this.#failed(error, [{ uid, size: 0 }], 3)
      throw error
    }
  }

  /**
   * Goes on behind the first part, until the text ends or there is more than is allowed. A server that knows no parts
   * gives all of it as the first.
   */
  async *#parts(client: BoundedImap, uid: number, start: Buffer): AsyncGenerator<Buffer, void, void> {
    let from = 0
    for (let part: Buffer | null = start; part; ) {
      yield part
      from += part.length
      if (part.length !== IN_MEMORY || from > this.#maxMessageBytes) return
      const next = await client.part(uid, from, IN_MEMORY)
      if (next === undefined) throw new Error(`The server did not give UID ${uid} to its end.`)
      if (next && next.length > IN_MEMORY) throw new Error(`The server gave more of UID ${uid} than it was asked for.`)
      part = next
    }
  }

  /**
   * Without those that no message can have had, because the server has not come to them yet (RFC 3501 section 2.3.1.1):
   * reading on from such a number would pass over all that comes before it.
   */
  async #withoutMadeUp(client: BoundedImap, uids: number[]): Promise<number[]> {
    const { mailbox } = client
    if (!mailbox || uids.every(uid => uid < mailbox.uidNext)) return uids
    const next = (await client.nextUid(mailbox.path)) ?? Number.POSITIVE_INFINITY
    return uids.filter(uid => uid < next)
  }

  /**
   * Throws unless the server says that none of these messages is there. That it gave nothing when asked for them proves
   * nothing: on a connection that ended imapflow's fetches resolve as if there were no message.
   */
  async #confirmGone(client: BoundedImap, uids: number[]): Promise<void> {
    if (uids.length === 0) return
    const found = new Set(await client.uids({ uid: uids.join(',') }))
    if (!this.#isOpen(client)) throw new Error('The connection ended while messages were read.')
    const still = uids.find(uid => found.has(uid))
    if (still !== undefined) throw new Error(`The server has UID ${still} of ${this.#folder} and did not give it.`)
  }

  #failed(error: unknown, listed: ListedMessage[], way: 1 | 2 | 3): void {
    const [first = 0, last = 0] = [listed[0]?.uid, listed.at(-1)?.uid]
    if (error instanceof LiteralTooLong && first === last) this.#stuck.tooLongAt(first, way, error.size)
    else this.#stuck.failedAt(first, last)
  }
}

/** The head in the first bytes of a message, with the empty line behind it; all of them if it does not end there. */
function headIn(start: Buffer): Buffer {
  const end = /\r?\n\r?\n/.exec(start.toString('latin1'))
  return end ? start.subarray(0, end.index + end[0].length) : start
}
