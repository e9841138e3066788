import { EventEmitter } from 'node:events'
import { connect, type Socket } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { Doorkeeper } from '../../../../adapters/email/take/doorkeeper.ts'
import { type ListenerOptions, MailListener } from '../../../../adapters/email/take/listener.ts'
import { makeDesk } from '../../../support/desk.ts'
import { eventually, inTime } from '../../../support/eventually.ts'
import { freePort } from '../../../support/ports.ts'
import { SmtpTalk } from '../../../support/servers/smtp-talk.ts'

// Who takes the places of everybody else at the entrance of mail, or keeps one without making progress.

const ends: (() => unknown)[] = []

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

async function listening(more: Partial<ListenerOptions> = {}): Promise<number> {
  const port = await freePort()
  const listener = new MailListener({
    listen: { protocol: 'smtp', host: '0.0.0.0', port },
    ownAddresses: ['help@desk.example'],
    maxMessageBytes: 1_000_000,
    spoolPath: async () => '/nowhere/at/all',
    take: async () => '2.0.0 stored',
    warn: () => undefined,
    isOurs: () => false,
    isFull: () => false,
    ...more,
  } as ListenerOptions)
  await listener.start()
  ends.push(() => listener.stop())
  return port
}

/** A connection from an address of this machine, and the first that it is told. */
function from(localAddress: string, port: number): { socket: Socket; said: () => string } {
  let said = ''
  const socket = connect({ port, host: '127.0.0.1', localAddress })
  socket.setEncoding('latin1').on('data', text => {
    said += text
  })
  socket.on('error', () => undefined)
  ends.push(() => socket.destroy())
  return { socket, said: () => said }
}

describe('at the door', () => {
  test('who connects a hundred times is told, and everybody else is greeted', async () => {
    const port = await listening()
    const many = Array.from({ length: 100 }, () => from('127.0.0.1', port))
    await eventually(() => many.every(each => each.said() !== '') || undefined, 'all are answered')
    expect(many.filter(each => each.said().startsWith('220'))).toHaveLength(20)
    const refused = many.filter(each =>
      /^421 4\.7\.0 There are already 20 connections from your address/.test(each.said()),
    )
    expect(refused).toHaveLength(80)
    const other = from('127.0.0.2', port)
    await eventually(() => other.said().startsWith('220'), 'somebody else is greeted')
    // Whose places are free again is let in.
    for (const each of many) each.socket.destroy()
    const again = async () => {
      const next = from('127.0.0.1', port)
      await eventually(() => next.said() !== '', 'it is answered')
      return next.said().startsWith('220')
    }
    await eventually(again, 'it is let in')
  })

  test('strangers take no place of servers of ours', async () => {
    const port = await listening({ isOurs: address => address === '127.0.0.99' })
    const strangers = [1, 2, 3, 4, 5, 6].flatMap(n => Array.from({ length: 20 }, () => from(`127.0.1.${n}`, port)))
    await eventually(() => strangers.every(each => each.said() !== '') || undefined, 'all are answered')
    expect(strangers.filter(each => each.said().startsWith('421 4.3.2 The desk is busy'))).toHaveLength(20)
    const ours = Array.from({ length: 30 }, () => from('127.0.0.99', port))
    await eventually(() => ours.every(each => each.said().startsWith('220')) || undefined, 'all of ours are greeted')
  })

  test('a desk counts no connections of its own machine', async () => {
    const desk = await makeDesk('sqlite', { maildir: 'mail' })
    ends.push(() => desk.remove())
    const many = Array.from({ length: 50 }, () => from('127.0.0.1', desk.port))
    await eventually(() => many.every(each => each.said().startsWith('220')) || undefined, 'all are greeted')
  })

  test('a network of IPv6 counts as one address', () => {
    const door = new Doorkeeper(() => false)
    const admits = (remoteAddress: string) =>
      door.admits(Object.assign(new EventEmitter(), { remoteAddress, end: () => undefined }) as unknown as Socket)
    for (let n = 0; n < 20; n += 1) expect(admits(`2001:db8:1:2::${n.toString(16)}`)).toBe(true)
    expect(admits('2001:db8:1:2:ffff::1')).toBe(false)
    expect(admits('2001:db8:1:3::1')).toBe(true)
    for (let n = 0; n < 20; n += 1) expect(admits('::ffff:192.0.2.1')).toBe(true)
    expect(admits('192.0.2.1')).toBe(false)
  })
})

