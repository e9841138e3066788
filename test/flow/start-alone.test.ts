// A desk of which something cannot be had: a port that is taken, a Slack that is away. The rest runs, and that comes later.
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { stringify } from 'yaml'
import * as adapterKinds from '../../adapters/index.ts'
import { ManualClock } from '../../src/clock.ts'
import { loadConfig } from '../../src/config.ts'
import { type OpenDesk, openDesk, type RunningDesk, startDesk } from '../../src/main.ts'
import { standingAlarms } from '../../src/store/alarms.ts'
import { AGENTS } from '../support/desk.ts'
import { eventually } from '../support/eventually.ts'
import { handOver, writeLetter } from '../support/mail/letter.ts'
import { freePort } from '../support/ports.ts'
import { SlackStand } from '../support/slack/stand.ts'
import { PEOPLE } from '../support/slack-desk.ts'
import { World } from '../support/smtp-world.ts'
import { makePlace, type Place } from '../support/store/engines.ts'

vi.mock('../../adapters/slack/api/pacer.ts', () => import('../support/fast-pacer.ts'))

const RETRY_MS = 15_000

let place: Place
let world: World
let stand: SlackStand
let clock: ManualClock
let desk: OpenDesk
let running: RunningDesk | undefined
let mailPort: number
let webPort: number
const blocking: Server[] = []

beforeEach(async () => {
  place = await makePlace('sqlite')
  world = new World()
  await world.start()
  const channels = [{ name: 'help' }, { name: 'triage', private: true, members: ['bob', 'eve', 'desk'] }]
  stand = await SlackStand.start({ users: PEOPLE, channels })
  clock = new ManualClock(new Date())
  mailPort = await freePort()
  webPort = await freePort()
})

afterEach(async () => {
  for (const server of blocking.splice(0)) server.close()
  await running?.stop()
  running = undefined
  await stand.stop()
  await world.stop()
  await place.remove()
})

/** A desk with mail and Slack, whose requests come in at the port of the pages. */
async function start(
  slack: object = {},
  web: object = { publicUrl: 'https://desk.example.com' },
): Promise<RunningDesk> {
  const file = join(place.folder, 'relaydesk.yaml')
  const { botToken, apiUrl: api, signingSecret } = stand
  const mail = {
    ...{ name: 'support', kind: 'email', address: 'help@desk.example', listen: { port: mailPort } },
    send: { smtp: { host: '127.0.0.1', port: world.port, requireTls: false } },
  }
  const chat = {
    ...{ name: 'slack', kind: 'slack', botToken, api, http: { signingSecret }, room: '#triage' },
    ...{ support: [{ channel: '#help' }], ...slack },
  }
  const root = { state: '.', log: 'silent', agents: AGENTS, web: { port: webPort, ...web } }
  await writeFile(file, stringify({ ...root, channels: [mail, chat] }))
  const kinds = Object.fromEntries(Object.entries(adapterKinds).map(([kind, { settings }]) => [kind, settings]))
  desk = await openDesk(loadConfig({ file, kinds }).config, { clock })
  try {
    running = await startDesk(desk)
  } catch (error) {
    await desk.close()
    throw error
  }
  stand.route = stand.http(`http://127.0.0.1:${webPort}/slack/events`)
  return running
}

async function take(port: number): Promise<Server> {
  const server = createServer()
  blocking.push(server)
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return server
}

async function letGo(server: Server): Promise<void> {
  await new Promise(resolve => server.close(resolve))
}

const mailIn = () =>
  handOver(
    mailPort,
    writeLetter({ from: 'ann@example.com', text: 'My printer burns' }, new Date()),
    'ann@example.com',
    ['help@desk.example'],
  )
const askInSlack = async () => (await stand.as('carl').say('help', 'The scanner burns')).deliveries
const alarms = async () => (await standingAlarms(desk.context.store.read)).map(each => each.sentence)
const page = async () => (await fetch(`http://127.0.0.1:${webPort}/solved/nothing`)).status

