import { readdir, readFile } from 'node:fs/promises'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { rereadMessage } from '../../../adapters/slack/receive/inbound-message.ts'
import type { Content, InboundMessage } from '../../../src/channel/message.ts'
import { sha256, unpack } from '../../../src/content.ts'
import { RecordingDesk } from '../../support/slack/recording-desk.ts'
import { Receiving } from '../../support/slack/service/receiving.ts'
import type { Json } from '../../support/slack/shapes.ts'
import { SlackStand } from '../../support/slack/stand.ts'

let stand: SlackStand
let slack: Receiving
let desk: RecordingDesk
/** What the desk took over, by digest, as it was when it did. */
let kept: Map<string, Uint8Array>
const ann = () => stand.as('ann')

beforeAll(async () => {
  stand = await SlackStand.start({
    users: [{ name: 'ann', email: 'ann@example.com' }],
    channels: [{ name: 'support' }],
  })
})

afterAll(() => stand?.stop())

beforeEach(async () => {
  desk = new RecordingDesk()
  kept = new Map()
  const { receive } = desk
  desk.receive = async (message, cursor) => {
    const attachments = 'attachments' in message ? message.attachments : []
    for (const content of [message.raw, ...attachments.map(each => each.content)]) {
      kept.set(content.sha256, await bytesOf(content))
    }
    return receive.call(desk, message, cursor)
  }
  slack = await Receiving.start(stand, { desk, maxMessageBytes: 5_000_000, support: { support: 'all' } })
})

afterEach(async () => {
  expect(await readdir(slack.folder)).toEqual([])
  const release = await slack.budget.take(200_000_000) // nothing is taken any more
  release()
  stand.clearFaults()
  stand.route = undefined
  await slack.stop()
})

async function bytesOf(content: Content): Promise<Uint8Array> {
  return unpack(content.encoding, 'bytes' in content ? content.bytes : await readFile(content.path))
}

function theMessage(): InboundMessage {
  const [message, ...others] = desk.messages
  expect(others).toEqual([])
  if (!message) throw new Error('Nothing was handed over')
  return message
}

/** Bytes in which there is nothing to pack. */
function noise(size: number): Buffer {
  const bytes = Buffer.alloc(size)
  let state = 7
  for (let at = 0; at < size; at++) {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
    bytes[at] = state >> 16
  }
  return bytes
}

test('a small file comes along, and is there when the message is read again', async () => {
  await ann().upload('support', 'log.txt', Buffer.from('one\ntwo'), { text: 'See the log' })
  const message = theMessage()
  expect(message).toMatchObject({ subject: 'See the log', text: 'See the log' })
  const [file] = message.attachments
  expect(file).toMatchObject({ name: 'log.txt', contentId: null, content: { size: 7, sha256: sha256('one\ntwo') } })
  expect(rereadMessage(kept.get(message.raw.sha256) ?? new Uint8Array())).toEqual({
    ...Object.fromEntries(Object.entries(message).filter(([name]) => name !== 'live')),
    raw: { ...message.raw, encoding: 'identity', bytes: kept.get(message.raw.sha256) },
  })
})

test('a file without a word has a subject', async () => {
  await ann().upload('support', 'burning printer.png', Buffer.from('x'))
  expect(theMessage()).toMatchObject({ subject: '(file) burning printer.png', text: '' })
})

test('a large one goes through the spool', async () => {
  const bytes = noise(3_000_000)
  await ann().upload('support', 'film.mp4', bytes, { text: 'Look' })
  const message = theMessage()
  const [file] = message.attachments
  expect(file?.content).toMatchObject({ size: bytes.length, sha256: sha256(bytes), path: expect.any(String) })
  expect(Buffer.compare(kept.get(file?.content.sha256 ?? '') ?? Buffer.alloc(0), bytes)).toBe(0)
  const again = rereadMessage(kept.get(message.raw.sha256) ?? new Uint8Array()) as InboundMessage
  expect(again.attachments).toMatchObject([{ name: 'film.mp4', content: { sha256: sha256(bytes) } }])
  expect(again).toMatchObject({ id: message.id, text: 'Look', from: message.from })
})

