import type { WebClient } from '@slack/web-api'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { ReadApi } from '../../../adapters/slack/api/read-api.ts'
import { History } from '../../../adapters/slack/receive/channel-history.ts'
import { eventually } from '../../support/eventually.ts'
import { RecordingDesk } from '../../support/slack/recording-desk.ts'
import { Receiving } from '../../support/slack/service/receiving.ts'
import { SlackStand } from '../../support/slack/stand.ts'

const PEOPLE = [
  { name: 'ann', email: 'ann@example.com', realName: 'Ann Lee' },
  { name: 'bob', email: 'bob@example.com' },
  { name: 'new', email: 'new@example.com' },
]

const team = 'T000000001'
const ann = () => stand.as('ann')
const bob = () => stand.as('bob')
let stand: SlackStand
let desk: RecordingDesk
let slack: Receiving | undefined
let support: string
let room: string

beforeAll(async () => {
  const channels = ['support', 'asked', 'general', 'room'].map(name => ({ name, private: name === 'room' }))
  stand = await SlackStand.start({ users: PEOPLE, channels })
  support = stand.workspace.channel('support')
  room = stand.workspace.channel('room')
})

afterAll(() => stand?.stop())

beforeEach(() => {
  desk = new RecordingDesk()
})

afterEach(async () => {
  stand.clearFaults()
  await down()
})

/** The emulator's times have whole seconds, and so has the desk's own. */
const now = () => new Date(Math.floor(Date.now() / 1000) * 1000)

async function up(): Promise<Receiving> {
  slack = await Receiving.start(stand, { desk, now, room: 'room', support: { support: 'all', asked: 'asked' } })
  await slack.inbound.catchUp()
  return slack
}

async function down(): Promise<void> {
  await stand.settled()
  stand.route = undefined
  await slack?.stop()
  slack = undefined
}

/** Everything that was said before this second is over. */
async function nextSecond(): Promise<void> {
  const second = Math.floor(Date.now() / 1000)
  await eventually(() => (Math.floor(Date.now() / 1000) > second ? true : undefined), 'the next second')
}

const texts = () => desk.messages.map(each => each.text)
const cursorOf = (channel: string) => desk.memory.get(`cursor ${team}/${channel}`)

describe('after an outage', () => {
  test('nothing is imported the first time', async () => {
    await ann().say('support', 'Long ago')
    await ann().dm('Long ago as well')
    await nextSecond()
    await up()
    await down()
    await up()
    expect(desk.received).toEqual([])
    expect(Number(cursorOf(support))).toBeGreaterThan(1_700_000_000)
  })

  test('all that is for the desk is brought in, in order and once', async () => {
    await nextSecond()
    await up()
    const first = await ann().say('support', 'one')
    const asked = await bob().say('general', '@desk two')
    await ann().dm('three')
    await down()

    await ann().say('support', 'four', { thread: first.ts })
    const five = await bob().say('support', 'five')
    await bob().say('general', 'six', { thread: asked.ts })
    await stand.as('new').dm('seven')
    await ann().dm('eight')
    await ann().say('asked', 'not asked')
    await ann().say('asked', '@desk nine')
    await bob().say('support', 'ten', { thread: five.ts })
    await bob().say('general', 'not for the desk')
    await up()

    expect(texts().toSorted()).toEqual(
      ['one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten'].toSorted(),
    )
    const inSupport = desk.messages.filter(each => each.id.includes(support))
    expect(inSupport.map(each => each.text)).toEqual(['one', 'four', 'five', 'ten'])
    expect(inSupport.map(each => each.live ?? false)).toEqual([true, false, false, false])
    expect(inSupport[3]?.chat?.thread).toBe(inSupport[2]?.chat?.thread)
    expect(desk.again).toEqual([])
    const { length } = desk.received
    await down()
    await up()
    expect([desk.received.length, desk.again]).toEqual([length, []])
  })

  test('what was edited meanwhile, and the commands of agents', async () => {
    await nextSecond()
    const { workspace } = await up()
    const said = await ann().say('support', 'The printer burns')
    const { ts: card = '' } = await workspace.client.chat.postMessage({ channel: room, text: 'HD-1' })
    await down()
    await nextSecond()
    await ann().edit(said, 'The scanner burns')
    await bob().say('room', '@desk claim', { thread: card })
    await bob().say('room', 'I know it', { thread: card })
    await bob().say('room', 'Lunch?')
    await up()
    expect(desk.revisions).toMatchObject([{ text: 'The scanner burns', revises: expect.stringContaining(said.ts) }])
    expect(desk.performed).toMatchObject([{ line: 'claim', thread: `${team}/${room}/${card}` }])
    expect(texts()).toEqual(['The printer burns', 'I know it'])
    await down()
    await up()
    expect(desk.performed).toHaveLength(1)
    expect(desk.revisions).toHaveLength(1)
  })

  test('pages are read to their end, and long threads', async () => {
    await nextSecond()
    await up()
    await down()
    const before = stand.calls()
    const wanted: string[] = []
    for (let index = 0; index < 230; index++) {
      wanted.push(`line ${index}`)
      const { ts } = await ann().say('support', `line ${index}`)
      if (index !== 5) continue
      for (let answer = 0; answer < 210; answer++) {
        await bob().say('support', `answer ${answer}`, { thread: ts })
        wanted.push(`answer ${answer}`)
      }
    }
    await up()
    expect(texts()).toEqual(wanted)
    expect(cursorOf(support)).toBe(desk.messages.at(-1)?.id.split('/')[2])
    expect(stand.calls() - before).toBeLessThan(60)
  })

  test('it goes on where it stopped', async () => {
    await nextSecond()
    await up()
    await down()
    for (const text of ['one', 'two', 'three']) await ann().say('support', text)
    const { receive } = desk
    let count = 0
    desk.receive = async (...given) => {
      count += 1
      if (count === 2) throw new Error('Power is gone')
      return receive.apply(desk, given)
    }
    slack = await Receiving.start(stand, { desk, now, support: { support: 'all' } })
    await eventually(() => slack?.warnings.find(each => each.includes('could not be read yet')), 'a warning')
    expect(texts()).toEqual(['one'])
    const reached = cursorOf(support)
    expect(desk.messages[0]?.id).toContain(reached)
    desk.receive = receive
    await down()
    await up()
    expect(texts()).toEqual(['one', 'two', 'three'])
    expect(desk.again).toEqual([])
  })

  test('it waits as long as Slack says', async () => {
    await nextSecond()
    await up()
    await down()
    await ann().say('support', 'one')
    stand.fault({ method: 'conversations.history', status: 429, retryAfter: 1, times: 2 })
    const began = Date.now()
    await up()
    expect(Date.now() - began).toBeGreaterThan(1_900)
    expect(texts()).toEqual(['one'])
  })

  test('events that come meanwhile are stored once', async () => {
    await nextSecond()
    await up()
    await down()
    await ann().say('support', 'one')
    stand.fault({ method: 'conversations.history', delay: 300 })
    slack = await Receiving.start(stand, { desk, now, support: { support: 'all' } })
    const said = await ann().say('support', 'two')
    expect(said.deliveries).toMatchObject([{ acknowledged: true }])
    expect(texts()).toEqual(['one', 'two'])
    expect(desk.again).toEqual([])
  })

  test('a channel that cannot be read is an alarm, and the others are read', async () => {
    await nextSecond()
    await up()
    await down()
    await bob().kick('support')
    await ann().say('asked', '@desk one')
    await up()
    expect(texts()).toEqual(['one'])
    expect([...desk.alarms.keys()]).toEqual([`not-in-${support}`])
    await ann().say('support', 'two')
    await bob().invite('support')
    await eventually(() => (texts().includes('two') ? true : undefined), 'what was written while it was out')
    expect(desk.alarms.size).toBe(0)
  })
})

