// Mailbox servers that go on and on: each command has an end, each wait too, and whoever waits is told. The limits are
// those of a server in a hurry.
import { afterEach, describe, expect, test, vi } from 'vitest'
import { makeDesk, type TestDesk } from '../../../support/desk.ts'
import { eventually } from '../../../support/eventually.ts'
import { alarmsOf, arrivalsOf, mailFrom, untilCame, watching } from '../../../support/mail/mailbox-desk.ts'
import { type ImapCall, type ImapScript, ScriptedImap } from '../../../support/servers/scripted-imap.ts'

vi.mock('../../../../adapters/email/imap/imap-limits.ts', async original => ({
  ...(await original<typeof import('../../../../adapters/email/imap/imap-limits.ts')>()),
  LOGIN_MS: 2_000,
  COMMAND_MS: 2_000,
  UNREAD_MS: 2_500,
  LOOK_MS: 100,
  LONGEST_WAIT_MS: 1_500,
  NOTABLE_WAIT_MS: 1_000,
  LONGEST_LITERAL: 2_000_000,
  MOST_TALK: 200_000,
}))

const ends: (() => Promise<void>)[] = []

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

async function watched(mailbox: object = {}): Promise<{ server: ScriptedImap; desk: TestDesk }> {
  const server = await ScriptedImap.start()
  ends.push(() => server.stop())
  const who = { host: '127.0.0.1', port: server.port, security: 'plain', user: 'support', password: 'secret' }
  const root = { floods: { tickets: 0, messages: 0 }, limits: { message: '3MB' } }
  // A server that says nothing at all is given up after a minute, one that talks is not.
  const desk = await makeDesk('sqlite', { maildir: 'mail' }, { imap: [{ ...who, poll: '60s', ...mailbox }] }, root)
  ends.push(() => desk.remove())
  await watching(desk)
  return { server, desk }
}

const is =
  (...verbs: string[]) =>
  ({ verb }: ImapCall) =>
    verbs.includes(verb)
const asksForText = ({ verb, words }: ImapCall) => verb === 'UID FETCH' && /BODY\.PEEK\[\]/i.test(words)
const asksForSize = ({ verb, words }: ImapCall) => verb === 'UID FETCH' && !/BODY/i.test(words)

/** Goes on saying this, ten times a second. */
function dripping(when: (call: ImapCall) => boolean, more: string, first = ''): ImapScript {
  return call => {
    if (!when(call)) return false
    call.say(Buffer.from(first))
    const timer = setInterval(() => call.say(Buffer.from(more)), 100)
    ends.push(async () => clearInterval(timer))
    return true
  }
}

const sentences = async (desk: TestDesk) => (await alarmsOf(desk)).map(each => each.sentence).join('\n')
const alarm = (desk: TestDesk, like: RegExp) =>
  eventually(async () => like.test(await sentences(desk)) || undefined, `an alarm like ${like}`)

