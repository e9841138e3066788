import { webApi } from '@slack/bolt'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { deliveryError, isUnknownResult } from '../../../adapters/slack/api/api-error.ts'
import { Pacer } from '../../../adapters/slack/api/pacer.ts'
import { Cards } from '../../../adapters/slack/send/card-poster.ts'
import { Sender } from '../../../adapters/slack/send/slack-sender.ts'
import { slackSettings } from '../../../adapters/slack/settings.ts'
import type { Workspace } from '../../../adapters/slack/workspace.ts'
import { ByteBudget } from '../../../src/budget.ts'
import type { Desk } from '../../../src/channel/desk.ts'
import { DeliveryError, type OutboundAttachment, type OutboundMessage } from '../../../src/channel/outbound.ts'
import type { Action, Card, CardEntry } from '../../../src/channel/surface.ts'
import { patience } from '../../support/patience.ts'
import type { Message } from '../../support/slack/shapes.ts'
import { logger } from '../../support/slack/small-app.ts'
import { SlackStand } from '../../support/slack/stand.ts'

const PEOPLE = [
  { name: 'ann', email: 'ann@example.com' },
  { name: 'bob', email: 'bob@example.com' },
]

let stand: SlackStand
let support: string
let room: string
let other: string
let alarms: Map<string, string>
let settled: string[]
let serial = 0

beforeAll(async () => {
  const channels = [{ name: 'support' }, { name: 'room' }, { name: 'other' }, { name: 'elsewhere', bot: false }]
  stand = await SlackStand.start({ users: PEOPLE, channels })
  support = stand.workspace.channel('support')
  room = stand.workspace.channel('room')
  other = stand.workspace.channel('other')
})

afterAll(() => stand?.stop())

beforeEach(() => {
  alarms = new Map()
  settled = []
})

afterEach(() => {
  stand.clearFaults()
  stand.limitRate()
})

/** A desk that keeps the alarms it is told of. */
function deskOf(): Desk {
  const desk: Pick<Desk, 'alarm' | 'settle'> = {
    async alarm(code, sentence) {
      alarms.set(code, sentence)
    },
    async settle(code) {
      settled.push(code)
      alarms.delete(code)
    },
  }
  return desk as Desk
}

function workspaceOf({ token = stand.botToken, url = stand.apiUrl, timeout = patience(10_000) } = {}): Workspace {
  const warned: string[] = []
  return {
    settings: slackSettings.parse({ botToken: 'xoxb-1', appToken: 'xapp-1' }),
    options: {
      name: 'chat',
      deskName: 'Support',
      maxMessageBytes: 1,
      budget: new ByteBudget(1),
      spoolPath: async () => '',
      statePath: name => name,
      web: { host: '127.0.0.1', port: 8025 },
      now: () => new Date(),
      warn: sentence => void warned.push(sentence),
    },
    desk: deskOf(),
    client: new webApi.WebClient(token, {
      ...{ slackApiUrl: url, retryConfig: { retries: 0 }, rejectRateLimitedCalls: true, timeout, logger },
    }),
    teamId: stand.workspace.team.id,
    botUserId: stand.workspace.bot.id,
    botId: stand.workspace.bot.botId,
    roomId: room,
    support: new Map(),
  }
}

const fast = () => new Pacer({ perSecond: 1_000, burst: 100 })

function senderOf(options: Parameters<typeof workspaceOf>[0] = {}, pacer = fast()): Sender {
  return new Sender(workspaceOf(options), pacer)
}

/** A message of the desk to the thread of a new question. */
async function question(channel = support): Promise<{ place: string; ts: string }> {
  const { ts } = await stand.as('ann').say(channel, 'My printer smokes')
  return { place: `${stand.workspace.team.id}/${channel}/${ts}`, ts }
}

function messageTo(recipients: string[], more: Partial<OutboundMessage> = {}): OutboundMessage {
  serial += 1
  return {
    id: `out-${serial}`,
    token: `token-${serial}`,
    recipients,
    to: [],
    cc: [],
    fromName: 'Bea Fox (Support)',
    subject: '',
    text: { markdown: `Answer **${serial}**`, verbatim: [] },
    automatic: false,
    inReplyTo: null,
    references: [],
    attachments: [],
    actions: [],
    attempt: 1,
    queuedAt: new Date().toISOString(),
    ...more,
  }
}

const again = (message: OutboundMessage): OutboundMessage => ({ ...message, attempt: message.attempt + 1 })

function file(name: string, bytes: Uint8Array): OutboundAttachment {
  return { name, type: 'application/octet-stream', size: bytes.length, read: async () => bytes }
}

async function failureOf(sending: Promise<unknown>): Promise<DeliveryError> {
  const error = await sending.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(DeliveryError)
  return error as DeliveryError
}

