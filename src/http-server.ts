// A server for HTTP that no crowd, no slow client and no odd request holds up. Every server of the desk is one of these.
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { ByteBudget } from './budget.ts'
import { HttpRefusal } from './channel/http.ts'
import { sentenceOf } from './errors.ts'
import { isAmong, isPublic, networkOf } from './network.ts'

/** At once, in all. One that waits costs some 20 kB, with the largest head twice that. */
export const MOST_CONNECTIONS = 250
/** At once, of one address on the internet. A browser opens six, and offices share an address. */
const MOST_OF_ADDRESS = 20
/** A body that is no larger is read at once; so many bytes of each connection may be in memory. */
const SMALL_BYTES = 64 * 1024
const LARGE_AT_ONCE = 2 // bodies
const LARGE_MS = 5_000 // until one of these has come in
/** That the kernel keeps until they are taken: one more than these must knock again, which it does after seconds. */
const BACKLOG = 4_096
const MOST_HEAD_BYTES = 16 * 1024
const MOST_FIELDS = 100
const HEAD_MS = 10_000 // until the head of a request has come in
const REQUEST_MS = 30_000 // until all of it has
const IDLE_MS = 5_000 // between two requests
const CHECK_MS = 1_000 // how often these are looked at
const MOST_REQUESTS = 1_000 // on one connection
const CLOSE_MS = 1_000 // for what is being answered, once the server is closed
/**
 * What still comes of a small request that is refused is thrown away for a while: hung up on, many clients read no answer.
 * Of a large one nothing more is read.
 */
const LINGER_MS = 1_000
const LINGER_BYTES = 64 * 1024

/** What whoever is turned away because of others is told. */
export const BUSY = 'We are getting too many requests at the moment. Please try again in a minute.'

export interface HttpServerOptions {
  /** Rejects with an `HttpRefusal`, or with any other error for a 500. */
  serve(request: IncomingMessage, response: ServerResponse): void | Promise<void>
  warn(sentence: string, error?: unknown): void
  /** Addresses and networks (`10.0.0.5`, `10.1.0.0/16`) of reverse proxies: it counts whom they name in X-Forwarded-For. */
  proxies?: readonly string[]
}

interface Connection {
  socket: Socket
  /** The network that it counts for; '' for those that are not counted: this machine, private networks, proxies. */
  owner: string
  isProxy: boolean
  request: IncomingMessage | undefined
  response: ServerResponse | undefined
}

/**
 * Connections that wait give way to new ones: where there are too many of one address the oldest of that, and where there
 * are too many at all the oldest of the address that has most. What has come in whole is answered, and gives way to nobody.
 * So a crowd shuts out nobody whose request comes in at once. A proxy on this machine or in a private network is one address
 * for all who come through it: there the limit by address does not count, unless the proxy says who they are.
 */
export class HttpServer {
  readonly #options: HttpServerOptions
  readonly #server: Server
  /** In the order in which they began to wait. */
  readonly #connections = new Map<Socket, Connection>()
  readonly #large = new ByteBudget(LARGE_AT_ONCE)
  #isClosing = false

  constructor(options: HttpServerOptions) {
    this.#options = options
    const limits = {
      maxHeaderSize: MOST_HEAD_BYTES,
      headersTimeout: HEAD_MS,
      requestTimeout: REQUEST_MS,
      keepAliveTimeout: IDLE_MS,
      connectionsCheckingInterval: CHECK_MS,
    }
    this.#server = createServer(limits, (request, response) => this.#take(request, response))
    this.#server.maxHeadersCount = MOST_FIELDS
    this.#server.maxRequestsPerSocket = MOST_REQUESTS
    this.#server.on('connection', socket => this.#connected(socket))
  }

