import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { CANARY_KEY, Canary } from '../../../../adapters/email/doctor/canary.ts'
import { addressOf, markIn, type SelfMail, selfMail } from '../../../../adapters/email/doctor/self-mail.ts'
import { emailSettings, type ImapSettings } from '../../../../adapters/email/settings.ts'
import { ManualClock } from '../../../../src/clock.ts'
import { makeDesk, type TestDesk } from '../../../support/desk.ts'
import { eventually } from '../../../support/eventually.ts'
import { type Dovecot, dovecotMissing, startDovecot } from '../../../support/servers/dovecot.ts'
import { type Relay, startRelay } from '../../../support/servers/relay.ts'
import { mailTo } from '../../../support/smtp-world.ts'

const missing = dovecotMissing()
if (missing) console.warn(missing)

const HELP = 'help@desk.example'
const MINUTE = 60_000

describe('a canary', () => {
  let clock: ManualClock
  let sent: SelfMail[]
  let told: string[]
  let remembered: Map<string, string>
  let sending: 'fine' | 'refused' | 'broken'
  let storing: boolean
  let warnings: string[]

  beforeEach(() => {
    clock = new ManualClock('2026-11-23T10:00:00Z')
    sent = []
    told = []
    remembered = new Map()
    sending = 'fine'
    storing = true
    warnings = []
  })

  const made = (every: number, to: string[] = [HELP]) => {
    const store = async (write: () => void) => {
      if (!storing) throw new Error('the disk is full')
      write()
    }
    return new Canary({
      desk: {
        alarm: (code, sentence) => store(() => told.push(`${code}: ${sentence}`)),
        settle: code => store(() => told.push(`settled ${code}`)),
        remember: (key, value) => store(() => remembered.set(key, value)),
      },
      from: HELP,
      to,
      every,
      async send(mail) {
        if (sending === 'broken') throw new Error('connect ECONNREFUSED')
        sent.push(mail)
        const refused = [{ recipient: mail.to, permanent: true, reason: '550 no such user' }]
        return sending === 'fine' ? { accepted: [mail.to], refused: [] } : { accepted: [], refused }
      },
      now: () => clock.now(),
      warn: sentence => warnings.push(sentence),
    })
  }

  /** Time goes by, and everything that is due in it happens. */
  const pass = async (canary: Canary, minutes: number) => {
    const end = clock.now().getTime() + minutes * MINUTE
    while (canary.next() <= end) {
      clock.advance(Math.max(canary.next() - clock.now().getTime(), 0))
      await canary.beat()
    }
    clock.advance(end - clock.now().getTime())
    await canary.beat()
  }

  const comesIn = (canary: Canary, mail: SelfMail | undefined, more: object = {}) =>
    canary.seen({
      from: { address: HELP, name: '' },
      messageId: mail?.messageId ?? null,
      subject: String(mail?.mail.subject),
      ...more,
    })

  test('leaves on schedule, comes back, and settles what an earlier run has raised', async () => {
    const canary = made(30 * MINUTE)
    await canary.beat()
    expect(sent).toEqual([]) // not at once: a folder may not be watched yet
    await pass(canary, 2)
    expect(sent).toHaveLength(1)
    expect(sent[0]?.messageId).toMatch(/^<canary-[0-9a-f]{24}@desk\.example>$/)
    expect(sent[0]?.mail.headers).toMatchObject({ 'Auto-Submitted': 'auto-generated' })
    expect(told).toEqual([]) // nothing is proved yet
    await comesIn(canary, sent[0])
    expect(told).toEqual(['settled canary'])
    expect(JSON.parse(remembered.get(CANARY_KEY) ?? '')).toEqual({
      at: '2026-11-23T10:02:00.000Z',
      roundTripMs: MINUTE,
    })
    await pass(canary, 60)
    expect(sent).toHaveLength(3)
    expect(new Set(sent.map(({ mark }) => mark)).size).toBe(3)
  })

  test('one that does not come back is an alarm, said once; the next that comes settles it', async () => {
    const canary = made(5 * MINUTE)
    await pass(canary, 10.9)
    expect(told).toEqual([])
    await pass(canary, 0.1)
    expect(told).toHaveLength(1)
    expect(told[0]).toContain(`canary: Mail to ${HELP} does not come in: the test mails of the desk have been missing`)
    expect(told[0]).toContain('missing since 2026-11-23T10:01:00.000Z')
    await pass(canary, 30)
    expect(told).toHaveLength(1)
    await comesIn(canary, sent.at(-1))
    expect(told.slice(1)).toEqual(['settled canary'])
    await comesIn(canary, sent[0]) // was given up with the newer one
    expect(told).toHaveLength(2)
    await pass(canary, 30)
    expect(told).toHaveLength(3)
  })

  test('the limit is the schedule where that is longer', async () => {
    const canary = made(60 * MINUTE)
    await pass(canary, 60)
    expect(told).toEqual([])
    await pass(canary, 1)
    expect(told).toHaveLength(1)
  })

  test('one that comes too late is an alarm, and is tried again at once', async () => {
    const canary = made(60 * MINUTE)
    await pass(canary, 70)
    expect(sent).toHaveLength(2)
    await comesIn(canary, sent[0])
    expect(told.at(-1)).toContain('comes in late: a test mail of the desk took 69 minutes')
    await canary.beat()
    expect(sent).toHaveLength(3)
    await comesIn(canary, sent[2])
    expect(told.at(-1)).toBe('settled canary')
  })

  test('of two addresses each must come back', async () => {
    const canary = made(5 * MINUTE, [HELP, 'sales@desk.example'])
    await pass(canary, 1)
    expect(sent.map(({ to }) => to)).toEqual([HELP, 'sales@desk.example'])
    await comesIn(canary, sent[0])
    expect(told).toEqual([])
    await pass(canary, 5)
    await comesIn(canary, sent[2])
    await pass(canary, 5)
    expect(told).toHaveLength(1)
    expect(told[0]).toContain('Mail to sales@desk.example does not come in')
    await comesIn(canary, sent.at(-1))
    expect(told.at(-1)).toBe('settled canary')
  })

  test('what it cannot send does not come back, and the alarm says why', async () => {
    sending = 'broken'
    const broken = made(5 * MINUTE)
    await pass(broken, 11)
    expect(told[0]).toContain('(it cannot be sent: connect ECONNREFUSED)')
    expect(warnings[0]).toContain('could not be sent: connect ECONNREFUSED')
    sending = 'refused'
    const refused = made(5 * MINUTE)
    await pass(refused, 11)
    expect(told.at(-1)).toContain('(it cannot be sent: 550 no such user)')
  })

  test('under another Message-ID it is known by its subject', async () => {
    const canary = made(5 * MINUTE)
    await pass(canary, 1)
    await comesIn(canary, sent[0], { messageId: '<0102@eu.relay.example>' })
    expect(told).toEqual(['settled canary'])
  })

  test('answers to it, those of an earlier run, and other mail are nothing to it', async () => {
    const canary = made(5 * MINUTE)
    await pass(canary, 1)
    await comesIn(canary, sent[0], { from: { address: 'robot@example.com', name: '' }, messageId: '<re@example.com>' })
    await comesIn(canary, selfMail('canary', HELP, HELP, clock.now()))
    await comesIn(canary, undefined, { from: null, subject: '' })
    expect(told).toEqual([])
  })

  test('a store that is out of order ends nothing, and is told later', async () => {
    const canary = made(5 * MINUTE)
    storing = false
    await pass(canary, 11)
    expect(warnings.join()).toContain('an alarm could not be stored: the disk is full')
    storing = true
    await pass(canary, 1)
    expect(told).toHaveLength(1)
  })

  test('what is remembered of an outage is bounded', async () => {
    const canary = made(1_000)
    await pass(canary, 20)
    expect(sent.length).toBeGreaterThan(1_100)
    await comesIn(canary, sent[0])
    expect(told).toHaveLength(1)
    expect(told[0]).toContain('missing since 2026-11-23T10:00:01.000Z')
    await comesIn(canary, sent.at(-1))
    expect(told).toHaveLength(2)
  })

  test('it goes to the address of a mailbox where that is one of the desk', () => {
    const settings = emailSettings.parse({
      address: HELP,
      aliases: ['sales@desk.example'],
      imap: ['support', 'Sales@desk.example', 'shared@other.example'].map(user => ({
        host: 'imap.example',
        user,
        password: 'secret',
      })),
      send: { maildir: 'mail' },
    })
    expect(settings.imap.map((each: ImapSettings) => addressOf(each, settings))).toEqual([
      HELP,
      'sales@desk.example',
      HELP,
    ])
    expect(markIn('a canary-0123456789abcdef01234567 b')).toBe('canary-0123456789abcdef01234567')
    expect(markIn('a canary-0123 b')).toBeUndefined()
  })
})

