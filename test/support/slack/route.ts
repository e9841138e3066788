import { createHmac } from 'node:crypto'
import { request } from 'node:http'
import { patience } from '../patience.ts'
import type { Json } from './shapes.ts'

/** Slack gives up after three seconds; here only what never comes. */
export const GIVES_UP_MS = 15_000

/** What Slack sends to an app: something that happened, a slash command, a press or an entry. */
export type Kind = 'event' | 'command' | 'interaction'

export interface SendOptions {
  /** It was sent before, and this is why it comes again: `http_timeout`, `http_error`, `timeout`. */
  retry?: { attempt: number; reason: string }
  /** Over HTTP: signed with another secret, or not at all. */
  signature?: 'right' | 'wrong' | 'missing'
  /** Over HTTP: by how many seconds the time that was signed is ahead of now; negative for the past. */
  ahead?: number
  /** Other or further fields of what is sent: another team, another app. */
  overrides?: Json
  /** How long Slack waits, in milliseconds; far longer than it does if left out, for the machine may be busy. */
  timeout?: number
}

/** What came of sending something. */
export interface Delivery {
  kind: Kind
  payload: Json
  /** 0 at first. */
  attempt: number
  /** Told that it was taken: HTTP 200, or acknowledged on the socket. */
  acknowledged: boolean
  /** HTTP status; none over the socket, and none where no answer came. */
  status: number | undefined
  /** What came with it: JSON as it was read, other text, or nothing. */
  body: unknown
  /** Milliseconds until it was answered or given up. */
  took: number
}

/** A way from Slack to the app. */
export interface Route {
  send(kind: Kind, payload: Json, options?: SendOptions): Promise<Delivery>
}

/** The way by HTTP: to one URL, as an app has it that takes everything at the same place. */
export class HttpRoute implements Route {
  readonly #url: string
  readonly #secret: string

  constructor(url: string, signingSecret: string) {
    this.#url = url
    this.#secret = signingSecret
  }

  async send(kind: Kind, plain: Json, options: SendOptions = {}): Promise<Delivery> {
    const { retry, timeout = patience(GIVES_UP_MS), overrides } = options
    const payload = { ...plain, ...overrides }
    const began = performance.now()
    const body = written(kind, payload)
    const headers: Record<string, string> = {
      'user-agent': 'Slackbot 1.0 (+https://api.slack.com/robots)',
      'content-type': kind === 'event' ? 'application/json' : 'application/x-www-form-urlencoded',
      ...this.#signed(body, options),
      ...(retry ? { 'x-slack-retry-num': `${retry.attempt}`, 'x-slack-retry-reason': retry.reason } : {}),
    }
    const answer = await post(this.#url, headers, body, timeout)
    const took = performance.now() - began
    const acknowledged = answer !== undefined && answer.status >= 200 && answer.status < 300
    const said = { status: answer?.status, body: read(answer?.text) }
    return { kind, payload, attempt: retry?.attempt ?? 0, acknowledged, ...said, took }
  }

  /** https://docs.slack.dev/authentication/verifying-requests-from-slack */
  #signed(body: string, { signature = 'right', ahead = 0 }: SendOptions): Record<string, string> {
    if (signature === 'missing') return {}
    const time = Math.floor(Date.now() / 1000) + ahead
    const secret = signature === 'right' ? this.#secret : 'another secret'
    const digest = createHmac('sha256', secret).update(`v0:${time}:${body}`).digest('hex')
    return { 'x-slack-request-timestamp': `${time}`, 'x-slack-signature': `v0=${digest}` }
  }
}

function written(kind: Kind, payload: Json): string {
  if (kind === 'event') return JSON.stringify(payload)
  if (kind === 'interaction') return new URLSearchParams({ payload: JSON.stringify(payload) }).toString()
  const form = Object.fromEntries(Object.entries(payload).map(([name, value]) => [name, String(value)]))
  return new URLSearchParams(form).toString()
}

/** On a connection of its own, so that nothing stays open. Nothing, if no answer came in time. */
function post(
  url: string,
  headers: Record<string, string>,
  body: string,
  timeout: number,
): Promise<{ status: number; text: string } | undefined> {
  return new Promise(resolve => {
    const sent = request(url, { method: 'POST', headers, agent: false }, response => {
      const chunks: Buffer[] = []
      response.on('data', chunk => chunks.push(chunk))
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() }))
      response.on('error', () => resolve(undefined))
    })
    sent.setTimeout(timeout, () => sent.destroy())
    sent.on('error', () => resolve(undefined))
    sent.on('close', () => resolve(undefined))
    sent.end(body)
  })
}

function read(text: string | undefined): unknown {
  if (!text) return undefined
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
