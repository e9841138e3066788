import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { EmailChannel } from '../../adapters/email/adapter.ts'
import { emailSettings } from '../../adapters/email/settings.ts'
import { MemoryChannel } from '../../adapters/memory/adapter.ts'
import { ByteBudget } from '../../src/budget.ts'
import type { ChannelAdapter, Owns } from '../../src/channel/adapter.ts'
import type { Desk } from '../../src/channel/desk.ts'
import type { OutboundMessage } from '../../src/channel/outbound.ts'
import { World } from '../support/smtp-world.ts'

const ADDRESS = 'help@desk.example'

const MESSAGE: OutboundMessage = {
  id: 'outbox-1',
  token: 'q-1-k1-aaaaaaaaaaaaaaaa',
  recipients: ['ann@example.com', 'carl@example.com'],
  to: [{ address: 'ann@example.com', name: 'Ann' }],
  cc: [{ address: 'carl@example.com', name: '' }],
  fromName: 'Bob (Help desk)',
  subject: 'Re: [HD-1] VPN',
  text: { markdown: 'Restart *it*.', verbatim: [] },
  automatic: false,
  inReplyTo: '<a@example.com>',
  references: ['<a@example.com>'],
  attachments: [],
  actions: [],
  attempt: 1,
  queuedAt: '2026-03-02T09:00:00.000Z',
}

const refuse = () => Promise.reject(new Error('not asked here'))
const DESK: Desk = {
  receive: refuse,
  perform: refuse,
  recall: refuse,
  remember: refuse,
  alarm: refuse,
  settle: async () => undefined, // an alarm of an earlier run may stand
  newTicketForm: () => ({ title: '', submit: '', fields: [] }),
  home: refuse,
  actionsFor: refuse,
  agents: refuse,
  vouch: refuse,
  conversations: refuse,
}

/** An adapter under test, and how the far end behaves. */
interface Case {
  adapter: ChannelAdapter & Owns
  /** What the far end does with Carl from now on. */
  refuseCarl(code: number): void
}

let world: World
let folder: string

beforeEach(async () => {
  world = new World()
  await world.start()
  folder = await mkdtemp(join(tmpdir(), 'relaydesk-channel-'))
})

afterEach(async () => {
  await world.stop()
  await rm(folder, { recursive: true, force: true })
})

function email(send: object): EmailChannel {
  return new EmailChannel(emailSettings.parse({ address: ADDRESS, send }), {
    name: 'support',
    deskName: 'Help desk',
    maxMessageBytes: 1_000_000,
    budget: new ByteBudget(1_000_000),
    spoolPath: async () => join(folder, 'spool'),
    statePath: name => join(folder, name),
    web: { host: '127.0.0.1', port: 8025 },
    now: () => new Date(),
    warn: () => undefined,
  })
}

const CASES: [string, () => Case][] = [
  [
    'email over SMTP',
    () => ({
      adapter: email({ smtp: { host: '127.0.0.1', port: world.port, requireTls: false } }),
      refuseCarl: code => world.refuse.set('carl@example.com', { code, text: 'no' }),
    }),
  ],
  [
    'memory',
    () => {
      const adapter = new MemoryChannel('chat', ADDRESS)
      const refuseCarl = (code: number) => {
        adapter.onSend = ({ recipients }) => ({
          accepted: recipients.filter(each => each !== 'carl@example.com'),
          refused: [{ recipient: 'carl@example.com', permanent: code >= 500, reason: 'no' }],
        })
      }
      return { adapter, refuseCarl }
    },
  ],
  ['email into a Maildir', () => ({ adapter: email({ maildir: 'mail' }), refuseCarl: () => undefined })],
]

describe.each(CASES)('a channel: %s', (name, make) => {
  test('starts, sends to each recipient, and stops twice', async () => {
    const { adapter } = make()
    await adapter.start(DESK)
    expect(await adapter.send(MESSAGE)).toEqual({ accepted: MESSAGE.recipients, refused: [] })
    await adapter.stop()
    await adapter.stop()
  })

  test('sends the same message again without complaint', async () => {
    const { adapter } = make()
    await adapter.start(DESK)
    await adapter.send(MESSAGE)
    expect((await adapter.send(MESSAGE)).accepted).toEqual(MESSAGE.recipients)
    await adapter.stop()
  })

  test('knows its own addresses', () => {
    const { adapter } = make()
    expect(adapter.owns(ADDRESS)).toBe(true)
    expect(adapter.owns('ann@example.com')).toBe(false)
  })

  // A Maildir refuses nobody.
  test.each(
    name.includes('Maildir')
      ? []
      : ([
          [550, true],
          [451, false],
        ] as const),
  )('says of each recipient how it went: %i', async (code, permanent) => {
    const { adapter, refuseCarl } = make()
    await adapter.start(DESK)
    refuseCarl(code)
    const { accepted, refused } = await adapter.send(MESSAGE)
    expect(accepted).toEqual(['ann@example.com'])
    expect(refused.map(each => [each.recipient, each.permanent])).toEqual([['carl@example.com', permanent]])
    await adapter.stop()
  })
})

test('a relay that refuses all, some for good and some for now, is understood recipient by recipient', async () => {
  const adapter = email({ smtp: { host: '127.0.0.1', port: world.port, requireTls: false } })
  world.refuse.set('ann@example.com', { code: 550, text: '5.1.1 gone' })
  world.refuse.set('carl@example.com', { code: 451, text: '4.2.1 busy' })
  expect((await adapter.send(MESSAGE)).refused).toEqual([
    { recipient: 'ann@example.com', permanent: true, reason: '550 5.1.1 gone' },
    { recipient: 'carl@example.com', permanent: false, reason: '451 4.2.1 busy' },
  ])
  await adapter.stop()
})

test('a relay that is not there fails for now', async () => {
  const { port } = world
  await world.stop()
  const adapter = email({ smtp: { host: '127.0.0.1', port, requireTls: false } })
  await expect(adapter.send(MESSAGE)).rejects.toMatchObject({ name: 'DeliveryError', permanent: false })
  await adapter.stop()
  await world.start()
})

test('a relay without encryption is refused unless the configuration allows it', async () => {
  const adapter = email({ smtp: { host: '127.0.0.1', port: world.port } })
  await expect(adapter.send(MESSAGE)).rejects.toMatchObject({ name: 'DeliveryError', permanent: false })
  expect(world.mails).toHaveLength(0)
  await adapter.stop()
})
