import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { InboundMessage } from '../../../src/channel/message.ts'
import { DeskError } from '../../../src/errors.ts'
import { messageEvent, newTime, type Told } from '../../support/slack/service/events.ts'
import { Receiving } from '../../support/slack/service/receiving.ts'
import { SlackStand } from '../../support/slack/stand.ts'

const PEOPLE = [
  { name: 'ann', email: 'Ann@Example.com', realName: 'Ann Lee' },
  { name: 'bob', email: 'bob@example.com', guest: true },
  { name: 'cai', email: 'cai@other.example', home: 'T0OTHER' },
  { name: 'gil', email: 'gil@example.com', realName: 'Gil Agent' },
]

let stand: SlackStand
let slack: Receiving
let ids: Record<'support' | 'asked' | 'general' | 'room', string>
const team = 'T000000001'
const ann = () => stand.as('ann')
const gil = () => stand.as('gil')

beforeAll(async () => {
  const names = ['support', 'asked', 'general', 'room']
  const channels = [
    ...names.map(name => ({ name, private: name === 'room' })),
    { name: 'other' },
    { name: 'elsewhere', bot: false },
  ]
  stand = await SlackStand.start({ users: PEOPLE, channels })
  ids = Object.fromEntries(names.map(name => [name, stand.workspace.channel(name)])) as typeof ids
})

afterAll(() => stand?.stop())

beforeEach(async () => {
  slack = await Receiving.start(stand, { room: 'room', support: { support: 'all', asked: 'asked' } })
})

afterEach(async () => {
  stand.clearFaults()
  await stand.settled()
  stand.route = undefined
  await slack.stop()
})

function only(messages: readonly InboundMessage[]): InboundMessage {
  expect(messages).toHaveLength(1)
  return messages[0] as InboundMessage
}

const acknowledged = (done: { deliveries: { acknowledged: boolean }[] }) =>
  done.deliveries.map(each => each.acknowledged)

describe('a message', () => {
  test('in a support channel is handed over as it is', async () => {
    const said = await ann().say('support', 'The *printer* burns <b>\nSince @bob came, see #general')
    expect(acknowledged(said)).toEqual([true])
    const at = new Date(Math.floor(Number(said.ts) * 1000)).toISOString()
    const place = `${team}/${ids.support}/${said.ts}`
    const { raw, ...message } = only(slack.desk.messages)
    expect(message).toEqual({
      ...{ id: place, replyTo: place },
      from: { address: `${team}/${ann().id}`, name: 'Ann Lee' },
      ...{ kind: 'person', kindReasons: [], bulk: null, alert: null, spam: [], messageId: null, fingerprint: null },
      subject: 'The *printer* burns <b>',
      text: 'The *printer* burns <b>\nSince @bob came, see #general',
      visible: 'The *printer* burns <b>\nSince @bob came, see #general',
      ...{ sentAt: at, reachedAt: at, live: true, attachments: [] },
      authentication: { result: 'pass', reasons: [`Slack, workspace ${team}`] },
      alsoKnownAs: [{ kind: 'email', address: 'ann@example.com' }],
      mail: { to: [], cc: [], addressedTo: [], references: [], failures: [], forwarded: null },
      chat: { thread: place, shared: true, row: { key: `${team}/${ids.support}/${ann().id}`, within: 120_000 } },
    })
    expect(raw.size).toBeGreaterThan(100)
  })

  test('to the desk alone is shared with nobody', async () => {
    const said = await ann().dm('The printer burns')
    const message = only(slack.desk.messages)
    expect(message).toMatchObject({ id: `${team}/${said.channel}/${said.ts}`, chat: { row: { within: 120_000 } } })
    expect(message).not.toHaveProperty('chat.shared')
    expect(message).not.toHaveProperty('chat.internal')
  })

  test('in a thread belongs to that, and to no row', async () => {
    const said = await ann().say('support', 'The printer burns')
    const answer = await ann().say('support', 'Still', { thread: said.ts })
    await stand.as('bob').say('support', 'Here too', { thread: said.ts, broadcast: true })
    const [first, second, third] = slack.desk.messages
    expect(second).toMatchObject({ id: `${team}/${ids.support}/${answer.ts}`, chat: { thread: first?.chat?.thread } })
    expect(second).not.toHaveProperty('chat.row')
    expect(third).toMatchObject({ chat: { thread: first?.chat?.thread }, replyTo: first?.replyTo, text: 'Here too' })
  })

  test('of a guest, or of somebody from another workspace, is of nobody with an e-mail address', async () => {
    await stand.as('bob').dm('The printer burns')
    await stand.as('cai').say('support', 'Hello from over there')
    const [guest, stranger] = slack.desk.messages
    expect(guest).toMatchObject({ from: { address: `${team}/${stand.as('bob').id}` }, alsoKnownAs: [] })
    expect(stranger).toMatchObject({ from: { address: `T0OTHER/${stand.as('cai').id}` }, alsoKnownAs: [] })
    expect(stranger?.authentication.reasons).toEqual(['Slack, workspace T0OTHER'])
  })

  test('has a subject, whatever its text', async () => {
    const long = `${'word '.repeat(30)}end`
    for (const text of [long, '\n> quoted\nmore', 'x'.repeat(300), '!!!', '# 1. List']) await ann().dm(text)
    const subjects = slack.desk.messages.map(each => each.subject)
    expect(subjects).toEqual([`${'word '.repeat(16).trim()}…`, 'quoted', `${'x'.repeat(79)}…`, '!!!', '1. List'])
    expect(subjects.every(each => each.length <= 80)).toBe(true)
  })

  test('that is said in the third person, or passes another one on, is one as well', async () => {
    await ann().dm('is on fire', { event: { subtype: 'me_message' } })
    const attachments = [
      {
        is_share: true,
        author_name: 'Bob',
        channel_name: 'general',
        text: 'It _burns_',
        from_url: 'https://x.slack.com/p1',
      },
      { id: 2, from_url: 'https://example.com/', title: 'A page', fallback: 'A page' },
    ]
    await ann().dm('What is this?', { event: { attachments } })
    const [first, second] = slack.desk.messages
    expect(first?.text).toBe('is on fire')
    expect(second?.text).toBe('What is this?\n\nBob in #general (https://x.slack.com/p1):\n\n> It _burns_')
  })
})