describe('how far it is', () => {
  test('is remembered up to what is committed', async () => {
    await nextSecond()
    await up()
    const first = await ann().say('support', 'one')
    desk.failures = 1
    await ann().say('support', 'two')
    await bob().say('support', 'three')
    await down()
    expect(cursorOf(support)).toBe(first.ts)
    await up()
    expect(texts()).toEqual(['one', 'three', 'two'])
    expect(desk.again).toEqual([])
  })
})

/** A channel in which a message was written every second, and one of them is answered. */
class LongChannel {
  readonly messages: Record<string, unknown>[]
  pages = 0
  readonly #order: 'forward' | 'backward'

  constructor(count: number, order: 'forward' | 'backward') {
    this.messages = Array.from({ length: count }, (_, at) => ({ ts: `${1_700_000_000 + at}.000100`, text: `${at}` }))
    Object.assign(this.messages[10] ?? {}, { latest_reply: `${1_700_000_000 + count - 5}.000200` })
    this.#order = order
  }

  readonly conversations = {
    history: async ({ oldest = '0', latest = '9999999999', limit = '100', cursor = '0' }: Record<string, string>) => {
      this.pages += 1
      const found = this.messages.filter(each => String(each.ts) > oldest && String(each.ts) <= latest)
      const ordered = this.#order === 'forward' && oldest !== '0' ? found : found.toReversed()
      const end = Number(cursor) + Number(limit)
      const next_cursor = end < ordered.length ? String(end) : ''
      return { messages: ordered.slice(Number(cursor), end), response_metadata: { next_cursor } }
    },
    replies: async ({ ts, oldest = '0' }: Record<string, string>) => {
      const parent = this.messages.find(each => each.ts === ts)
      const reply = { ts: String(parent?.latest_reply), thread_ts: ts, text: 'answer' }
      return { messages: [parent, ...(reply.ts > oldest ? [reply] : [])] }
    },
  }
}

test.each(['forward', 'backward'] as const)('many more messages than fit into memory, with pages %s', async order => {
  const channel = new LongChannel(12_000, order)
  const end = new Date(1_700_012_100_000)
  const history = new History(new ReadApi(channel as unknown as WebClient), () => end)
  const texts: unknown[] = []
  let after = '1700000099.000100'
  const threads = ['1700000010.000100']
  for await (const backlog of history.since(after, { channel: 'C1', isWhole: true, lookBack: 'near', threads })) {
    expect(backlog.events.length).toBeLessThanOrEqual(5_001)
    for (const event of backlog.events) {
      expect(String(event.ts) > after).toBe(true)
      after = String(event.ts)
      texts.push(event.text)
    }
    if (backlog.until) expect(after <= backlog.until).toBe(true)
  }
  const wanted: string[] = Array.from({ length: 11_900 }, (_, at) => `${at + 100}`)
  wanted.splice(-4, 0, 'answer')
  expect(texts).toEqual(wanted)
  expect(channel.pages).toBeLessThan(200)
})
