import { webApi } from '@slack/bolt'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { eventually } from '../../support/eventually.ts'
import type { Json, Message } from '../../support/slack/shapes.ts'
import {
  BUTTONS,
  FORM,
  logger,
  plain,
  SENTENCE,
  type SmallApp,
  smallAppAt,
  type Told,
} from '../../support/slack/small-app.ts'
import { SlackStand } from '../../support/slack/stand.ts'

/** A client that tells at once what happened. */
function clientOf(stand: SlackStand, token = stand.botToken, timeout = 0) {
  const retryConfig = { retries: 0 }
  return new webApi.WebClient(token, {
    ...{ slackApiUrl: stand.apiUrl, retryConfig, rejectRateLimitedCalls: true, logger, timeout },
  })
}

/** What the call is refused with. */
async function refusalOf(call: Promise<unknown>): Promise<string> {
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  const { data, message } = (error ?? {}) as { data?: { error?: string }; message?: string }
  return data?.error ?? message ?? 'nothing'
}

const PEOPLE = [
  { name: 'ann', email: 'Ann@Example.com', realName: 'Ann Lee' },
  { name: 'bob', email: 'bob@example.com', guest: true },
]

let stand: SlackStand
let client: webApi.WebClient
let support: string

beforeAll(async () => {
  const channels = [
    { name: 'general' },
    { name: 'support' },
    { name: 'triage', private: true, members: ['bob'] },
    { name: 'elsewhere', bot: false },
    { name: 'secret', private: true, bot: false },
  ]
  stand = await SlackStand.start({ users: PEOPLE, channels })
  client = clientOf(stand)
  support = stand.workspace.channel('support')
})

afterAll(() => stand?.stop())

afterEach(() => {
  stand.clearFaults()
  stand.limitRate()
  stand.route = undefined
  stand.echo = 'after'
})

/** Posts so many messages in a channel of their own; gives the channel and their timestamps. */
async function posted(count: number, thread?: { channel: string; ts: string }) {
  const channel = thread?.channel ?? stand.workspace.channel('general')
  const times: string[] = []
  for (let index = 0; index < count; index++) {
    const { ts } = await stand.as('ann').say(channel, `line ${index}`, thread ? { thread: thread.ts } : {})
    times.push(ts)
  }
  return { channel, times }
}

describe('tokens', () => {
  test('auth.test names the app and its scopes', async () => {
    const answer = await client.auth.test()
    expect(answer).toMatchObject({ user_id: 'U0DESKBOT', bot_id: 'B0DESKBOT', team_id: 'T000000001' })
    expect(answer.response_metadata?.scopes).toContain('chat:write')
  })

  test('another token is refused', async () => {
    expect(await refusalOf(clientOf(stand, 'xoxb-wrong').auth.test())).toBe('invalid_auth')
    expect(await refusalOf(clientOf(stand, stand.appToken).auth.test())).toBe('not_allowed_token_type')
    expect(await refusalOf(client.apps.connections.open())).toBe('invalid_auth')
  })

  test('more calls than the emulator allows one token', async () => {
    const calls = Array.from({ length: 5_001 }, (_, index) => index)
    while (calls.length > 0) {
      const some = calls.splice(0, 50).map(() => stand.workspace.fetch('/api/nothing', 'bot'))
      await Promise.all(some.map(async each => (await each).text()))
    }
    expect(await client.team.info()).toMatchObject({ ok: true })
    expect(stand.calls('team.info')).toBe(1)
  })

  test('a method that nobody knows', async () => {
    expect(await refusalOf(client.apiCall('desk.open'))).toBe('unknown_method')
  })
})

