import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { ImapFlow } from 'imapflow'
import { afterEach, describe, expect, test } from 'vitest'
import { eventually } from '../../../support/eventually.ts'
import { type CuttingProxy, startProxy } from '../../../support/servers/cutting-proxy.ts'
import { type Dovecot, dovecotMissing, startDovecot } from '../../../support/servers/dovecot.ts'
import type { DovecotOptions } from '../../../support/servers/dovecot-config.ts'

const clean: (() => Promise<void> | void)[] = []

afterEach(async () => {
  for (const each of clean.splice(0).reverse()) await each()
})

async function server(options?: DovecotOptions): Promise<Dovecot> {
  const dovecot = await startDovecot(options)
  clean.push(() => dovecot.remove())
  return dovecot
}

async function proxy(port: number): Promise<CuttingProxy> {
  const made = await startProxy(port)
  clean.push(() => made.stop())
  return made
}

type Secret = { pass: string } | { accessToken: string }

async function client(
  dovecot: Dovecot,
  port = dovecot.imapsPort,
  secure = true,
  secret: Secret = { pass: 'secret' },
): Promise<ImapFlow> {
  const made = new ImapFlow({
    host: 'localhost',
    port,
    secure,
    auth: { user: 'support', ...secret },
    tls: { ca: await readFile(dovecot.certFile) },
    logger: false,
  })
  made.on('error', () => undefined)
  clean.push(() => made.close())
  await made.connect()
  return made
}

/** Which messages came into the selected folder, as the client is told. */
function arrivals(imap: ImapFlow): number[] {
  const counts: number[] = []
  imap.on('exists', ({ count }) => counts.push(count))
  return counts
}

const MAIL = 'From: ann@example.com\nSubject: Printer\n\nIt burns.\n'

