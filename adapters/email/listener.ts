import { readFileSync } from 'node:fs'
import { SMTPServer, type SMTPServerDataStream, type SMTPServerOptions, type SMTPServerSession } from 'smtp-server'
import { isOurs, isPostmaster, normaliseAddress } from '../../src/core/address.ts'
import { codeOf, DeskError, sentenceOf } from '../../src/errors.ts'
import { spool } from './collect.ts'
import type { RawMessage } from './head.ts'
import type { EmailSettings } from './settings.ts'

/** How a message was handed over by SMTP. */
export interface Envelope {
  from: string
  to: string[]
  /** The other side of the connection. */
  client: { ip: string; helo: string }
}

const MOST_CLIENTS = 100
const SOCKET_TIMEOUT_MS = 60_000
const CLOSE_TIMEOUT_MS = 1_000 // for a client that says nothing; mail in hand is finished before

/** What a listener hands on, and what it needs. */
export interface ListenerOptions {
  listen: NonNullable<EmailSettings['listen']>
  own: readonly string[]
  maxMessageBytes: number
  spoolPath(): Promise<string>
  /** Stores the message; resolves with a few words for the client once it is committed. */
  take(raw: RawMessage, envelope: Envelope): Promise<string>
  warn(sentence: string, error?: unknown): void
}

/** SMTP (RFC 5321) or LMTP (RFC 2033) in: 250 only after the commit, LMTP for each recipient. */
export class MailListener {
  readonly #options: ListenerOptions
  #server: SMTPServer | undefined
  readonly #inHand = new Set<Promise<void>>()
  #stopping = false

  constructor(options: ListenerOptions) {
    this.#options = options
  }

  async start(): Promise<void> {
    const { host, port } = this.#options.listen
    const server = new SMTPServer(this.#serverOptions())
    await new Promise<void>((resolve, reject) => {
      const refused = (error: Error) => reject(listenError(error, host, port))
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
      maxClients: MOST_CLIENTS,
      socketTimeout: SOCKET_TIMEOUT_MS,
      closeTimeout: CLOSE_TIMEOUT_MS,
      ...(tls ? { key: readPem(listen.tlsKey ?? ''), cert: readPem(listen.tlsCert ?? '') } : {}),
      onMailFrom: (_address, _session, callback) => {
        callback(this.#stopping ? reply(421, '4.3.2 The desk is stopping, try again later') : null)
      },
      onRcptTo: ({ address }, _session, callback) => {
        const { own } = this.#options
        const known = isOurs(normaliseAddress(address) ?? '', own) || isPostmaster(address, own)
        callback(known ? null : reply(550, `5.1.1 There is no ${address} here`))
      },
      onData: (stream, session, callback) => {
        const work = this.#receive(stream, session).then(
          said => callback(null, said),
          (error: Error) => callback(error),
        )
        this.#inHand.add(work)
        void work.finally(() => this.#inHand.delete(work))
      },
    }
  }

  async #receive(stream: SMTPServerDataStream, session: SMTPServerSession): Promise<string> {
    const { take, spoolPath, warn, maxMessageBytes } = this.#options
    try {
      const raw = await spool(stream, await spoolPath(), maxMessageBytes)
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
        `4.3.0 ${error instanceof DeskError ? error.message : 'It cannot be stored just now, try again later'}`,
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

function listenError(error: Error, host: string, port: number): DeskError {
  const sentences: Record<string, string> = {
    EADDRINUSE: `port ${port} on ${host} is in use: stop what uses it (another Relaydesk?), or write another port.`,
    EACCES: `this user may not listen on port ${port}: write one above 1023.`,
    EADDRNOTAVAIL: `this machine has no address ${host}: write 127.0.0.1, or 0.0.0.0 for all.`,
  }
  return new DeskError('config', `listen.port: ${sentences[codeOf(error)] ?? sentenceOf(error)}`, { cause: error })
}