describe('people and conversations', () => {
  test('an e-mail address is found whatever its case', async () => {
    const { user } = await client.users.lookupByEmail({ email: 'ANN@example.COM' })
    expect(user).toMatchObject({ id: stand.as('ann').id, profile: { email: 'Ann@Example.com' } })
    expect(await refusalOf(client.users.lookupByEmail({ email: 'nobody@example.com' }))).toBe('users_not_found')
    const { user: bob } = await client.users.info({ user: stand.as('bob').id })
    expect(bob).toMatchObject({ is_restricted: true, tz: 'Europe/Berlin' })
  })

  test('users.conversations tells where the app is, page by page', async () => {
    const types = 'public_channel,private_channel'
    const first = await client.users.conversations({ types, limit: 2 })
    const cursor = first.response_metadata?.next_cursor ?? ''
    const second = await client.users.conversations({ types, limit: 2, cursor })
    const names = [...(first.channels ?? []), ...(second.channels ?? [])].map(each => each.name)
    expect(names.toSorted()).toEqual(['general', 'support', 'triage'])
    expect(second.response_metadata?.next_cursor).toBe('')
    expect(await refusalOf(client.users.conversations({ types, cursor: 'nonsense' }))).toBe('invalid_cursor')
    expect(await refusalOf(client.conversations.list({ cursor: 'nonsense' }))).toBe('invalid_cursor')
  })

  test('a conversation with a person is opened by writing to them', async () => {
    const bob = stand.as('bob')
    const { channel } = await client.chat.postMessage({ channel: bob.id, text: 'Hello' })
    expect(channel).toMatch(/^D/)
    expect(await client.conversations.open({ users: bob.id })).toMatchObject({ channel: { id: channel } })
    expect(await stand.messages(String(channel))).toMatchObject([{ text: 'Hello', bot_id: 'B0DESKBOT' }])
    expect(await refusalOf(client.chat.postMessage({ channel: 'U0NOBODY00', text: 'Hello' }))).toBe('channel_not_found')
  })
})

describe('conversations.history', () => {
  test('pages, newest first, with cursors that are checked', async () => {
    const { channel, times } = await posted(5)
    const first = await client.conversations.history({ channel, limit: 2 })
    expect(first.messages?.map(each => each.ts)).toEqual([times[4], times[3]])
    expect(first.has_more).toBe(true)
    const cursor = first.response_metadata?.next_cursor ?? ''
    const second = await client.conversations.history({ channel, limit: 2, cursor })
    expect(second.messages?.map(each => each.ts)).toEqual([times[2], times[1]])
    expect(await refusalOf(client.conversations.history({ channel, cursor: 'xyz' }))).toBe('invalid_cursor')
    expect(await refusalOf(client.conversations.history({ channel, limit: 1_000 }))).toBe('invalid_limit')
  })

  test('oldest, latest and inclusive', async () => {
    const { channel, times } = await posted(4)
    const [t0 = '', t1, t2, t3 = ''] = times
    const between = await client.conversations.history({ channel, oldest: t0, latest: t3 })
    expect(between.messages?.map(each => each.ts)).toEqual([t2, t1])
    const all = await client.conversations.history({ channel, oldest: t0, latest: t3, inclusive: true })
    expect(all.messages?.map(each => each.ts)).toEqual([t3, t2, t1, t0])
    expect(await refusalOf(client.conversations.history({ channel, oldest: 'monday' }))).toBe('invalid_ts_oldest')
  })

  test('with oldest alone the pages go forward from there', async () => {
    const { channel, times } = await posted(4)
    const [t0 = '', t1, t2, t3] = times
    const first = await client.conversations.history({ channel, oldest: t0, limit: 2 })
    expect(first.messages?.map(each => each.ts)).toEqual([t2, t1])
    const cursor = first.response_metadata?.next_cursor ?? ''
    const second = await client.conversations.history({ channel, oldest: t0, limit: 2, cursor })
    expect(second.messages?.map(each => each.ts)).toEqual([t3])
  })

  test('threads show as their first message, with when they were last answered', async () => {
    const { channel, times } = await posted(1)
    const answers = await posted(2, { channel, ts: times[0] ?? '' })
    const { messages } = await client.conversations.history({ channel, limit: 1 })
    expect(messages).toMatchObject([
      { ts: times[0], thread_ts: times[0], reply_count: 2, latest_reply: answers.times[1] },
    ])
    await stand.as('bob').say(channel, 'also to the channel', { thread: times[0] ?? '', broadcast: true })
    const after = await client.conversations.history({ channel, limit: 1 })
    expect(after.messages).toMatchObject([{ subtype: 'thread_broadcast', thread_ts: times[0] }])
  })

  test('of metadata only the type, unless all is asked for', async () => {
    const metadata = { event_type: 'relaydesk_message', event_payload: { id: '1' } }
    const { ts } = await client.chat.postMessage({ channel: support, text: 'Hello', metadata })
    const [bare] = (await client.conversations.history({ channel: support, limit: 1 })).messages ?? []
    expect(bare?.metadata).toEqual({ event_type: 'relaydesk_message' })
    const asked = { channel: support, limit: 1, include_all_metadata: true }
    const [full] = (await client.conversations.history(asked)).messages ?? []
    expect(full?.metadata).toEqual(metadata)
    expect((await stand.messages('support')).at(-1)).toMatchObject({ ts, metadata })
  })
})

