// A mailbox server that came from Courier, and one that lets a user in only so often at a time.
import { describe, expect, test } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { alarmsOf, flagsIn, mailFrom, untilCame, watching } from '../support/mail/mailbox-desk.ts'
import { dovecotMissing } from '../support/servers/dovecot.ts'
import { imapTest } from '../support/servers/imap-test.ts'

const given = imapTest()

describe.skipIf(dovecotMissing())('with all folders below INBOX', () => {
  test('a folder is found by its own name', async () => {
    const dovecot = await given.server({ prefixed: true })
    await dovecot.doveadm('mailbox', 'create', '-u', 'support', 'INBOX.Entwürfe')
    const desk = await given.desk(dovecot, { mailbox: { folders: [{ name: 'INBOX' }, { name: 'Entwürfe' }] } })
    await watching(desk, 2)
    expect(await alarmsOf(desk)).toEqual([])
  })

  /** Whether what is taken goes to a folder that is not there yet, or agents are told why not. */
  async function movedTo(name: string): Promise<boolean> {
    const dovecot = await given.server({ prefixed: true })
    const desk = await given.desk(dovecot, { mailbox: { folders: [{ name: 'INBOX', after: `move:${name}` }] } })
    await watching(desk)
    await dovecot.deliver('support', mailFrom('Printer'))
    await untilCame(desk, 'Printer')
    const settled = async () =>
      !('Printer' in (await flagsIn(dovecot))) || (await alarmsOf(desk)).length > 0 || undefined
    return eventually(settled, 'it is moved, or told of', 2_000).catch(() => false)
  }

  test('what is taken is moved to a folder that is made', async () => {
    expect(await movedTo('Erledigt')).toBe(true)
  })

  test.fails('what is taken is moved to a folder in a folder that is made, or an alarm says why not', async () => {
    expect(await movedTo('Erledigt/2026')).toBe(true)
  })

  test.fails('a folder of everybody beside it is found', async () => {
    const dovecot = await given.server({ prefixed: true })
    await dovecot.doveadm('mailbox', 'create', '-u', 'support', 'shared.team')
    const desk = await given.desk(dovecot, { mailbox: { folders: [{ name: 'INBOX' }, { name: 'shared.team' }] } })
    await watching(desk)
    await dovecot.deliver('support', mailFrom('Printer'))
    await untilCame(desk, 'Printer')
    const told = async () => ((await alarmsOf(desk)).length > 0 ? 'not found' : undefined)
    const read = async () => {
      const rows = await desk.desk.context.store
        .read`SELECT 1 AS one FROM channel_memory WHERE key LIKE '%shared.team%'`
      return rows.length > 0 ? 'read' : undefined
    }
    expect(await eventually(async () => (await read()) ?? (await told()), 'the folder is read, or told of')).toBe(
      'read',
    )
  })
})

describe.skipIf(dovecotMissing())('with as many connections as a user may have', () => {
  test('the password is not called wrong', async () => {
    const dovecot = await given.server({ connections: 1 })
    await given.colleague(dovecot)
    const desk = await given.desk(dovecot)
    const refused = () => [...dovecot.log().matchAll(/Maximum number of connections/g)].length >= 2 || undefined
    await eventually(refused, 'the desk is refused twice')
    expect((await alarmsOf(desk)).map(each => each.sentence).join()).not.toMatch(/password/)
  })
})