describe('which messages are taken', () => {
  test('in other channels those that mention the desk, and their threads', async () => {
    await ann().say('general', 'Nobody asks the desk')
    const asked = await ann().say('general', '@desk: the printer burns')
    await stand.as('bob').say('general', 'I saw it', { thread: asked.ts })
    await ann().say('asked', 'Nor here')
    await ann().say('asked', 'Hello @desk, the printer burns')
    const texts = slack.desk.messages.map(each => each.text)
    expect(texts).toEqual(['the printer burns', 'I saw it', 'Hello @Relaydesk, the printer burns'])
    expect(slack.desk.messages[0]).toMatchObject({ subject: 'the printer burns', chat: { shared: true } })
    expect(slack.desk.messages[0]).not.toHaveProperty('chat.row')
    expect(slack.dropped).toContain('not for the desk')
  })

  test('threads are known after a restart', async () => {
    const asked = await ann().say('general', '@desk the printer burns')
    const { desk } = slack
    await slack.stop()
    slack = await Receiving.start(stand, { desk })
    await ann().say('general', 'It burns no more', { thread: asked.ts })
    expect(desk.messages.map(each => each.text)).toEqual(['the printer burns', 'It burns no more'])
  })

  test('joins, topics and the like are none', async () => {
    await ann().setTopic('support', 'Printers')
    await gil().kick('support', 'bob')
    await gil().invite('support', 'bob')
    expect(slack.desk.received).toEqual([])
  })

  test('of the desk and of other apps are noted', async () => {
    const said = await ann().say('support', 'The printer burns')
    await slack.workspace.client.chat.postMessage({ channel: ids.support, thread_ts: said.ts, text: 'An answer' })
    await slack.workspace.client.chat.postMessage({ channel: ids.general, text: 'Elsewhere' })
    await stand.settled()
    await stand.otherApp('support', 'Build failed')
    await stand.otherApp('general', 'Build failed')
    expect(slack.desk.messages).toHaveLength(1)
    expect(slack.desk.lost.map(each => each.lost)).toEqual(['own-message', 'other-app'])
  })
})

