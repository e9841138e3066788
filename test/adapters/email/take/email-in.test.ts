import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { readMail } from '../../../../adapters/email/read/parse-message.ts'
import { MailParserPool } from '../../../../adapters/email/read/parser-pool.ts'
import type { InboundMessage } from '../../../../src/channel/message.ts'
import { makeDesk, type TestDesk } from '../../../support/desk.ts'
import { SmtpTalk } from '../../../support/servers/smtp-talk.ts'
import { mailTo } from '../../../support/smtp-world.ts'

const ANN = 'ann@example.com'
const MOST_THREADS = 5 // four together, and one for what comes alone
const HELP = 'help@desk.example'

let desk: TestDesk | undefined

afterEach(async () => {
  await desk?.remove()
  desk = undefined
})

const ticket = async (number: number) =>
  (await desk?.as('bob', `show ${number}`))?.data as {
    requester: string
    subject: string
    participants: { address: string; role: string }[]
    messages: { text: string; kind: string; attachments: { name: string; type: string; size: number }[] }[]
  }

describe('SMTP in', () => {
  test('says 250 with outcome and reference once committed, and 550 for an address that is not ours', async () => {
    desk = await makeDesk('sqlite', { maildir: 'mail' }, { aliases: ['it@desk.example'] })
    const talk = new SmtpTalk(desk.port)
    expect(await talk.open('EHLO', ANN, 'IT@Desk.example')).toMatch(/^354/)
    expect(await talk.say(`From: ${ANN}\r\nSubject: A\r\n\r\nText\r\n.`)).toBe('250 2.0.0 opened HD-1')
    await talk.say(`MAIL FROM:<${ANN}>`)
    expect(await talk.say('RCPT TO:<other@desk.example>')).toBe('550 5.1.1 There is no other@desk.example here')
    expect(await talk.say('RCPT TO:<help+detail@desk.example>')).toMatch(/^250/)
    talk.end()
    await desk.expectSound()
  })

  test('refuses a message over the limit with 552, announced or not, and stores nothing', async () => {
    desk = await makeDesk('sqlite', { maildir: 'mail' }, {}, { limits: { message: '50kB' } })
    const talk = new SmtpTalk(desk.port)
    await talk.reply()
    await talk.say('EHLO client.example')
    expect(await talk.say(`MAIL FROM:<${ANN}> SIZE=60000`)).toMatch(/^552/)
    talk.end()
    const unannounced = new SmtpTalk(desk.port)
    await unannounced.open('EHLO', ANN, HELP)
    unannounced.write(`From: ${ANN}\r\n\r\n${'x'.repeat(70)}\r\n`.padEnd(60_000, 'line of text\r\n'))
    expect(await unannounced.say('\r\n.')).toMatch(/^552/)
    unannounced.end()
    expect(await desk.expectSound()).toEqual({})
  })

  test('LMTP answers for each recipient', async () => {
    desk = await makeDesk('sqlite', { maildir: 'mail' }, { aliases: ['it@desk.example'], listen: { protocol: 'lmtp' } })
    const talk = new SmtpTalk(desk.port)
    expect(await talk.open('LHLO', ANN, HELP, 'it@desk.example')).toMatch(/^354/)
    expect(await talk.say(`From: ${ANN}\r\nSubject: A\r\n\r\nText\r\n.`)).toBe('250 2.0.0 opened HD-1')
    expect(await talk.reply()).toBe('250 2.0.0 opened HD-1')
    talk.end()
  })

  test('answers 451 while it cannot store, and stores the mail when it comes again', async () => {
    desk = await makeDesk('sqlite', { maildir: 'mail' })
    const { store } = desk.desk.context
    const transact = store.transact
    let broken = true
    store.transact = work =>
      broken
        ? transact(async () => Promise.reject(Object.assign(new Error('disk'), { code: 'SQLITE_FULL' })))
        : transact(work)
    const mail = { from: ANN, to: HELP, subject: 'A', text: 'Text', messageId: '<a@b>', date: new Date() }
    await expect(mailTo(desk.port, mail)).rejects.toThrow(/451 4\.3\.0 The database cannot be written at the moment/)
    broken = false
    expect(await mailTo(desk.port, mail)).toBe('250 2.0.0 opened HD-1')
    expect(await desk.expectSound()).toEqual({ opened: 1 })
  })

  test('a client that goes away in the middle leaves nothing behind', async () => {
    desk = await makeDesk('sqlite', { maildir: 'mail' })
    const talk = new SmtpTalk(desk.port)
    await talk.open('EHLO', ANN, HELP)
    talk.write(`From: ${ANN}\r\nSubject: Half\r\n\r\nText`)
    talk.end()
    await mailTo(desk.port, { from: ANN, to: HELP, subject: 'Whole', text: 'Text' })
    expect(await desk.expectSound()).toEqual({ opened: 1 })
  })
})

