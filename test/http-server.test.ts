// One server for all pages and endpoints: crowds, slow clients and odd requests hold up nobody else.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { HttpRefusal } from '../src/channel/http.ts'
import { HttpServer, type HttpServerOptions } from '../src/http-server.ts'
import { eventually, inTime } from './support/eventually.ts'
import { HttpTalk } from './support/servers/http-talk.ts'

const ALL = 250 // connections
const OF_ADDRESS = 20
const MOST = 1_000_000 // bytes of a body

let server: HttpServer
let port: number
let warnings: string[]
const talks: HttpTalk[] = []

/** Says how long a body is; a GET is kept until `letGo`. */
async function start(more: Partial<HttpServerOptions> = {}): Promise<void> {
  server = new HttpServer({
    async serve(request, response) {
      if (request.url === '/fails') throw new Error('The secret of the house')
      if (request.url === '/kept') {
        inHand += 1
        await kept.promise
      }
      const body = await server.body(request, MOST)
      response.end(`${body.length} bytes`)
    },
    warn: sentence => void warnings.push(sentence),
    ...more,
  })
  port = await server.listen(0, '127.0.0.1')
}

let kept: PromiseWithResolvers<void>
let inHand = 0

beforeEach(() => {
  kept = Promise.withResolvers()
  inHand = 0
  warnings = []
})

afterEach(async () => {
  kept.resolve()
  for (const each of talks.splice(0)) each.end()
  await server.close()
})

async function open(): Promise<HttpTalk> {
  const talk = await HttpTalk.open(port)
  talks.push(talk)
  return talk
}

async function openSome(count: number, text = ''): Promise<HttpTalk[]> {
  const opened: HttpTalk[] = []
  for (let n = 0; n < count; n += 1) opened.push((await open()).send(text))
  return opened
}

const post = (length: number, more = '') => `POST / HTTP/1.1\r\nHost: desk\r\n${more}Content-Length: ${length}\r\n\r\n`
const overCount = (all: HttpTalk[]) => all.filter(each => each.isOver).length
const served = async () => (await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body: 'abc' })).text()

describe('a crowd', () => {
  beforeEach(() => start())

  test('that says nothing gives way to whoever has something to say, the oldest first', async () => {
    const crowd = await openSome(ALL + 10)
    expect(await served()).toBe('3 bytes')
    await eventually(() => overCount(crowd) >= 10, 'the oldest are gone')
    expect(crowd.slice(30).filter(each => each.isOver)).toEqual([])
  })

  test('that sends its bodies byte by byte does as well, and is told', async () => {
    const crowd = await openSome(ALL, `${post(1000)}a`)
    expect(await served()).toBe('3 bytes')
    const [first] = crowd
    expect(await first?.status()).toBe(503)
  })

  test('gives not way where all are being answered: then whoever comes is told', async () => {
    await openSome(ALL, 'GET /kept HTTP/1.1\r\nHost: desk\r\n\r\n')
    await eventually(() => inHand === ALL, 'all are in hand')
    expect(await (await open()).status()).toBe(503)
    kept.resolve()
    const all = await Promise.all(talks.slice(0, ALL).map(each => each.status()))
    expect(new Set(all)).toEqual(new Set([200]))
  })

  test('of large bodies is read one after the other, and holds up nobody who says little', async () => {
    const crowd = await openSome(12, post(MOST) + 'x'.repeat(MOST - 1))
    expect(await served()).toBe('3 bytes')
    const [first, second, ...others] = crowd
    for (const each of [first, second]) each?.send('x')
    expect([await first?.status(), await second?.status()]).toEqual([200, 200])
    for (const each of others) each.send('x')
    expect(await Promise.all(others.map(each => each.status()))).toEqual(others.map(() => 200))
  })

  test('of large bodies that do not come in is sent away', async () => {
    const crowd = await openSome(3, post(MOST) + 'x'.repeat(MOST - 1))
    expect(await Promise.all(crowd.map(each => each.status()))).toEqual([503, 503, 503])
  })
})

