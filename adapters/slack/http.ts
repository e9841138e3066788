import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { type App, HTTPModuleFunctions, HTTPReceiver, isRawBodyError, type Logger, type Receiver } from '@slack/bolt'
import { codeOf, DeskError, sentenceOf } from '../../src/errors.ts'
import { createLogger, ForeignRequest, Intake, Stopping, type WireOptions } from './app.ts'
import type { SlackHttpSettings } from './settings.ts'

/** What a GET on the path of the request URL says. */
export const HERE = 'Relaydesk listens here for Slack.'

const MOST_BYTES = 2 * 1024 * 1024
const MOST_CONNECTIONS = 500
const REQUEST_MS = 30_000 // until a request has come in
const CLOSE_MS = 1_000 // for connections on which nothing happens
const OLD_S = 300
const AHEAD_S = 60 // a clock may be a little off
const FORM = 'application/x-www-form-urlencoded'

/**
 * The way from Slack by HTTP. 200 means committed; after anything else Slack sends events again. A request that was
 * recorded and comes once more is signed well for five minutes: what it says is known by its id, and changes nothing.
 */
export class HttpWire implements Receiver {
  readonly #options: WireOptions
  readonly #http: SlackHttpSettings
  readonly #path: string
  readonly #logger: Logger
  readonly #intake: Intake
  readonly #receiver: HTTPReceiver
  readonly #server: Server
  #stopped: Promise<void> | undefined

  constructor(options: WireOptions, http: SlackHttpSettings) {
    this.#options = options
    this.#http = http
    this.#path = new URL(http.path, 'http://localhost').pathname
    const { settings, options: channel } = options.workspace
    this.#logger = createLogger(settings, { warn: sentence => channel.warn(withAdvice(sentence)) })
    this.#intake = new Intake(options, this.#logger)
    this.#receiver = new HTTPReceiver({
      ...{ signingSecret: http.signingSecret, endpoints: this.#path, bodyLimit: MOST_BYTES },
      ...{ processBeforeResponse: true, logger: this.#logger },
      processEventErrorHandler: async ({ error, response }) => this.#failed(error, response),
      // The answer goes out when it is there, though Slack waits no longer.
      unhandledRequestHandler: () => this.#logger.warn('an answer took more than the three seconds that Slack waits.'),
    })
    this.#server = createServer({ requestTimeout: REQUEST_MS }, (request, response) => {
      this.#serve(request, response).catch(error => {
        channel.warn(`a request could not be read: ${sentenceOf(error)}`, error)
        end(response, 500)
      })
    })
    this.#server.maxConnections = MOST_CONNECTIONS
  }

  init(app: App): void {
    this.#intake.init(app)
    this.#receiver.init(this.#intake.app)
  }

  /** Rejects with a `DeskError` if it cannot listen there. */
  async start(): Promise<void> {
    const { host, port } = this.#http
    await new Promise<void>((resolve, reject) => {
      const refused = (error: Error) => reject(listenError(error, host, port))
      this.#server.once('error', refused)
      this.#server.listen(port, host, () => {
        this.#server.off('error', refused)
        this.#server.on('error', error => this.#options.workspace.options.warn('a request of Slack failed', error))
        resolve()
      })
    })
    this.#intake.catchUp()
  }

  /** Takes nothing more, and finishes what is in hand. */
  stop(): Promise<void> {
    this.#stopped ??= this.#finish()
    return this.#stopped
  }

  async #finish(): Promise<void> {
    if (!this.#server.listening) return
    const closed = new Promise<void>(resolve => this.#server.close(() => resolve()))
    await this.#intake.stop()
    const timer = setTimeout(() => this.#server.closeAllConnections(), CLOSE_MS)
    await closed
    clearTimeout(timer)
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method, headers } = request
    if (request.url?.split('?')[0] !== this.#path) return end(response, 404)
    if (method === 'GET' || method === 'HEAD') return end(response, 200, `${HERE}\n`)
    if (method !== 'POST') return end(response, 405)
    if (this.#stopped) return end(response, 503)
    if (!isTimely(headers['x-slack-request-timestamp'])) {
      this.#logger.warn('a request was refused: its time is not that of this machine.')
      return end(response, 401)
    }
    // Bolt reads forms only where nothing follows the type.
    const type = headers['content-type']?.split(';')[0]?.trim().toLowerCase() ?? ''
    headers['content-type'] = type
    const status = await readBody(request, type)
    if (status !== 200) return end(response, status)
    this.#receiver.requestListener(request, response)
  }

  /** Answers for what could not be done. True: it is answered. */
  #failed(error: Error, response: ServerResponse): boolean {
    // Slack need not try again: nobody else is here.
    if (error instanceof ForeignRequest) end(response, 403, '', { 'x-slack-no-retry': '1' })
    else if (error instanceof Stopping) end(response, 503)
    else {
      const sentence = 'what Slack sent could not be taken; it was told so, and sends events again'
      this.#options.workspace.options.warn(`${sentence}: ${sentenceOf(error)}`, error)
      end(response, 500)
    }
    return true
  }
}

/** https://docs.slack.dev/authentication/verifying-requests-from-slack; Bolt looks at the machine's clock, too. */
function isTimely(header: string | string[] | undefined): boolean {
  if (typeof header !== 'string') return true // Bolt refuses it, but for what checks the certificate
  const age = Date.now() / 1000 - Number(header)
  return age <= OLD_S && age >= -AHEAD_S
}

/** Reads it for Bolt, which would fall over what is no object. Gives the status that it deserves. */
async function readBody(request: IncomingMessage, type: string): Promise<number> {
  try {
    const { rawBody } = await HTTPModuleFunctions.bufferIncomingMessage(request, MOST_BYTES)
    const text = rawBody.toString()
    const body = type === FORM ? (new URLSearchParams(text).get('payload') ?? '{') : text
    return /^\s*\{/.test(body) ? 200 : 400
  } catch (error) {
    if (isRawBodyError(error)) return error.statusCode
    throw error
  }
}

function end(response: ServerResponse, status: number, text = '', headers: Record<string, string> = {}): void {
  if (response.headersSent) return
  const closing = status === 413 || status === 503 ? { connection: 'close' } : {}
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', ...closing, ...headers })
  response.end(text)
}

function withAdvice(sentence: string): string {
  if (!sentence.includes('signature mismatch')) return sentence
  return `${sentence}. If that was Slack, http.signingSecret is not the one of Basic Information > App Credentials.`
}

function listenError(error: Error, host: string, port: number): DeskError {
  const sentences: Record<string, string> = {
    EADDRINUSE: `port ${port} on ${host} is in use: stop what uses it (another Relaydesk?), or write another port.`,
    EACCES: `this user may not listen on port ${port}: write one above 1023.`,
    EADDRNOTAVAIL: `this machine has no address ${host}: write 127.0.0.1, or 0.0.0.0 for all.`,
  }
  return new DeskError('config', `http.port: ${sentences[codeOf(error)] ?? sentenceOf(error)}`, { cause: error })
}