test('conversations.replies has pages and a beginning', async () => {
  const { channel, times } = await posted(1)
  const ts = times[0] ?? ''
  const { times: answers } = await posted(3, { channel, ts })
  const first = await client.conversations.replies({ channel, ts, limit: 2 })
  expect(first.messages?.map(each => each.ts)).toEqual([ts, answers[0]])
  const cursor = first.response_metadata?.next_cursor ?? ''
  const second = await client.conversations.replies({ channel, ts, cursor })
  expect(second.messages?.map(each => each.ts)).toEqual([answers[1], answers[2]])
  expect(second.has_more).toBe(false)
  const later = await client.conversations.replies({ channel, ts, oldest: answers[1] ?? '' })
  expect(later.messages?.map(each => each.ts)).toEqual([ts, answers[2]])
  expect(await refusalOf(client.conversations.replies({ channel, ts: '1.000001' }))).toBe('thread_not_found')
  expect(await refusalOf(client.conversations.replies({ channel, ts, cursor: 'xyz' }))).toBe('invalid_cursor')
})

describe('where the app is not', () => {
  test('it can neither write nor read', async () => {
    const [elsewhere, secret] = ['elsewhere', 'secret'].map(name => stand.workspace.channel(name))
    for (const [channel = '', error] of [
      [elsewhere, 'not_in_channel'],
      [secret, 'channel_not_found'],
    ]) {
      expect(await refusalOf(client.chat.postMessage({ channel, text: 'Hello' }))).toBe(error)
      expect(await refusalOf(client.conversations.history({ channel }))).toBe(error)
    }
    await client.conversations.join({ channel: elsewhere ?? '' })
    expect(await client.chat.postMessage({ channel: elsewhere ?? '', text: 'Hello' })).toMatchObject({ ok: true })
    await stand.as('ann').kick('elsewhere')
    expect(await refusalOf(client.chat.postMessage({ channel: elsewhere ?? '', text: 'Hello' }))).toBe('not_in_channel')
  })
})

