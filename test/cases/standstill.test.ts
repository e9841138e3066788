// What brings a desk to a standstill: one message, one server or one crowd must hold up nobody else. What takes minutes by
// nature is in the scripts of the folder `standstill`. What is measured is how much this thread computes, beside what it
// computes for something harmless.
import { randomUUID } from 'node:crypto'
import { request } from 'node:http'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { MemoryChannel } from '../../adapters/memory/adapter.ts'
import { Siege } from '../support/attack-desk.ts'
import { makeDesk, type TestDesk } from '../support/desk.ts'
import { eventually } from '../support/eventually.ts'
import { longestTurn } from '../support/longest-turn.ts'
import { handOver, writeLetter } from '../support/mail/letter.ts'
import { alarmsOf, arrivalsOf, mailFrom, watching } from '../support/mail/mailbox-desk.ts'
import { makeMemoryDesk, messageFrom } from '../support/memory-desk.ts'
import { DnsServer } from '../support/servers/dns-server.ts'
import { type ImapScript, ScriptedImap } from '../support/servers/scripted-imap.ts'
import { makeSlackDesk, type SlackDesk } from '../support/slack-desk.ts'

const ends: (() => Promise<void>)[] = []

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

/** For what comes at once, or never; of a quiet machine. */
const SOON_MS = 1_000

/** Milliseconds that this thread has computed while something was done. */
async function computed(work: () => Promise<unknown>): Promise<number> {
  const before = process.threadCpuUsage()
  await work()
  const { user, system } = process.threadCpuUsage(before)
  return (user + system) / 1000
}

describe('a mail', () => {
  const LINES = 150_000
  const AT_MOST = 4 // times what a mail of as many harmless lines takes
  const dns = new DnsServer()
  let siege: Siege
  let harmless: number

  beforeAll(async () => {
    siege = await Siege.begin({ channel: { authentication: { dns: await dns.start() } } })
    const text = `Hello 1 of them\r\n${'a: b\r\n'.repeat(LINES)}`
    harmless = await computed(() => siege.send({ text }))
  })

  afterAll(async () => {
    await siege.end()
    await dns.stop()
  })

  test('with a signed field of forty thousand lines takes next to nothing of the thread that serves everybody', async () => {
    const signature =
      'DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=evil.example; s=s1; h=from; bh=vtJYZYerfpMZ4tcCLtwrjkKcSYV+r+RKnPNf8XNSDLI=; b=AAAA'
    const top = [signature, `X: a${'\r\n a'.repeat(40_000)}`]
    expect(await computed(() => siege.send({ top }))).toBeLessThan(AT_MOST * harmless)
  })

  test('of many lines that look like fields and says "open 1" takes next to nothing of it', async () => {
    const text = `Please open 1 of them\r\n${'a: b\r\n'.repeat(LINES)}`
    expect(await computed(() => siege.send({ text }))).toBeLessThan(AT_MOST * harmless)
  })
})