describe('the same message', () => {
  test.each(['message-first', 'mention-first', 'together'] as const)('of two events, %s, comes once', async order => {
    const said = await ann().say('general', '@desk the printer burns', { order })
    expect(acknowledged(said)).toEqual([true, true])
    expect(only(slack.desk.messages)).toMatchObject({ text: 'the printer burns' })
    for (const each of said.deliveries) await stand.redeliver(each)
    expect(slack.desk.received).toHaveLength(1)
  })

  test('that could not be stored comes again', async () => {
    slack.desk.failures = 1
    const said = await ann().say('support', 'The printer burns')
    expect(acknowledged(said)).toEqual([false])
    expect(slack.desk.received).toEqual([])
    const [delivery] = said.deliveries
    if (!delivery) throw new Error('It was not delivered')
    expect(await stand.redeliver(delivery)).toMatchObject({ acknowledged: true })
    expect(only(slack.desk.messages).text).toBe('The printer burns')
  })

  test('waits until it is known who wrote it', async () => {
    stand.fault({ method: 'users.info', status: 503 })
    const said = await stand.as('bob').say('support', 'The printer burns')
    expect(acknowledged(said)).toEqual([false])
    expect(slack.desk.received).toEqual([])
    stand.fault({ method: 'users.info', status: 429, retryAfter: 1 })
    const [delivery] = said.deliveries
    if (!delivery) throw new Error('It was not delivered')
    expect(await stand.redeliver(delivery)).toMatchObject({ acknowledged: true })
    expect(only(slack.desk.messages).from?.name).toBe('bob')
  })
})

test('lines of one person stay in order', async () => {
  stand.fault({ method: 'users.info', delay: 150 })
  await Promise.all([ann().dm('one'), ann().dm('two'), ann().dm('three')])
  const { messages } = slack.desk
  expect(messages.map(each => each.id)).toEqual(messages.map(each => each.id).toSorted())
  expect(messages).toHaveLength(3)
})

describe('a message that is changed', () => {
  test('is revised', async () => {
    const said = await ann().say('support', 'The printer burns')
    await ann().edit(said, 'The *scanner* burns')
    await stand.unfurl(said)
    await ann().remove(said)
    const id = `${team}/${ids.support}/${said.ts}`
    const [edit, deletion, ...others] = slack.desk.revisions
    expect(others).toEqual([])
    expect(edit).toMatchObject({ revises: id, text: 'The *scanner* burns', from: { name: 'Ann Lee' } })
    expect(edit?.id).toMatch(new RegExp(`^${id}/edited/\\d+\\.\\d+$`))
    expect(edit?.revisedAt).toMatch(/^\d{4}-.*Z$/)
    expect(deletion).toMatchObject({ revises: id, text: null, from: null })
    expect(deletion?.id).toMatch(new RegExp(`^${id}/deleted/\\d+\\.\\d+$`))
  })

  test('before it came, all the same', async () => {
    slack.desk.failures = 1
    const said = await ann().say('support', 'The printer burns')
    await ann().edit(said, 'The scanner burns')
    expect(slack.desk.received).toMatchObject([
      { text: 'The scanner burns', revises: expect.stringContaining(said.ts) },
    ])
    const [delivery] = said.deliveries
    if (delivery) await stand.redeliver(delivery)
    expect(only(slack.desk.messages).text).toBe('The printer burns')
  })

  test('leaving a stone behind', async () => {
    const said = await ann().say('support', 'The printer burns')
    await ann().say('support', 'Still', { thread: said.ts })
    await ann().remove(said)
    expect(slack.desk.revisions).toMatchObject([{ revises: expect.stringContaining(said.ts), text: null }])
  })

  test('so that it asks the desk only now', async () => {
    const said = await ann().say('asked', 'The printer burns')
    await ann().edit(said, '@desk the printer burns')
    await ann().edit(said, '@desk the printer burns badly')
    expect(only(slack.desk.messages).text).toBe('the printer burns')
    expect(slack.desk.revisions.map(each => each.text)).toEqual(['the printer burns badly'])
  })

  test('nobody hears of where the desk has no business', async () => {
    const said = await ann().say('general', 'Private matters')
    await ann().edit(said, 'Very private matters')
    await ann().remove(said)
    const own = await slack.workspace.client.chat.postMessage({ channel: ids.support, text: 'A card' })
    await slack.workspace.client.chat.update({ channel: ids.support, ts: own.ts ?? '', text: 'A card, changed' })
    await stand.settled()
    expect(slack.desk.received.map(each => ('lost' in each ? each.lost : each))).toEqual(['own-message'])
  })

  test('from before the desk was there', async () => {
    stand.route = undefined
    const said = await ann().say('support', 'Long ago')
    slack.desk.memory.set(`since ${team}`, `${Math.ceil(Number(said.ts)) + 305}.000000`)
    await slack.stop()
    const { desk } = slack
    slack = await Receiving.start(stand, { desk, support: { support: 'all' } })
    await ann().edit(said, 'Not so long ago')
    expect(desk.received).toEqual([])
    expect(slack.dropped).toContain('from before the desk')
  })
})

