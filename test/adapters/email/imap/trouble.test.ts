import { chmod, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { openStore } from '../../../../src/store/engine/store.ts'
import { eventually, inTime } from '../../../support/eventually.ts'
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
import { makeRoom, type Running } from '../../../support/relaydesk-process.ts'
import type { CuttingProxy } from '../../../support/servers/cutting-proxy.ts'
import { dovecotMissing } from '../../../support/servers/dovecot.ts'
import { expectOnce, imapTest, numbered } from '../../../support/servers/imap-test.ts'

const given = imapTest()

const MARKED = ['$Relaydesk']

/** What is under way is lost, and nobody is told. */
function fallSilent(network: CuttingProxy): void {
  network.halfOpen()
  network.heal()
}

describe.skipIf(dovecotMissing())('when things fail', () => {
  test('a connection that is cut is made anew, and a mailbox that cannot be reached is tried until it can', async () => {
    const dovecot = await given.server()
    const network = await given.proxy(dovecot.imapsPort)
    const made = await given.desk(dovecot, { mailbox: { port: network.port } })
    await watching(made)
    network.cut()
    await dovecot.deliver('support', mailFrom('Cut'))
    await untilCame(made, 'Cut')
    network.refuse(true)
    network.cut()
    await dovecot.deliver('support', mailFrom('Refused'))
    network.refuse(false)
    await untilCame(made, 'Refused')
    await untilFlags(dovecot, { Cut: MARKED, Refused: MARKED })
    await expectOnce(made, ['Cut', 'Refused'])
  })

  test.each([
    ['keyword', 'a folder'],
    ['move:Processed', 'an empty folder'],
  ])('a connection that says nothing any more is given up; with after: %s, %s', async after => {
    const dovecot = await given.server()
    const network = await given.proxy(dovecot.imapsPort)
    const made = await given.desk(dovecot, { mailbox: { port: network.port, folders: [{ after }] } })
    await watching(made)
    await dovecot.deliver('support', mailFrom('Before'))
    await untilCame(made, 'Before')
    if (after !== 'keyword') await untilFlags(dovecot, {})
    fallSilent(network)
    await dovecot.deliver('support', mailFrom('Silence'))
    await untilCame(made, 'Silence')
    await expectOnce(made, ['Before', 'Silence'])
  })

  test.each([
    ['keyword', { Printer: MARKED }, {}],
    ['seen', { Printer: ['\\Seen'] }, {}],
    ['move:Processed', {}, { Printer: [] }],
  ])(
    'a connection that is cut while a stored message is treated as %s says: it is so by the next',
    async (after, inbox, moved) => {
      const dovecot = await given.server()
      let cuts = 0
      const network = await given.proxy(dovecot.imapPort, said => {
        if (!/UID (?:STORE|MOVE)/.test(said) || cuts === 2) return
        cuts += 1
        network.cut()
      })
      const plain = { port: network.port, security: 'plain', folders: [{ after }] }
      const made = await given.desk(dovecot, { mailbox: plain })
      await watching(made)
      await dovecot.deliver('support', mailFrom('Printer'))
      await untilCame(made, 'Printer')
      await untilFlags(dovecot, inbox)
      if (after.startsWith('move:')) await untilFlags(dovecot, moved, after.slice(5))
      expect(cuts).toBe(2)
      await expectOnce(made, ['Printer'])
    },
  )

  test('a network that swallows everything does not keep the desk from stopping', async () => {
    const dovecot = await given.server()
    const network = await given.proxy(dovecot.imapsPort)
    const made = await given.desk(dovecot, { mailbox: { port: network.port } })
    await watching(made)
    network.halfOpen()
    await inTime(made.stop(), 'the desk stops')
  })

  test('a server that is killed and comes back is read on', async () => {
    const dovecot = await given.server()
    const made = await given.desk(dovecot)
    await watching(made)
    await dovecot.deliver('support', mailFrom('Before'))
    await untilCame(made, 'Before')
    await dovecot.kill()
    await dovecot.deliver('support', mailFrom('While it is down'))
    await dovecot.start()
    await untilCame(made, 'While it is down')
    await dovecot.deliver('support', mailFrom('After'))
    await untilCame(made, 'After')
    await expectOnce(made, ['Before', 'While it is down', 'After'])
  })

  test.each([
    ['the connection is cut', (network: CuttingProxy) => network.cut()],
    ['the connection falls silent', fallSilent],
  ])('in the middle of many messages %s, and each comes in once, in order', async (_name, fail) => {
    const dovecot = await given.server()
    let bodies = 0
    const network = await given.proxy(dovecot.imapPort, said => {
      if (!/UID FETCH.*BODY/.test(said)) return
      bodies += 1
      if (bodies === 3 || bodies === 5) fail(network)
    })
    const made = await given.desk(dovecot, { mailbox: { port: network.port, security: 'plain' } })
    await watching(made)
    await made.stop()
    for (const subject of numbered(400)) await dovecot.deliver('support', mailFrom(subject))
    await made.start()
    await untilCame(made, 'Mail 400')
    await expectOnce(made, numbered(400))
    expect((await arrivalsOf(made)).every(row => row.seen === 1)).toBe(true)
  })

  test.each([
    ['asks for messages', /UID FETCH.*BODY/],
    ['marks messages', /UID STORE/],
  ])('killed while it %s, the desk takes each message once, in order', async (_name, moment) => {
    const dovecot = await given.server()
    let running: Running | undefined
    const network = await given.proxy(dovecot.imapPort, async said => {
      const victim = running
      if (!victim || !moment.test(said)) return
      running = undefined
      victim.child.kill('SIGKILL')
      await victim.ended
    })
    const mailbox = mailboxOf(dovecot, { port: network.port, security: 'plain' })
    const room = await makeRoom(`    imap: ${JSON.stringify([mailbox])}\n`)
    given.afterwards(() => room.remove())
    const first = await room.start()
    const store = await openStore('sqlite', room.state)
    given.afterwards(() => store.close())
    const count = async () => Number((await store.read`SELECT count(*) AS n FROM channel_memory`)[0]?.n)
    await eventually(async () => (await count()) > 0 || undefined, 'the desk watches')
    first.child.kill('SIGKILL')
    await first.ended
    for (const subject of numbered(600)) await dovecot.deliver('support', mailFrom(subject))
    for (let kills = 0; kills < 2; kills += 1) {
      const victim = room.launch('start')
      running = victim
      await victim.ended
    }
    await room.start()
    const all = async () => {
      const flags = Object.values(await flagsIn(dovecot))
      return flags.every(each => each.includes('$Relaydesk')) || undefined
    }
    await eventually(all, 'all messages are marked')
    const rows = await store.read<{ subject: string; seen: number }>`SELECT subject, seen FROM arrivals ORDER BY number`
    expect(rows.map(row => row.subject)).toEqual(numbered(600))
    expect(rows.filter(row => Number(row.seen) !== 1)).toEqual([])
    expect((await room.run('verify')).code).toBe(0)
  })

  test('a store that refuses for a while gets each message once, in order', async () => {
    const dovecot = await given.server()
    const made = await given.desk(dovecot)
    await watching(made)
    const { store } = made.desk.context
    const transact = store.transact
    let calls = 0
    store.transact = work => {
      calls += 1
      return calls > 1 && calls < 5
        ? transact(async () => Promise.reject(Object.assign(new Error('disk'), { code: 'SQLITE_FULL' })))
        : transact(work)
    }
    for (const subject of numbered(150)) await dovecot.deliver('support', mailFrom(subject))
    await untilCame(made, 'Mail 150')
    store.transact = transact
    await expectOnce(made, numbered(150))
  })

  test('two desks on one database that read the same mailbox take each message once, in order', async () => {
    const dovecot = await given.server()
    const one = await given.desk(dovecot, { engine: 'postgres' })
    await watching(one)
    await given.desk(dovecot, { engine: 'postgres', root: { database: one.place.database, state: one.place.folder } })
    for (const subject of numbered(200)) await dovecot.deliver('support', mailFrom(subject))
    await untilCame(one, 'Mail 200')
    await expectOnce(one, numbered(200))
  })

  test('a message that the server cannot hand out keeps no other from coming in, and an agent is told', async () => {
    const dovecot = await given.server()
    const made = await given.desk(dovecot)
    await watching(made)
    await made.stop()
    for (const subject of numbered(5)) await dovecot.deliver('support', mailFrom(subject))
    const folder = join(dovecot.homeOf('support'), 'Maildir', 'new')
    const third = (await readdir(folder)).toSorted()[2] ?? ''
    await chmod(join(folder, third), 0o000)
    await made.start()
    await untilCame(made, 'Mail 5')
    const rows = (await arrivalsOf(made)).filter(row => row.outcome === 'opened')
    expect(rows.map(row => row.subject)).toEqual(['Mail 1', 'Mail 2', 'Mail 4', 'Mail 5'])
    expect((await alarmsOf(made)).map(alarm => alarm.sentence).join()).not.toBe('')
    await dovecot.deliver('support', mailFrom('After'))
    await untilCame(made, 'After')
  })

  test('a wrong password raises one alarm, which is settled when it is mended; mail waits meanwhile', async () => {
    const dovecot = await given.server()
    const made = await given.desk(dovecot)
    await watching(made)
    await made.stop()
    await dovecot.setPasswords({ support: 'changed' })
    await dovecot.deliver('support', mailFrom('Waiting'))
    await made.start()
    const [alarm, ...more] = await eventually(async () => {
      const standing = await alarmsOf(made)
      return standing.length > 0 ? standing : undefined
    }, 'an alarm is raised')
    expect(more).toEqual([])
    expect(alarm?.sentence).toMatch(/localhost does not let support in .*password/)
    expect(alarm?.sentence).not.toContain('secret')
    await made.stop()
    await dovecot.setPasswords({ support: 'secret' })
    await made.start()
    await untilCame(made, 'Waiting')
    await eventually(async () => ((await alarmsOf(made)).length === 0 ? true : undefined), 'the alarm is settled')
    await expectOnce(made, ['Waiting'])
  })

  test('a password that is refused stands in no line that the desk writes', async () => {
    const dovecot = await given.server()
    const password = 'not-the-right-one'
    const room = await makeRoom(`    imap: ${JSON.stringify([mailboxOf(dovecot, { password })])}\n`)
    given.afterwards(() => room.remove())
    const running = await room.start()
    const written = () => `${running.stdout()}${running.stderr()}`
    await eventually(() => /mailbox of support at localhost/.test(written()) || undefined, 'the desk says so')
    const alarms = await eventually(async () => {
      const { stdout } = await room.run('alarms')
      return /does not let support in/.test(stdout) ? stdout : undefined
    }, 'the alarm stands')
    const encoded = [Buffer.from(password), Buffer.from(`\0support\0${password}`)].map(each => each.toString('base64'))
    for (const secret of [password, ...encoded]) expect(`${written()}${alarms}`).not.toContain(secret)
  })

  test('a folder that is not there keeps the others from nothing, and an agent is told', async () => {
    const dovecot = await given.server()
    const made = await given.desk(dovecot, { mailbox: { folders: [{ name: 'Misspelt' }, { name: 'INBOX' }] } })
    await watching(made)
    await dovecot.deliver('support', mailFrom('Printer'))
    await untilCame(made, 'Printer')
    const sentences = await eventually(async () => {
      const standing = await alarmsOf(made)
      return standing.length > 0 ? standing.map(each => each.sentence) : undefined
    }, 'an alarm is raised')
    expect(sentences.join()).toContain('Misspelt')
  })
})
