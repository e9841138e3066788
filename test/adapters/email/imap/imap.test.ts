import { chmod } from 'node:fs/promises'
import { join } from 'node:path'
import type { ImapFlow } from 'imapflow'
import { describe, expect, test } from 'vitest'
import { eventually } from '../../../support/eventually.ts'
import {
  alarmsOf,
  arrivalsOf,
  flagsIn,
  mailboxOf,
  mailFrom,
  untilCame,
  untilFlags,
  watching,
} from '../../../support/mail/mailbox-desk.ts'
import { dovecotMissing } from '../../../support/servers/dovecot.ts'
import { expectOnce, imapTest, numbered } from '../../../support/servers/imap-test.ts'
import { ENGINES } from '../../../support/store/engines.ts'

const given = imapTest()

const MARKED = ['$Relaydesk']
const LONG_AGO = new Date('2025-01-01T10:00:00Z')

describe.skipIf(dovecotMissing())('what comes into a mailbox', () => {
  test.each(ENGINES)('becomes a ticket on %s; the mail is marked and stays unread', async engine => {
    const dovecot = await given.server()
    const made = await given.desk(dovecot, { engine })
    await watching(made)
    await dovecot.deliver('support', mailFrom('Printer'))
    expect(await untilCame(made, 'Printer')).toMatchObject([{ outcome: 'opened', seen: 1 }])
    await untilFlags(dovecot, { Printer: MARKED })
    await expectOnce(made, ['Printer'])
  })

  test('is taken though somebody read it first', async () => {
    const dovecot = await given.server()
    const made = await given.desk(dovecot)
    await watching(made)
    await made.stop()
    await dovecot.deliver('support', mailFrom('Read'))
    const person = await given.colleague(dovecot)
    await person.messageFlagsAdd('1:*', ['\\Seen', '\\Answered', '\\Flagged'])
    await made.start()
    await untilCame(made, 'Read')
    await untilFlags(dovecot, { Read: ['$Relaydesk', '\\Answered', '\\Flagged', '\\Seen'] })
  })

  test('from before the first start is left alone, unless all is wished for', async () => {
    const dovecot = await given.server({ users: { support: 'secret', all: 'secret' } })
    for (const user of ['support', 'all']) {
      await dovecot.deliver(user, mailFrom(`Old of ${user}`, { from: `${user}@example.com` }), 'INBOX', LONG_AGO)
    }
    const all = mailboxOf(dovecot, { user: 'all', folders: [{ import: 'all' }] })
    const made = await given.desk(dovecot, { mailboxes: [mailboxOf(dovecot), all] })
    await watching(made, 2)
    await dovecot.deliver('support', mailFrom('New'))
    await untilCame(made, 'New')
    await untilCame(made, 'Old of all')
    expect((await arrivalsOf(made)).map(row => row.subject).toSorted()).toEqual(['New', 'Old of all'])
    await untilFlags(dovecot, { 'Old of support': [], New: MARKED })
    await untilFlags(dovecot, { 'Old of all': MARKED }, 'INBOX', 'all')
  })

  test('long ago opens tickets without an acknowledgement', async () => {
    const dovecot = await given.server()
    await dovecot.deliver('support', mailFrom('Old', { date: LONG_AGO, from: 'old@example.com' }), 'INBOX', LONG_AGO)
    await dovecot.deliver('support', mailFrom('Recent'))
    const made = await given.desk(dovecot, { mailbox: { folders: [{ import: 'all' }] } })
    await untilCame(made, 'Recent')
    expect((await arrivalsOf(made)).map(row => row.acknowledgement)).toEqual(['none:old', 'queued'])
  })

  test('since a day is taken from that day on, by the time at which it reached the server', async () => {
    const dovecot = await given.server()
    await dovecot.deliver('support', mailFrom('Before'), 'INBOX', new Date('2026-10-31T23:59:59Z'))
    await dovecot.deliver('support', mailFrom('First'), 'INBOX', new Date('2026-11-01T00:00:00Z'))
    await dovecot.deliver('support', mailFrom('Moved in later'), 'INBOX', LONG_AGO)
    await dovecot.deliver('support', mailFrom('Second'), 'INBOX', new Date('2026-11-05T00:00:00Z'))
    const made = await given.desk(dovecot, { mailbox: { folders: [{ import: '2026-11-01' }] } })
    await untilCame(made, 'Second')
    await untilFlags(dovecot, { Before: [], First: MARKED, 'Moved in later': [], Second: MARKED })
    await dovecot.deliver('support', mailFrom('Moved in while the desk watches'), 'INBOX', LONG_AGO)
    await untilCame(made, 'Moved in while the desk watches')
    await expectOnce(made, ['First', 'Second', 'Moved in while the desk watches'])
  })

  test('while the desk is off for ten days is taken in order, and answers join their tickets', async () => {
    const dovecot = await given.server()
    const made = await given.desk(dovecot)
    await watching(made)
    await made.stop()
    for (const subject of numbered(120)) {
      const number = Number(subject.slice(5))
      const answers = number % 10 === 1 ? {} : { answers: `<t${Math.ceil(number / 10)}@example.com>` }
      const id = number % 10 === 1 ? `<t${Math.ceil(number / 10)}@example.com>` : `<r${number}@example.com>`
      const text = number % 40 === 7 ? 'A long line of text.\n'.repeat(70_000) : 'Short.' // 1.4 MB go through a file
      await dovecot.deliver('support', mailFrom(subject, { id, text, ...answers }))
    }
    await made.start()
    await untilCame(made, 'Mail 120')
    await expectOnce(made, numbered(120))
    expect(await made.expectSound()).toEqual({ opened: 12, appended: 108 })
  })

  test('in any of several folders and mailboxes is taken, each message once', async () => {
    const dovecot = await given.server({ users: { support: 'secret', sales: 'secret' } })
    await dovecot.deliver('support', mailFrom('Old'), 'Team/North')
    const made = await given.desk(dovecot, {
      mailboxes: [
        mailboxOf(dovecot, { folders: [{ name: 'INBOX' }, { name: 'Team/North' }] }),
        mailboxOf(dovecot, { user: 'sales' }),
      ],
    })
    await watching(made, 3)
    const both = mailFrom('To both')
    await dovecot.deliver('support', both)
    await untilCame(made, 'To both')
    await dovecot.deliver('sales', both)
    await dovecot.deliver('support', mailFrom('North'), 'Team/North')
    await untilCame(made, 'North')
    const again = async () => (await arrivalsOf(made)).some(row => row.subject === 'To both' && row.seen === 2)
    await eventually(async () => (await again()) || undefined, 'the second of the same has come')
    await untilFlags(dovecot, { Old: [], North: MARKED }, 'Team/North')
    await untilFlags(dovecot, { 'To both': MARKED }, 'INBOX', 'sales')
    expect(await made.expectSound()).toEqual({ opened: 2, duplicate: 1 })
  })

  test('that is none of ours is looked at once, not with every look at the folder', async () => {
    const dovecot = await given.server()
    for (const subject of numbered(100)) await dovecot.deliver('support', mailFrom(subject), 'INBOX', LONG_AGO)
    const said: string[] = []
    const network = await given.proxy(dovecot.imapPort, words => void said.push(words))
    const folders = [{ import: '2026-11-01' }]
    const made = await given.desk(dovecot, { mailbox: { port: network.port, security: 'plain', folders } })
    await eventually(() => said.filter(words => /DONE/.test(words)).length >= 3 || undefined, 'it looked three times')
    expect(said.filter(words => /FETCH/.test(words)).length).toBeLessThanOrEqual(1)
    expect(await made.expectSound()).toEqual({})
  })

  test('in a folder with a name that must be encoded', async () => {
    const dovecot = await given.server()
    const person = await given.colleague(dovecot)
    const [name, done] = ['Büro & "Nord"', 'Erledigt – 完了']
    await person.mailboxCreate(name)
    const made = await given.desk(dovecot, { mailbox: { folders: [{ name, after: `move:${done}` }] } })
    await watching(made)
    await person.append(name, mailFrom('Printer').replaceAll('\n', '\r\n'))
    await untilCame(made, 'Printer')
    await untilFlags(dovecot, {}, name)
    await untilFlags(dovecot, { Printer: [] }, done)
  })

  test('over the size limit is set aside, an agent is told, and it stays on the server as it is', async () => {
    const dovecot = await given.server()
    const made = await given.desk(dovecot, { root: { limits: { message: '2MB' } } })
    await watching(made)
    const line = `${'x'.repeat(70)}\n`
    await dovecot.deliver('support', mailFrom('Large', { text: line.repeat(20_000) }))
    await dovecot.deliver('support', mailFrom('Huge', { text: line.repeat(40_000) }))
    await dovecot.deliver('support', mailFrom('Small'))
    await untilCame(made, 'Small')
    const rows = await arrivalsOf(made)
    expect(rows.map(row => [row.outcome, row.reason])).toEqual([
      ['opened', null],
      ['quarantined', 'too-large'],
      ['opened', null],
    ])
    expect(await alarmsOf(made)).toHaveLength(1)
    expect(rows[1]?.detail).toMatch(/2\d{6} bytes.*INBOX/)
    await untilFlags(dovecot, { Large: MARKED, Huge: [], Small: MARKED })
    await made.stop()
    await made.start()
    await dovecot.deliver('support', mailFrom('After'))
    await untilCame(made, 'After')
    await untilFlags(dovecot, { Large: MARKED, Huge: [], Small: MARKED, After: MARKED })
    expect(await made.expectSound()).toEqual({ opened: 3, quarantined: 1 })
  })

  test('is noted as gone if another client expunges it between its announcement and its reading', async () => {
    const dovecot = await given.server()
    let person: ImapFlow | undefined
    const network = await given.proxy(dovecot.imapPort, async said => {
      if (!person || !/UID FETCH.*BODY/.test(said)) return
      await person.messageDelete('2')
      person = undefined
    })
    const mailbox = { port: network.port, security: 'plain' }
    const made = await given.desk(dovecot, { mailbox })
    await watching(made)
    await made.stop()
    for (const subject of numbered(3)) await dovecot.deliver('support', mailFrom(subject))
    person = await given.colleague(dovecot)
    await made.start()
    await untilCame(made, 'Mail 3')
    expect((await arrivalsOf(made)).map(row => [row.subject, row.outcome, row.reason])).toEqual([
      ['Mail 1', 'opened', null],
      [null, 'ignored', 'gone'],
      ['Mail 3', 'opened', null],
    ])
    await dovecot.deliver('support', mailFrom('Next'))
    await untilCame(made, 'Next')
    expect(await made.expectSound()).toEqual({ opened: 3, ignored: 1 })
  })
})

