// An IMAP client that a server cannot keep waiting, nor flood.
import type { Transform } from 'node:stream'
import {
  type AppendResponseObject,
  type FetchMessageObject,
  type FetchQueryObject,
  ImapFlow,
  type ImapFlowOptions,
  type ListResponse,
  type MailboxCreateResponse,
  type MailboxObject,
  type SearchObject,
} from 'imapflow'
import { COMMAND_MS, LOGIN_MS, SLOWEST_UPLOAD } from './imap-limits.ts'
import { ResponseGate } from './response-gate.ts'

/** The server asks for a pause. */
export class ThrottleError extends Error {
  /** Milliseconds. */
  readonly wait: number

  constructor(wait: number) {
    super('The server asks the desk to wait.')
    this.wait = wait
  }
}

/**
 * imapflow's connection, with an end to everything: to each command, to what a server may say meanwhile, and to how much
 * of it is held. Messages are named by UID throughout. Where it ended the connection, `ended` says why, and every
 * command that waits rejects with that.
 */
export class BoundedImap extends ImapFlow {
  ended: Error | undefined
  readonly #gate = new ResponseGate(error => this.end(error))

  constructor(options: Omit<ImapFlowOptions, 'logger'>) {
    const nothing = () => undefined
    // imapflow waits itself where it is asked to, for minutes and on an open connection, and tells its log alone.
    const warn = ({ throttleDelay }: { throttleDelay?: number } = {}) => {
      if (throttleDelay) setImmediate(() => this.end(new ThrottleError(throttleDelay)))
    }
    super({ ...options, logger: { trace: nothing, debug: nothing, info: nothing, warn, error: nothing } })
    this.#gate.guard((this as unknown as { streamer: Transform }).streamer)
  }

  /** Closes the connection for this reason. */
  end(reason: Error): void {
    this.ended ??= reason
    this.close()
  }

  override connect(): Promise<void> {
    return this.#inTime(LOGIN_MS, async () => {
      await super.connect()
      this.#gate.signedIn()
    })
  }

  override noop(): Promise<void> {
    return this.#inTime(COMMAND_MS, () => super.noop())
  }

  override logout(): Promise<void> {
    return this.#inTime(COMMAND_MS, () => super.logout())
  }

  override list(): Promise<ListResponse[]> {
    return this.#inTime(COMMAND_MS, () => super.list())
  }

  override mailboxOpen(path: string): Promise<MailboxObject> {
    return this.#inTime(COMMAND_MS, () => super.mailboxOpen(path))
  }

  override mailboxCreate(path: string): Promise<MailboxCreateResponse> {
    return this.#inTime(COMMAND_MS, () => super.mailboxCreate(path))
  }

  override append(path: string, raw: Buffer, flags: string[]): Promise<AppendResponseObject | false> {
    return this.#inTime(COMMAND_MS + raw.length / SLOWEST_UPLOAD, () => super.append(path, raw, flags))
  }

  /** UIDs of what matches, ascending. */
  async uids(query: SearchObject): Promise<number[]> {
    const found = await this.#inTime(COMMAND_MS, () => this.search(query, { uid: true }))
    if (!found) throw new Error('The server did not say what there is.')
    return found
  }

  /** The number below which all UIDs of a folder are; undefined where the server does not tell. */
  async nextUid(path: string): Promise<number | undefined> {
    const status = await this.#inTime(COMMAND_MS, () => this.status(path, { uidNext: true }))
    return status ? status.uidNext : undefined
  }

  /** UID of the message of this sequence number; undefined where there is none any more. */
  async uidAt(number: number): Promise<number | undefined> {
    const found = await this.#inTime(COMMAND_MS, () => this.fetchOne(String(number), { uid: true }))
    return found ? found.uid : undefined
  }

  /**
   * Shows these messages as they come, each once what `take` wants of it is there: it gives true for what it took. What
   * was not asked for, and what comes again, is passed over. Resolves when the server says that this is all.
   */
  async each(
    uids: readonly number[],
    query: FetchQueryObject,
    take: (message: FetchMessageObject) => boolean,
  ): Promise<void> {
    const pending = new Set(uids)
    await this.#inTime(COMMAND_MS, async progress => {
      for await (const message of this.fetch(uids.join(','), query, { uid: true })) {
        if (!pending.has(message.uid) || !take(message)) continue
        pending.delete(message.uid)
        progress()
      }
    })
  }

  /**
   * So many bytes of a message's text from one on, or all of it where the server knows no parts. Null if it has none
   * there, undefined if there is no such message.
   */
  async part(uid: number, start: number, maxLength: number): Promise<Buffer | null | undefined> {
    let part: Buffer | null | undefined
    await this.each([uid], { uid: true, source: { start, maxLength } }, message => {
      if ('source' in message) part = message.source || null
      return 'source' in message
    })
    return part
  }

  async addFlags(uids: readonly number[], flags: string[]): Promise<boolean> {
    return this.#inTime(COMMAND_MS, () => this.messageFlagsAdd(uids.join(','), flags, { uid: true }))
  }

  async copyTo(uids: readonly number[], folder: string): Promise<boolean> {
    return this.#inTime(COMMAND_MS, async () => !!(await this.messageCopy(uids.join(','), folder, { uid: true })))
  }

  async moveTo(uids: readonly number[], folder: string): Promise<boolean> {
    return this.#inTime(COMMAND_MS, async () => !!(await this.messageMove(uids.join(','), folder, { uid: true })))
  }

  /** Ends the connection if something takes longer than so many milliseconds, counted from its last progress. */
  async #inTime<T>(limit: number, work: (progress: () => void) => Promise<T>): Promise<T> {
    this.#gate.progress()
    const late = setTimeout(() => {
      this.end(new Error(`The server did not give what it was asked for within ${Math.round(limit / 1000)} s.`))
    }, limit)
    const progress = () => {
      late.refresh()
      this.#gate.progress()
    }
    try {
      const done = await work(progress)
      // On a connection that ended imapflow's fetches resolve as if there were no message.
      if (this.ended) throw this.ended
      return done
    } catch (error) {
      throw this.ended ?? error
    } finally {
      clearTimeout(late)
    }
  }
}
