import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { eventually } from '../../../support/eventually.ts'
import {
  alarmsOf,
  arrivalsOf,
  flagsIn,
  mailFrom,
  untilCame,
  untilFlags,
  watching,
} from '../../../support/mail/mailbox-desk.ts'
import { dovecotMissing } from '../../../support/servers/dovecot.ts'
import { expectOnce, imapTest, numbered } from '../../../support/servers/imap-test.ts'

const given = imapTest()

const LONG_AGO = new Date('2025-01-01T10:00:00Z')

describe.skipIf(dovecotMissing())('servers that can do little', () => {
  test.each([
    ['IDLE', 'IMAP4rev1 LITERAL+ UIDPLUS MOVE', 'gone'],
    ['MOVE', 'IMAP4rev1 LITERAL+ IDLE UIDPLUS', 'gone'],
    // Only UIDPLUS can expunge these messages and no others.
    ['anything', 'IMAP4rev1', 'marked to be deleted'],
  ])('without %s are read and sorted all the same', async (_name, capabilities, moved) => {
    const dovecot = await given.server({ capabilities })
    const made = await given.desk(dovecot, { mailbox: { folders: [{ after: 'move:Processed' }] } })
    const sorted = async (subjects: string[]) => {
      const left = subjects.map(subject => [subject, ['\\Deleted']])
      await untilFlags(dovecot, moved === 'gone' ? {} : Object.fromEntries(left))
      const status = await dovecot.doveadm('mailbox', 'status', '-u', 'support', 'messages', 'Processed')
      expect(status.trim()).toBe(`Processed messages=${subjects.length}`)
    }
    await watching(made)
    for (const subject of numbered(3)) await dovecot.deliver('support', mailFrom(subject))
    await untilCame(made, 'Mail 3')
    await sorted(numbered(3))
    await made.stop()
    await made.start()
    await dovecot.deliver('support', mailFrom('Mail 4'))
    await untilCame(made, 'Mail 4')
    await sorted(numbered(4))
    await expectOnce(made, numbered(4))
  })

  test('without UIDPLUS lose nothing that another client had marked to be deleted', async () => {
    const dovecot = await given.server({ capabilities: 'IMAP4rev1 LITERAL+' })
    await dovecot.deliver('support', mailFrom('Marked by a person'))
    const person = await given.colleague(dovecot)
    await person.messageFlagsAdd('1', ['\\Deleted'])
    const made = await given.desk(dovecot, { mailbox: { folders: [{ after: 'move:Processed' }] } })
    await watching(made)
    await dovecot.deliver('support', mailFrom('Printer'))
    await untilCame(made, 'Printer')
    await eventually(async () => ('Printer' in (await flagsIn(dovecot, 'Processed')) ? true : undefined), 'it is moved')
    await dovecot.deliver('support', mailFrom('Second'))
    await untilCame(made, 'Second')
    await eventually(async () => ('Second' in (await flagsIn(dovecot, 'Processed')) ? true : undefined), 'it is moved')
    expect(await flagsIn(dovecot)).toHaveProperty(['Marked by a person'])
    await expectOnce(made, ['Printer', 'Second'])
  })

  test('without keywords are read all the same', async () => {
    const dovecot = await given.server({ keywords: false })
    const made = await given.desk(dovecot)
    await watching(made)
    await dovecot.deliver('support', mailFrom('Printer'))
    await untilCame(made, 'Printer')
    await dovecot.restart()
    await dovecot.deliver('support', mailFrom('Second'))
    await untilCame(made, 'Second')
    await untilFlags(dovecot, { Printer: [], Second: [] })
    await expectOnce(made, ['Printer', 'Second'])
    expect(await alarmsOf(made)).toEqual([])
  })

  test('that number their messages anew open nothing twice and lose nothing', async () => {
    const dovecot = await given.server()
    await dovecot.deliver('support', mailFrom('Before the desk'), 'INBOX', LONG_AGO)
    const made = await given.desk(dovecot)
    await watching(made)
    for (const subject of numbered(5)) await dovecot.deliver('support', mailFrom(subject))
    await untilCame(made, 'Mail 5')
    await dovecot.stop()
    const maildir = join(dovecot.homeOf('support'), 'Maildir')
    for (const file of [
      'dovecot-uidlist',
      'dovecot-uidvalidity',
      'dovecot.index',
      'dovecot.index.log',
      'dovecot.index.cache',
    ]) {
      await rm(join(maildir, file), { force: true })
    }
    await dovecot.deliver('support', mailFrom('Meanwhile'))
    await dovecot.start()
    await untilCame(made, 'Meanwhile')
    const rows = await arrivalsOf(made)
    expect(rows.map(row => row.subject)).not.toContain('Before the desk')
    const outcomes = await made.expectSound()
    expect(outcomes.opened).toBe(6)
    await dovecot.deliver('support', mailFrom('After'))
    await untilCame(made, 'After')
    expect((await made.expectSound()).opened).toBe(7)
  })

  test('with a folder that is made anew by another client are read on', async () => {
    const dovecot = await given.server()
    const person = await given.colleague(dovecot)
    await person.mailboxCreate('Team')
    const made = await given.desk(dovecot, { mailbox: { folders: [{ name: 'Team' }, { name: 'INBOX' }] } })
    await watching(made, 2)
    await dovecot.deliver('support', mailFrom('Before'), 'Team')
    await untilCame(made, 'Before')
    await person.mailboxDelete('Team')
    await person.mailboxCreate('Team')
    await dovecot.deliver('support', mailFrom('After'), 'Team')
    await untilCame(made, 'After')
    await dovecot.deliver('support', mailFrom('Elsewhere'))
    await untilCame(made, 'Elsewhere')
    await expectOnce(made, ['Before', 'After', 'Elsewhere'])
  })

  test('with a folder that another client empties and fills again open nothing twice', async () => {
    const dovecot = await given.server()
    const made = await given.desk(dovecot)
    await watching(made)
    for (const subject of numbered(20)) await dovecot.deliver('support', mailFrom(subject))
    await untilCame(made, 'Mail 20')
    const person = await given.colleague(dovecot)
    await person.messageMove('1:*', 'Failed')
    await person.mailboxOpen('Failed')
    await person.messageMove('1:*', 'INBOX')
    await dovecot.deliver('support', mailFrom('After'))
    await untilCame(made, 'After')
    expect((await made.expectSound()).opened).toBe(21)
  })
})