/** What the app wrote in a thread. */
async function answers(channel: string, ts: string): Promise<Message[]> {
  const [, ...others] = await stand.thread(channel, ts)
  return others
}

const texts = (messages: Message[]) => messages.map(each => each.text)

describe('a message into a thread', () => {
  test('is shown under the agent, with what finds it again', async () => {
    const { place, ts } = await question()
    const message = messageTo([place], { text: { markdown: 'See **this**: https://example.com/', verbatim: [] } })
    expect(await senderOf().send(message)).toEqual({ accepted: [place], refused: [], threads: {} })
    const [posted, ...more] = await answers(support, ts)
    expect(more).toEqual([])
    expect(posted).toMatchObject({ username: 'Bea Fox (Support)', thread_ts: ts, bot_id: stand.workspace.bot.botId })
    expect(posted?.text).toBe('See *this*: <https://example.com/>')
    expect(posted?.blocks).toBeUndefined()
    expect(posted?.metadata).toEqual({
      event_type: 'relaydesk_message',
      event_payload: { id: message.id, token: message.token },
    })
  })

  test('by nobody is shown under the app', async () => {
    const { place, ts } = await question()
    await senderOf().send(messageTo([place], { automatic: true }))
    const [posted] = await answers(support, ts)
    expect(posted?.username).toBeUndefined()
  })

  test('has its actions as buttons below', async () => {
    const { place, ts } = await question()
    const actions: Action[] = [{ label: 'Solved', line: 'close HD-1', style: 'primary' }]
    await senderOf().send(messageTo([place], { actions, text: { markdown: 'Does it work?', verbatim: [] } }))
    const [posted] = await answers(support, ts)
    expect(posted?.text).toBe('Does it work?')
    expect(posted?.blocks?.map(block => block.type)).toEqual(['section', 'actions'])
    expect(stand.buttonsOf(posted ?? {})).toMatchObject([{ label: 'Solved' }])
  })

  test('that is long comes in several, in order, the buttons below the last', async () => {
    const { place, ts } = await question()
    const markdown = Array.from({ length: 400 }, (_, at) => `Line ${at} of <a> long & "winding" story.`).join('\n\n')
    const actions: Action[] = [{ label: 'Solved', line: 'close HD-1' }]
    const message = messageTo([place], { text: { markdown, verbatim: [] }, actions })
    await senderOf().send(message)
    const posted = await answers(support, ts)
    expect(posted.length).toBeGreaterThan(3)
    const lines = texts(posted)
      .join('\n')
      .match(/Line \d+/g)
    expect(lines).toEqual(Array.from({ length: 400 }, (_, at) => `Line ${at}`))
    expect(posted.map(each => each.blocks !== undefined)).toEqual([...posted.slice(1).map(() => false), true])
    expect(posted.map(each => each.metadata?.event_payload?.part)).toEqual(posted.map((_, at) => at))
  })

  test('is never too long or of a form that Slack refuses', async () => {
    const { place, ts } = await question()
    const odd = [
      'x'.repeat(90_000),
      '&<>'.repeat(8_000),
      '👩‍👩‍👧‍👦'.repeat(3_000),
      `\`\`\`\n${'code "quoted"\\n\t'.repeat(2_000)}\n\`\`\``,
      `> ${'a quote '.repeat(4_000)}`,
      '',
      '\n \n',
      '\u0000\u202Eabc\uD800',
      `[${'label '.repeat(800)}](https://example.com/${'path/'.repeat(900)})`,
    ]
    const actions: Action[] = Array.from({ length: 12 }, (_, at) => ({ label: `Do ${at}`, line: `do ${at}` }))
    for (const markdown of odd) {
      for (const each of [[], actions]) {
        const message = messageTo([place], { text: { markdown, verbatim: [] }, actions: each })
        expect(await senderOf().send(message)).toMatchObject({ accepted: [place] })
      }
    }
    expect((await answers(support, ts)).every(each => each.text.length <= 4_000)).toBe(true)
  })

  test('mentions nobody by what a requester wrote', async () => {
    const { place, ts } = await question()
    const evil = '<!channel> <!here> <@U0DESKBOT> <#C123> @channel @here &lt;!everyone&gt; *bold*\n<!subteam^S1>'
    const text = { markdown: '**Ann** wrote:\n\n\uE0000\uE001\n\n<!channel> <@U0DESKBOT>', verbatim: [evil] }
    const actions: Action[] = [{ label: 'Claim', line: 'claim HD-1' }]
    await senderOf().send(messageTo([place], { text, automatic: true }))
    await senderOf().send(messageTo([place], { text, actions, automatic: true, fromName: '<!channel>' }))
    const posted = await answers(support, ts)
    expect(posted).toHaveLength(2)
    for (const each of posted) {
      expect(each.text).not.toMatch(/<[!@#]/)
      // Rich text says by its elements who is mentioned; its text is only text.
      expect(JSON.stringify(each.blocks)).not.toMatch(/mrkdwn|"type":"(?:user|usergroup|channel|broadcast|emoji)"/)
    }
  })

  test('goes nowhere but to places of this workspace', async () => {
    const { place, ts } = await question()
    const wrong = ['T999999999/C1/1712345678.000100', 'ann@example.com', `${stand.workspace.team.id}/${support}`]
    const sent = await senderOf().send(messageTo([...wrong, place]))
    expect(sent.accepted).toEqual([place])
    expect(sent.refused.map(each => each.recipient)).toEqual(wrong)
    expect(sent.refused.every(each => each.permanent && each.reason !== '')).toBe(true)
    expect(await answers(support, ts)).toHaveLength(1)
    expect(await failureOf(senderOf().send(messageTo(['nowhere'])))).toMatchObject({ permanent: true })
  })
})

describe('a message to a person', () => {
  const person = (name: string) => `${stand.workspace.team.id}/${stand.as(name).id}`

  test('begins a conversation, whose place is told', async () => {
    const message = messageTo([person('ann')], { automatic: true })
    const sent = await senderOf().send(message)
    const channel = await stand.as('ann').directMessages()
    const posted = (await stand.messages(channel)).at(-1)
    const place = `${stand.workspace.team.id}/${channel}/${posted?.ts}`
    expect(sent).toEqual({
      accepted: [person('ann')],
      refused: [],
      threads: { [person('ann')]: { thread: place, replyTo: place } },
    })
    expect(posted?.metadata?.event_payload).toEqual({ id: message.id, token: message.token })
  })

  test('that is long has one beginning; what is missing is added to it later', async () => {
    const markdown = Array.from({ length: 300 }, (_, at) => `Line ${at} of a story.`).join('\n\n')
    const message = messageTo([person('bob')], {
      text: { markdown, verbatim: [] },
      attachments: [file('a.txt', bytes(9))],
    })
    stand.fault({ method: 'chat.postMessage', after: 1, error: 'internal_error' })
    expect(await failureOf(senderOf().send(message))).toMatchObject({ permanent: false })
    const sent = await senderOf().send(again(message))
    const channel = await stand.as('bob').directMessages()
    const ours = (await stand.messages(channel)).filter(each => each.metadata?.event_payload?.id === message.id)
    expect(ours).toHaveLength(1)
    const thread = await stand.thread(channel, ours[0]?.ts ?? '')
    expect(thread.map(each => each.metadata?.event_payload?.part)).toEqual([0, 1, undefined])
    expect(thread[2]?.files).toMatchObject([{ name: 'a.txt' }])
    expect(sent.threads?.[person('bob')]?.thread).toBe(`${stand.workspace.team.id}/${channel}/${ours[0]?.ts}`)
  })

  test('that is not there', async () => {
    const error = await failureOf(senderOf().send(messageTo([`${stand.workspace.team.id}/U0NOBODY00`])))
    expect(error).toMatchObject({ permanent: true })
    expect(error.message).toContain('user_not_found')
  })
})

function bytes(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => at % 251)
}

/** What is behind a file in Slack. */
async function contentOf(posted: Message | undefined, at = 0): Promise<Uint8Array> {
  const url = posted?.files?.[at]?.url_private_download ?? ''
  const headers = { authorization: `Bearer ${stand.botToken}` }
  return new Uint8Array(await (await fetch(url, { headers })).arrayBuffer())
}

describe('files', () => {
  test('come below the text with their names and every byte', async () => {
    const { place, ts } = await question()
    const large = bytes(2_000_000)
    const attachments = [file('Grüße & <mehr>.txt', bytes(10)), file('large.bin', large)]
    await senderOf().send(messageTo([place], { attachments }))
    const posted = await answers(support, ts)
    expect(posted).toHaveLength(2)
    expect(posted[1]?.files?.map(each => [each.name, each.size])).toEqual([
      ['Grüße & <mehr>.txt', 10],
      ['large.bin', 2_000_000],
    ])
    expect(Buffer.compare(await contentOf(posted[1], 1), large)).toBe(0)
  })

  test('are not handed over twice', async () => {
    const { place, ts } = await question()
    const attachments = [file('a.txt', bytes(3)), file('a.txt', bytes(3)), file('b.txt', bytes(4))]
    const message = messageTo([place], { attachments })
    stand.fault({ method: 'files.completeUploadExternal', afterDoing: true })
    await senderOf().send(message)
    await senderOf().send(again(message))
    const names = (await answers(support, ts)).flatMap(each => each.files?.map(({ name }) => name) ?? [])
    expect(names).toEqual(['a.txt', 'a.txt', 'b.txt'])
  })

  test('that did not get there come in the next attempt, the text does not', async () => {
    const { place, ts } = await question()
    const message = messageTo([place], { attachments: [file('a.txt', bytes(3))] })
    for (const fault of [
      { method: 'upload' },
      { method: 'upload', status: 503 },
      { method: 'files.completeUploadExternal' },
    ]) {
      stand.fault(fault)
      expect(await failureOf(senderOf().send(again(message)))).toMatchObject({ permanent: false })
    }
    await senderOf().send(again(message))
    const posted = await answers(support, ts)
    expect(posted.map(each => each.files?.length ?? 0)).toEqual([0, 1])
  })

  test('that Slack does not take are told of', async () => {
    const { place, ts } = await question()
    const huge = { ...file('huge <!channel>.iso', bytes(1)), size: 2 ** 31 }
    const attachments = [huge, file('empty.txt', bytes(0)), file('evil.exe', bytes(5)), file('good.txt', bytes(5))]
    const message = messageTo([place], { attachments })
    stand.fault({ method: 'files.getUploadURLExternal', error: 'file_type_not_allowed' })
    expect(await senderOf().send(message)).toMatchObject({ accepted: [place] })
    const [, files, told] = await answers(support, ts)
    expect(files?.files).toMatchObject([{ name: 'good.txt' }])
    for (const name of ['huge &lt;!channel&gt;.iso', 'empty.txt', 'evil.exe']) expect(told?.text).toContain(name)
    expect(told?.text).not.toContain('good.txt')
    stand.fault({ method: 'files.getUploadURLExternal', error: 'file_type_not_allowed' })
    await senderOf().send(again(message))
    expect(await answers(support, ts)).toHaveLength(3)
  })

  test('whose bytes never get through hold nothing up for ever', async () => {
    const { place, ts } = await question()
    const attachments = [file('slow.bin', bytes(3)), file('good.txt', bytes(3))]
    const message = messageTo([place], { attachments, attempt: 4 })
    stand.fault({ method: 'upload', hangs: true })
    // A pacer for which little of the attempt's time is left.
    const pacer = new Pacer({ perSecond: 1_000, burst: 100 })
    const until = pacer.until() - 31_000
    pacer.until = () => until
    await senderOf({}, pacer).send(message)
    const [, files, told] = await answers(support, ts)
    expect(files?.files).toMatchObject([{ name: 'good.txt' }])
    expect(told?.text).toContain('slow.bin')
  })

  test('that cannot be read here are a failure for now', async () => {
    const { place } = await question()
    const broken = { ...file('a.txt', bytes(3)), read: () => Promise.reject(new Error('xoxb-secret')) }
    const error = await failureOf(senderOf().send(messageTo([place], { attachments: [broken] })))
    expect(error).toMatchObject({ permanent: false })
    expect(error.message).not.toContain('xoxb')
  })
})

describe('when Slack fails', () => {
  /** Sends through the fault, and again as the desk does after a failure; gives what is in the thread then. */
  async function throughFault(fault: Parameters<SlackStand['fault']>[0], options = {}): Promise<Message[]> {
    const { place, ts } = await question()
    const message = messageTo([place])
    stand.fault({ method: 'chat.postMessage', ...fault })
    const first = await senderOf(options)
      .send(message)
      .catch((error: unknown) => error)
    if (first instanceof DeliveryError) expect(first.permanent).toBe(false)
    stand.clearFaults()
    expect(await senderOf().send(again(message))).toMatchObject({ accepted: [place] })
    return answers(support, ts)
  }

  test.each([
    ['500 before it was done', { status: 500 }],
    ['500 after it was done', { status: 500, afterDoing: true }],
    ['internal_error before', { error: 'internal_error' }],
    ['internal_error after', { error: 'internal_error', afterDoing: true }],
    ['connection lost before', {}],
    ['connection lost after', { afterDoing: true }],
  ])('%s: said once', async (_, fault) => {
    expect(await throughFault(fault)).toHaveLength(1)
  })

  test.each([
    ['no answer, not done', { hangs: true }],
    ['no answer, done', { hangs: true, afterDoing: true }],
    ['an answer that comes too late', { delay: 600 }],
  ])('%s: said once', async (_, fault) => {
    expect(await throughFault(fault, { timeout: 400 })).toHaveLength(1)
  })

  test('an answer that was lost is no failure at all', async () => {
    const { place, ts } = await question()
    stand.fault({ method: 'chat.postMessage', afterDoing: true })
    expect(await senderOf().send(messageTo([place]))).toMatchObject({ accepted: [place] })
    expect(await answers(support, ts)).toHaveLength(1)
  })

  test('the missing pieces of a long message are added', async () => {
    const { place, ts } = await question()
    const markdown = Array.from({ length: 600 }, (_, at) => `Line ${at} of a story.`).join('\n\n')
    const message = messageTo([place], { text: { markdown, verbatim: [] } })
    stand.fault({ method: 'chat.postMessage', after: 2, times: 1, status: 502 })
    await failureOf(senderOf().send(message))
    expect(await answers(support, ts)).toHaveLength(2)
    await senderOf().send(again(message))
    await senderOf().send(again(message))
    expect(
      texts(await answers(support, ts))
        .join('\n')
        .match(/Line \d+/g),
    ).toHaveLength(600)
  })

  test('a question that was deleted meanwhile is still answered, once', async () => {
    const { place, ts } = await question()
    const message = messageTo([place], { attempt: 2 })
    await stand.as('ann').remove({ channel: support, ts })
    const calls = stand.calls('chat.postMessage')
    expect(await senderOf().send(message)).toMatchObject({ accepted: [place] })
    expect(stand.calls('chat.postMessage') - calls).toBe(1)
  })

  test('another app cannot make a message look as if it was there', async () => {
    const { place, ts } = await question()
    const message = messageTo([place])
    const metadata = { event_type: 'relaydesk_message', event_payload: { id: message.id } }
    const args = { channel: support, thread_ts: ts, text: 'Not ours', metadata }
    await stand.api.perform({ method: 'chat.postMessage', args, caller: { person: 'ann' } })
    await senderOf().send(again(message))
    expect(await answers(support, ts)).toHaveLength(2)
  })

  test('429: nothing before its time, and in order', async () => {
    const { place, ts } = await question()
    stand.fault({ method: 'chat.postMessage', status: 429, retryAfter: 1 })
    const sender = senderOf()
    const start = performance.now()
    const sent = [1, 2, 3].map(at => sender.send(messageTo([place], { text: { markdown: `No. ${at}`, verbatim: [] } })))
    await Promise.all(sent)
    expect(performance.now() - start).toBeGreaterThan(990)
    expect(texts(await answers(support, ts))).toEqual(['No. 1', 'No. 2', 'No. 3'])
  })

  test('what waits for its time when the desk stops waits no longer', async () => {
    const pacer = new Pacer({ perSecond: 0.1, burst: 1 })
    await pacer.run('C1', async () => 'first')
    const waits = [1, 2].map(() => failureOf(pacer.run('C1', async () => 'later')))
    pacer.stop()
    for (const failure of await Promise.all(waits)) expect(failure).toMatchObject({ permanent: false })
  })

  test('429 for longer than an attempt may take', async () => {
    const { place, ts } = await question()
    stand.fault({ method: 'chat.postMessage', status: 429, retryAfter: 120 })
    const sender = senderOf()
    const calls = stand.calls('chat.postMessage')
    const [first, second] = await Promise.all([
      failureOf(sender.send(messageTo([place]))),
      failureOf(sender.send(messageTo([place]))),
    ])
    expect(first).toMatchObject({ permanent: false, retryAfterMs: 120_000 })
    expect(second.retryAfterMs).toBeGreaterThan(0)
    expect(second.retryAfterMs).toBeLessThanOrEqual(120_000)
    expect(stand.calls('chat.postMessage') - calls).toBe(1)
    const elsewhere = await question(other)
    expect(await sender.send(messageTo([elsewhere.place]))).toMatchObject({ accepted: [elsewhere.place] })
    expect(await answers(support, ts)).toEqual([])
  })

  test("the stand's own limit of one a second is kept", async () => {
    const { place, ts } = await question()
    stand.limitRate({ perSecond: 2 })
    const sender = senderOf({}, new Pacer({ burst: 2 }))
    await Promise.all(
      [1, 2, 3, 4].map(at => sender.send(messageTo([place], { text: { markdown: `${at}`, verbatim: [] } }))),
    )
    expect(texts(await answers(support, ts))).toEqual(['1', '2', '3', '4'])
  })

  test('long messages sent at the same time are not mixed', async () => {
    const { place, ts } = await question()
    const sender = senderOf()
    const markdown = (name: string) => Array.from({ length: 400 }, () => `This is ${name}.`).join('\n\n')
    await Promise.all(
      ['A', 'B', 'C'].map(name =>
        sender.send(messageTo([place], { text: { markdown: markdown(name), verbatim: [] } })),
      ),
    )
    const names = texts(await answers(support, ts)).map(each => each.slice(8, 9))
    expect(names).toEqual(names.toSorted())
    expect(new Set(names).size).toBe(3)
  })

  test('one recipient failing leaves the others alone', async () => {
    const [here, there] = [await question(), await question(other)]
    stand.fault({ method: 'chat.postMessage', channel: support, error: 'is_archived' })
    const sent = await senderOf().send(messageTo([here.place, there.place]))
    expect(sent).toMatchObject({
      accepted: [there.place],
      refused: [{ recipient: here.place, permanent: true, reason: expect.stringContaining('archived') }],
    })
    stand.fault({ method: 'chat.postMessage', channel: support, error: 'is_archived' })
    stand.fault({ method: 'chat.postMessage', channel: other, status: 503 })
    const none = await senderOf().send(messageTo([here.place, there.place]))
    expect(none.refused.map(each => each.permanent)).toEqual([true, false])
    stand.fault({ method: 'chat.postMessage', channel: other, status: 503 })
    stand.fault({ method: 'chat.postMessage', channel: support, status: 429, retryAfter: 300 })
    const both = await failureOf(senderOf().send(messageTo([there.place, here.place])))
    expect(both).toMatchObject({ permanent: false, retryAfterMs: 300_000 })
  })

  test('a channel without the app waits for an invitation', async () => {
    const elsewhere = stand.workspace.channel('elsewhere')
    const { place } = await question(elsewhere)
    const error = await failureOf(senderOf().send(messageTo([place])))
    expect(error).toMatchObject({ permanent: false })
    expect(error.message).toContain('/invite')
  })
})

describe('the token', () => {
  test('that is not accepted is an alarm until it is', async () => {
    const { place } = await question()
    const sender = senderOf()
    const message = messageTo([place])
    stand.fault({ method: 'chat.postMessage', error: 'token_revoked' })
    expect(await failureOf(sender.send(message))).toMatchObject({ permanent: false })
    expect(alarms.get('slack-token')).toContain('token_revoked')
    await sender.send(again(message))
    expect(alarms.size).toBe(0)
  })

  test('a scope that one method lacks is missing until that works', async () => {
    const { place } = await question()
    const sender = senderOf()
    const message = messageTo([place], { attachments: [file('a.txt', bytes(3))] })
    stand.fault({ method: 'files.getUploadURLExternal', error: 'missing_scope' })
    await failureOf(sender.send(message))
    await sender.send(messageTo([place]))
    expect(alarms.get('slack-token')).toContain('scope')
    await sender.send(again(message))
    expect(alarms.size).toBe(0)
  })

  test('an alarm of an earlier run is settled once', async () => {
    const { place } = await question()
    const sender = senderOf()
    await sender.send(messageTo([place]))
    await sender.send(messageTo([place]))
    expect(settled).toEqual(['slack-token'])
  })

  test('is in no sentence, whatever goes wrong', async () => {
    const { place } = await question()
    const sentences: string[] = []
    const note = async (sending: Promise<unknown>) => sentences.push((await failureOf(sending)).message)
    const secret = 'xoxb-0000-secret'
    for (const error of ['invalid_auth', `no ${secret}`, secret, 'x'.repeat(200)]) {
      stand.fault({ method: 'chat.postMessage', error })
      await note(senderOf({ token: stand.botToken }).send(messageTo([place])))
      stand.clearFaults()
    }
    await note(senderOf({ token: secret }).send(messageTo([place])))
    await note(senderOf({ url: `http://127.0.0.1:1/${secret}/` }).send(messageTo([place])))
    await note(senderOf({ url: `no-url-${secret}` }).send(messageTo([place])))
    stand.fault({ method: 'chat.postMessage', status: 404 })
    await note(senderOf().send(messageTo([place])))
    for (const sentence of [...sentences, ...alarms.values()]) {
      expect(sentence).not.toMatch(/xox|xapp|secret|xxxx/)
      expect(sentence).toMatch(/^[A-Z].*[.)]$/s)
    }
  })

  test('what may have been done although it failed', () => {
    const platform = (error: string) => new webApi.WebAPIPlatformError({ ok: false, error })
    const request = (code: string) => new webApi.WebAPIRequestError(new TypeError('failed', { cause: { code } }))
    const http = (status: number) => new webApi.WebAPIHTTPError(status, '', {})
    const maybe = [platform('fatal_error'), platform('<html>'), request('ECONNRESET'), http(503), new Error('?')]
    const never = [platform('is_archived'), request('ECONNREFUSED'), http(404), new webApi.WebAPIRateLimitedError(3)]
    for (const error of maybe) expect(isUnknownResult(deliveryError(error))).toBe(true)
    for (const error of never) expect(isUnknownResult(deliveryError(error))).toBe(false)
    expect(isUnknownResult(new DeliveryError('Not now.', { permanent: false }))).toBe(false)
  })
})

