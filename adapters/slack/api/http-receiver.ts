// Slack's requests by HTTP.
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { App, Logger, Receiver, ReceiverEvent } from '@slack/bolt'
import { HttpRefusal, type HttpRoute } from '../../../src/channel/http.ts'
import { sentenceOf } from '../../../src/errors.ts'
import type { SlackHttpSettings } from '../settings.ts'
import { createLogger, EventGate, ForeignRequest, Stopping, type WireOptions } from './bolt-app.ts'
import { MOST_BYTES, readerFor } from './http-request.ts'
import { isCheckOfCertificate, type Signature, signatureIn, signs } from './http-signature.ts'

/** What a GET on the path of the request URL says. */
export const HERE = 'Relaydesk listens here for Slack.'

const SLACK_WAITS_MS = 3_000
/** What checks the certificate is no more than a few words. */
const MOST_UNSIGNED_BYTES = 1_024

type Body = Parameters<HttpRoute['handle']>[2]

/** What is answered for Slack, by the way from it that runs at the time. */
export function slackRoutes(
  { path }: Pick<SlackHttpSettings, 'path'>,
  running: () => HttpWire | undefined,
): HttpRoute[] {
  const at = new URL(path, 'http://localhost').pathname
  return [
    { method: 'GET', path: at, handle: (_, response) => answer(response, `${HERE}\n`) },
    {
      method: 'POST',
      path: at,
      async handle(request, response, body) {
        const wire = running()
        if (!wire?.isStarted) throw new HttpRefusal(503, 'The channel is not started yet: send it again.')
        await wire.handle(request, response, body)
      },
    },
  ]
}

/**
 * The way from Slack by HTTP. 200 means committed; after anything else Slack sends events again. Nothing of a request is
 * read before it says when and how it is signed, and nothing is taken apart before its signature holds. A request that was
 * recorded and comes once more is signed well for five minutes: what it says is known by its id, and changes nothing.
 */
export class HttpWire implements Receiver {
  readonly #options: WireOptions
  readonly #signingSecret: string
  readonly #logger: Logger
  readonly #intake: EventGate
  /** Whether requests are taken: not before all is there that looks at them. */
  isStarted = false

  constructor(options: WireOptions, { signingSecret }: Pick<SlackHttpSettings, 'signingSecret'>) {
    this.#options = options
    this.#signingSecret = signingSecret
    const { settings, options: channel } = options.workspace
    this.#logger = createLogger(settings, channel)
    this.#intake = new EventGate(options, this.#logger)
  }

  init(app: App): void {
    this.#intake.init(app)
  }

  async start(): Promise<void> {
    this.#intake.catchUp()
    this.isStarted = true
  }

  /** Takes nothing more, and finishes what is in hand. */
  stop(): Promise<void> {
    return this.#intake.stop()
  }

  /** Answers a request of which the head was read. */
  async handle(request: IncomingMessage, response: ServerResponse, body: Body): Promise<void> {
    const signature = signatureIn(request.headers)
    if (typeof signature === 'string') return this.#unsigned(request, response, body, signature)
    const read = readerFor(request.headers)
    const payload = read(await this.#signedBody(body, signature))
    if (payload.ssl_check === '1') return answer(response)
    if (payload.type === 'url_verification') return answer(response, { challenge: String(payload.challenge) })
    await this.#take(payload, response)
  }

  /** `why` it is none of Slack's. */
  async #unsigned(request: IncomingMessage, response: ServerResponse, body: Body, why: string): Promise<void> {
    const length = Number(request.headers['content-length'])
    if (length <= MOST_UNSIGNED_BYTES) {
      if (isCheckOfCertificate(await body(MOST_UNSIGNED_BYTES))) return answer(response)
    }
    this.#logger.warn(`a request was refused: ${why}.`)
    throw new HttpRefusal(401, `Only Slack may use this: ${why}.`)
  }

  async #signedBody(body: Body, signature: Signature): Promise<Buffer> {
    const bytes = await body(MOST_BYTES)
    if (signs(signature, bytes, this.#signingSecret)) return bytes
    const advice = 'If that was Slack, http.signingSecret is not the one from Basic Information > App Credentials'
    this.#logger.warn(`a request was refused: its signature is not from Slack. ${advice}.`)
    throw new HttpRefusal(401, 'Only Slack may use this: the signature is wrong.')
  }

  async #take(body: Record<string, unknown>, response: ServerResponse): Promise<void> {
    // The answer goes out when it is there, though Slack waits no longer.
    const late = () => this.#logger.warn('an answer took more than the three seconds that Slack waits.')
    const timer = setTimeout(late, SLACK_WAITS_MS)
    let answerBody: unknown
    const ack: ReceiverEvent['ack'] = async (responseBody?: unknown) => {
      answerBody = responseBody
    }
    try {
      await this.#intake.take({ body, ack })
      answer(response, answerBody)
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
    return new HttpRefusal(500, 'It could not be accepted at the moment: send it again.')
  }
}

/** 200, with a text or what becomes JSON, if there is anything to say. */
function answer(response: ServerResponse, body?: unknown): void {
  if (!body) return void response.writeHead(200).end()
  const type = typeof body === 'string' ? 'text/plain; charset=utf-8' : 'application/json'
  response.writeHead(200, { 'content-type': type })
  response.end(typeof body === 'string' ? body : JSON.stringify(body))
}