describe.skipIf(missing)('a canary through a real mailbox', () => {
  let dovecot: Dovecot
  let relay: Relay

  beforeAll(async () => {
    dovecot = await startDovecot()
    // What is told to others goes to others.
    relay = await startRelay(async (recipient, raw) => {
      if (recipient === HELP) await dovecot.deliver('support', raw)
    })
  })

  afterAll(async () => {
    await relay?.stop()
    await dovecot?.remove()
  })

  const smtp = () => ({ smtp: { host: '127.0.0.1', port: relay.port, requireTls: false } })

  test('comes back, opens no ticket, and nobody hears of it', async () => {
    const imap = {
      host: 'localhost',
      port: dovecot.imapsPort,
      user: 'support',
      password: 'secret',
      ca: dovecot.certFile,
    }
    const desk = await makeDesk('sqlite', smtp(), { address: HELP, canary: '1s', imap: [{ ...imap, poll: '2s' }] })
    try {
      await eventually(async () => recalled(desk), 'a canary came back')
      expect((await recalled(desk))?.roundTripMs).toBeGreaterThan(0)
      await mailTo(desk.port, { from: 'ann@example.com', to: HELP, subject: 'Printer', text: 'It burns.' })
      expect((await desk.as('bob', 'list')).data).toHaveLength(1) // and none of a canary
      await desk.stop()
      const others = relay.taken.filter(mail => !mail.includes('canary-'))
      expect(others.every(mail => mail.includes('Printer'))).toBe(true)
      await desk.start()
      const outcomes = await desk.expectSound()
      expect(outcomes.ignored).toBeGreaterThan(0)
      expect(await ignoredBy(desk)).toEqual(['own-address'])
      expect(outcomes.opened).toBe(1)
      expect(await alarms(desk)).toEqual([])
    } finally {
      await desk.remove()
    }
  })

  test('through the listener, without a mailbox, too', async () => {
    let port = 0
    const back = await startRelay(async (recipient, raw) => {
      await mailTo(port, { envelope: { from: HELP, to: [recipient] }, raw })
    })
    const via = { smtp: { host: '127.0.0.1', port: back.port, requireTls: false } }
    const desk = await makeDesk('sqlite', via, { address: HELP, canary: '1s' })
    port = desk.port
    try {
      await eventually(async () => recalled(desk), 'a canary came back')
      expect((await desk.as('bob', 'list')).data).toEqual([])
    } finally {
      await desk.remove()
      await back.stop()
    }
  })
})

async function recalled(desk: TestDesk): Promise<{ roundTripMs: number } | undefined> {
  const stored = await desk.desk.service.deskFor('support').recall(CANARY_KEY)
  return stored === undefined ? undefined : JSON.parse(stored)
}

async function alarms({ desk }: TestDesk): Promise<unknown[]> {
  return desk.context.store.read`SELECT code FROM alarms WHERE settled_at IS NULL`
}

async function ignoredBy({ desk }: TestDesk): Promise<string[]> {
  const rows = await desk.context.store.read<{ reason: string }>`
    SELECT DISTINCT reason FROM arrivals WHERE outcome = 'ignored'`
  return rows.map(({ reason }) => reason)
}