describe('a mail of a megabyte holds nobody up longer than a harmless one of that size:', () => {
  const SIZE = 1_000_000
  const AT_MOST = 5 // times as long; what is written for it takes minutes if anything is not linear
  const of = (unit: string) => unit.repeat(Math.ceil(SIZE / unit.length))
  const HOSTILE: Record<string, string> = {
    'no end of a line': of('x'),
    'lines that look like fields': `open 1\n${of('a: b\n')}`,
    'heads of mails': `open 1\n${of('From: a@b.example\nDate: 10:00\nSubject: c\n')}`,
    'heads that are none': of('From: a\nCc: b\n'),
    'rules and introductions': of('-----Original Message-----\nFrom: a\n'),
    'who wrote, time and again': of('On Mon, 5 Jan 2026 at 10:00 Bob <b@e.example> wrote:\n'),
    'a deep quote': of(`${'>'.repeat(200)} a\n`),
    'commands without end': of('!claim 1\n'),
    'a note without end': `!note a\n${of('"more \'text “here\n')}`,
    'what looks like commands': of('* !claim 1\n'),
    'our signs': of('replies # # # # nobody\n'),
    'signs alone': of('#\n'),
    'blanks between two letters': `x${of(' ')}x`,
    'ends of lines between two letters': `x${of('\n')}x`,
    'ends of lines with what is not shown between them': `x${of('\n\u0001')}x`,
    'people to be added': of('add a@b.example\n'),
    thanks: `thanks ${of('a ')}`,
    'tokens that are none': of('q-1a-k1-abcdefghijklmnop '),
    'entities in entities': of('%2525'),
    tags: of('<a '),
    addresses: of('https://a.example/ '),
    'accents on accents': `e${of('\u0301')}`.slice(0, SIZE / 2),
  }
  const AGENT = 'Bob Berg <bob@staff.example>'
  let desk: TestDesk
  let harmless = 0

  async function longestWith(from: string, text: string): Promise<number> {
    const head = from === AGENT ? ['In-Reply-To: <made-up@desk.example>'] : []
    const raw = writeLetter({ from, text, head }, new Date())
    const before = (await arrivalsOf(desk)).length
    const longest = await longestTurn(async () => {
      expect(await handOver(desk.port, raw, 'x@evil.example', ['help@desk.example'])).toMatch(/^250/)
      await eventually(() => nothingDue(desk), 'what it causes has left')
    })
    expect((await arrivalsOf(desk)).length).toBe(before + 1)
    return longest
  }

  beforeAll(async () => {
    desk = await makeDesk('sqlite', { maildir: 'mail' }, {}, { floods: { tickets: 0, messages: 0 } })
    for (const text of [of('A harmless line of words as people write them.\n'), of('so\n')]) {
      for (const from of ['x@evil.example', AGENT, `${randomUUID()}@evil.example`, AGENT]) {
        harmless = Math.max(harmless, await longestWith(from, text))
      }
    }
  })

  afterAll(() => desk.remove())

  test.each(Object.keys(HOSTILE))('%s', async name => {
    const text = HOSTILE[name] ?? ''
    expect(await longestWith(`${randomUUID()}@evil.example`, text)).toBeLessThan(AT_MOST * harmless)
    expect(await longestWith(AGENT, text)).toBeLessThan(AT_MOST * harmless)
  })
})

async function nothingDue({ desk }: TestDesk): Promise<boolean> {
  const due = await desk.context.store.read`
    SELECT 1 AS one FROM outbox_recipients WHERE state = 'queued' AND attempts = 0`
  return due.length === 0
}

describe("a request that nobody confirms to be Slack's", () => {
  let all: SlackDesk

  beforeAll(async () => {
    all = await makeSlackDesk('sqlite')
  })

  afterAll(() => all.remove())

  /** Sends the head of a request and so much of its body. Gives the status, or 'none' if nothing is said meanwhile. */
  async function post(headers: Record<string, string | number>, body: string): Promise<number | 'none'> {
    const type = 'application/x-www-form-urlencoded'
    const asking = request(all.slackUrl, { method: 'POST', headers: { 'content-type': type, ...headers } })
    let status: number | undefined
    asking.on('error', () => undefined)
    asking.on('response', response => {
      status = response.statusCode
    })
    asking.flushHeaders()
    asking.write(body)
    const said = await eventually(() => status, 'something is said', SOON_MS).catch(() => 'none' as const)
    asking.destroy()
    return said
  }

  test('is refused before its body is read', async () => {
    expect(await post({ 'content-length': 2_000_000 }, 'payload=')).toBe(401)
  })

  test('is refused before its body is taken apart', async () => {
    const takenApart: string[] = []
    const Original = globalThis.URLSearchParams
    vi.stubGlobal(
      'URLSearchParams',
      class extends Original {
        constructor(init?: ConstructorParameters<typeof Original>[0]) {
          super(init)
          takenApart.push(String(init))
        }
      },
    )
    const body = `payload=%7B%7D&${'unsigned&'.repeat(1000)}`
    const headers = {
      'content-length': body.length,
      'x-slack-request-timestamp': Math.floor(Date.now() / 1000),
      'x-slack-signature': `v0=${'0'.repeat(64)}`,
    }
    const status = await post(headers, body)
    vi.unstubAllGlobals()
    expect(status).toBe(401)
    expect(takenApart.filter(each => each.includes('unsigned'))).toEqual([])
  })
})