describe('a server that talks on without an end', () => {
  test.each<[string, ImapScript]>([
    ['at login', dripping(is('LOGIN', 'AUTHENTICATE'), '* OK still here\r\n')],
    ['at select', dripping(is('SELECT'), '* OK still here\r\n')],
    ['at a search', dripping(is('UID SEARCH'), '* OK Searched 10% of the mailbox\r\n')],
    ['at a fetch', dripping(is('UID FETCH'), '* OK still here\r\n')],
    ['at a fetch, of flags', dripping(is('UID FETCH'), '* 1 FETCH (FLAGS (\\Seen))\r\n')],
    ['at a fetch, of a message that was not asked for', dripping(asksForSize, '* 7 FETCH (UID 7 RFC822.SIZE 5)\r\n')],
    ['at a fetch, of one message again and again', dripping(asksForSize, '* 1 FETCH (UID 1 RFC822.SIZE 5)\r\n')],
    ['in a text, byte by byte', dripping(asksForText, 'a', '* 1 FETCH (UID 1 BODY[] {100000}\r\n')],
  ])('%s is left and tried again, which is told, and all comes in once it is well', async (_where, script) => {
    const { server, desk } = await watched()
    const before = server.connections
    server.script = script
    server.dropAll()
    server.add(mailFrom('Waits'))
    await eventually(() => server.connections >= before + 3 || undefined, 'it was tried again')
    await alarm(desk, /has been unreadable since \d{4}-\d\d-\d\dT.*relaydesk doctor/)
    expect(await sentences(desk)).not.toMatch(/password/)
    server.script = () => false
    server.dropAll()
    expect((await untilCame(desk, 'Waits')).map(row => row.outcome)).toEqual(['opened'])
    await eventually(async () => (await alarmsOf(desk)).length === 0 || undefined, 'no alarm stands')
  })

  test('at a mark loses nothing of what it gives', async () => {
    const { server, desk } = await watched()
    server.script = dripping(is('UID STORE'), '* OK still here\r\n')
    for (const subject of ['One', 'Two']) server.add(mailFrom(subject))
    await untilCame(desk, 'Two')
    server.add(mailFrom('Three'))
    await untilCame(desk, 'Three')
  })

  test('while it tells of news is looked at now and then, without waiting there', async () => {
    const { server, desk } = await watched({ poll: '1s' })
    let floods = 0
    server.script = ({ verb, say }) => {
      if (verb !== 'IDLE') return false
      floods += 1
      say('+ idling')
      for (let n = 0; n < 30; n += 1) say(Buffer.from('* OK still here\r\n'.repeat(500)))
      return true
    }
    server.dropAll()
    await eventually(() => floods > 0 || undefined, 'it began')
    const looks = server.count('NOOP')
    await eventually(() => server.count('NOOP') >= looks + 8 || undefined, 'it was looked at some times')
    server.add(mailFrom('Meanwhile'))
    await untilCame(desk, 'Meanwhile')
    expect(floods).toBeLessThanOrEqual(3)
  })

  test('and ends no pass is told of, although nothing failed', async () => {
    const { server, desk } = await watched()
    let number = 0
    server.add(mailFrom('First'))
    await untilCame(desk, 'First')
    server.script = ({ verb, tag, say }) => {
      if (verb === 'SELECT') {
        say(
          `* 4000000000 EXISTS\r\n* OK [UIDVALIDITY 1000] v\r\n* OK [UIDNEXT 4000000000] n\r\n${tag} OK [READ-WRITE] done`,
        )
      } else if (verb === 'FETCH') say(`* 1 FETCH (UID 1)\r\n${tag} OK done`)
      else if (verb === 'UID SEARCH') {
        number += 1
        say(`* SEARCH\r\n${tag} OK done`)
      } else return false
      return true
    }
    // Its first message is the last that was read, and then come four thousand million.
    server.script = orNumbers(server.script)
    server.dropAll()
    await alarm(desk, /has been unreadable since .*does not come to an end/)
    await eventually(() => number > 10 || undefined, 'it is read on')
  })
})

/** Any message by number has a number far behind all that was read, but the first. */
function orNumbers(script: ImapScript): ImapScript {
  return (call, server) => {
    const number = call.verb === 'FETCH' ? Number.parseInt(call.words, 10) : 1
    if (number === 1) return script(call, server)
    call.say(`* ${number} FETCH (UID ${number})\r\n${call.tag} OK done`)
    return true
  }
}

describe('a server that asks for a wait', () => {
  const BACKOFF = 'BAD Request is throttled. Suggested Backoff Time: 99999999999 milliseconds'

  test.each(['SELECT', 'LOGIN', 'UID SEARCH', 'UID FETCH', 'UID STORE', 'NOOP'])(
    'of years, at %s, is told of, and asked again after the longest that the desk waits',
    async where => {
      const { server, desk } = await watched()
      let asked = 0
      server.script = ({ verb, tag, say }) => {
        if (verb !== where && !(where === 'LOGIN' && verb === 'AUTHENTICATE')) return false
        asked += 1
        if (asked > 1) return false
        say(`${tag} ${BACKOFF}`)
        return true
      }
      server.dropAll()
      server.add(mailFrom('Waits'))
      await alarm(desk, /too often.*will try again at \d{4}-\d\d-\d\dT/)
      await untilCame(desk, 'Waits')
      await eventually(async () => (await alarmsOf(desk)).length === 0 || undefined, 'no alarm stands')
      expect(asked).toBeGreaterThanOrEqual(1)
    },
  )
})