describe.skipIf(dovecotMissing())('a real IMAP server for the tests', () => {
  test.each([
    ['TLS', 'imapsPort', true],
    ['STARTTLS', 'imapPort', false],
  ] as const)('takes a login over %s with its certificate', async (_name, port, secure) => {
    const dovecot = await server()
    const imap = await client(dovecot, dovecot[port], secure)
    expect(imap.secureConnection).toBe(true)
    const folders = (await imap.list()).map(each => each.path)
    expect(folders.toSorted()).toEqual(['Failed', 'INBOX', 'Processed', 'Sent'])
  })

  test('pushes what is delivered, in the order and with the time of delivery', async () => {
    const dovecot = await server()
    const imap = await client(dovecot)
    await imap.mailboxOpen('INBOX')
    const seen = arrivals(imap)
    void imap.idle()
    await eventually(() => imap.idling || undefined, 'the client idles')
    for (const n of [1, 2, 3]) {
      await dovecot.deliver(
        'support',
        MAIL.replace('Printer', `Printer ${n}`),
        'INBOX',
        new Date('2026-03-01T10:00:00Z'),
      )
    }
    await eventually(() => (seen.at(-1) === 3 ? true : undefined), 'the server tells of three messages')
    const messages = await imap.fetchAll('1:*', { envelope: true, internalDate: true, source: true, flags: true })
    expect(messages.map(each => each.envelope?.subject)).toEqual(['Printer 1', 'Printer 2', 'Printer 3'])
    expect(messages[0]?.internalDate).toEqual(new Date('2026-03-01T10:00:00Z'))
    expect(messages[0]?.source?.toString()).toBe(MAIL.replace('Printer', 'Printer 1').replaceAll('\n', '\r\n'))
    expect([...(messages[0]?.flags ?? [])]).not.toContain('\\Seen')
  })

  test('delivers into folders, also before anybody has logged in', async () => {
    const dovecot = await server({ users: { support: 'secret', 'ann@desk.example': 'other' } })
    await dovecot.deliver('support', MAIL, 'Team/North')
    await dovecot.deliver('ann@desk.example', MAIL)
    const imap = await client(dovecot)
    expect((await imap.mailboxOpen('Team/North')).exists).toBe(1)
    expect(await dovecot.doveadm('mailbox', 'status', '-u', 'ann@desk.example', 'messages', 'INBOX')).toContain(
      'messages=1',
    )
  })

  test('hides what it can do', async () => {
    const all = await client(await server())
    for (const name of ['IDLE', 'MOVE', 'UIDPLUS', 'CONDSTORE']) expect(all.capabilities.has(name), name).toBe(true)
    const little = await client(await server({ capabilities: 'IMAP4rev1 LITERAL+' }))
    for (const name of ['IDLE', 'MOVE', 'UIDPLUS', 'CONDSTORE']) expect(little.capabilities.has(name), name).toBe(false)
  })

  test('keeps no keywords where it shall not', async () => {
    const dovecot = await server({ keywords: false })
    await dovecot.deliver('support', MAIL)
    const imap = await client(dovecot)
    const { permanentFlags } = await imap.mailboxOpen('INBOX')
    expect([...(permanentFlags ?? [])].toSorted()).toEqual(['\\Deleted', '\\Seen'])
    await imap.messageFlagsAdd('1', ['$Relaydesk'], { useLabels: false }).catch(() => false)
    const message = await imap.fetchOne('1', { flags: true })
    expect(message && [...(message.flags ?? [])]).not.toContain('$Relaydesk')
  })

  test('changes passwords while it runs', async () => {
    const dovecot = await server()
    await client(dovecot)
    await dovecot.setPasswords({ support: 'changed' })
    await expect(client(dovecot)).rejects.toMatchObject({ authenticationFailed: true })
    await dovecot.setPasswords({ support: 'secret' })
    await client(dovecot)
  })

  test('takes access tokens beside passwords', async () => {
    const provider = createServer(async (request, response) => {
      const token = new URLSearchParams(await text(request)).get('token')
      response.end(JSON.stringify(token === 'good' ? { active: true, username: 'support' } : { active: false }))
    })
    provider.listen(0, '127.0.0.1')
    await once(provider, 'listening')
    clean.push(() => void provider.close())
    const { port } = provider.address() as AddressInfo
    const dovecot = await server({ oauth: { introspectionUrl: `http://127.0.0.1:${port}/` } })
    await client(dovecot)
    await client(dovecot, dovecot.imapsPort, true, { accessToken: 'good' })
    const refused = client(dovecot, dovecot.imapsPort, true, { accessToken: 'bad' })
    await expect(refused).rejects.toMatchObject({ authenticationFailed: true })
  })

  test('killed and started again, it has its mail, the same numbers and the same ports', async () => {
    const dovecot = await server()
    await dovecot.deliver('support', MAIL)
    const before = await client(dovecot)
    const closed = new Promise(resolve => before.once('close', () => resolve(true)))
    const { uidValidity } = await before.mailboxOpen('INBOX')
    await dovecot.kill()
    expect(await closed).toBe(true)
    await expect(client(dovecot)).rejects.toThrow()
    await dovecot.start()
    const after = await client(dovecot)
    expect(await after.mailboxOpen('INBOX')).toMatchObject({ uidValidity, exists: 1, uidNext: 2 })
  })

  test('holds fifty mailboxes at once', async () => {
    const users = Object.fromEntries(Array.from({ length: 50 }, (_, n) => [`user${n}`, 'secret']))
    const dovecot = await server({ users: { ...users, support: 'secret' } })
    const clients = await Promise.all(Array.from({ length: 50 }, () => client(dovecot)))
    await Promise.all(clients.map(each => each.mailboxOpen('INBOX')))
    expect(clients.every(each => each.usable)).toBe(true)
  })
})

describe.skipIf(dovecotMissing())('a network that fails', () => {
  test('cuts connections, and refuses new ones until it is mended', async () => {
    const dovecot = await server()
    const network = await proxy(dovecot.imapsPort)
    const imap = await client(dovecot, network.port)
    expect(network.connections).toBe(1)
    const closed = new Promise(resolve => imap.once('close', () => resolve(true)))
    network.refuse(true)
    network.cut()
    expect(await closed).toBe(true)
    await expect(client(dovecot, network.port)).rejects.toThrow()
    network.refuse(false)
    await client(dovecot, network.port)
  })

  test('goes silent with connections open, which stay silent when it is mended', async () => {
    const dovecot = await server()
    const network = await proxy(dovecot.imapsPort)
    const imap = await client(dovecot, network.port)
    await imap.mailboxOpen('INBOX')
    const seen = arrivals(imap)
    network.halfOpen()
    let answered = false
    void imap.noop().then(
      () => {
        answered = imap.usable
      },
      () => undefined,
    )
    const fresh = await client(dovecot)
    await fresh.mailboxOpen('INBOX')
    const told = arrivals(fresh)
    void fresh.idle()
    await dovecot.deliver('support', MAIL)
    await eventually(() => told.at(-1), 'another connection hears of the message')
    network.heal()
    const second = await client(dovecot, network.port)
    expect((await second.mailboxOpen('INBOX')).exists).toBe(1)
    expect({ seen, answered, usable: imap.usable, connections: network.connections }).toEqual({
      seen: [],
      answered: false,
      usable: true,
      connections: 2,
    })
  })
})
