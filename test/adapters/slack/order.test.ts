import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { eventually } from '../../support/eventually.ts'
import type { Delivery, Kind, Route } from '../../support/slack/route.ts'
import { Receiving } from '../../support/slack/service/receiving.ts'
import type { Json } from '../../support/slack/shapes.ts'
import { SlackStand } from '../../support/slack/stand.ts'

const PEOPLE = [
  { name: 'ann', email: 'ann@example.com' },
  { name: 'bob', email: 'bob@example.com' },
]

/** Keeps back what Slack tells, until a test says in which order it comes. */
class Late implements Route {
  readonly #way: Route
  readonly #kept: { kind: Kind; payload: Json }[] = []

  constructor(way: Route) {
    this.#way = way
  }

  async send(kind: Kind, payload: Json): Promise<Delivery> {
    this.#kept.push({ kind, payload })
    return { kind, payload, attempt: 0, acknowledged: true, status: undefined, body: undefined, took: 0 }
  }

  /** Gives it up. */
  forget(): void {
    this.#kept.length = 0
  }

  /** Tells it, the newest first; gives whether each was taken. What was not is kept. */
  async tellBackwards(): Promise<boolean[]> {
    const taken: boolean[] = []
    for (const each of this.#kept.splice(0).reverse()) {
      const { acknowledged } = await this.#way.send(each.kind, each.payload)
      taken.push(acknowledged)
      if (!acknowledged) this.#kept.unshift(each)
    }
    return taken
  }
}

/** Within a second the emulator counts messages, and all else later than those. */
function nextSecond(): Promise<void> {
  return pause(1_000 - (Date.now() % 1_000))
}

let stand: SlackStand
let slack: Receiving
let late: Late
const ann = () => stand.as('ann')
const bob = () => stand.as('bob')
const texts = () => slack.desk.messages.map(each => each.text)

beforeAll(async () => {
  const channels = ['support', 'general', 'room'].map(name => ({ name }))
  stand = await SlackStand.start({ users: PEOPLE, channels })
})

afterAll(() => stand?.stop())

beforeEach(async () => {
  slack = await Receiving.start(stand, { room: 'room', support: { support: 'all' } })
  late = new Late(stand.route)
  stand.route = late
})

afterEach(async () => {
  stand.clearFaults()
  await stand.settled()
  stand.route = undefined
  await slack.stop()
})

