import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { rereadMessage } from '../../../adapters/slack/receive/inbound-message.ts'
import { unpack } from '../../../src/content.ts'
import { cpuTime } from '../../support/cpu-time.ts'
import { RecordingDesk } from '../../support/slack/recording-desk.ts'
import { Receiving } from '../../support/slack/service/receiving.ts'
import type { Json } from '../../support/slack/shapes.ts'
import { SlackStand } from '../../support/slack/stand.ts'

let stand: SlackStand
let slack: Receiving
let desk: RecordingDesk
let serial = 0

beforeAll(async () => {
  const channels = ['support', 'general', 'room'].map(name => ({ name }))
  stand = await SlackStand.start({ users: [{ name: 'ann', email: 'ann@example.com' }], channels })
  desk = new RecordingDesk()
  slack = await Receiving.start(stand, { desk, maxMessageBytes: 3_000_000, room: 'room', support: { support: 'all' } })
})

afterAll(async () => {
  await slack?.stop()
  await stand?.stop()
})

/** Hands it over as Slack would; gives what was stored, or why nothing was. */
async function take(event: unknown): Promise<string> {
  const [stored, dropped] = [desk.received.length, slack.dropped.length]
  const known = desk.again.length + desk.performed.length
  await slack.inbound.event({ team_id: 'T000000001', api_app_id: 'A0RELAYDESK', event })
  const last = desk.received.at(-1)
  if (desk.received.length > stored && last) return 'visible' in last ? 'message' : Object.keys(last).join(' ')
  if (desk.again.length + desk.performed.length > known) return 'again'
  return slack.dropped.length > dropped ? (slack.dropped.at(-1) ?? '') : 'marked'
}

function message(more: Json = {}): Json {
  serial += 1
  const ts = `1700000000.${String(serial).padStart(6, '0')}`
  const channel = stand.workspace.channel('support')
  return { type: 'message', channel, user: stand.as('ann').id, text: 'Hello there', ts, event_ts: ts, ...more }
}

describe('payloads that nobody would send', () => {
  test.each<[string, Json, string]>([
    ['no channel', { channel: undefined }, 'no channel'],
    ['a channel of another form', { channel: '../etc' }, 'no channel'],
    ['no time', { ts: undefined }, 'no time'],
    ['a time of another type', { ts: 1_700_000_000 }, 'no time'],
    ['a time that is none', { ts: '9'.repeat(400) }, 'no time'],
    ['no user', { user: undefined }, 'id raw lost detail'],
    ['a user of another type', { user: { id: 'U1' } }, 'id raw lost detail'],
    ['a text of another type', { text: ['a'] }, 'empty'],
    ['null for everything', { text: null, blocks: null, files: null, attachments: null, thread_ts: null }, 'empty'],
    ['a subtype of another type', { subtype: { a: 1 } }, 'subtype [object Object]'],
    ['blocks that are none', { blocks: ['x', null, 1, { type: 'rich_text', elements: { a: 1 } }] }, 'message'],
    ['a thread that is none', { thread_ts: 'yesterday' }, 'message'],
    [
      'files that are none',
      { files: [null, 1, 'x', {}, { id: 1, size: -5, name: ['x'], url_private: 'file:///etc/passwd' }] },
      'message',
    ],
    ['a list of files that is none', { files: { length: 10 } }, 'message'],
    [
      'names of another type',
      { team: 7, user_team: {}, text: '<@UXXXXXX> <#CXXXXXX> <!subteam^> <@> <#|>' },
      'message',
    ],
    ['an edit of nothing', { subtype: 'message_changed' }, 'no time'],
    [
      'an edit without a before',
      { subtype: 'message_changed', message: { ts: '1700000000.900001', user: 'U1', text: 'x' } },
      'same text',
    ],
    ['a deletion of nothing', { subtype: 'message_deleted' }, 'no time'],
    ['prototype games', { text: '__proto__ <@U__proto__> constructor', __proto__: { user: 'U1' } }, 'message'],
  ])('%s', async (_, more, became) => {
    expect(await take(message(more))).toBe(became)
  })

  test.each<[unknown, string]>([
    [undefined, 'another event'],
    [null, 'another event'],
    ['message', 'another event'],
    [[], 'another event'],
    [{ type: ['message'] }, 'another event'],
    [{ type: 'reaction_added' }, 'another emoji'],
    [{ type: 'reaction_added', reaction: 'ticket', user: 'U1', item: null }, 'no message'],
    [
      { type: 'reaction_added', reaction: 'ticket', user: 'U1', item: { type: 'message', channel: 'C1', ts: 'x' } },
      'no message',
    ],
    [{ type: 'app_home_opened', user: 5 }, 'nobody'],
    [{ type: 'user_change', user: 'U1' }, 'noted'],
    [{ type: 'member_left_channel', user: [], channel: {} }, 'another member'],
    [{ type: 'tokens_revoked', tokens: { bot: [] } }, 'tokens of others'],
  ])('the event %j', async (event, became) => {
    expect(await take(event)).toBe(became)
  })

  test('a body that is none', async () => {
    for (const body of [undefined, null, 'x', [], {}]) await slack.inbound.event(body as never)
    expect(slack.dropped.slice(-5)).toEqual(Array.from({ length: 5 }, () => 'not ours'))
  })

  test('a huge text is cut, and one that is larger than a message may be is not read', async () => {
    const spent = cpuTime()
    expect(await take(message({ text: '<@UXXXXXX> *a* _b_ '.repeat(20_000) }))).toBe('message')
    expect(desk.messages.at(-1)?.text.length).toBeLessThan(100_100)
    expect(spent()).toBeLessThan(3_000)
    expect(await take(message({ text: 'x'.repeat(3_000_001) }))).toBe('id raw quarantine detail')
    expect(desk.received.at(-1)).toMatchObject({ quarantine: 'too-large' })
    expect(desk.received.at(-1)?.raw.size).toBeLessThan(300)
  })

  test('something within something within something', async () => {
    let nested: unknown = 'x'
    for (let depth = 0; depth < 20_000; depth++) nested = { elements: [nested] }
    const blocks = [{ type: 'rich_text', elements: [nested] }]
    expect(await take(message({ blocks }))).toMatch(/^(?:message|id raw quarantine detail)$/)
    const edited = { ...message({ text: 'y', blocks }), edited: { ts: '1700000001.000001', user: 'U1' } }
    const channel = stand.workspace.channel('support')
    expect(await take({ type: 'message', subtype: 'message_changed', channel, message: edited })).toBeTruthy()
  })
})