describe('an address', () => {
  const from = (address: string) => `${post(1000, `X-Forwarded-For: 198.51.100.1, ${address}\r\n`)}a`

  test('that a proxy names has so many connections and no more, and others have theirs', async () => {
    await start({ proxies: ['127.0.0.0/8'] })
    const other = await openSome(1, from('93.184.1.9'))
    const crowd = await openSome(OF_ADDRESS + 5, from('93.184.1.5'))
    await eventually(() => overCount(crowd) === 5, 'five gave way')
    expect(crowd.slice(0, 5).every(each => each.isOver)).toBe(true)
    expect(overCount(other)).toBe(0)
  })

  test('of version 6 is its /64', async () => {
    await start({ proxies: ['127.0.0.1'] })
    const crowd: HttpTalk[] = []
    for (let n = 1; n <= OF_ADDRESS + 3; n += 1) crowd.push(...(await openSome(1, from(`2001:db8:1:2::${n}`))))
    const other = await openSome(1, from('2001:db8:1:3::1'))
    // 2001:db8::/32 is reserved for documents, and nobody's.
    expect(overCount(crowd)).toBe(0)
    const real: HttpTalk[] = []
    for (let n = 1; n <= OF_ADDRESS + 3; n += 1) real.push(...(await openSome(1, from(`2a02:1:2:3::${n}`))))
    await eventually(() => overCount(real) === 3, 'three gave way')
    expect(overCount(other)).toBe(0)
  })

  test.each(['127.0.0.1', 'where nobody is a proxy'])('of this machine is not limited: %s', async which => {
    await start(which === '127.0.0.1' ? { proxies: [which] } : {})
    const crowd = await openSome(OF_ADDRESS + 20, which === '127.0.0.1' ? `${post(10)}a` : from('93.184.1.5'))
    expect(await served()).toBe('3 bytes')
    expect(overCount(crowd)).toBe(0)
  })
})

describe('an odd request', () => {
  beforeEach(() => start())

  test.each<[string, string, number]>([
    ['no HTTP', 'EHLO there\r\n\r\n', 400],
    ['a line that does not end', `GET /${'a'.repeat(100_000)}`, 431],
    ['a head that is too large', `GET / HTTP/1.1\r\nHost: desk\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
    ['no host', 'GET / HTTP/1.1\r\n\r\n', 400],
    ['two lengths', `POST / HTTP/1.1\r\nHost: desk\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab`, 400],
    ['a length that is none', post(0).replace('Length: 0', 'Length: -5'), 400],
    ['more than is taken', post(MOST + 1), 413],
    ['much more than is taken', post(1e15), 413],
    ['both a length and chunks', post(5, 'Transfer-Encoding: chunked\r\n'), 400],
    ['a chunk that is none', 'POST / HTTP/1.1\r\nHost: desk\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n', 400],
    ['a failure of ours', 'GET /fails HTTP/1.1\r\nHost: desk\r\n\r\n', 500],
  ])('%s', async (_, bytes, status) => {
    const talk = (await open()).send(bytes)
    expect(await talk.status()).toBe(status)
    expect(talk.said).not.toMatch(/secret|at .*\.[jt]s/)
    expect(await served()).toBe('3 bytes')
  })

  test('chunks without an end are held to as many bytes as a body', async () => {
    const talk = (await open()).send('POST / HTTP/1.1\r\nHost: desk\r\nTransfer-Encoding: chunked\r\n\r\n')
    const chunk = `10000\r\n${'x'.repeat(0x10000)}\r\n`
    for (let n = 0; n * 0x10000 <= MOST; n += 1) talk.send(chunk)
    expect(await talk.status()).toBe(413)
  })

  test('many at once on one connection, without waiting for an answer, are not answered at all', async () => {
    const talk = (await open()).send('GET /kept HTTP/1.1\r\nHost: desk\r\n\r\n'.repeat(1000))
    await eventually(() => talk.isOver, 'it is hung up on')
    expect(talk.said).toBe('')
  })
})

test('one that is refused before its body came reads why, though it goes on sending', async () => {
  await start({
    serve() {
      throw new HttpRefusal(401, 'Not you.')
    },
  })
  const answer = await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body: 'x'.repeat(60_000) })
  expect([answer.status, await answer.text()]).toEqual([401, 'Not you.\n'])
})

test('closing waits for what is being answered, and for nobody else', async () => {
  await start()
  const [slow, idle] = [(await open()).send(post(1000)), await open()]
  const asked = (await open()).send('GET /kept HTTP/1.1\r\nHost: desk\r\n\r\n')
  await served()
  const closed = server.close()
  await eventually(() => slow.isOver && idle.isOver, 'those are gone')
  kept.resolve()
  expect(await asked.status()).toBe(200)
  await inTime(closed, 'it is closed')
})
