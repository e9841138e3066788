import type { ImapFlow } from 'imapflow'
import { DeskError, sentenceOf } from '../../../src/errors.ts'
import type { TokenSource } from '../oauth.ts'
import { connectImap, isDistrusted, isRefused, patience, whatItSaid } from './connect.ts'
import { type FolderOptions, FolderReader, NoFolder } from './folder.ts'

const FIRST_WAIT_MS = 500
const SOON_MS = 4_000 // the longest wait in the first minute after a connection was lost
const LATER_MS = 60_000
const PATIENCE_MS = 60_000
const REFUSED_MS = 60_000 // whoever knocks too often with a wrong password is locked out
const RENEWED_AFTER_MS = 60 * 60_000 // a session may go blind without a sign; a new one sees
const FAREWELL_MS = 5_000
const MOST_TO_KEEP = 100 // answers, while the server cannot be reached
const ALARM_AFTER_MS = 10 * 60_000

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
  #client: ImapFlow | undefined
  #stopped = false
  #running: Promise<void> | undefined
  #wake: () => void = () => undefined
  #news = false
  readonly #toKeep: Uint8Array[] = []
  /** Folders that were read, by the code of their alarm; and those that agents were told of. */
  readonly #sound = new Set<string>()
  readonly #told = new Set<string>()
  #taken = 0
  #failures = 0
  #lostAt: number | undefined
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

  /** `user@host`, as people are told of it. */
  get #name(): string {
    const { user, host } = this.#options.mailbox
    return `${user} at ${host}`
  }

  start(): void {
    this.#running = this.#run()
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
    const cut = setTimeout(() => this.#client?.close(), FAREWELL_MS)
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
    const client = await connectImap(mailbox, tokens)
    this.#client = client
    for (const folder of this.#folders) folder.reset()
    const news = () => {
      this.#news = true
      this.#wake()
    }
    const since = now().getTime()
    const isOld = () => now().getTime() - since > RENEWED_AFTER_MS
    client.on('exists', news)
    client.on('close', news)
    try {
      while (!this.#stopped && client.usable && !isOld()) {
        this.#news = false
        await this.#expectAnswer(client)
        // The first one last, because the server tells only of the folder that is selected.
        for (const folder of this.#folders.toReversed()) await this.#pass(folder, client)
        await this.#putIntoSent(client)
        await this.#allIsWell()
        if (!this.#stopped && !this.#news) await this.#untilNews(client)
      }
    } finally {
      // Whoever stops waits for a word of farewell; a connection that is gone has none.
      if ((this.#stopped || isOld()) && client.usable) await client.logout().catch(() => undefined)
      client.close()
      this.#client = undefined
    }
    if (!this.#stopped && !isOld()) throw new Error('The server closed the connection.')
  }

  /**
   * Some servers look for new mail at NOOP and at nothing else. Under a clock of our own: while imapflow waits for the
   * server to begin to IDLE it waits for ever, and with it every command.
   */
  async #expectAnswer(client: ImapFlow): Promise<void> {
    const silence = setTimeout(() => client.close(), 2 * patience(this.#options.mailbox))
    try {
      await client.noop()
    } finally {
      clearTimeout(silence)
    }
  }

  /** A folder that is not there keeps no other from being read. */
  async #pass(folder: FolderReader, client: ImapFlow): Promise<void> {
    const code = `${this.#code} ${folder.name}`
    try {
      await folder.pass(client)
      if (!this.#sound.has(code)) await this.#tell(() => this.#options.desk.settle(code))
      this.#sound.add(code)
    } catch (error) {
      if (!(error instanceof NoFolder) || !client.usable) throw error
      if (this.#sound.delete(code) || !this.#told.has(code)) {
        this.#told.add(code)
        const sentence = `The folder ${error.message}, in the mailbox of ${this.#name}: make it, or correct its name in the configuration; relaydesk doctor shows which there are.`
        await this.#tell(() => this.#options.desk.alarm(code, sentence))
      }
    }
  }

  async #putIntoSent(client: ImapFlow): Promise<void> {
    const { mailbox, warn } = this.#options
    for (let raw = this.#toKeep[0]; raw && mailbox.sent !== undefined; raw = this.#toKeep[0]) {
      const kept = await client.append(mailbox.sent, Buffer.from(raw), ['\\Seen']).catch(error => {
        if (!client.usable) throw error
        return false
      })
      if (!kept) warn(`an answer could not be put into ${mailbox.sent} of ${this.#name}`)
      this.#toKeep.shift()
    }
  }

  /** The server tells of the first folder only; all of them are looked at again after a while. */
  async #untilNews(client: ImapFlow): Promise<void> {
    const told = this.#sleep(this.#options.mailbox.poll)
    // Ends with the next command, or when the connection does; a server without IDLE is asked every two minutes.
    const idle = client.idle().catch(() => undefined)
    await told
    if (!client.usable) await idle
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
  }

  get #code(): string {
    const { user, host } = this.#options.mailbox
    return `imap ${user}@${host}`
  }

  /** Gives how long to wait. */
  async #afterTrouble(error: unknown): Promise<number> {
    if (this.#stopped) return 0
    const { warn, now } = this.#options
    const taken = this.#folders.reduce((sum, folder) => sum + folder.taken, 0)
    if (taken > this.#taken) this.#failures = 0 // it brought something before it ended
    this.#taken = taken
    this.#failures += 1
    this.#lostAt ??= now().getTime()
    const lostFor = now().getTime() - this.#lostAt
    warn(`mailbox of ${this.#name}: ${whatItSaid(error)}`, error)
    const refused = isRefused(error) || (error instanceof DeskError && error.code === 'config')
    // Of a token that cannot be had, whoever gives it out tells.
    const untold = isRefused(error) || this.#options.tokens === undefined
    if (refused && untold) await this.#alarm(this.#refusal(error))
    if (!refused && (isDistrusted(error) || lostFor >= ALARM_AFTER_MS)) {
      const since = new Date(this.#lostAt).toISOString()
      await this.#alarm(
        `The mailbox of ${this.#name} cannot be read since ${since}: ${whatItSaid(error)}. Mail waits there; relaydesk doctor says what is wrong.`,
      )
    }
    const { throttleReset } = error as { throttleReset?: number }
    if (throttleReset) return throttleReset
    const longest = refused ? REFUSED_MS : lostFor < PATIENCE_MS ? SOON_MS : LATER_MS
    const wait = refused && this.#failures > 4 ? REFUSED_MS : FIRST_WAIT_MS * 2 ** Math.min(this.#failures - 1, 10)
    return Math.min(longest, wait) * (0.5 + Math.random() / 2)
  }

  #refusal(error: unknown): string {
    const { channel, tokens, mailbox } = this.#options
    const { user, host } = mailbox
    if (error instanceof DeskError) return error.message
    const mend =
      tokens && mailbox.password === undefined
        ? `run relaydesk login ${channel}`
        : 'correct the password in the configuration and start the desk again'
    return `${host} does not let ${user} in (${whatItSaid(error)}): ${mend}. Mail waits there and is taken afterwards.`
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