describe.skipIf(dovecotMissing())('after it is stored', () => {
  test.each([
    ['seen', { Printer: ['\\Seen'] }, {}],
    ['nothing', { Printer: [] }, {}],
    ['move:Processed', {}, { Printer: [] }],
    ['move:Made/By the desk', {}, { Printer: [] }],
  ])('a message is treated as %s says', async (after, inbox, moved) => {
    const dovecot = await given.server()
    const made = await given.desk(dovecot, { mailbox: { folders: [{ after }] } })
    await watching(made)
    await dovecot.deliver('support', mailFrom('Printer'))
    await untilCame(made, 'Printer')
    await untilFlags(dovecot, inbox)
    if (after.startsWith('move:')) await untilFlags(dovecot, moved, after.slice(5))
    await expectOnce(made, ['Printer'])
  })

  test('a move that fails is tried again, and the message does not come in twice', async () => {
    const dovecot = await given.server()
    const person = await given.colleague(dovecot)
    const processed = join(dovecot.homeOf('support'), 'Maildir', '.Processed')
    await person.status('Processed', { messages: true })
    await chmod(processed, 0o000)
    const made = await given.desk(dovecot, { mailbox: { folders: [{ after: 'move:Processed' }] } })
    await watching(made)
    await dovecot.deliver('support', mailFrom('Printer'))
    await untilCame(made, 'Printer')
    await dovecot.deliver('support', mailFrom('Second'))
    await untilCame(made, 'Second')
    expect(Object.keys(await flagsIn(dovecot))).toEqual(['Printer', 'Second'])
    await chmod(processed, 0o700)
    await untilFlags(dovecot, { Printer: [], Second: [] }, 'Processed')
    await untilFlags(dovecot, {})
    await expectOnce(made, ['Printer', 'Second'])
  })

  test('a move that was left undone is made after the next start', async () => {
    const dovecot = await given.server()
    let cutting = true
    const network = await given.proxy(dovecot.imapPort, said => {
      if (cutting && /UID MOVE/.test(said)) network.cut()
    })
    const folders = [{ after: 'move:Processed' }]
    const made = await given.desk(dovecot, { mailbox: { port: network.port, security: 'plain', folders } })
    await watching(made)
    await dovecot.deliver('support', mailFrom('Printer'))
    await untilCame(made, 'Printer')
    await made.stop()
    expect(Object.keys(await flagsIn(dovecot))).toEqual(['Printer'])
    cutting = false
    await made.start()
    await untilFlags(dovecot, { Printer: [] }, 'Processed')
    await expectOnce(made, ['Printer'])
  })
})
