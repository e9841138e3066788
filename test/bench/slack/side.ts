import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { WebSocketServer } from 'ws'
import { SeededRandom } from '../../support/seeded-random.ts'
import type { Json } from '../../support/slack/shapes.ts'
import { SlackSender } from './sender.ts'
import { SlackTalk } from './talk.ts'
import { WebApi } from './web-api.ts'

// All of Slack in a process of its own: answers the Web API at once, and sends a desk what `POST /run` asks for. Says
// where it listens, and ends when its standard output is not wanted any more or `GET /end` is called.

/** What is sent to the desk. */
export type Plan = { url: string } /** So many questions, by so many people in turns. */ & (
  | { what: 'questions'; count: number; people: number; at: number }
  /** One after the other: an event and each command in turns. */
  | { what: 'turns'; people: number; turns: { user: string; read: string; write: string }[]; apart: number }
  /** Events, so many at a time, for so many seconds. */
  | { what: 'stream'; people: number; seconds: number; at: number }
)

/** What came of it. */
export interface Ran {
  /** Milliseconds of each, by what was sent. */
  took: Record<string, number[]>
  /** Answers to commands, a few of each. */
  said: Record<string, string[]>
  seconds: number
  /** Processor time of this process meanwhile. */
  cpuSeconds: number
  /** Events that were acknowledged since the start, those that tell of the app's own messages included. */
  events: number
  /** How often each method of the Web API was called since the start. */
  calls: Record<string, number>
}

const KEPT = 3

class SlackSide {
  readonly #api: WebApi
  #ran: Pick<Ran, 'took' | 'said'> = { took: {}, said: {} }
  #events = 0
  #talk: SlackTalk | undefined

  constructor(api: WebApi) {
    this.#api = api
  }

  async run(plan: Plan): Promise<Ran> {
    this.#ran = { took: {}, said: {} }
    this.#talk ??= new SlackTalk(new SeededRandom('slack'), plan.people)
    const talk = this.#talk
    const sender = new SlackSender(plan.url)
    const echoes = new Set<Promise<void>>()
    const failures: unknown[] = []
    this.#api.onPosted = posted => {
      const echo = this.#event(sender, 'echo', talk.echo(posted)).catch(error => void failures.push(error))
      echoes.add(echo)
      void echo.then(() => echoes.delete(echo))
    }
    const [since, cpuSince] = [performance.now(), process.cpuUsage()]
    await this.#send(plan, sender, talk)
    const seconds = (performance.now() - since) / 1000
    const { user, system } = process.cpuUsage(cpuSince)
    this.#api.onPosted = () => undefined
    await Promise.all(echoes)
    sender.close()
    if (failures.length > 0) throw failures[0]
    return { ...this.#ran, seconds, cpuSeconds: (user + system) / 1e6, events: this.#events, calls: this.#api.calls }
  }

  async #send(plan: Plan, sender: SlackSender, talk: SlackTalk): Promise<void> {
    if (plan.what === 'turns') {
      for (const turn of plan.turns) await this.#turn(sender, talk, turn, plan.apart)
      return
    }
    const end = plan.what === 'stream' ? performance.now() + plan.seconds * 1000 : Number.POSITIVE_INFINITY
    let left = plan.what === 'stream' ? Number.POSITIVE_INFINITY : plan.count
    const work = async () => {
      while (left-- > 0 && performance.now() < end) {
        await this.#event(sender, 'event', plan.what === 'stream' ? talk.any() : talk.question())
      }
    }
    await Promise.all(Array.from({ length: plan.at }, work))
  }

  async #turn(
    sender: SlackSender,
    talk: SlackTalk,
    { user, read, write }: { user: string; read: string; write: string },
    apart: number,
  ): Promise<void> {
    await this.#event(sender, 'question', talk.question())
    await pause(apart)
    await this.#event(sender, 'reply', talk.reply())
    await pause(apart)
    await this.#command(sender, 'read', user, read)
    await pause(apart)
    await this.#command(sender, 'write', user, write)
    await pause(apart)
  }

  async #event(sender: SlackSender, name: string, event: Json): Promise<void> {
    const { milliseconds } = await sender.event(event)
    this.#events += 1
    this.#note(name, milliseconds)
  }

  async #command(sender: SlackSender, name: string, user: string, line: string): Promise<void> {
    const { milliseconds, text } = await sender.command(user, line)
    this.#note(name, milliseconds)
    const said = this.#ran.said[name] ?? []
    this.#ran.said[name] = said
    if (said.length < KEPT) said.push(text)
  }

  #note(name: string, milliseconds: number): void {
    const took = this.#ran.took[name] ?? []
    this.#ran.took[name] = took
    took.push(milliseconds)
  }
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

const api = new WebApi()
const side = new SlackSide(api)

async function answer(request: IncomingMessage): Promise<object> {
  const text = await textOf(request)
  if (request.url === '/run') return side.run(JSON.parse(text) as Plan)
  return api.answer(request.url?.replace('/api/', '') ?? '', new URLSearchParams(text))
}

const server = createServer((request, response) => {
  if (request.url === '/end') process.exit(0)
  answer(request).then(
    said => response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(said)),
    error => response.writeHead(500).end(String(error)),
  )
})
Object.assign(server, { requestTimeout: 0, keepAliveTimeout: 600_000 })
server.listen(0, '127.0.0.1')
await once(server, 'listening')
const { port } = server.address() as AddressInfo
const sockets = new WebSocketServer({ server })
sockets.on('connection', socket => socket.send(JSON.stringify({ type: 'hello', num_connections: 1 })))
api.socketUrl = `ws://127.0.0.1:${port}/link`
process.stdout.write(`listening ${port}\n`)