describe('limits', () => {
  const post = (blocks: unknown, more: Json = {}) =>
    refusalOf(client.chat.postMessage({ channel: support, text: 'Hello', blocks, ...more } as never))
  const section = (text: string) => ({ type: 'section', text: { type: 'mrkdwn', text } })
  const actions = (...elements: unknown[]) => [{ type: 'actions', elements }]
  const button = (label: string, more: Json = {}) => ({ type: 'button', text: plain(label), ...more })

  test.each([
    ['a text of 3,000 characters', [section('x'.repeat(3_000))], 'nothing'],
    ['one more', [section('x'.repeat(3_001))], 'invalid_blocks'],
    ['no text at all', [section('')], 'invalid_blocks'],
    ['50 blocks', Array.from({ length: 50 }, () => section('x')), 'nothing'],
    ['51 blocks', Array.from({ length: 51 }, () => section('x')), 'invalid_blocks'],
    ['too much together', Array.from({ length: 5 }, () => section('x'.repeat(2_900))), 'msg_blocks_too_long'],
    ['a label of 76 characters', actions(button('x'.repeat(76))), 'invalid_blocks'],
    ['a value of 2,001 characters', actions(button('x', { value: 'x'.repeat(2_001) })), 'invalid_blocks'],
    ['a field that there is not', actions(button('x', { disabled: true })), 'invalid_blocks'],
    ['a style that there is not', actions(button('x', { style: 'default' })), 'invalid_blocks'],
    ['an action twice', actions(button('x', { action_id: 'a' }), button('y', { action_id: 'a' })), 'invalid_blocks'],
    ['no actions', actions(), 'invalid_blocks'],
    ['26 actions', actions(...Array.from({ length: 26 }, () => button('x'))), 'invalid_blocks'],
    ['a block that there is not', [{ type: 'heading', text: plain('x') }], 'invalid_blocks'],
    ['a header in another type of text', [{ type: 'header', text: { type: 'mrkdwn', text: 'x' } }], 'invalid_blocks'],
    ['a menu of six', actions({ type: 'overflow', options: options(6) }), 'invalid_blocks'],
    ['11 elements of a context', [{ type: 'context', elements: Array(11).fill(plain('x')) }], 'invalid_blocks'],
  ])('%s', async (_, blocks, error) => {
    expect(await post(blocks)).toBe(error)
  })

  test('says where it is wrong', async () => {
    const error = await client.chat
      .postMessage({ channel: support, text: 'x', blocks: [section('x'.repeat(3_001))] as never })
      .catch(reason => reason as { data: { response_metadata: { messages: string[] } } })
    expect((error as { data: Json }).data).toMatchObject({
      response_metadata: { messages: ['[ERROR] must be less than 3001 characters [json-pointer:/blocks/0/text/text]'] },
    })
  })

  test('texts, metadata and names', async () => {
    const { ts = '' } = await client.chat.postMessage({ channel: support, text: 'Hello' })
    const long = 'x'.repeat(4_001)
    expect(await refusalOf(client.chat.update({ channel: support, ts, text: long }))).toBe('msg_too_long')
    const metadata = { event_type: 'a', event_payload: { text: 'x'.repeat(9_000) } }
    expect(await post(undefined, { metadata })).toBe('metadata_too_large')
    const both = { channel: support, text: 'a', markdown_text: '**b**' }
    expect(await refusalOf(client.chat.postMessage(both as never))).toBe('markdown_text_conflict')
    expect(await client.chat.postMessage({ channel: support, markdown_text: '**b**' })).toMatchObject({ ok: true })
    await client.chat.postMessage({ channel: support, text: 'Hello', username: 'Ann (desk)' })
    const [named] = (await stand.messages('support')).slice(-1)
    expect(named).toMatchObject({ username: 'Ann (desk)', subtype: 'bot_message', bot_id: 'B0DESKBOT' })
    expect(named?.user).toBeUndefined()
  })

  test('views', async () => {
    const { trigger_id } = await stand.workspace.must('views.generateTriggerId', { user_id: stand.as('bob').id }, 'bot')
    const open = (view: Json) => refusalOf(client.views.open({ trigger_id: String(trigger_id), view: view as never }))
    expect(await open({ ...FORM, title: plain('x'.repeat(25)) })).toBe('invalid_arguments')
    expect(await open({ ...FORM, submit: undefined })).toBe('invalid_arguments')
    expect(await open({ ...FORM, private_metadata: 'x'.repeat(3_001) })).toBe('invalid_arguments')
    expect(await open(FORM)).toBe('nothing')
    expect(await open(FORM)).toBe('exchanged_trigger_id')
    const blocks = Array.from({ length: 101 }, () => SENTENCE)
    const home = client.views.publish({ user_id: stand.as('ann').id, view: { type: 'home', blocks: blocks as never } })
    expect(await refusalOf(home)).toBe('invalid_arguments')
  })

  function options(count: number) {
    return Array.from({ length: count }, (_, index) => ({ text: plain(`${index}`), value: `${index}` }))
  }
})

describe('faults', () => {
  const post = (text: string) => client.chat.postMessage({ channel: support, text })
  const texts = async () => (await stand.messages('support')).map(each => each.text)

  test('a 429 says how long to wait', async () => {
    stand.fault({ method: 'chat.postMessage', status: 429, retryAfter: 7 })
    const error = await post('one').catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code: 'slack_webapi_rate_limited_error', retryAfter: 7 })
    expect(await post('two')).toMatchObject({ ok: true })
    expect(await texts()).not.toContain('one')
  })

  test('statuses and errors, for some calls', async () => {
    stand.fault({ method: 'chat.postMessage', status: 503, times: 2, after: 1 })
    await post('three')
    expect(await refusalOf(post('four'))).toContain('503')
    expect(await refusalOf(post('five'))).toContain('503')
    await post('six')
    stand.fault({ error: 'account_inactive' })
    expect(await refusalOf(client.auth.test())).toBe('account_inactive')
  })

  test('an answer is lost after the call was carried out', async () => {
    stand.fault({ method: 'chat.postMessage', afterDoing: true })
    expect(await refusalOf(post('seven'))).not.toBe('nothing')
    expect(await texts()).toContain('seven')
    stand.fault({ method: 'chat.postMessage' })
    expect(await refusalOf(post('eight'))).not.toBe('nothing')
    expect(await texts()).not.toContain('eight')
    stand.fault({ method: 'chat.postMessage', afterDoing: true, status: 500 })
    expect(await refusalOf(post('nine'))).toContain('500')
    expect(await texts()).toContain('nine')
  })

  test('slow, and for ever', async () => {
    stand.fault({ channel: support, delay: 100 })
    const began = performance.now()
    await post('ten')
    expect(performance.now() - began).toBeGreaterThan(95)
    stand.fault({ method: 'auth.test', hangs: true })
    expect(await refusalOf(clientOf(stand, stand.botToken, 100).auth.test())).not.toBe('nothing')
  })

  test('one message a second in each channel', async () => {
    let time = 0
    stand.limitRate({ perSecond: 1, now: () => time })
    await post('eleven')
    const error = await post('twelve').catch((reason: unknown) => reason)
    expect(error).toMatchObject({ retryAfter: 1 })
    expect(await client.chat.postMessage({ channel: stand.workspace.channel('general'), text: 'x' })).toBeTruthy()
    time += 1_010
    await post('twelve')
  })
})