  /** Gives the port. Rejects with the system's error; then it may be tried again. */
  async listen(port: number, host: string): Promise<number> {
    const server = this.#server
    server.listen({ port, host, backlog: BACKLOG })
    await once(server, 'listening')
    server.on('error', error => this.#options.warn(`a connection could not be taken: ${sentenceOf(error)}`, error))
    return (server.address() as AddressInfo).port
  }

  /** Takes nothing more. What is being answered is, but no longer than a moment after this is settled. */
  async close(inHand: Promise<unknown> = Promise.resolve()): Promise<void> {
    this.#isClosing = true
    const closed = new Promise<void>(resolve => this.#server.close(() => resolve()))
    for (const each of [...this.#connections.values()]) if (isWaiting(each)) this.#dismiss(each)
    await inHand
    const timer = setTimeout(() => this.#server.closeAllConnections(), CLOSE_MS)
    await closed
    clearTimeout(timer)
  }

  /**
   * The body of a request, at most so many bytes. Rejects with an `HttpRefusal`. Large ones are read one after the other:
   * whoever sends many holds up only those, and not what is small.
   */
  async body(request: IncomingMessage, most: number): Promise<Buffer> {
    const length = Number(request.headers['content-length'] ?? Number.POSITIVE_INFINITY)
    if (Number.isFinite(length) && length > most) throw tooLarge(most)
    if (Math.min(length, most) <= SMALL_BYTES) return read(request, most)
    const letGo = await this.#large.take(1)
    const timer = setTimeout(() => this.#dismissSlow(request), LARGE_MS)
    return read(request, most).finally(() => {
      clearTimeout(timer)
      letGo()
    })
  }

  #dismissSlow({ socket }: IncomingMessage): void {
    const connection = this.#connections.get(socket)
    if (connection) this.#dismiss(connection)
  }

  #connected(socket: Socket): void {
    const { owner, isProxy } = this.#whose(socket.remoteAddress ?? '')
    if (this.#connections.size >= MOST_CONNECTIONS && !this.#makeRoom()) {
      socket.write(plainAnswer(503, BUSY))
      socket.destroySoon()
      return
    }
    const connection: Connection = { socket, owner, isProxy, request: undefined, response: undefined }
    this.#connections.set(socket, connection)
    socket.once('close', () => this.#connections.delete(socket))
    this.#limit(connection)
  }

  #take(request: IncomingMessage, response: ServerResponse): void {
    const connection = this.#connections.get(request.socket)
    // Whoever does not wait for an answer, as no client does, could ask for any number of them at once.
    if (!connection || isAnswering(connection)) {
      request.socket.destroy()
      return
    }
    Object.assign(connection, { request, response })
    const named = connection.isProxy ? this.#named(request) : undefined
    if (named !== undefined) {
      connection.owner = this.#whose(named).owner
      this.#limit(connection)
    }
    response.once('close', () => this.#waitAgain(connection, response))
    this.#serve(request, response).catch(error => {
      const isRefusal = error instanceof HttpRefusal
      if (!isRefusal) this.#options.warn(`a request could not be answered: ${sentenceOf(error)}`, error)
      refuse(request, response, isRefusal ? error : new HttpRefusal(500, FAILED))
    })
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (this.#isClosing) throw new HttpRefusal(503, 'The desk is stopping.')
    await this.#options.serve(request, response)
  }

  #waitAgain(connection: Connection, after: ServerResponse): void {
    if (connection.response !== after || !this.#connections.delete(connection.socket)) return
    this.#connections.set(connection.socket, connection)
    connection.request = connection.response = undefined
  }

  #whose(address: string): { owner: string; isProxy: boolean } {
    const isProxy = isAmong(address, this.#options.proxies ?? [])
    return { owner: isProxy || !isPublic(address) ? '' : networkOf(address), isProxy }
  }

  /** Whom a proxy names: the last one that is no proxy itself. */
  #named({ headers }: IncomingMessage): string | undefined {
    const names = String(headers['x-forwarded-for'] ?? '').split(',')
    return names.map(each => each.trim()).findLast(each => each !== '' && !isAmong(each, this.#options.proxies ?? []))
  }

  #limit({ owner }: Connection): void {
    if (owner === '') return
    const same = [...this.#connections.values()].filter(each => each.owner === owner)
    const oldest = same.length > MOST_OF_ADDRESS ? same.slice(0, -1).find(isWaiting) : undefined
    if (oldest) this.#dismiss(oldest)
  }

  /** Lets the oldest that waits go, of whom has most of them. Whether there was one. */
  #makeRoom(): boolean {
    const waiting = [...this.#connections.values()].filter(isWaiting)
    const counts = new Map<string, number>()
    for (const { owner } of waiting) counts.set(owner, (counts.get(owner) ?? 0) + 1)
    const most = Math.max(...counts.values())
    const oldest = waiting.find(({ owner }) => counts.get(owner) === most)
    if (oldest) this.#dismiss(oldest)
    return oldest !== undefined
  }

  #dismiss(connection: Connection): void {
    const { socket, request, response } = connection
    if (request && !response?.headersSent) socket.write(plainAnswer(503, BUSY))
    socket.destroySoon()
    this.#connections.delete(socket)
  }
}

const INCOMPLETE = new HttpRefusal(400, 'The request was incomplete.')
const FAILED = 'That did not work just now. Please try again later.'

/** Nothing that has come in whole is being worked on. */
function isWaiting({ request, response }: Connection): boolean {
  return request === undefined || !request.complete || response?.writableEnded === true
}

function isAnswering({ response }: Connection): boolean {
  return response !== undefined && !response.writableEnded
}

/** What comes, as long as it is no more. */
function read(request: IncomingMessage, most: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let size = 0
    const fail = (refusal: HttpRefusal) => {
      request.off('data', add)
      chunks.length = 0
      reject(refusal)
    }
    const add = (chunk: Buffer) => {
      chunks.push(chunk)
      size += chunk.length
      if (size > most) fail(tooLarge(most))
    }
    if (request.destroyed) return fail(INCOMPLETE)
    request.on('data', add)
    request.on('end', () => resolve(Buffer.concat(chunks, size)))
    request.on('close', () => fail(INCOMPLETE))
    request.on('error', () => undefined) // told by its close
  })
}

function tooLarge(most: number): HttpRefusal {
  return new HttpRefusal(413, `That is more than the ${most} bytes that are accepted here.`)
}

/** Answers with a status and a sentence, and hangs up. */
function refuse(request: IncomingMessage, response: ServerResponse, { status, message, headers }: HttpRefusal): void {
  if (response.headersSent || response.destroyed) {
    response.destroy()
    return
  }
  const text = `${message}\n`
  const about = { 'content-type': 'text/plain; charset=utf-8', 'content-length': Buffer.byteLength(text) }
  response.writeHead(status, { ...about, connection: 'close', ...headers })
  response.write(text)
  if (request.complete || Number(request.headers['content-length']) > LINGER_BYTES) {
    response.end()
    return
  }
  let remainingBytes = LINGER_BYTES
  const end = () => response.end()
  const timer = setTimeout(end, LINGER_MS).unref()
  request.on('data', (chunk: Buffer) => {
    remainingBytes -= chunk.length
    if (remainingBytes < 0) end()
  })
  request.once('end', end)
  response.once('close', () => clearTimeout(timer))
}

function plainAnswer(status: number, sentence: string): string {
  const head = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Type: text/plain; charset=utf-8\r\n`
  return `${head}Content-Length: ${Buffer.byteLength(sentence)}\r\nConnection: close\r\nRetry-After: 60\r\n\r\n${sentence}`
}