function cardOf(more: Partial<Card> = {}): Card {
  return {
    ref: 'HD-7',
    subject: 'My printer smokes <!channel>',
    facts: [{ label: 'Owner', value: 'nobody' }],
    latest: { author: 'Ann', text: '<!here> it burns', at: '2026-03-01T10:00:00.000Z' },
    actions: [{ label: 'Claim', line: 'claim HD-7' }],
    done: false,
    ...more,
  }
}

function entryOf(id: string, more: Partial<CardEntry> = {}): CardEntry {
  return {
    ...{ id, from: 'requester', author: 'Ann', text: 'It smokes <!channel>', files: [], mentions: [], actions: [] },
    attempt: 1,
    ...more,
  }
}

describe('cards', () => {
  const cardsOf = (options = {}) => new Cards(workspaceOf(options), fast())
  const tsOf = (place: string) => place.split('/')[2] ?? ''
  const shownAs = async (id: string) =>
    (await stand.messages(room)).filter(each => each.metadata?.event_payload?.id === id)

  test('is shown in the room, changed in its place, and its entries told below', async () => {
    const cards = cardsOf()
    expect(cards.hasRoom).toBe(true)
    const place = await cards.showCard(cardOf(), null, { id: 'card-1', attempt: 1 })
    await cards.addToCard(place, entryOf('card-1/1'))
    expect(await cards.showCard(cardOf({ done: true }), place, { id: 'card-1', attempt: 1 })).toBe(place)
    const [shown, entry, ...more] = await stand.thread(room, tsOf(place))
    expect(more).toEqual([])
    expect(shown?.metadata).toEqual({ event_type: 'relaydesk_card', event_payload: { id: 'card-1' } })
    expect(JSON.stringify(shown?.blocks)).toContain('✅')
    expect(entry?.metadata).toEqual({ event_type: 'relaydesk_entry', event_payload: { id: 'card-1/1' } })
    for (const each of [shown, entry]) expect(each?.text).not.toMatch(/<!/)
  })

  test.each([
    ['chat.postMessage', { afterDoing: true }],
    ['chat.postMessage', { status: 500, afterDoing: true }],
    ['chat.postMessage', { status: 500 }],
    ['chat.postMessage', { hangs: true, afterDoing: true }],
  ])('%s %o: shown and told once', async (method, fault) => {
    serial += 1
    const id = `card-${serial}`
    const options = 'hangs' in fault ? { timeout: 400 } : {}
    stand.fault({ method, ...fault })
    await cardsOf(options)
      .showCard(cardOf(), null, { id, attempt: 1 })
      .catch(() => '')
    stand.clearFaults()
    const place = await cardsOf().showCard(cardOf(), null, { id, attempt: 2 })
    expect(await shownAs(id)).toMatchObject([{ ts: tsOf(place) }])
    stand.fault({ method, ...fault })
    await cardsOf(options)
      .addToCard(place, entryOf(`${id}/1`))
      .catch(() => undefined)
    stand.clearFaults()
    await cardsOf().addToCard(place, entryOf(`${id}/1`, { attempt: 2 }))
    expect(await answers(room, tsOf(place))).toHaveLength(1)
  })

  test('that was deleted is shown anew, once', async () => {
    const cards = cardsOf()
    const place = await cards.showCard(cardOf(), null, { id: 'card-gone', attempt: 1 })
    await stand.api.perform({ method: 'chat.delete', args: { channel: room, ts: tsOf(place) }, caller: 'bot' })
    await cards.addToCard(place, entryOf('card-gone/1', { attempt: 2 }))
    const next = await cards.showCard(cardOf(), place, { id: 'card-gone', attempt: 1 })
    expect(next).not.toBe(place)
    expect(await cards.showCard(cardOf(), place, { id: 'card-gone', attempt: 2 })).toBe(next)
    expect(await shownAs('card-gone')).toHaveLength(1)
  })

  test('in a room that is another one now', async () => {
    const cards = cardsOf()
    const team = stand.workspace.team.id
    const elsewhere = stand.workspace.channel('elsewhere')
    const { ts } = await question(elsewhere)
    const next = await cards.showCard(cardOf(), `${team}/${elsewhere}/${ts}`, { id: 'card-moved', attempt: 1 })
    expect(next.startsWith(`${team}/${room}/`)).toBe(true)
    expect(await cards.showCard(cardOf(), 'nonsense', { id: 'card-moved', attempt: 2 })).toBe(next)
  })

  test('a failure is no reason for another card', async () => {
    const cards = cardsOf()
    const place = await cards.showCard(cardOf(), null, { id: 'card-busy', attempt: 1 })
    stand.fault({ method: 'chat.update', status: 503 })
    await failureOf(cards.showCard(cardOf(), place, { id: 'card-busy', attempt: 1 }))
    expect(await cards.showCard(cardOf(), place, { id: 'card-busy', attempt: 2 })).toBe(place)
    expect(await shownAs('card-busy')).toHaveLength(1)
  })
})