describe.skipIf(dovecotMissing())('how the connection is made safe', () => {
  test('STARTTLS is used where it is asked for', async () => {
    const dovecot = await given.server()
    const said: string[] = []
    const network = await given.proxy(dovecot.imapPort, words => void said.push(words))
    const made = await given.desk(dovecot, { mailbox: { port: network.port, security: 'starttls' } })
    await watching(made)
    expect(said.join()).toContain('STARTTLS')
    expect(said.join()).not.toMatch(/AUTHENTICATE|LOGIN|SELECT/)
  })

  test('nobody is told the password whose certificate is not trusted', async () => {
    const dovecot = await given.server()
    const hellos: string[] = []
    const network = await given.proxy(dovecot.imapsPort, words => {
      if (words.startsWith('\x16\x03')) hellos.push(words)
    })
    const made = await given.desk(dovecot, { mailbox: { port: network.port, ca: undefined } })
    await eventually(() => hellos.length >= 2 || undefined, 'the desk has tried twice')
    expect(dovecot.log()).not.toMatch(/Login:|auth failed|method=PLAIN/)
    expect((await alarmsOf(made))[0]?.sentence).toMatch(/has been unreadable since .*certificate/)
  })

  test('a server that offers no STARTTLS is not told the password', async () => {
    const said: string[] = []
    let came = 0
    const server = createServer(socket => {
      came += 1
      socket.write('* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] ready\r\n')
      socket.on('error', () => undefined)
      socket.on('data', chunk => {
        said.push(chunk.toString())
        for (const [, tag] of chunk.toString().matchAll(/^(\S+) .*$/gm)) socket.write(`${tag} OK done\r\n`)
      })
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    given.afterwards(() => void server.close())
    const { port } = server.address() as AddressInfo
    const dovecot = await given.server()
    await given.desk(dovecot, { mailbox: { port, security: 'starttls' } })
    await eventually(() => came >= 2 || undefined, 'the desk has tried twice')
    expect(said.join()).not.toMatch(/AUTHENTICATE|LOGIN/)
  })
})