describe('a message that is larger than its server says', () => {
  /** Says that the first message has a hundred bytes, and announces so many when it is asked for its text. */
  function lying(bytes: string, given: number, ways = 3): ImapScript {
    let asked = 0
    return call => {
      if (asksForSize(call) && /^1(?:[,: ]|$)/.test(call.words)) {
        call.say('* 1 FETCH (UID 1 RFC822.SIZE 100 INTERNALDATE "01-Dec-2026 10:00:00 +0000")')
        call.say('* 2 FETCH (UID 2 RFC822.SIZE 400 INTERNALDATE "01-Dec-2026 10:00:00 +0000")')
        call.say(`${call.tag} OK done`)
        return true
      }
      if (!asksForText(call) || !/^1(?:[,: ]|$)/.test(call.words) || asked >= ways) return false
      if (!call.words.includes(',')) asked += 1
      call.say(Buffer.from(`* 1 FETCH (UID 1 BODY[] ${bytes}\r\n`))
      for (let left = given; left > 0; left -= 65_536) call.say(Buffer.alloc(Math.min(left, 65_536), 'a'))
      return true
    }
  }

  test.each<[string, ImapScript, string]>([
    ['five thousand million bytes', lying('{5000000000}', 10_000_000), 'too-large'],
    ['more than is taken at once', lying('{2000001}', 4_000_000), 'too-large'],
    ['as many digits as there are', lying(`{${'9'.repeat(200)}}`, 10_000), 'too-large'],
    ['too much, and its head alone', lying('{5000000000}', 10_000_000, 2), 'too-large'],
  ])('is set aside where it gives %s, and keeps nothing waiting', async (_what, script, reason) => {
    const { server, desk } = await watched()
    server.script = script
    server.add(mailFrom('Huge'))
    server.add(mailFrom('Second'))
    await untilCame(desk, 'Second')
    const [first, second] = await arrivalsOf(desk)
    expect(first).toMatchObject({ outcome: 'quarantined', reason })
    expect(first?.detail).toMatch(/more than .*; it stays in INBOX of support, as UID 1\./)
    expect(second?.outcome).toBe('opened')
  })

  test('is taken in parts where it is not too large', async () => {
    const { server, desk } = await watched()
    server.script = lying('{2000001}', 4_000_000, 1)
    server.add(mailFrom('Large', { text: `${'x'.repeat(75)}\n`.repeat(30_000) }))
    await untilCame(desk, 'Large')
    expect((await arrivalsOf(desk)).map(row => row.outcome)).toEqual(['opened'])
  })
})

test('a number that no message has is passed over, and nothing is read anew for it', async () => {
  const { server, desk } = await watched({ poll: '1s' })
  server.script = ({ verb, words, tag, say }, { folders }) => {
    if (verb !== 'UID SEARCH' || /UNKEYWORD/.test(words)) return false
    const uids = (folders.get('INBOX')?.messages ?? []).map(each => each.uid)
    say(`* SEARCH ${[...uids, 4_294_967_295].join(' ')}\r\n${tag} OK done`)
    return true
  }
  server.add(mailFrom('One'))
  await untilCame(desk, 'One')
  server.add(mailFrom('Two'))
  await untilCame(desk, 'Two')
  server.dropAll()
  server.add(mailFrom('Three'))
  await untilCame(desk, 'Three')
  const rows = await arrivalsOf(desk)
  expect(rows.map(row => [row.subject, row.outcome, row.seen])).toEqual([
    ['One', 'opened', 1],
    ['Two', 'opened', 1],
    ['Three', 'opened', 1],
  ])
})