describe('in the room', () => {
  beforeEach(() => {
    slack.desk.people = [{ handle: 'gil', name: 'Gil Agent', email: 'gil@example.com' }]
  })

  async function card(): Promise<string> {
    const metadata = { event_type: 'relaydesk_card', event_payload: { id: '1' } }
    const { ts = '' } = await slack.workspace.client.chat.postMessage({ channel: ids.room, text: 'HD-1', metadata })
    await stand.settled()
    return ts
  }

  test('what begins with a mention is a command, and its answer is for one alone', async () => {
    const ts = await card()
    const said = await gil().say('room', '@desk assign @gil\nHe knows it', { thread: ts, order: 'mention-first' })
    expect(slack.desk.performed).toEqual([
      {
        actor: {
          ...{ kind: 'slack', address: `${team}/${gil().id}`, name: 'Gil Agent' },
          alsoKnownAs: [{ kind: 'email', address: 'gil@example.com' }],
        },
        ...{ channel: 'chat', format: 'markdown', line: 'assign @gil\nHe knows it' },
        ...{ thread: `${team}/${ids.room}/${ts}`, id: `${team}/${ids.room}/${said.ts}` },
      },
    ])
    const shown = await stand.ephemerals('room')
    expect(shown.at(-1)).toMatchObject({ shownTo: 'gil', thread_ts: ts, text: 'Did assign @gil He knows it' })
    expect(shown.filter(each => each.thread_ts === ts)).toHaveLength(1)
    expect(slack.desk.messages).toEqual([])
  })

  test('a refusal is an answer; mended, the command is given again', async () => {
    const ts = await card()
    slack.desk.answer = ({ line }) => {
      if (line !== 'clam') return { text: 'Yours now.', data: null }
      throw new DeskError('usage', 'There is no command clam; did you mean claim?')
    }
    const said = await gil().say('room', '@desk clam', { thread: ts })
    expect(acknowledged(said)).toEqual([true, true])
    await gil().edit({ ...said }, '@desk claim')
    const shown = (await stand.ephemerals('room')).filter(each => each.thread_ts === ts)
    expect(shown.map(each => each.text)).toEqual(['There is no command clam; did you mean claim?', 'Yours now.'])
    expect(slack.desk.revisions).toEqual([])
  })

  test('one of long ago is not given again when it is changed', async () => {
    const message = (text: string, seconds: number) => ({
      ...{ type: 'message', user: gil().id, team, text: `<@U0DESKBOT> ${text}` },
      ts: `${Math.floor(Date.now() / 1000) - seconds}.000100`,
    })
    const change = async (seconds: number) => {
      const edited = { user: gil().id, ts: newTime() }
      const told = { message: { ...message('claim HD-7', seconds), edited }, previous: message('clam HD-7', seconds) }
      const event = { subtype: 'message_changed', channel: ids.room, ...told } as unknown as Told
      await stand.send(await messageEvent(stand.workspace, event))
    }
    await change(25 * 60 * 60)
    expect(slack.desk.performed).toEqual([])
    await change(60)
    expect(slack.desk.performed).toMatchObject([{ line: 'claim HD-7' }])
  })

  test('a command that failed is tried again', async () => {
    slack.desk.answer = () => {
      throw new DeskError('temporary', 'The disk is full.')
    }
    const said = await gil().say('room', '@desk')
    expect(acknowledged(said)).toEqual([false, false])
    slack.desk.answer = () => ({ text: 'Commands are …', data: null })
    for (const each of said.deliveries) await stand.redeliver(each)
    expect(slack.desk.performed.at(-1)).toMatchObject({ line: 'help' })
    expect((await stand.ephemerals('room')).at(-1)).toMatchObject({ shownTo: 'gil', text: 'Commands are …' })
  })

  test('what is said below a card is internal; other talk is left alone', async () => {
    const ts = await card()
    await gil().say('room', 'Coffee?')
    await gil().say('room', 'I know that printer, @desk is right', { thread: ts })
    const note = only(slack.desk.messages)
    expect(note).toMatchObject({ chat: { internal: true, thread: `${team}/${ids.room}/${ts}` } })
    expect(note).not.toHaveProperty('chat.row')
    expect(slack.desk.performed).toEqual([])
  })
})