test('nothing is the matter: pages and Slack share a port', async () => {
  const { starter } = await start()
  expect(starter.failures.size).toBe(0)
  expect(await page()).toBe(404)
  expect(await askInSlack()).toMatchObject([{ status: 200 }])
  expect(await mailIn()).toMatch(/^250 2\.0\.0 opened/)
  expect(await alarms()).toEqual([])
})

test('the port for mail is taken: Slack, pages and what leaves run on, agents hear of it once, and mail comes later', async () => {
  const other = await take(mailPort)
  const { starter } = await start()
  expect(await askInSlack()).toMatchObject([{ status: 200 }])
  expect(await page()).toBe(404)
  expect(await alarms()).toEqual([
    expect.stringMatching(/^The channel support is not running: listen\.port: port \d+ on /),
  ])
  const told = () => world.to('bob@staff.example').filter(each => each.text?.includes('is not running'))
  await eventually(() => told().length === 1, 'the alarm has left by the relay of that channel')
  clock.advance(RETRY_MS)
  await starter.pass()
  expect(told()).toHaveLength(1)

  await letGo(other)
  await starter.pass()
  expect(starter.failures.size).toBe(1)
  clock.advance(2 * RETRY_MS)
  await starter.pass()
  expect(await mailIn()).toMatch(/^250 2\.0\.0 opened/)
  expect(await alarms()).toEqual([])
})

test('the port of the pages is taken: mail is taken, and Slack is heard once the port is free', async () => {
  const other = await take(webPort)
  const { starter } = await start()
  expect(await mailIn()).toMatch(/^250 2\.0\.0 opened/)
  expect(await alarms()).toEqual([
    expect.stringMatching(/^Port \d+ \(pages, slack\) is not running: web\.port: port \d+ on /),
  ])
  await letGo(other)
  clock.advance(RETRY_MS)
  await starter.pass()
  expect(await askInSlack()).toMatchObject([{ status: 200 }])
  expect(await page()).toBe(404)
  expect(await alarms()).toEqual([])
})

test('Slack is away: mail is taken, and what is to be said there waits until it is back', async () => {
  stand.fault({ status: 503, times: 10_000 })
  const { starter } = await start()
  expect(await mailIn()).toMatch(/^250 2\.0\.0 opened/)
  expect(await askInSlack()).toMatchObject([{ status: 503 }])
  expect(await alarms()).toEqual([expect.stringMatching(/^The channel slack is not running: /)])
  stand.clearFaults()
  clock.advance(RETRY_MS)
  await starter.pass()
  expect(await alarms()).toEqual([])
  expect(await askInSlack()).toMatchObject([{ status: 200 }])
  clock.advance(RETRY_MS * 10)
  desk.service.wake()
  const cards = async () => JSON.stringify(await stand.messages('triage'))
  await eventually(async () => (await cards()).includes('HD-1 '), 'the card of the mail that came meanwhile')
})

test('everything is taken, and the desk runs on and ends when it is told to', async () => {
  await take(mailPort)
  await take(webPort)
  stand.fault({ status: 503, times: 10_000 })
  const { starter, stop } = await start()
  expect(starter.failures.size).toBe(3)
  expect((await desk.service.perform({ actor: { handle: 'bob' }, channel: 'test', line: 'list' })).text).toContain('No')
  await stop()
  running = undefined
})

test('a port of its own for Slack works as before', async () => {
  const port = await freePort()
  const { signingSecret } = stand
  await start({ http: { signingSecret, port } }, {})
  stand.route = stand.http(`http://127.0.0.1:${port}/slack/events`)
  expect(await askInSlack()).toMatchObject([{ status: 200 }])
})

test.each([
  ['nothing says where Slack reaches the desk', {}, {}],
  [
    'host, publicUrl and proxies only work with a separate port',
    { host: '0.0.0.0' },
    { publicUrl: 'https://d.example' },
  ],
  ['host, publicUrl and proxies only work', { publicUrl: 'https://d.example' }, {}],
])('whoever relied on the port that Slack had by itself is told what to write: %s', async (sentence, http, web) => {
  const { signingSecret } = stand
  await expect(start({ http: { signingSecret, ...http } }, web)).rejects.toMatchObject({
    code: 'config',
    message: expect.stringContaining(`channels[1].http.port: ${sentence}`),
  })
})