test('files go up and come down, for who may see them', async () => {
  const ann = stand.as('ann')
  const { ts } = await ann.upload('support', 'log.txt', Buffer.from('one\ntwo'), { text: 'See the log' })
  const [message] = (await stand.messages('support')).slice(-1)
  expect(message).toMatchObject({
    ts,
    subtype: 'file_share',
    text: 'See the log',
    files: [{ name: 'log.txt', size: 7 }],
  })
  const url = message?.files?.[0]?.url_private_download ?? ''
  expect(url.startsWith(new URL(stand.apiUrl).origin)).toBe(true)
  const allowed = await fetch(url, { headers: { authorization: `Bearer ${stand.botToken}` } })
  expect(await allowed.text()).toBe('one\ntwo')
  const stranger = await fetch(url)
  expect(stranger.headers.get('content-type')).toContain('text/html')
  stand.fault({ method: 'files-pri', status: 500 })
  expect((await fetch(url)).status).toBe(500)

  const file = { filename: 'answer.txt', file: Buffer.from('three') }
  await client.files.uploadV2({ channel_id: support, thread_ts: ts, initial_comment: 'Here', ...file })
  const thread = await stand.thread('support', ts)
  expect(thread.at(-1)).toMatchObject({ text: 'Here', files: [{ name: 'answer.txt' }], thread_ts: ts })
})