/** A clock that is moved by hand. */
class HandClock {
  #now = 0
  readonly #timers: { at: number; ring: () => void }[] = []
  readonly now = () => this.#now

  readonly sleep = (milliseconds: number, signal?: AbortSignal) =>
    new Promise<void>((resolve, reject) => {
      this.#timers.push({ at: this.#now + milliseconds, ring: resolve })
      signal?.addEventListener('abort', () => reject(new Error('aborted')))
    })

  async advance(milliseconds: number): Promise<void> {
    const end = this.#now + milliseconds
    for (;;) {
      await new Promise(resolve => setImmediate(resolve))
      const [next] = this.#timers.toSorted((a, b) => a.at - b.at)
      if (!next || next.at > end) break
      this.#timers.splice(this.#timers.indexOf(next), 1)
      this.#now = Math.max(this.#now, next.at)
      next.ring()
    }
    this.#now = end
  }
}

describe('the pacer', () => {
  let clock: HandClock
  let pacer: Pacer
  let done: string[]

  beforeEach(() => {
    clock = new HandClock()
    pacer = new Pacer({ now: clock.now, sleep: clock.sleep })
    done = []
  })

  const call = (name: string) => async () => void done.push(`${name} at ${clock.now()}`)
  const limited = (seconds: number) => async () => {
    done.push(`429 at ${clock.now()}`)
    throw new webApi.WebAPIRateLimitedError(seconds)
  }

  test('lets a few through at once, then one a second, each channel by itself', async () => {
    for (const name of ['a', 'b', 'c', 'd', 'e']) void pacer.run('C1', call(name))
    void pacer.run('C2', call('x'))
    void pacer.run('C1', call('read'), { method: 'conversations.replies' })
    await clock.advance(10_000)
    expect(done.toSorted()).toEqual(['a at 0', 'b at 0', 'c at 0', 'd at 1000', 'e at 2000', 'read at 2000', 'x at 0'])
  })

  test('holds a channel after a 429, and the one that met it goes first', async () => {
    let tries = 0
    const first = async () => {
      tries += 1
      if (tries === 1) await limited(7)()
      await call('first')()
    }
    void pacer.run('C1', first)
    void pacer.run('C1', call('second'))
    void pacer.run('C2', call('elsewhere'))
    await clock.advance(20_000)
    expect(done).toEqual(['429 at 0', 'elsewhere at 0', 'first at 7000', 'second at 7000'])
  })

  test('waits a little even if Slack names no time', async () => {
    let tries = 0
    const first = async () => {
      tries += 1
      await (tries < 4 ? limited(0)() : call('first')())
    }
    void pacer.run('C1', first)
    await clock.advance(10_000)
    expect(done).toEqual(['429 at 0', '429 at 1000', '429 at 2000', 'first at 3000'])
  })

  test('holds a method everywhere', async () => {
    let tries = 0
    const method = 'conversations.open'
    const first = async () => {
      tries += 1
      if (tries === 1) await limited(5)()
      await call('first')()
    }
    void pacer.run('U1', first, { method })
    await clock.advance(1)
    void pacer.run('U2', call('other person'), { method })
    void pacer.run('U3', call('post'))
    await clock.advance(20_000)
    expect(done).toEqual(['429 at 0', 'post at 1', 'first at 5000', 'other person at 5000'])
  })

  test('gives up what cannot be sent in time, and nothing else', async () => {
    const calls = Array.from({ length: 60 }, (_, at) => pacer.run('C1', call(`${at}`)))
    const results = Promise.allSettled(calls)
    await clock.advance(40_000)
    const failed = (await results).filter(each => each.status === 'rejected')
    expect(done).toHaveLength(43)
    expect(failed).toHaveLength(17)
    expect(failed[0]?.reason).toMatchObject({ permanent: false, retryAfterMs: expect.any(Number) })
    await clock.advance(60_000)
    expect(done).toHaveLength(43)
  })

  test('does not wait for a call that hangs', async () => {
    const hasty = new Pacer({ callMs: 30 })
    const hanging = hasty.run('C1', () => new Promise<void>(() => {})).catch((error: unknown) => error)
    await hasty.run('C1', call('next'))
    const error = await hanging
    expect(isUnknownResult(deliveryError(error))).toBe(true)
    expect(deliveryError(error).message).toContain('no answer in time')
    expect(done).toHaveLength(1)
  })

  test('forgets idle channels', async () => {
    for (let at = 0; at < 5_000; at++) {
      await pacer.run(`C${at}`, call('once'))
      if (at % 50 === 0) await clock.advance(5_000)
    }
    expect(pacer.size).toBeLessThan(300)
  })
})
