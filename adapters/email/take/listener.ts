// Takes mail by SMTP and LMTP.
import { readFileSync } from 'node:fs'
import { SMTPServer, type SMTPServerDataStream, type SMTPServerOptions, type SMTPServerSession } from 'smtp-server'
import { isOurs, isPostmaster, normaliseAddress } from '../../../src/core/text/address.ts'
import { DeskError, listenError, sentenceOf } from '../../../src/errors.ts'
import { spool, type Tally } from '../mime/collect.ts'
import type { RawMessage } from '../mime/raw-head.ts'
import type { EmailSettings } from '../settings.ts'
import { Doorkeeper } from './doorkeeper.ts'
import { SessionClock, type SessionTimes } from './session-clock.ts'

/** How a message was handed over by SMTP. */
export interface Envelope {
  from: string
  to: string[]
  /** The other side of the connection. */
  client: { ip: string; helo: string }
}

const SOCKET_TIMEOUT_MS = 60_000
const LONGEST_COMMAND = 4_096 // bytes; RFC 5321 section 4.5.3.1.4 asks for 512
const MOST_RECIPIENTS = 100 // RFC 5321 section 4.5.3.1.8
const MOST_REFUSED = 50 // recipients that are not ours, in one session: whoever goes on tries names
/** Bytes of mails that are still on their way, kept in memory; more goes to files at once. */
const MOST_UNDER_WAY = 32 * 1024 * 1024
const CLOSE_TIMEOUT_MS = 1_000 // for a client that says nothing; mail in hand is finished before

/** What a listener hands on, and what it needs. */
export interface ListenerOptions {
  listen: NonNullable<EmailSettings['listen']>
  ownAddresses: readonly string[]
  maxMessageBytes: number
  spoolPath(): Promise<string>
  /** Stores the message; resolves with a few words for the client once it is committed. */
  take(raw: RawMessage, envelope: Envelope): Promise<string>
  warn(sentence: string, error?: unknown): void
  /** Whether an address is of a server of ours, for which no limit of one address counts. */
  isOurs(address: string): boolean
  /** Whether there is as much in hand as may be, so that no further mail is taken just now. */
  isFull(): boolean
  /** How long clients may take; as long as RFC 5321 has them unless told. */
  times?: SessionTimes
}

/** SMTP (RFC 5321) or LMTP (RFC 2033) in: 250 only after the commit, LMTP for each recipient. */
export class MailListener {
  readonly #options: ListenerOptions
  #server: SMTPServer | undefined
  readonly #inHand = new Set<Promise<void>>()
  readonly #door: Doorkeeper
  readonly #clock: SessionClock
  readonly #refused = new WeakMap<SMTPServerSession, number>()
  #underWay = 0
  #stopping = false

  constructor(options: ListenerOptions) {
    this.#options = options
    this.#door = new Doorkeeper(options.isOurs)
    this.#clock = new SessionClock(() => this.#server, options.times)
  }