describe.each(['http', 'socket'] as const)('people and an app, over %s', way => {
  let told: Told
  let stop: () => Promise<unknown>
  const ann = () => stand.as('ann')

  beforeEach(async () => {
    ;({ told, stop } = await smallAppAt(stand, way))
  })

  afterEach(async () => {
    await stand.settled()
    for (const view of await stand.views()) await stand.as(view.shownTo).cancel(view)
    await stop()
  })

  test('what is said, answered, edited, deleted and marked', async () => {
    const said = await ann().say('support', 'My <b> & the printer')
    expect(said.deliveries).toMatchObject([{ acknowledged: true }])
    const answer = await ann().say('support', 'It burns', { thread: said.ts })
    await ann().edit(answer, 'It burns no more')
    await ann().react(said, 'eyes')
    await ann().remove(answer)
    expect(told.events).toMatchObject([
      {
        type: 'message',
        ts: said.ts,
        channel: support,
        channel_type: 'channel',
        text: 'My &lt;b&gt; &amp; the printer',
      },
      { type: 'message', thread_ts: said.ts, parent_user_id: ann().id },
      { subtype: 'message_changed', message: { ts: answer.ts, text: 'It burns no more', edited: { user: ann().id } } },
      { type: 'reaction_added', reaction: 'eyes', item_user: ann().id, item: { ts: said.ts } },
      { subtype: 'message_deleted', deleted_ts: answer.ts, previous_message: { text: 'It burns no more' } },
    ])
    expect(told.events[0]).toMatchObject({ user: ann().id, team: 'T000000001', blocks: [{ type: 'rich_text' }] })
  })

  test('a thread whose first message is deleted keeps a stone', async () => {
    const said = await ann().say('support', 'Hello')
    await ann().say('support', 'Anyone?', { thread: said.ts })
    await ann().remove(said)
    const stone = { subtype: 'tombstone', ts: said.ts, reply_count: 1 }
    expect(told.events.at(-1)).toMatchObject({ subtype: 'message_changed', message: stone })
    const { messages } = await client.conversations.replies({ channel: support, ts: said.ts })
    expect(messages).toMatchObject([stone, { text: 'Anyone?' }])
  })

  test('a mention makes two events, in any order', async () => {
    await ann().say('support', '@desk help, @bob knows')
    await ann().say('support', '@desk help', { order: 'mention-first' })
    await ann().dm('@desk help')
    expect(told.events.map(each => each.type)).toEqual(['message', 'app_mention', 'app_mention', 'message', 'message'])
    expect(told.events[0]?.text).toBe(`<@U0DESKBOT> help, <@${stand.as('bob').id}> knows`)
    expect(told.events.at(-1)).toMatchObject({ channel_type: 'im' })
  })

  test('the app is told of what it posts itself, and of what others post', async () => {
    await client.chat.postMessage({ channel: support, text: 'Hello' })
    await eventually(() => told.events[0], 'the echo')
    expect(told.events).toMatchObject([{ type: 'message', bot_id: 'B0DESKBOT', text: 'Hello' }])
    await stand.otherApp('support', 'Build failed')
    await ann().setTopic('support', 'Ask here')
    await ann().say('elsewhere', 'Nobody hears')
    expect(told.events.slice(1)).toMatchObject([
      { subtype: 'bot_message', bot_id: 'B0OTHERAPP', text: 'Build failed' },
      { subtype: 'channel_topic', topic: 'Ask here' },
    ])
    stand.echo = 'before'
    const { ts = '' } = await client.chat.postMessage({ channel: support, text: 'Hello again' })
    expect(told.events.at(-1)).toMatchObject({ ts })
  })

  test('a command and what answers it', async () => {
    const earlier = stand.responses.length
    const answer = await ann().command('/desk claim HD-1', { channel: 'support' })
    expect(answer).toMatchObject({ acknowledged: true, body: { text: 'You said claim HD-1' } })
    expect(told.bodies[0]).toMatchObject({
      command: '/desk',
      text: 'claim HD-1',
      user_id: ann().id,
      channel_id: support,
    })
    const response = await eventually(() => stand.responses[earlier], 'the response')
    expect(response).toMatchObject({ person: 'ann', channel: support, body: { text: 'And now?' } })
    const seen = async () => (await stand.ephemerals('support')).findLast(each => each.text === 'And now?')
    expect(await eventually(seen, 'the ephemeral')).toMatchObject({ shownTo: 'ann' })
  })

  test('a button, a menu and a form', async () => {
    const { ts } = await client.chat.postMessage({ channel: support, text: 'HD-1', blocks: [BUTTONS] as never })
    const card = (await stand.messages('support')).find(each => each.ts === ts) as Message
    expect(stand.buttonsOf(card).map(each => [each.label, each.value])).toEqual([
      ['Claim', 'claim HD-1'],
      ['Close', 'close HD-1'],
    ])
    expect(await ann().press(card, 'Claim')).toMatchObject({ acknowledged: true })
    expect(told.bodies[0]).toMatchObject({
      container: { type: 'message', message_ts: ts, is_ephemeral: false },
      message: { ts, text: 'HD-1' },
      actions: [{ action_id: 'claim', block_id: 'buttons', value: 'claim HD-1', text: { text: 'Claim' } }],
    })
    const form = await stand.modalOf('ann')
    await expect(ann().submit(form, {})).rejects.toThrow('Your note is required')
    await expect(ann().submit(form, { 'Your note': 'x'.repeat(11) })).rejects.toThrow('longer than 10')
    const refused = await ann().submit(form, { 'Your note': 'bad' })
    expect(refused.body).toEqual({ response_action: 'errors', errors: { note: 'Not that' } })
    await ann().submit(form, { 'Your note': 'fine', 'How urgent': 'Very' })
    expect(told.bodies.at(-1)).toMatchObject({
      view: {
        private_metadata: 'HD-1',
        state: {
          values: {
            note: { note: { type: 'plain_text_input', value: 'fine' } },
            level: { level: { selected_option: { value: 'high' } } },
          },
        },
      },
    })
    expect(await stand.views()).toEqual([])
    await ann().press(card, 'Close')
    await ann().submit(await stand.modalOf('ann'), { 'Your note': 'more' })
    expect((await stand.modalOf('ann')).blocks).toMatchObject([{ type: 'section' }])
  })

  test('a button that one person alone sees', async () => {
    const blocks = [BUTTONS] as never
    await client.chat.postEphemeral({ channel: support, user: ann().id, text: 'Only you', blocks })
    const [shown] = (await stand.ephemerals('support')).slice(-1)
    if (!shown) throw new Error('Nothing was shown')
    await ann().press(shown, 'Claim')
    expect(told.bodies[0]).toMatchObject({ container: { is_ephemeral: true, message_ts: shown.ts } })
    expect(told.bodies[0]?.message).toBeUndefined()
    const url = String(told.bodies[0]?.response_url)
    const respond = (body: Json) => fetch(url, { method: 'POST', body: JSON.stringify(body) })
    expect((await respond({ replace_original: true, text: 'Done' })).status).toBe(200)
    expect((await stand.ephemerals('support')).at(-1)).toMatchObject({ text: 'Done' })
    for (let uses = 1; uses < 5; uses++) await respond({ text: 'More' })
    expect((await respond({ text: 'Too often' })).status).toBe(404)
  })

  test('the home of the app', async () => {
    await ann().openHome()
    const home = await eventually(() => stand.homeOf('ann'), 'the home')
    expect(home.blocks).toMatchObject([{ type: 'section' }, { type: 'actions' }])
    await ann().press(home, 'Claim')
    expect(told.bodies[0]).toMatchObject({ container: { type: 'view', view_id: home.id }, view: { type: 'home' } })
    await ann().cancel(await stand.modalOf('ann'))
    expect(await stand.views()).toEqual([])
    await ann().openHome()
    expect(told.events.at(-1)).toMatchObject({ tab: 'home', view: { id: home.id } })
  })

  test('shortcuts, of a message and of everywhere', async () => {
    await ann().say('support', 'Please make a ticket')
    const [message] = (await stand.messages('support')).slice(-1)
    await ann().shortcut('make_ticket', message)
    await ann().shortcut('new_ticket')
    expect(told.bodies).toMatchObject([
      { type: 'message_action', callback_id: 'make_ticket', message: { text: 'Please make a ticket' } },
      { type: 'shortcut', callback_id: 'new_ticket' },
    ])
  })

  test('who comes and goes', async () => {
    await ann().invite('elsewhere')
    await ann().kick('elsewhere')
    const channel = stand.workspace.channel('elsewhere')
    expect(told.events).toMatchObject([
      { type: 'member_joined_channel', user: 'U0DESKBOT', channel, inviter: ann().id },
      { type: 'message', subtype: 'channel_join', user: 'U0DESKBOT' },
      { type: 'member_left_channel', user: 'U0DESKBOT', channel },
    ])
  })

  test('what was not taken can come once more', async () => {
    const said = await ann().say('support', 'fail')
    const [first] = said.deliveries
    if (!first) throw new Error('Nothing was sent')
    if (way === 'http') expect(first).toMatchObject({ acknowledged: false, status: 500 })
    const again = await stand.redeliver(first)
    expect(again).toMatchObject({ attempt: 1, payload: first.payload })
    expect(told.events.map(each => each.ts)).toEqual([said.ts, said.ts])
  })

  test('a link gets a preview, and nobody edited anything', async () => {
    const said = await ann().say('support', 'See https://example.com/')
    await stand.unfurl(said)
    const { message, previous_message: before } = told.events.at(-1) as { message: Json; previous_message: Json }
    expect(message).toMatchObject({ text: before.text, attachments: [{ title: 'A page' }] })
    expect(message.edited).toBeUndefined()
  })
})

