// Watches one mailbox for as long as the desk runs.
import { DeskError, sentenceOf } from '../../../src/errors.ts'
import type { TokenSource } from '../sign-in/oauth.ts'
import { longWait, nameOf, refusal, unread } from './alarm-words.ts'
import { type BoundedImap, ThrottleError } from './bounded-client.ts'
import { connectImap, isDistrusted, isRefused, patience, serverReply } from './connect.ts'
import { type FolderOptions, FolderReader, NoFolder } from './folder.ts'
import { LONGEST_WAIT_MS, LOOK_MS, NOTABLE_WAIT_MS, UNREAD_MS } from './imap-limits.ts'

const FIRST_WAIT_MS = 500
const SOON_MS = 4_000 // the longest wait in the first minute after a connection was lost
const LATER_MS = 60_000
const PATIENCE_MS = 60_000
const REFUSED_MS = 60_000 // whoever knocks too often with a wrong password is locked out
const RENEWED_AFTER_MS = 60 * 60_000 // a session may go blind without a sign; a new one sees
const FAREWELL_MS = 3_000
const MOST_TO_KEEP = 100 // answers, while the server cannot be reached
const CALM_MS = 1_000 // until it is looked again, where the server told of news and there was nothing
const SHORT_MS = 60_000 // a wait for news that ended sooner, and the connection with it
const MOST_SHORT_WAITS = 3 // in a row: after them the server is looked at now and then, without waiting there

export interface MailboxOptions extends Omit<FolderOptions, 'folder' | 'stopped'> {
  channel: string
  tokens: TokenSource | undefined
}

/**
 * Watches one mailbox for as long as the desk runs: connects, takes what is new, waits for the server to tell of more
 * and looks by itself now and then, and connects again whenever the connection ends or says nothing any more.
 */
export class MailboxWatcher {
  readonly #options: MailboxOptions
  readonly #folders: FolderReader[]
  readonly #cut = new AbortController()
  #stopped = false
  #running: Promise<void> | undefined
  #wake: () => void = () => undefined
  #news = false
  readonly #toKeep: Uint8Array[] = []
  /** Folders that were read, by the code of their alarm; and those that agents were told of. */
  readonly #sound = new Set<string>()
  readonly #reportedFolders = new Set<string>()
  #taken = 0
  #failures = 0
  #lostAt: number | undefined
  /** Since when it should be read, and nothing came and no end was reached. */
  #unreadSince: number | undefined
  #handedAtLast = 0
  #trouble = ''
  /** An alarm stands that says more than that it cannot be read. */
  #explained = false
  #idleSince: number | undefined
  #shortWaits = 0
  #calm = false
  /** An alarm may stand, also one of an earlier run. */
  #alarmed = true