  async start(): Promise<void> {
    const { listen } = this.#options
    const { host, port } = listen
    const server = new SMTPServer(this.#serverOptions())
    // Whoever is not let in costs nothing more.
    const serve = server.server.listeners('connection')
    server.server.removeAllListeners('connection').on('connection', socket => {
      if (this.#door.admits(socket)) for (const each of serve) each.call(server.server, socket)
    })
    await new Promise<void>((resolve, reject) => {
      const refused = (error: Error) => reject(listenError(error, 'listen.port', listen))
      server.once('error', refused)
      server.listen(port, host, () => {
        server.off('error', refused)
        server.on('error', error => this.#options.warn('a mail connection failed', error))
        resolve()
      })
    })
    this.#server = server
  }

  /** Takes no further connection, and finishes the messages in hand. */
  async stop(): Promise<void> {
    const server = this.#server
    this.#server = undefined
    if (!server) return
    this.#stopping = true
    server.server.close()
    while (this.#inHand.size > 0) await Promise.allSettled([...this.#inHand])
    await new Promise<void>(resolve => server.close(resolve))
  }

  #serverOptions(): SMTPServerOptions {
    const { listen, maxMessageBytes } = this.#options
    const tls = listen.tlsKey && listen.tlsCert
    return {
      lmtp: listen.protocol === 'lmtp',
      size: maxMessageBytes,
      banner: 'Relaydesk',
      disabledCommands: tls ? ['AUTH'] : ['AUTH', 'STARTTLS'],
      authOptional: true,
      disableReverseLookup: true,
      maxCommandLength: LONGEST_COMMAND,
      maxRecipients: MOST_RECIPIENTS,
      socketTimeout: SOCKET_TIMEOUT_MS,
      closeTimeout: CLOSE_TIMEOUT_MS,
      ...(tls ? { key: readPem(listen.tlsKey ?? ''), cert: readPem(listen.tlsCert ?? '') } : {}),
      onConnect: (session, callback) => {
        this.#clock.connected(session)
        callback()
      },
      onClose: session => this.#clock.stop(session),
      onMailFrom: (_address, _session, callback) => {
        const why = this.#stopping
          ? 'The desk is stopping'
          : this.#options.isFull()
            ? 'The desk is busy with other mail'
            : null
        callback(why === null ? null : reply(421, `4.3.2 ${why}, try again later`))
      },
      onRcptTo: ({ address }, session, callback) => {
        const { ownAddresses } = this.#options
        const known = isOurs(normaliseAddress(address) ?? '', ownAddresses) || isPostmaster(address, ownAddresses)
        callback(known ? null : this.#refuse(address, session))
      },
      onData: (stream, session, callback) => {
        this.#clock.sends(session)
        const work = this.#receive(stream, session)
          .finally(() => this.#clock.waits(session))
          .then(
            reply => callback(null, reply),
            (error: Error) => callback(error),
          )
        this.#inHand.add(work)
        void work.finally(() => this.#inHand.delete(work))
      },
    }
  }

  #refuse(address: string, session: SMTPServerSession): SmtpReply {
    const refused = (this.#refused.get(session) ?? 0) + 1
    this.#refused.set(session, refused)
    if (refused < MOST_REFUSED) return reply(550, `5.1.1 There is no ${address} here`)
    return reply(421, `4.7.0 There is no ${address} here, nor were ${refused - 1} others: that is enough`)
  }

  /** Counts what of a mail is in memory until it is there. */
  #tally(): Tally {
    let held = 0
    return {
      keep: bytes => {
        if (this.#underWay + bytes > MOST_UNDER_WAY) return false
        this.#underWay += bytes
        held += bytes
        return true
      },
      letGo: () => {
        this.#underWay -= held
        held = 0
      },
    }
  }

  async #receive(stream: SMTPServerDataStream, session: SMTPServerSession): Promise<string> {
    const { take, spoolPath, warn, maxMessageBytes } = this.#options
    const tally = this.#tally()
    try {
      const raw = await spool(stream, await spoolPath(), maxMessageBytes, tally).finally(() => tally.letGo())
      this.#clock.stop(session)
      if (raw === 'too-large') throw reply(552, `5.3.4 The message has more than ${maxMessageBytes} bytes`)
      const { mailFrom, rcptTo } = session.envelope
      return await take(raw, {
        from: mailFrom ? mailFrom.address.toLowerCase() : '',
        to: rcptTo.map(each => each.address.toLowerCase()),
        client: { ip: session.remoteAddress, helo: session.hostNameAppearsAs || '' },
      })
    } catch (error) {
      stream.resume() // an unread stream would block the client
      if (error instanceof SmtpReply) throw error
      warn('a mail could not be taken; its sender was told to try again', error)
      throw reply(
        451,
        `4.3.0 ${error instanceof DeskError ? error.message : 'It cannot be stored at the moment, try again later'}`,
      )
    }
  }
}

/** What the client is told instead of 250. */
class SmtpReply extends Error {
  readonly responseCode: number

  constructor(responseCode: number, text: string) {
    super(text)
    this.responseCode = responseCode
  }
}

function reply(responseCode: number, text: string): SmtpReply {
  return new SmtpReply(responseCode, text)
}

function readPem(path: string): Buffer {
  try {
    return readFileSync(path)
  } catch (error) {
    throw new DeskError('config', `listen: the file ${path} cannot be read: ${sentenceOf(error)}.`)
  }
}