describe('a message that somebody points at', () => {
  test('with the emoji becomes its writer’s', async () => {
    const said = await ann().say('general', 'The printer burns')
    const answer = await stand.as('bob').say('general', 'Here too', { thread: said.ts })
    await gil().react(said, 'eyes')
    expect(slack.desk.received).toEqual([])
    await gil().react(said, 'ticket')
    await gil().react(answer, 'ticket')
    const [first, second] = slack.desk.messages
    expect(first).toMatchObject({ text: 'The printer burns', from: { name: 'Ann Lee' }, live: true })
    expect(second).toMatchObject({ text: 'Here too', from: { name: 'bob' }, chat: { thread: first?.chat?.thread } })
    await ann().edit(said, 'The scanner burns')
    expect(slack.desk.revisions).toHaveLength(1)
  })

  test('with a mention and no word, too', async () => {
    const said = await ann().say('general', 'The printer burns')
    await gil().say('general', '@desk', { thread: said.ts, order: 'together' })
    expect(only(slack.desk.messages)).toMatchObject({ text: 'The printer burns', from: { name: 'Ann Lee' } })
    await gil().say('general', '@desk', { thread: said.ts })
    expect(slack.desk.received).toHaveLength(1)
  })

  test('is not taken where an app wrote it, or where the desk cannot read it', async () => {
    const built = await stand.otherApp('general', 'Build failed')
    await gil().react(built, 'ticket')
    expect((await stand.ephemerals('general')).at(-1)).toMatchObject({ shownTo: 'gil' })
    const elsewhere = stand.workspace.channel('elsewhere')
    await stand.send({
      ...{ type: 'reaction_added', user: gil().id, reaction: 'ticket', item_user: ann().id },
      item: { type: 'message', channel: elsewhere, ts: '1712345678.000100' },
      event_ts: '1712345679.000100',
    })
    const [told] = (await stand.messages(await gil().directMessages())).slice(-1)
    expect(told?.text).toContain('invite me there')
    expect(slack.desk.messages).toEqual([])
  })
})

test('who only says hello to the desk is told how to ask, once an hour', async () => {
  const hints = async () =>
    (await stand.ephemerals(await ann().directMessages())).filter(each => each.text.startsWith('Hello! Tell us here'))
  const before = (await hints()).length
  await ann().dm('Hi!')
  await ann().dm('good morning')
  expect(await hints()).toHaveLength(before + 1)
  expect(slack.desk.messages).toHaveLength(2)
})

describe('the channel itself', () => {
  test('an agent hears of it when the app is taken out, or uninstalled', async () => {
    await gil().kick('support')
    await gil().kick('other')
    expect([...slack.desk.alarms.keys()]).toEqual([`not-in-${ids.support}`])
    await gil().invite('other')
    await gil().invite('support')
    expect(slack.desk.alarms.size).toBe(0)
    await stand.send({ type: 'tokens_revoked', tokens: { oauth: ['U1'], bot: [] } })
    expect(slack.desk.alarms.size).toBe(0)
    await stand.send({ type: 'app_uninstalled' })
    expect([...slack.desk.alarms.keys()]).toEqual(['uninstalled'])
  })

  test('pages are made where they are opened', async () => {
    await ann().openHome()
    expect(slack.homes).toMatchObject([{ userId: ann().id, tab: 'home', channel: expect.stringMatching(/^D/) }])
  })

  test('what is for another workspace or another app is none of ours', async () => {
    const event = { type: 'message', channel: ids.support, user: ann().id, text: 'Hello', ts: '1712345678.000100' }
    await slack.inbound.event({ team_id: 'T9', api_app_id: 'A0RELAYDESK', event })
    await slack.inbound.event({ team_id: team, api_app_id: 'A9', event })
    expect(slack.desk.received).toEqual([])
    expect(slack.dropped).toEqual(['not ours', 'not ours'])
    const authorizations = [{ team_id: team }]
    await slack.inbound.event({ team_id: 'T9', authorizations, api_app_id: 'A0RELAYDESK', event })
    expect(slack.desk.received).toHaveLength(1)
  })
})
