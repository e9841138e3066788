// Slack's requests by HTTP.
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { App, Logger, Receiver, ReceiverEvent } from '@slack/bolt'
import { codeOf, DeskError, sentenceOf } from '../../../src/errors.ts'
import { HttpRefusal, HttpServer } from '../../../src/http-server.ts'
import type { SlackHttpSettings } from '../settings.ts'
import { createLogger, EventGate, ForeignRequest, Stopping, type WireOptions } from './bolt-app.ts'
import { MOST_BYTES, readerFor } from './http-request.ts'
import { isCheckOfCertificate, type Signature, signatureIn, signs } from './http-signature.ts'

/** What a GET on the path of the request URL says. */
export const HERE = 'Relaydesk listens here for Slack.'

const SLACK_WAITS_MS = 3_000
/** What checks the certificate is no more than a few words. */
const MOST_UNSIGNED_BYTES = 1_024

/**
 * The way from Slack by HTTP. 200 means committed; after anything else Slack sends events again. Nothing of a request is
 * read before it says when and how it is signed, and nothing is taken apart before its signature holds. A request that was
 * recorded and comes once more is signed well for five minutes: what it says is known by its id, and changes nothing.
 */
export class HttpWire implements Receiver {
  readonly #options: WireOptions
  readonly #http: SlackHttpSettings
  readonly #path: string
  readonly #logger: Logger
  readonly #intake: EventGate
  readonly #server: HttpServer
  #stopped: Promise<void> | undefined
  #listens = false

  constructor(options: WireOptions, http: SlackHttpSettings) {
    this.#options = options
    this.#http = http
    this.#path = new URL(http.path, 'http://localhost').pathname
    const { settings, options: channel } = options.workspace
    this.#logger = createLogger(settings, channel)
    this.#intake = new EventGate(options, this.#logger)
    this.#server = new HttpServer({
      serve: (request, response) => this.#serve(request, response),
      warn: (sentence, error) => channel.warn(`Slack: ${sentence}`, error),
      proxies: http.proxies,
    })
  }

  init(app: App): void {
    this.#intake.init(app)
  }

  /** Rejects with a `DeskError` if it cannot listen there. */
  async start(): Promise<void> {
    const { host, port } = this.#http
    await this.#server.listen(port, host).catch(error => {
      throw listenError(error, host, port)
    })
    this.#listens = true
    this.#intake.catchUp()
  }

  /** Takes nothing more, and finishes what is in hand. */
  stop(): Promise<void> {
    this.#stopped ??= this.#listens ? this.#server.close(this.#intake.stop()) : Promise.resolve()
    return this.#stopped
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method, url } = request
    if (url?.split('?', 1)[0] !== this.#path) throw new HttpRefusal(404, 'There is nothing here.')
    if (method === 'GET' || method === 'HEAD') return answer(response, `${HERE}\n`)
    if (method !== 'POST') throw new HttpRefusal(405, 'Slack sends POST.', { allow: 'GET, HEAD, POST' })
    const signature = signatureIn(request.headers)
    if (typeof signature === 'string') return this.#unsigned(request, response, signature)
    const read = readerFor(request.headers)
    const said = read(await this.#signedBody(request, signature))
    if (said.ssl_check === '1') return answer(response)
    if (said.type === 'url_verification') return answer(response, { challenge: String(said.challenge) })
    await this.#take(said, response)
  }

  /** `why` it is none of Slack's. */
  async #unsigned(request: IncomingMessage, response: ServerResponse, why: string): Promise<void> {
    const length = Number(request.headers['content-length'])
    if (length <= MOST_UNSIGNED_BYTES) {
      if (isCheckOfCertificate(await this.#server.body(request, MOST_UNSIGNED_BYTES))) return answer(response)
    }
    this.#logger.warn(`a request was refused: ${why}.`)
    throw new HttpRefusal(401, `This is for Slack alone: ${why}.`)
  }

  async #signedBody(request: IncomingMessage, signature: Signature): Promise<Buffer> {
    const body = await this.#server.body(request, MOST_BYTES)
    if (signs(signature, body, this.#http.signingSecret)) return body
    const advice = 'If that was Slack, http.signingSecret is not the one of Basic Information > App Credentials'
    this.#logger.warn(`a request was refused: its signature is not that of Slack. ${advice}.`)
    throw new HttpRefusal(401, 'This is for Slack alone: the signature is another.')
  }

  async #take(body: Record<string, unknown>, response: ServerResponse): Promise<void> {
    // The answer goes out when it is there, though Slack waits no longer.
    const late = () => this.#logger.warn('an answer took more than the three seconds that Slack waits.')
    const timer = setTimeout(late, SLACK_WAITS_MS)
    let said: unknown
    const ack: ReceiverEvent['ack'] = async (given?: unknown) => {
      said = given
    }
    try {
      await this.#intake.take({ body, ack })
      answer(response, said)
    } catch (error) {
      throw this.#refusalOf(error)
    } finally {
      clearTimeout(timer)
    }
  }

  #refusalOf(error: unknown): HttpRefusal {
    // Slack need not try again: nobody else is here.
    if (error instanceof ForeignRequest) return new HttpRefusal(403, error.message, { 'x-slack-no-retry': '1' })
    if (error instanceof Stopping) return new HttpRefusal(503, error.message)
    const sentence = 'what Slack sent could not be taken; it was told so, and sends events again'
    this.#options.workspace.options.warn(`${sentence}: ${sentenceOf(error)}`, error)
    return new HttpRefusal(500, 'It could not be taken just now: send it again.')
  }
}

/** 200, with a text or what becomes JSON, if there is anything to say. */
function answer(response: ServerResponse, said?: unknown): void {
  if (!said) return void response.writeHead(200).end()
  const type = typeof said === 'string' ? 'text/plain; charset=utf-8' : 'application/json'
  response.writeHead(200, { 'content-type': type })
  response.end(typeof said === 'string' ? said : JSON.stringify(said))
}

function listenError(error: Error, host: string, port: number): DeskError {
  const sentences: Record<string, string> = {
    EADDRINUSE: `port ${port} on ${host} is in use: stop what uses it (another Relaydesk?), or write another port.`,
    EACCES: `this user may not listen on port ${port}: write one above 1023.`,
    EADDRNOTAVAIL: `this machine has no address ${host}: write 127.0.0.1, or 0.0.0.0 for all.`,
  }
  return new DeskError('config', `http.port: ${sentences[codeOf(error)] ?? sentenceOf(error)}`, { cause: error })
}