describe('who makes no progress is told and leaves:', () => {
  const SOON = { greeting: 300, idle: 300, data: 300 }
  const LATE = { greeting: 600_000, idle: 600_000, data: 600_000 }

  /** Says something every now and then until it is told to leave. */
  async function drips(talk: SmtpTalk, drop: string): Promise<string> {
    const timer = setInterval(() => talk.write(drop), 20)
    ends.push(() => {
      clearInterval(timer)
      talk.end()
    })
    const told = async () => {
      for (;;) {
        const reply = await talk.reply()
        if (reply === '' || reply.startsWith('421')) return reply
      }
    }
    return inTime(told(), 'it is told to leave')
  }

  test('before it greets', async () => {
    const talk = new SmtpTalk(await listening({ times: { ...LATE, greeting: SOON.greeting } }))
    expect(await drips(talk, 'N')).toMatch(/^421 4\.4\.2 You did not send a greeting in time/)
  })

  test('with commands that lead to nothing', async () => {
    const talk = new SmtpTalk(await listening({ times: SOON }))
    await talk.reply()
    await talk.say('EHLO client.example')
    expect(await drips(talk, 'RSET\r\n')).toMatch(/^421 4\.4\.2 You sent no mail/)
  })

  test('in the middle of a mail', async () => {
    const talk = new SmtpTalk(await listening({ times: { ...LATE, data: SOON.data } }))
    expect(await talk.open('EHLO', 'x@evil.example', 'help@desk.example')).toMatch(/^354/)
    expect(await drips(talk, 'x\r\n')).toMatch(/^421 4\.4\.2 The mail took more than/)
  })

  test('a mail that the desk takes long to store is waited for', async () => {
    let store: (said: string) => void = () => undefined
    const stored = new Promise<string>(resolve => {
      store = resolve
    })
    let taken = false
    const take = () => {
      taken = true
      return stored
    }
    const port = await listening({ times: { ...LATE, data: SOON.data }, take })
    const talk = new SmtpTalk(port)
    ends.push(() => talk.end())
    expect(await talk.open('EHLO', 'x@example.com', 'help@desk.example')).toMatch(/^354/)
    talk.write('Subject: x\r\n\r\nx\r\n.\r\n')
    await eventually(() => taken, 'it is taken')
    const other = new SmtpTalk(port)
    await other.open('EHLO', 'x@evil.example', 'help@desk.example')
    expect(await drips(other, 'x\r\n')).toMatch(/^421/) // as long as a mail may take is over
    store('2.0.0 stored')
    expect(await talk.reply()).toMatch(/^250/)
  })

  test('trying names', async () => {
    const talk = new SmtpTalk(await listening())
    ends.push(() => talk.end())
    await talk.reply()
    await talk.say('EHLO client.example')
    await talk.say('MAIL FROM:<x@evil.example>')
    const said: string[] = []
    for (let n = 0; n < 50; n += 1) said.push(await talk.say(`RCPT TO:<name-${n}@desk.example>`))
    expect(said.slice(0, 49).every(each => each.startsWith('550'))).toBe(true)
    expect(said.at(-1)).toMatch(/^421 4\.7\.0/)
  })

  test('a desk that has as much in hand as it can says so', async () => {
    const talk = new SmtpTalk(await listening({ isFull: () => true }))
    ends.push(() => talk.end())
    await talk.reply()
    await talk.say('EHLO client.example')
    expect(await talk.say('MAIL FROM:<x@example.com>')).toMatch(/^421 4\.3\.2 The desk is busy with other mail/)
  })
})