describe('reading mail', () => {
  test('attachments, inline images, names and charsets are kept', async () => {
    desk = await makeDesk('sqlite', { maildir: 'mail' })
    const large = Buffer.alloc(3_000_000, 'large ')
    await mailTo(desk.port, {
      from: { name: 'Ännchen Ödegård', address: ANN },
      to: HELP,
      subject: 'Prüfung – ✓',
      html: '<p>Look: <img src="cid:shot"></p><p>Grüße</p>',
      attachments: [
        { filename: 'Schirm.png', content: Buffer.from('png'), cid: 'shot', contentType: 'image/png' },
        { filename: '../../etc/pass\u202Ewd.txt', content: 'hello' },
        { filename: 'large.bin', content: large },
      ],
    })
    const shown = await ticket(1)
    expect(shown.requester).toBe('Ännchen Ödegård')
    expect(shown.subject).toBe('Prüfung – ✓')
    expect(shown.messages[0]?.text).toMatch(/Look:[\s\S]*Grüße/)
    expect(shown.messages[0]?.attachments.map(({ name, type, size }) => [name, type, size])).toEqual([
      ['Schirm.png', 'image/png', 3],
      ['passwd.txt', 'text/plain', 5],
      ['large.bin', 'application/octet-stream', 3_000_000],
    ])
    await desk.expectSound()
  })

  test('people on To and Cc take part; addresses of ours do not', async () => {
    desk = await makeDesk('sqlite', { maildir: 'mail' }, { aliases: ['it@desk.example'] })
    await mailTo(desk.port, {
      from: ANN,
      to: [HELP, 'Dora <dora@example.com>'],
      cc: ['it@desk.example', 'carl@example.com', 'help+q-1-k1-aaaaaaaaaaaaaaaa@desk.example'],
      text: 'Hi',
    })
    expect((await ticket(1)).participants.map(({ address, role }) => [address, role])).toEqual([
      [ANN, 'requester'],
      ['carl@example.com', 'copied'],
      ['dora@example.com', 'copied'],
    ])
  })

  test('HTML too long to be laid out has its text all the same', async () => {
    desk = await makeDesk('sqlite', { maildir: 'mail' })
    const html = `<style>p { color: red }</style>${'<p>Grüße &amp; more</p>\r\n'.repeat(60_000)}`
    await mailTo(desk.port, { from: ANN, to: HELP, subject: 'Long', html })
    expect((await ticket(1)).messages[0]?.text).toMatch(/^Grüße & more\nGrüße & more\n/)
  })

  test('HTML nested more deeply than it can be laid out has its text all the same, and takes no time', async () => {
    desk = await makeDesk('sqlite', { maildir: 'mail' })
    const html = `${'<div>'.repeat(100_000)}The printer burns.`
    await mailTo(desk.port, { from: ANN, to: HELP, subject: 'Deep', html })
    expect((await ticket(1)).messages[0]?.text).toBe('The printer burns.')
  })

  test('of an endless text what is shown is read; of the heads of endless parts only what describes them', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'relaydesk-parts-'))
    const read = (raw: string) => readMail({ bytes: Buffer.from(raw) }, { ...options, spool: join(folder, 'part') })
    const options = { ownAddresses: [HELP], envelope: null }
    const long = await read(`From: ${ANN}\r\nMessage-ID: <a@b.example>\r\n\r\n${'A line.\r\n'.repeat(1_500_000)}`)
    const longer = await read(`From: ${ANN}\r\nMessage-ID: <a@b.example>\r\n\r\n${'A line.\r\n'.repeat(2_000_000)}`)
    expect((long.message as InboundMessage).text).toMatch(
      /^A line\.\nA line\.[\s\S]*the whole text is in the raw message\)$/,
    )
    expect((longer.message as InboundMessage).fingerprint).toBe((long.message as InboundMessage).fingerprint)
    const inner = `--b\r\nContent-Type: message/rfc822\r\n\r\nTo: ${'"A B" <a@b.example>, '.repeat(20_000)}\r\n\r\nHi\r\n`
    const file = '--b\r\nContent-Type: text/csv; name=last.csv\r\n\r\n1;2\r\n--b--\r\n'
    const parts = await read(
      `From: ${ANN}\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n${inner.repeat(20)}${file}`,
    )
    expect((parts.message as InboundMessage).attachments.at(-1)?.name).toBe('last.csv')
    await rm(folder, { recursive: true })
  })

  test('a mail that the machine cannot hold just now is refused for now, and those beside it are read', async () => {
    const pool = new MailParserPool()
    const own = { ownAddresses: [HELP], envelope: null }
    const file = `Content-Type: application/pdf; name=a.pdf\r\n\r\n${'%'.repeat(3_000_000)}`
    const results = await Promise.allSettled([
      pool.parse({ bytes: Buffer.from(`From: ${ANN}\r\n\r\nOne`) }, own, join(tmpdir(), 'relaydesk-unused')),
      pool.parse({ bytes: Buffer.from(`From: ${ANN}\r\n${file}`) }, own, '/nonexistent/relaydesk'),
      pool.parse({ bytes: Buffer.from(`From: ${ANN}\r\n\r\nTwo`) }, own, join(tmpdir(), 'relaydesk-unused')),
    ])
    await pool.close()
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect((results[1] as PromiseRejectedResult).reason).toMatchObject({
      code: 'temporary',
      message: 'The mail cannot be read at the moment (ENOENT): free some space.',
    })
  })

  test('mails are read in the order in which they are handed over, however many wait', async () => {
    const pool = new MailParserPool()
    const order: number[] = []
    await Promise.all(
      Array.from({ length: 800 }, async (_, index) => {
        const bytes = Buffer.from(`From: ${ANN}\r\nSubject: ${index}\r\n\r\n${'Text. '.repeat(500)}`)
        await pool.parse(
          { bytes },
          { ownAddresses: [HELP], envelope: null },
          join(tmpdir(), `relaydesk-unused-${index}`),
        )
        order.push(index)
      }),
    )
    await pool.close()
    // Threads overtake each other, and each of them takes what has waited longest: as many rows as threads.
    const ends: number[] = []
    for (const index of order) {
      const row = ends.findIndex(end => end < index)
      ends[row < 0 ? ends.length : row] = index
    }
    expect(ends.length).toBeLessThanOrEqual(MOST_THREADS)
  })

  test.each([
    ['no sender', 'Subject: A\r\n\r\nText', 'held'],
    ['an empty sender', 'From: \r\nSubject: A\r\n\r\nText', 'held'],
    ['no header at all', '\r\nText only', 'quarantined'],
    ['only NULs', '\0'.repeat(5000), 'quarantined'],
    ['empty lines in front', `\r\n\nFrom: ${ANN}\r\nSubject: A\r\n\r\nText`, 'opened'],
    ['bare line feeds', `From: ${ANN}\nSubject: A\n\nText`, 'opened'],
    ['an endless header', `From: ${ANN}\r\nX: ${'y'.repeat(3_000_000)}\r\n\r\nText`, 'opened'],
    ['a broken multipart', `From: ${ANN}\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nhalf`, 'opened'],
    ['an unknown charset', `From: ${ANN}\r\nContent-Type: text/plain; charset=x-no\r\n\r\nText`, 'opened'],
    [
      'HTML too long to lay out',
      `From: ${ANN}\r\nContent-Type: text/html\r\n\r\n${'<p>a</p>\r\n'.repeat(150_000)}`,
      'opened',
    ],
  ])('a message with %s has an outcome', async (_what, raw, outcome) => {
    desk = await makeDesk('sqlite', { maildir: 'mail' })
    const file = join(desk.place.folder, 'message.eml')
    await writeFile(file, raw, 'latin1')
    const reply = await mailTo(desk.port, { envelope: { from: ANN, to: HELP }, raw: { path: file } })
    expect(reply).toBe(outcome === 'opened' ? '250 2.0.0 opened HD-1' : '250 2.0.0 stored')
    expect(await desk.expectSound()).toEqual({ [outcome.split(':')[0] ?? '']: 1 })
  })
})