test('what is too large, elsewhere or gone is told of', async () => {
  const files: Json[] = [
    {
      id: 'F1',
      name: 'film.mp4',
      size: 6_000_000,
      url_private: 'https://files.slack.com/1',
      permalink: 'https://x.slack.com/f/1',
    },
    {
      id: 'F2',
      name: 'plan',
      size: 10,
      is_external: true,
      mode: 'external',
      url_private: 'https://drive.example.com/2',
    },
    { id: 'F3', mode: 'tombstone' },
    { id: 'F4', name: 'old.txt', mode: 'hidden_by_limit' },
    { id: 'F5', name: 'odd.txt', size: 10, url_private_download: 'https://evil.example.com/steal' },
    { id: 'F6', name: 'script', permalink: 'javascript:alert(1)' },
  ]
  await ann().dm('Look', { event: { subtype: 'file_share', files } })
  expect(theMessage()).toMatchObject({
    attachments: [],
    text: `Look

(file film.mp4, 6.0 MB, stays in Slack: https://x.slack.com/f/1)
(file plan, 1 kB, stays in Slack: https://drive.example.com/2)
(file was deleted)
(file old.txt is hidden: the workspace is over its limit)
(file odd.txt, 1 kB, stays in Slack)
(file script, stays in Slack)`,
  })
})

test('together they are at most as large as a message may be', async () => {
  const [first, second] = [noise(3_000_000), noise(2_500_000)]
  const begun = async (name: string, bytes: Buffer) => {
    await ann().upload('support', name, bytes)
    return (await stand.messages('support')).at(-1)?.files?.[0] as Json
  }
  stand.route = undefined
  const files = [await begun('a.bin', first), await begun('b.bin', second)]
  stand.route = stand.http(slack.url)
  await ann().dm('Both', { event: { subtype: 'file_share', files } })
  const message = theMessage()
  expect(message.attachments.map(each => each.name)).toEqual(['a.bin'])
  expect(message.text).toBe('Both\n\n(file b.bin, 2.5 MB, stays in Slack)')
})

test('what Slack lies about is cut off where it gets too large', async () => {
  await ann().upload('support', 'big.bin', noise(2_000_000))
  const [file] = (await stand.messages('support')).at(-1)?.files ?? []
  await slack.stop()
  slack = await Receiving.start(stand, { desk, maxMessageBytes: 1_500_000, support: { support: 'all' } })
  await slack.inbound.catchUp()
  desk.received.length = 0
  await ann().dm('Small?', { event: { subtype: 'file_share', files: [{ ...file, size: 10 }] } })
  expect(theMessage().attachments).toEqual([])
  expect(theMessage().text).toContain('(file big.bin, 1 kB, stays in Slack')
})

test.each([[{ status: 503 }], [{ status: 429 }], [{}]])('is waited for while it cannot be had: %j', async fault => {
  stand.fault({ method: 'files-pri', ...fault })
  const said = await ann().upload('support', 'log.txt', Buffer.from('one'))
  expect(said.deliveries).toMatchObject([{ acknowledged: false }])
  expect(desk.received).toEqual([])
  const [delivery] = said.deliveries
  if (delivery) await stand.redeliver(delivery)
  expect(theMessage().attachments).toHaveLength(1)
})

test('one that never can be had stays in Slack', async () => {
  stand.fault({ method: 'files-pri', status: 404 })
  await ann().upload('support', 'log.txt', Buffer.from('one'))
  expect(theMessage()).toMatchObject({ attachments: [], subject: '(file) log.txt' })
  expect(theMessage().text).toMatch(/^\(file log\.txt, 1 kB, stays in Slack/)
})

test('what is only announced is asked for', async () => {
  stand.route = undefined
  await ann().upload('support', 'log.txt', Buffer.from('one'))
  const [file] = (await stand.messages('support')).at(-1)?.files ?? []
  stand.route = stand.http(slack.url)
  const files = [
    { id: file?.id, file_access: 'check_file_info' },
    { id: 'F404', file_access: 'check_file_info' },
  ]
  await ann().dm('Both', { event: { subtype: 'file_share', files } })
  expect(theMessage().attachments.map(each => each.name)).toEqual(['log.txt'])
  expect(theMessage().text).toBe('Both\n\n(file without a name, stays in Slack)')
})

test('a thousand files are no reason to fall over', async () => {
  const files = Array.from({ length: 1_000 }, (_, at) => ({ id: `F${at}`, name: `${at}.txt`, mode: 'tombstone' }))
  await ann().dm('Many', { event: { subtype: 'file_share', files } })
  expect(theMessage().text.split('\n')).toHaveLength(53)
  expect(theMessage().text).toMatch(/\(950 more files stay in Slack\)$/)
})

test('files are not kept where the desk cannot store them', async () => {
  desk.failures = 1
  const said = await ann().upload('support', 'film.mp4', noise(2_000_000))
  expect(said.deliveries).toMatchObject([{ acknowledged: false }])
})

test('what is no message cannot be read again', () => {
  for (const bytes of ['', '{}', '{"kind":"message"', 'x\ny']) {
    expect(rereadMessage(Buffer.from(bytes))).toMatchObject({ quarantine: 'unparsable' })
  }
})