describe('HTTP', () => {
  let app: SmallApp

  beforeEach(async () => {
    app = await smallAppAt(stand, 'http')
  })

  afterEach(() => app.stop())

  test('signatures, their age, other teams and apps', async () => {
    const event = { type: 'message', channel: support, text: 'Hello', ts: '1.1', user: 'U1', channel_type: 'channel' }
    const send = (options: Parameters<SlackStand['sendEvent']>[2]) => stand.sendEvent(app.url, event, options)
    expect(await send({})).toMatchObject({ status: 200 })
    expect(await send({ signature: 'wrong' })).toMatchObject({ status: 401 })
    expect(await send({ signature: 'missing' })).toMatchObject({ status: 401 })
    expect(await send({ ahead: -301 })).toMatchObject({ status: 401 })
    expect(await send({ ahead: 3_600 })).toMatchObject({ status: 200 })
    const { payload } = await send({ team: 'T999', app: 'A999', overrides: { is_ext_shared_channel: true } })
    expect(payload).toMatchObject({ team_id: 'T999', api_app_id: 'A999', is_ext_shared_channel: true })
    expect(await stand.sendCommand(app.url, { command: '/desk', text: 'x' }, { signature: 'wrong' })).toMatchObject({
      status: 401,
    })
    const shortcut = { type: 'shortcut', callback_id: 'new', team: { id: 'T000000001' }, user: { id: 'U1' } }
    expect(await stand.sendInteraction(app.url, shortcut)).toMatchObject({ status: 200 })
  })

  test('nobody is there', async () => {
    const delivery = await stand.sendEvent('http://127.0.0.1:9/', { type: 'message' })
    expect(delivery).toMatchObject({ acknowledged: false, status: undefined })
  })
})

