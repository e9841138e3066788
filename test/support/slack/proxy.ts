import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { type Fault, Faults, RateLimit } from './faults.ts'
import type { SlackApi } from './service/api.ts'
import type { ResponseUrls } from './service/response-urls.ts'
import type { SocketMode } from './service/socket-mode.ts'
import { type Answer, type Json, refusal } from './shapes.ts'

/** What the proxy hands calls to. */
export interface Behind {
  api: SlackApi
  socket: SocketMode
  responseUrls: ResponseUrls
  botToken: string
  appToken: string
}

interface Reply {
  status: number
  headers: Record<string, string>
  body: string | Uint8Array
}

/** Arguments that travel as JSON inside a form. */
const IN_JSON = ['blocks', 'attachments', 'metadata', 'view', 'files']

/** slack.com as the app under test sees it: tokens, arguments in either form, faults, limits, and figures. */
export class ApiProxy {
  readonly faults = new Faults()
  readonly limit = new RateLimit()
  /** Calls that arrived, by method. */
  readonly calls = new Map<string, number>()
  /** Methods in the order in which they were called. */
  readonly asked: string[] = []
  readonly #server = createServer((request, response) => void this.#serve(request, response))
  #behind: Behind | undefined

  /** Gives the address, so that what stands behind can be made to point there. */
  async listen(): Promise<string> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  attach(behind: Behind): void {
    this.#behind = behind
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, 'close')
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const behind = this.#behind
      if (!behind) throw new Error('Nothing is behind the proxy yet')
      await this.#handle(request, response, behind)
    } catch (error) {
      if (!response.headersSent) response.writeHead(500, { 'content-type': 'text/plain' })
      response.end(String(error))
    }
  }

  async #handle(request: IncomingMessage, response: ServerResponse, behind: Behind): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://slack')
    const bytes = await readAll(request)
    const [, first = '', second = ''] = url.pathname.split('/')
    const method = first === 'api' ? second : first
    const args = first === 'api' ? argumentsOf(request, url, bytes) : {}
    this.calls.set(method, (this.calls.get(method) ?? 0) + 1)
    this.asked.push(method)
    const fault = this.faults.next(method, args.channel)
    const work = () => this.#work(request, url, { method, args, bytes }, behind)
    if (!fault) return send(response, await work())
    const done = fault.afterDoing || isOnlyLate(fault) ? await work() : undefined
    if (fault.delay) await pause(fault.delay)
    if (isOnlyLate(fault) && done) return send(response, done)
    if (fault.hangs) return
    if (fault.status === undefined && fault.error === undefined) {
      request.socket.resetAndDestroy()
      return
    }
    send(response, faulty(fault))
  }

  async #work(
    request: IncomingMessage,
    url: URL,
    { method, args, bytes }: { method: string; args: Json; bytes: Uint8Array },
    behind: Behind,
  ): Promise<Reply> {
    const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1] ?? args.token
    switch (url.pathname.split('/')[1]) {
      case 'api':
        return this.#call(method, args, String(token ?? ''), behind)
      case 'upload':
        return passOn(await behind.api.workspace.fetch(url.pathname, 'bot', upload(request, bytes)))
      case 'files-pri':
        // Whoever may not see a file gets the page to sign in on, and HTTP 200.
        if (token !== behind.botToken) return html('<!DOCTYPE html><title>Sign in | Slack</title>')
        return passOn(await behind.api.workspace.fetch(`${url.pathname}${url.search}`, 'bot'))
      case 'response':
        return ofResponseUrl(await behind.responseUrls.take(url.pathname, JSON.parse(Buffer.from(bytes).toString())))
      default:
        return { status: 404, headers: {}, body: 'Not found' }
    }
  }

  async #call(method: string, args: Json, token: string, behind: Behind): Promise<Reply> {
    const { api, socket, botToken, appToken } = behind
    if (!token) return json(refusal('not_authed'))
    if (method === 'apps.connections.open') {
      return json(token === appToken ? { ok: true, url: socket.newUrl() } : refusal('invalid_auth'))
    }
    if (token !== botToken) return json(refusal(token === appToken ? 'not_allowed_token_type' : 'invalid_auth'))
    const wait = method === 'chat.postMessage' ? this.limit.take(String(args.channel)) : undefined
    if (wait !== undefined) return faulty({ status: 429, retryAfter: wait })
    const { token: _, ...others } = args
    const answer = await api.perform({ method, args: others, caller: 'bot' })
    return json(answer, { 'x-oauth-scopes': api.workspace.scopes.join(',') })
  }
}

function isOnlyLate({ delay, status, error, afterDoing, hangs }: Fault): boolean {
  return delay !== undefined && status === undefined && error === undefined && !afterDoing && !hangs
}

function faulty({ status = 200, error, retryAfter = 1 }: Fault): Reply {
  if (status === 429) return { ...json(refusal('ratelimited')), status, headers: { 'retry-after': `${retryAfter}` } }
  if (error !== undefined) return { ...json(refusal(error)), status }
  return { status, headers: { 'content-type': 'text/plain' }, body: 'upstream connect error' }
}

function json(answer: Answer, headers: Record<string, string> = {}): Reply {
  const type = { 'content-type': 'application/json; charset=utf-8' }
  return { status: 200, headers: { ...type, ...headers }, body: JSON.stringify(answer) }
}

function ofResponseUrl(answer: Answer): Reply {
  const refused = answer.error === 'used_url' ? 404 : 400
  return { ...json(answer), status: answer.ok ? 200 : refused }
}

function html(body: string): Reply {
  return { status: 200, headers: { 'content-type': 'text/html; charset=utf-8' }, body }
}

async function passOn(answer: Response): Promise<Reply> {
  const type = answer.headers.get('content-type') ?? 'application/octet-stream'
  return { status: answer.status, headers: { 'content-type': type }, body: new Uint8Array(await answer.arrayBuffer()) }
}

function upload(request: IncomingMessage, bytes: Uint8Array): RequestInit {
  const type = request.headers['content-type'] ?? 'application/octet-stream'
  return { method: 'POST', headers: { 'content-type': type }, body: Buffer.from(bytes) }
}

function send(response: ServerResponse, { status, headers, body }: Reply): void {
  response.writeHead(status, headers)
  response.end(body)
}

/** From the query, a form or JSON, as Slack takes them. */
function argumentsOf(request: IncomingMessage, url: URL, bytes: Uint8Array): Json {
  const text = Buffer.from(bytes).toString()
  const args: Json = Object.fromEntries(url.searchParams)
  if (request.headers['content-type']?.startsWith('application/json')) return { ...args, ...JSON.parse(text || '{}') }
  Object.assign(args, Object.fromEntries(new URLSearchParams(text)))
  for (const name of IN_JSON) {
    const value = args[name]
    if (typeof value === 'string' && value !== '') args[name] = JSON.parse(value)
  }
  return args
}

async function readAll(request: IncomingMessage): Promise<Uint8Array> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}