test('whatever comes is stored or dropped for a reason, and read again as it was', async () => {
  const channels = ['support', 'general', 'room'].map(name => stand.workspace.channel(name))
  const bot = `<@${stand.workspace.bot.id}>`
  const odd = fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.constant(undefined))
  const time = fc.integer({ min: 0, max: 50 }).map(count => `1700000100.${String(count).padStart(6, '0')}`)
  const text = fc.oneof(
    fc.string(),
    fc.constantFrom(bot, `${bot} claim`, `hello ${bot}`, 'hi', '<!channel>', '&lt;x&gt;'),
    odd,
  )
  const block = fc.record(
    { type: fc.constantFrom('rich_text', 'section', 'image', 'x'), elements: odd, text: odd },
    { requiredKeys: ['type'] },
  )
  const written = fc.record(
    {
      ...{
        type: fc.constantFrom('message', 'app_mention'),
        channel: fc.constantFrom(...channels, 'D1', 'X'),
        ts: time,
      },
      ...{ thread_ts: fc.oneof(time, odd), user: fc.oneof(fc.constant(stand.as('ann').id), odd), text, team: odd },
      ...{
        blocks: fc.oneof(fc.array(block), odd),
        files: odd,
        attachments: odd,
        edited: fc.oneof(fc.record({ ts: time }), odd),
      },
      ...{
        subtype: fc.constantFrom(undefined, undefined, 'file_share', 'bot_message', 'channel_join', 'x'),
        bot_id: odd,
      },
    },
    { requiredKeys: ['type'] },
  )
  const changed = fc.record(
    {
      ...{ type: fc.constant('message'), subtype: fc.constantFrom('message_changed', 'message_deleted') },
      ...{
        channel: fc.constantFrom(...channels),
        message: fc.oneof(written, odd),
        previous_message: fc.oneof(written, odd),
      },
      ...{ deleted_ts: fc.oneof(time, odd), event_ts: fc.oneof(time, odd) },
    },
    { requiredKeys: ['type', 'subtype'] },
  )
  await fc.assert(
    fc.asyncProperty(fc.oneof(written, changed), async event => {
      expect(await take(JSON.parse(JSON.stringify(event)))).not.toBe('')
      const last = desk.messages.at(-1)
      if (!last || !('bytes' in last.raw)) return
      const { live: _, raw, ...same } = last
      expect(rereadMessage(unpack(raw.encoding, last.raw.bytes))).toMatchObject(same)
      expect(same.subject).not.toBe('')
      expect(same.subject.length).toBeLessThanOrEqual(80)
    }),
    { numRuns: 600 },
  )
})