describe('Socket Mode', () => {
  /** A connection of the client that Bolt uses. */
  async function connected() {
    const app = await smallAppAt(stand, 'socket')
    expect(stand.socket.connections).toBe(1)
    return app
  }

  const gone = () => eventually(() => (stand.socket.connections === 0 ? true : undefined), 'the end of the connection')

  test('acknowledgements come with how long they took', async () => {
    const app = await connected()
    const [delivery] = (await stand.as('ann').say('support', 'Hello')).deliveries
    expect(delivery?.took).toBeGreaterThan(0)
    expect(stand.socket.acknowledgements.at(-1)?.after).toBeGreaterThan(0)
    await app.stop()
    await gone()
  })

  test('a connection is cut, frozen, asked to leave and closed', async () => {
    for (const end of [
      () => stand.socket.cut(),
      () => stand.socket.close(),
      () => stand.socket.sayDisconnect('refresh_requested'),
    ]) {
      const app = await connected()
      end()
      await gone()
      await app.stop()
    }
    const app = await connected()
    stand.socket.freeze()
    const options = { send: { timeout: 150 } }
    const [delivery] = (await stand.as('ann').say('support', 'Hello?', options)).deliveries
    expect(delivery).toMatchObject({ acknowledged: false, status: undefined })
    stand.socket.cut()
    await gone()
    await app.stop()
  })

  test('a URL is good for one connection, and nobody is there without one', async () => {
    const { url } = await clientOf(stand, stand.appToken).apps.connections.open()
    const first = new WebSocket(String(url))
    await new Promise(resolve => first.addEventListener('message', resolve))
    const second = new WebSocket(String(url))
    const { code } = await new Promise<CloseEvent>(resolve => second.addEventListener('close', resolve))
    expect(code).toBe(4000)
    first.close()
    await gone()
    stand.route = stand.socket
    const [delivery] = (await stand.as('ann').say('support', 'Anybody?', { send: { timeout: 50 } })).deliveries
    expect(delivery).toMatchObject({ acknowledged: false })
  })
})

const DELIVERED = { attempt: 0, acknowledged: true, status: 200, body: undefined, took: 0 }

test('a stand with other scopes, and nothing left of it', async () => {
  const scopes = ['chat:write', 'channels:read', 'chat:write.public', 'im:write']
  const channels = [{ name: 'support', bot: false }, { name: 'shared' }]
  const users = [{ name: 'eve', email: 'eve@elsewhere.example', home: 'T0ELSEWHER', hidesEmail: true }]
  const servers = () => process.getActiveResourcesInfo().filter(each => each === 'TCPServerWrap').length
  const before = servers()
  const other = await SlackStand.start({ users, channels, scopes })
  const client = clientOf(other)
  const channel = other.workspace.channel('support')
  expect(await refusalOf(client.users.info({ user: other.as('eve').id }))).toBe('missing_scope')
  expect(await client.chat.postMessage({ channel, text: 'Hello' })).toMatchObject({ ok: true })
  expect(await refusalOf(client.chat.postMessage({ channel, text: 'x', username: 'Ann' }))).toBe('missing_scope')
  expect((await client.auth.test()).response_metadata?.scopes).toEqual(scopes)
  const sent: Json[] = []
  other.route = {
    async send(kind, payload) {
      sent.push(payload)
      return { ...DELIVERED, kind, payload }
    },
  }
  await other.as('eve').say('shared', 'Hello from outside')
  expect(sent).toMatchObject([{ is_ext_shared_channel: true, event: { user_team: 'T0ELSEWHER', team: 'T0ELSEWHER' } }])
  await other.stop()
  await eventually(() => (servers() === before ? true : undefined), 'the end of all servers')
  await expect(fetch(other.apiUrl)).rejects.toThrow()
})
