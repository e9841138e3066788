// One server for pages and for channels that are called from outside: who answers what, at which port.
import type { IncomingMessage } from 'node:http'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { MemoryChannel } from '../../adapters/memory/adapter.ts'
import { HttpRefusal, type HttpRoute } from '../../src/channel/http.ts'
import { Pages } from '../../src/web/pages.ts'
import { type Port, portsOf } from '../../src/web/ports.ts'
import { eventually } from '../support/eventually.ts'
import { type MemoryDesk, makeMemoryDesk } from '../support/memory-desk.ts'
import { HttpTalk } from '../support/servers/http-talk.ts'

const WEB = { setting: 'web.port', host: '127.0.0.1', port: 0, proxies: [] }

let desk: MemoryDesk
let ports: Port[]

beforeEach(async () => {
  desk = await makeMemoryDesk('sqlite')
  ports = []
})

afterEach(async () => {
  for (const port of ports) await port.close()
  await desk.remove()
})

/** A channel that is called from outside. */
class CalledChannel extends MemoryChannel {
  readonly ownPort
  readonly #routes

  constructor(name: string, routes: HttpRoute[], ownPort?: typeof WEB) {
    super(name, `${name}@desk.example`)
    this.#routes = routes
    this.ownPort = ownPort
  }

  routes(): HttpRoute[] {
    return this.#routes
  }
}

const text = (said: string): HttpRoute['handle'] => {
  return (_request, response) => void response.end(said)
}

function portsWith(...called: CalledChannel[]): Port[] {
  const channels = called.map(adapter => [adapter.name, { kind: 'chat', deskId: 'help', adapter }] as const)
  ports = portsOf({ ...desk.context, channels: new Map(channels) }, WEB, new Pages(desk.context))
  return ports
}

const address = async (port: Port | undefined) => `http://127.0.0.1:${await port?.listen()}`

describe('one port', () => {
  test('serves what channels answer beside the pages', async () => {
    const echo: HttpRoute['handle'] = async (_request, response, body) => void response.end(await body(10))
    const hook = new CalledChannel('hook', [
      { method: 'GET', path: '/hook', handle: text('here') },
      { method: 'POST', path: '/hook', handle: echo },
    ])
    const other = new CalledChannel('other', [{ method: 'GET', path: '/other', handle: text('other') }])
    const all = portsWith(hook, other)
    expect(all.map(each => each.name)).toEqual(['Port 0 (pages, hook, other)'])
    const at = await address(all[0])
    const ask = async (path: string, init?: RequestInit) => {
      const answer = await fetch(`${at}${path}`, init)
      return [answer.status, await answer.text()]
    }
    expect(await ask('/hook?a=1')).toEqual([200, 'here'])
    expect(await ask('/hook', { method: 'HEAD' })).toEqual([200, ''])
    expect(await ask('/other')).toEqual([200, 'other'])
    expect(await ask('/hook', { method: 'POST', body: 'abc' })).toEqual([200, 'abc'])
    expect(await ask('/hook', { method: 'POST', body: 'a'.repeat(11) })).toEqual([413, expect.stringContaining('10')])
    expect(await ask('/solved/nothing')).toEqual([404, expect.stringContaining('<html')])
    expect(await ask('/hook/')).toEqual([404, expect.stringContaining('<html')])
    const put = await fetch(`${at}/hook`, { method: 'PUT' })
    expect([put.status, put.headers.get('allow')]).toEqual([405, 'GET, HEAD, POST'])
  })

  test('is answered by the head alone where a channel says so', async () => {
    const handle = () => {
      throw new HttpRefusal(401, 'Who are you?')
    }
    const at = await address(portsWith(new CalledChannel('hook', [{ method: 'POST', path: '/hook', handle }]))[0])
    const talk = await HttpTalk.open(Number(new URL(at).port))
    expect(await talk.send('POST /hook HTTP/1.1\r\nHost: desk\r\nContent-Length: 1000000\r\n\r\n').status()).toBe(401)
    talk.end()
  })

  test('has places left for the pages and other channels, however slow one of them is', async () => {
    const kept = Promise.withResolvers<void>()
    const inHand: IncomingMessage[] = []
    const slow: HttpRoute['handle'] = async (request, response, body) => {
      await body(10)
      inHand.push(request)
      await kept.promise
      response.end()
    }
    const at = await address(
      portsWith(
        new CalledChannel('hook', [{ method: 'POST', path: '/hook', handle: slow }]),
        new CalledChannel('other', [{ method: 'GET', path: '/other', handle: text('other') }]),
      )[0],
    )
    const share = 83 // of 250 connections, for pages and two channels
    const post = () => fetch(`${at}/hook`, { method: 'POST', body: 'abc' })
    const all = Array.from({ length: share }, post)
    await eventually(() => inHand.length === share, 'as many are in hand as may be')
    expect((await post()).status).toBe(503)
    expect((await fetch(`${at}/other`)).status).toBe(200)
    expect((await fetch(`${at}/solved/nothing`)).status).toBe(404)
    kept.resolve()
    expect(new Set((await Promise.all(all)).map(each => each.status))).toEqual(new Set([200]))
    expect((await post()).status).toBe(200)
  })

  test('is no place for two that answer the same', () => {
    const route = (): HttpRoute => ({ method: 'POST', path: '/slack/events', handle: text('') })
    const twins = () => portsWith(new CalledChannel('slack', [route()]), new CalledChannel('sales', [route()]))
    expect(twins).toThrow(
      'channels: slack and sales both answer POST /slack/events at one port: give one of them another path, or a port of its own.',
    )
  })
})

test('a channel may have a port of its own, where nothing else is served', async () => {
  const own = { setting: 'http.port', host: '127.0.0.1', port: 0, proxies: [] }
  const route: HttpRoute = { method: 'GET', path: '/hook', handle: text('here') }
  const [web, apart] = portsWith(new CalledChannel('hook', [route], { ...own, host: 'localhost' }))
  expect([web?.name, apart?.name]).toEqual(['Port 0 (pages)', 'Port 0 (hook)'])
  expect((await fetch(`${await address(web)}/hook`)).status).toBe(404)
  const port = await apart?.listen()
  expect(await (await fetch(`http://localhost:${port}/hook`)).text()).toBe('here')
  expect(await (await fetch(`http://localhost:${port}/solved/x`)).text()).toBe('There is nothing here.\n')
})

test('a port that is taken can be had once it is free', async () => {
  const [first] = portsWith()
  const at = await first?.listen()
  const [second] = portsOf(desk.context, { ...WEB, port: at ?? 0 }, new Pages(desk.context))
  if (!second) throw new Error('No port')
  const sentence = `web.port: port ${at} on 127.0.0.1 is in use: stop the program that uses it (another Relaydesk?), or choose another port.`
  await expect(second.listen()).rejects.toMatchObject({ code: 'unavailable', message: sentence })
  await expect(second.listen()).rejects.toMatchObject({ code: 'unavailable' })
  await first?.close()
  ports = [second]
  expect(await second.listen()).toBe(at)
  expect((await fetch(`http://127.0.0.1:${at}/solved/x`)).status).toBe(404)
})