  constructor(options: MailboxOptions) {
    this.#options = options
    const { folders, sent } = options.mailbox
    const each = { ...options, stopped: () => this.#stopped }
    this.#folders = folders.map(folder => new FolderReader({ ...each, folder }))
    if (sent === undefined) return
    const folder = { name: sent, import: 'new', after: 'nothing' } as const
    this.#folders.push(new FolderReader({ ...each, folder, sentByHand: true }))
  }

  start(): void {
    const looking = setInterval(() => void this.#tellIfUnread(), LOOK_MS)
    this.#running = this.#run().finally(() => clearInterval(looking))
  }

  /** Puts an answer of ours into the Sent folder, where one is configured. It left already: failing is told, no more. */
  keepSent(raw: Uint8Array): void {
    const { sent, appendSent } = this.#options.mailbox
    if (sent === undefined || !appendSent || this.#stopped) return
    this.#toKeep.push(raw)
    if (this.#toKeep.length > MOST_TO_KEEP) this.#toKeep.shift()
    this.#news = true
    this.#wake()
  }

  /** Finishes what is in hand. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#wake()
    const cut = setTimeout(() => this.#cut.abort(), FAREWELL_MS)
    await this.#running
    clearTimeout(cut)
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      let wait = FIRST_WAIT_MS
      try {
        await this.#connectAndServe()
      } catch (error) {
        wait = await this.#afterTrouble(error)
      }
      if (!this.#stopped) await this.#sleep(wait)
    }
  }

  async #connectAndServe(): Promise<void> {
    const { mailbox, tokens, now } = this.#options
    this.#beginToRead()
    const client = await connectImap(mailbox, tokens, this.#cut.signal)
    for (const folder of this.#folders) folder.reset()
    const news = () => {
      this.#news = true
      if (!this.#calm) this.#wake()
    }
    const since = now().getTime()
    const isOld = () => now().getTime() - since > RENEWED_AFTER_MS
    client.on('exists', news)
    client.on('close', news)
    try {
      while (!this.#stopped && client.usable && !isOld()) {
        this.#news = false
        this.#beginToRead()
        const before = this.#handed()
        await this.#expectAnswer(client)
        this.#afterIdle(true)
        // The first one last, because the server tells only of the folder that is selected.
        for (const folder of this.#folders.toReversed()) await this.#pass(folder, client)
        await this.#putIntoSent(client)
        await this.#allIsWell()
        if (this.#stopped) break
        if (!this.#news) await this.#untilNews(client)
        else if (this.#handed() === before) await this.#keepCalm()
      }
    } finally {
      // Whoever stops waits for a word of farewell; a connection that is gone has none.
      if ((this.#stopped || isOld()) && client.usable) await client.logout().catch(() => undefined)
      client.close()
      this.#afterIdle(false)
    }
    if (isOld()) this.#shortWaits = 0
    else if (!this.#stopped) throw client.ended ?? new Error('The server closed the connection.')
  }

  /**
   * Some servers look for new mail at NOOP and at nothing else. It is waited for less than for others: while imapflow
   * waits for the server to begin to IDLE it waits for ever, and with it every command.
   */
  async #expectAnswer(client: BoundedImap): Promise<void> {
    const silence = setTimeout(() => client.close(), 2 * patience(this.#options.mailbox))
    try {
      await client.noop()
    } finally {
      clearTimeout(silence)
    }
  }

  /** A folder that is not there keeps no other from being read. */
  async #pass(folder: FolderReader, client: BoundedImap): Promise<void> {
    const code = `${this.#code} ${folder.name}`
    try {
      await folder.pass(client)
      if (!this.#sound.has(code)) await this.#tell(() => this.#options.desk.settle(code))
      this.#sound.add(code)
    } catch (error) {
      if (!(error instanceof NoFolder) || !client.usable) throw error
      if (this.#sound.delete(code) || !this.#reportedFolders.has(code)) {
        this.#reportedFolders.add(code)
        const sentence = `The folder ${error.message}, in the mailbox of ${nameOf(this.#options.mailbox)}: create it, or correct its name in the configuration; relaydesk doctor shows which folders there are.`
        await this.#tell(() => this.#options.desk.alarm(code, sentence))
      }
    }
  }

  async #putIntoSent(client: BoundedImap): Promise<void> {
    const { mailbox, warn } = this.#options
    for (let raw = this.#toKeep[0]; raw && mailbox.sent !== undefined; raw = this.#toKeep[0]) {
      const isStored = await client.append(mailbox.sent, Buffer.from(raw), ['\\Seen']).catch(error => {
        if (!client.usable) throw error
        return false
      })
      if (!isStored) warn(`an answer could not be put into ${mailbox.sent} of ${nameOf(this.#options.mailbox)}`)
      this.#toKeep.shift()
    }
  }

  /** The server tells of the first folder only; all of them are looked at again after a while. */
  async #untilNews(client: BoundedImap): Promise<void> {
    const { mailbox, now } = this.#options
    const wakeUp = this.#sleep(mailbox.poll)
    if (this.#shortWaits >= MOST_SHORT_WAITS) return wakeUp
    this.#idleSince = now().getTime()
    // Ends with the next command, or when the connection does; a server without IDLE is asked every two minutes.
    const idle = client.idle().catch(() => undefined)
    await wakeUp
    if (!client.usable) await idle
  }

  /** Counts waits for news that end the connection at once, or that it does not survive. */
  #afterIdle(survived: boolean): void {
    if (this.#idleSince === undefined) return
    const isShort = this.#options.now().getTime() - this.#idleSince < SHORT_MS
    this.#shortWaits = isShort && !survived ? this.#shortWaits + 1 : 0
    this.#idleSince = undefined
  }

  /** Whoever tells of news without an end is heard once a second. */
  async #keepCalm(): Promise<void> {
    this.#calm = true
    await this.#sleep(CALM_MS)
    this.#calm = false
  }

  #sleep(milliseconds: number): Promise<void> {
    return new Promise(resolve => {
      const timer = setTimeout(resolve, milliseconds)
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  async #allIsWell(): Promise<void> {
    const { desk } = this.#options
    if (this.#alarmed) await this.#tell(() => desk.settle(this.#code))
    this.#alarmed = false
    this.#failures = 0
    this.#lostAt = undefined
    this.#unreadSince = undefined
    this.#explained = false
  }

  get #code(): string {
    const { user, host } = this.#options.mailbox
    return `imap ${user}@${host}`
  }

  #beginToRead(): void {
    if (this.#unreadSince !== undefined) return
    this.#unreadSince = this.#options.now().getTime()
    this.#trouble = 'reading it does not come to an end'
  }

  /** Messages handed over so far. */
  #handed(): number {
    return this.#folders.reduce((sum, folder) => sum + folder.taken, 0)
  }

  /** Gives how long to wait. */
  async #afterTrouble(error: unknown): Promise<number> {
    if (this.#stopped) return 0
    const { mailbox, warn, now } = this.#options
    const taken = this.#handed()
    if (taken > this.#taken) this.#failures = 0 // it brought something before it ended
    this.#taken = taken
    this.#failures += 1
    this.#lostAt ??= now().getTime()
    const lostFor = now().getTime() - this.#lostAt
    this.#trouble = serverReply(error)
    warn(`mailbox of ${nameOf(this.#options.mailbox)}: ${this.#trouble}`, error)
    this.#explained = false
    if (error instanceof ThrottleError) return this.#afterThrottle(error)
    const refused = isRefused(error) || (error instanceof DeskError && error.code === 'config')
    // Of a token that cannot be had, whoever gives it out tells.
    const untold = isRefused(error) || this.#options.tokens === undefined
    this.#explained = refused || isDistrusted(error)
    if (refused && untold) await this.#alarm(refusal(error, this.#options))
    else if (isDistrusted(error)) await this.#alarm(unread(mailbox, this.#lostAt, this.#trouble))
    else await this.#tellIfUnread()
    const longest = refused ? REFUSED_MS : lostFor < PATIENCE_MS ? SOON_MS : LATER_MS
    const wait = refused && this.#failures > 4 ? REFUSED_MS : FIRST_WAIT_MS * 2 ** Math.min(this.#failures - 1, 10)
    return Math.min(longest, wait) * (0.5 + Math.random() / 2)
  }

  /** The server is given the time that it asks for, as far as anybody would: a mailbox must not be forgotten for years. */
  async #afterThrottle({ wait: requestedWait }: ThrottleError): Promise<number> {
    const wait = Math.min(requestedWait, LONGEST_WAIT_MS)
    const until = this.#options.now().getTime() + wait
    this.#explained = wait > NOTABLE_WAIT_MS
    if (this.#explained) {
      await this.#alarm(longWait(this.#options.mailbox, until))
    } else await this.#tellIfUnread()
    return wait
  }

  /** No failure need have been returned: whoever waits must be told all the same. */
  async #tellIfUnread(): Promise<void> {
    const now = this.#options.now().getTime()
    const handed = this.#handed()
    if (this.#unreadSince !== undefined && handed > this.#handedAtLast) this.#unreadSince = now
    this.#handedAtLast = handed
    if (this.#explained || this.#unreadSince === undefined || now - this.#unreadSince < UNREAD_MS) return
    await this.#alarm(unread(this.#options.mailbox, this.#unreadSince, this.#trouble))
  }

  #alarm(sentence: string): Promise<void> {
    this.#alarmed = true
    return this.#tell(() => this.#options.desk.alarm(this.#code, sentence))
  }

  /** A store that is out of order must not end the watch. */
  async #tell(telling: () => Promise<void>): Promise<void> {
    await telling().catch(error => this.#options.warn(`an alarm could not be stored: ${sentenceOf(error)}`))
  }
}