describe('what Slack tells in another order', () => {
  test('an answer brings what it answers, which its writer began', async () => {
    const { ts: thread } = await ann().say('support', 'The printer burns')
    await bob().say('support', 'Here too', { thread })
    await bob().say('support', 'Is anybody there?', { thread })
    await late.tellBackwards()
    expect(texts()).toEqual(['The printer burns', 'Is anybody there?', 'Here too'])
    expect(slack.desk.messages[0]).toMatchObject({ from: { name: 'ann' }, chat: { row: {} }, live: true })
    expect(slack.desk.again).toEqual([])
  })

  test('so it is in direct messages, and of a question in a channel where the app is a guest', async () => {
    for (const [channel, mention] of [[await ann().directMessages(), ''] as const, ['general', '@desk '] as const]) {
      const { ts: thread } = await ann().say(channel, `${mention}The printer burns`)
      await ann().say(channel, `${mention}Still`, { thread })
      await late.tellBackwards()
    }
    expect(texts()).toEqual(['The printer burns', 'Still', 'The printer burns', 'Still'])
  })

  test('answers to a question that is heard of late are not lost', async () => {
    const { ts: thread } = await ann().say('general', '@desk The printer burns')
    await ann().say('general', 'It smells, too', { thread })
    await bob().say('general', 'Here too', { thread })
    await late.tellBackwards()
    expect(texts()).toEqual(['The printer burns', 'It smells, too', 'Here too'])
    await ann().say('general', 'Hurry', { thread })
    await late.tellBackwards()
    expect(texts().at(-1)).toBe('Hurry')
    expect(slack.desk.again).toEqual([])
  })

  test('nor one that was taken back before the question was heard of', async () => {
    const { ts: thread } = await ann().say('general', '@desk The printer burns')
    const said = await ann().say('general', 'The password is 1234', { thread })
    await ann().edit(said, 'The password is 12345')
    await ann().remove(said)
    await bob().say('general', 'Here too', { thread })
    await late.tellBackwards()
    expect(texts()).toEqual(['The printer burns', 'Here too', 'The password is 1234'])
    expect(slack.desk.revisions.map(each => each.text)).toEqual([null, 'The password is 12345'])
  })

  test.each(['mark', 'bare mention'])(
    'answers below a message that was made a ticket with a %s are not lost, earlier ones are not taken',
    async how => {
      const said = await ann().say('general', 'The printer burns')
      await bob().say('general', 'Again?', { thread: said.ts })
      await late.tellBackwards()
      if (how === 'mark') {
        // Within a second the emulator counts events apart from messages.
        await new Promise(resolve => setTimeout(resolve, 1_000))
        await bob().react(said, 'ticket')
        await new Promise(resolve => setTimeout(resolve, 1_000))
      } else await bob().say('general', '@desk', { thread: said.ts })
      await ann().say('general', 'It smells, too', { thread: said.ts })
      await late.tellBackwards()
      expect(texts()).toEqual(['The printer burns', 'It smells, too'])
    },
  )

  test('what was changed and taken back before somebody asked for it stays out', async () => {
    await nextSecond()
    const { ts: thread } = await ann().say('general', 'The printer burns')
    const said = await ann().say('general', 'Private matters', { thread })
    await ann().edit(said, 'Very private matters')
    await ann().remove(said)
    await late.tellBackwards()
    await nextSecond()
    await bob().react({ ...said, ts: thread }, 'ticket')
    await late.tellBackwards()
    expect(texts()).toEqual(['The printer burns'])
    expect(slack.desk.revisions).toEqual([])
  })

  test('what cannot be read just now is told again', async () => {
    const asked = await ann().say('general', '@desk The printer burns')
    await bob().say('general', 'Here too', { thread: asked.ts })
    stand.fault({ method: 'conversations.replies', status: 500, times: 1 })
    // The answer, the message, and the mention.
    expect((await late.tellBackwards()).filter(each => !each)).toHaveLength(1)
    await late.tellBackwards()
    expect(texts()).toEqual(['The printer burns', 'Here too'])
    const { ts: thread } = await ann().say('support', 'The printer burns')
    await bob().say('support', 'Here too', { thread })
    stand.fault({ method: 'conversations.replies', error: 'missing_scope', times: 1 })
    expect(await late.tellBackwards()).toEqual([true, true])
    expect(texts().slice(2)).toEqual(['Here too', 'The printer burns'])
  })

  test('what it had not told of before something later, and then gives up, is found after an outage', async () => {
    await nextSecond()
    const { ts: thread } = await ann().say('support', 'The printer burns')
    await late.tellBackwards()
    await ann().say('support', 'It smells, too')
    await bob().say('support', 'Here too', { thread })
    const edited = await ann().say('support', 'My char is broken')
    late.forget()
    await bob().say('support', 'My badge is lost')
    await late.tellBackwards()
    const { desk } = slack
    await slack.stop()
    await ann().edit(edited, 'My chair is broken')
    slack = await Receiving.start(stand, { desk, support: { support: 'all' } })
    await eventually(() => texts()[4], 'what is missing')
    expect(texts().slice(2).toSorted()).toEqual(['Here too', 'It smells, too', 'My chair is broken'])
    await slack.stop()
    slack = await Receiving.start(stand, { desk, support: { support: 'all' } })
    await slack.stop()
    expect([texts().length, desk.again]).toEqual([5, []])
  })

  test('nothing is looked for that was written before the desk was there', async () => {
    const { ts: thread } = await ann().say('support', 'Long ago')
    await late.tellBackwards()
    await slack.stop()
    const inAnHour = new Date(Date.now() + 3_600_000)
    slack = await Receiving.start(stand, { support: { support: 'all' }, now: () => inAnHour })
    const before = stand.calls('conversations.replies')
    await bob().say('support', 'Here too', { thread })
    expect(texts()).toEqual(['Here too'])
    expect(stand.calls('conversations.replies')).toBe(before)
  })
})