test('a channel whose relay hangs holds up no other channel', async () => {
  const desk = await makeMemoryDesk('sqlite')
  ends.push(() => desk.remove())
  const hanging = new MemoryChannel('hanging', 'hang@desk.example')
  let letGo: () => void = () => undefined
  const gone = new Promise<undefined>(resolve => {
    letGo = () => resolve(undefined)
  })
  hanging.onSend = () => gone
  const entry = { kind: 'email', deskId: 'help', adapter: hanging }
  desk.context.channels = new Map([...desk.context.channels, ['hanging', entry]])
  await hanging.start(desk.service.deskFor('hanging'))
  for (let n = 0; n < 45; n += 1) await hanging.deliver(messageFrom(`stuck-${n}@cust-${n}.example`))
  await desk.channel.deliver(messageFrom('quick@other.example'))
  desk.service.deliverer.start()
  const answered = () => desk.channel.sent.some(each => each.recipients.includes('quick@other.example'))
  ends.push(async () => {
    letGo()
    await desk.service.deliverer.stop()
  })
  expect(await eventually(answered, 'the answer has left', SOON_MS).catch(() => false)).toBe(true)
})

describe('a mailbox', () => {
  test('that asks for a wait of years is told of', async () => {
    const server = await scripted()
    const desk = await deskReading(server, {})
    await watching(desk)
    let asked = 0
    server.script = ({ verb, tag, say }) => {
      if (verb !== 'SELECT') return false
      asked += 1
      say(`${tag} BAD Request is throttled. Suggested Backoff Time: 99999999999 milliseconds`)
      return true
    }
    server.dropAll()
    await eventually(() => asked > 0, 'it was asked')
    const told = async () => (await alarmsOf(desk)).length > 0
    expect(await eventually(told, 'an alarm', SOON_MS).catch(() => false)).toBe(true)
  })

  test('that announces a hundred bytes and gives three million is believed by what it gives', async () => {
    const server = await scripted(({ verb, words, tag, say }, { folders }) => {
      if (verb !== 'UID FETCH' || folders.get('INBOX')?.messages.length === 0) return false
      if (/BODY\.PEEK\[\]/i.test(words)) return false
      say('* 1 FETCH (UID 1 RFC822.SIZE 100 INTERNALDATE "01-Dec-2026 10:00:00 +0000")')
      say(`${tag} OK done`)
      return true
    })
    const desk = await deskReading(server, { limits: { message: '1MB' } })
    await watching(desk)
    server.add(mailFrom('Large', { text: `${'x'.repeat(75)}\n`.repeat(40_000) }))
    const came = async () => ((await arrivalsOf(desk)).length > 0 ? arrivalsOf(desk) : undefined)
    expect(await eventually(came, 'something has come of it')).toMatchObject([
      { outcome: 'quarantined', reason: 'too-large' },
    ])
  })
})

async function scripted(script?: ImapScript): Promise<ScriptedImap> {
  const server = await ScriptedImap.start(script)
  ends.push(() => server.stop())
  return server
}

async function deskReading({ port }: ScriptedImap, root: object): Promise<TestDesk> {
  const imap = [{ host: '127.0.0.1', port, security: 'plain', user: 'support', password: 'secret', poll: '1s' }]
  const desk = await makeDesk('sqlite', { maildir: 'mail' }, { imap }, root)
  ends.push(() => desk.remove())
  return desk
}
