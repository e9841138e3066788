// Whose turn it is to leave, where some of what is queued cannot: what is slow holds up only its own.
import { createServer, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { smtpSender } from '../../../adapters/email/send/mail-sender.ts'
import { DeliveryError, type Sent } from '../../../src/channel/outbound.ts'
import { PLACES, PLACES_OF_DOMAIN } from '../../../src/flow/outgoing/places.ts'
import { listOutbox } from '../../../src/store/outbox.ts'
import { eventually } from '../../support/eventually.ts'
import { type MemoryDesk, makeMemoryDesk, messageFrom } from '../../support/memory-desk.ts'
import { ENGINES } from '../../support/store/engines.ts'

describe.each(ENGINES)('what waits to leave, on %s', engine => {
  let desk: MemoryDesk
  let letGo: () => void
  let hanging: Promise<undefined>

  beforeEach(async () => {
    desk = await makeMemoryDesk(engine)
    const { promise, resolve } = Promise.withResolvers<undefined>()
    hanging = promise
    letGo = () => resolve(undefined)
  })

  afterEach(async () => {
    letGo()
    await desk.service.deliverer.stop()
    await desk.remove()
  })

  const recipients = () => desk.channel.sent.flatMap(each => each.recipients)
  const isSentTo = (address: string) => () => recipients().includes(address)

  test('a domain whose server hangs leaves places for the others', async () => {
    let waiting = 0
    desk.channel.onSend = ({ recipients: [to] }) => {
      if (!to?.endsWith('@slow.example')) return undefined
      waiting += 1
      return hanging
    }
    for (let n = 0; n < 30; n += 1) await desk.channel.deliver(messageFrom(`p${n}@slow.example`))
    await desk.channel.deliver(messageFrom('ann@quick.example'))
    desk.service.deliverer.start()
    await eventually(isSentTo('ann@quick.example'), 'what goes elsewhere has left')
    await eventually(() => waiting >= PLACES_OF_DOMAIN, 'its places are taken')
    await desk.service.deliverer.pass()
    expect(waiting).toBe(PLACES_OF_DOMAIN)
    letGo()
    await eventually(isSentTo('p29@slow.example'), 'the others follow')
  })

  test('no more are under way at once than there are places', async () => {
    let underWay = 0
    desk.channel.onSend = () => {
      underWay += 1
      return hanging
    }
    for (let n = 0; n < 20; n += 1) await desk.channel.deliver(messageFrom(`ann@company-${n}.example`))
    desk.service.deliverer.start()
    await eventually(() => underWay >= PLACES, 'all places are taken')
    await desk.service.deliverer.pass()
    expect(underWay).toBe(PLACES)
  })

  test('answers go before news, whenever they were queued', async () => {
    for (let n = 0; n < 10; n += 1) await desk.channel.deliver(messageFrom(`ann@company-${n}.example`))
    await desk.as('bob', 'reply 1', 'Here you are.')
    await desk.service.deliverer.pass()
    expect(desk.channel.sent.filter(each => !each.automatic)).toHaveLength(1)
    await desk.deliver()
    // The other nine are acknowledgements. What has a place at one time leaves in any order.
    const first = desk.channel.sent.slice(0, 10 + PLACES).flatMap(each => each.recipients)
    expect(first.filter(to => to.includes('company')).length).toBe(10)
  })

  test('what could not leave never comes before what is new', async () => {
    desk.channel.onSend = ({ recipients: [to] }) => {
      if (to?.includes('company')) throw new DeliveryError('451 later', { permanent: false })
      return undefined
    }
    for (let n = 0; n < 12; n += 1) await desk.channel.deliver(messageFrom(`ann@company-${n}.example`))
    await desk.deliver()
    desk.clock.advance(10 * 60_000)
    await desk.channel.deliver(messageFrom('new@other.example'))
    desk.channel.sent.length = 0
    desk.channel.onSend = () => undefined
    await desk.service.deliverer.pass()
    expect(recipients()).toContain('new@other.example')
    await desk.deliver()
    expect(recipients().filter(to => to.includes('company'))).toHaveLength(12)
  })

  test('who hangs up when the desk stops gets it at the next start, and the desk does not wait for long', async () => {
    desk.channel.onSend = ({ recipients: [to] }) => (to === 'ann@slow.example' ? hanging : undefined)
    await desk.channel.deliver(messageFrom('ann@slow.example'))
    desk.service.deliverer.start()
    const attempts = async () => (await lines()).find(each => each.recipient === 'ann@slow.example')?.attempts === 1
    await eventually(attempts, 'it is under way')
    await desk.service.deliverer.stop()
    const line = (await lines()).find(each => each.recipient === 'ann@slow.example')
    expect(line).toMatchObject({ state: 'queued', attempts: 1, error: 'The desk was stopped.' })
  })

  const lines = () => listOutbox(desk.context.store.read, true, 1000)

  test('who has had enough today gets no more of it, however much waits', async () => {
    await desk.remove()
    desk = await makeMemoryDesk(engine, { automatic: { requester: 20, agent: 5 } })
    for (let n = 0; n < 40; n += 1)
      await desk.channel.deliver(messageFrom(`ann@company-${n}.example`, { live: true, subject: `Printer ${n}` }))
    await desk.deliver()
    const toBob = desk.channel.sent.filter(each => each.recipients.includes('bob@staff.example'))
    expect(toBob.map(each => each.subject).filter(each => /New|Printer/.test(each))).toHaveLength(5)
    expect(toBob.filter(each => /needs your attention/.test(each.subject))).toHaveLength(1)
    expect((await lines()).filter(each => each.state === 'queued')).toEqual([])
    desk.clock.advance(26 * 60 * 60_000)
    desk.channel.sent.length = 0
    await desk.channel.deliver(messageFrom('dora@company.example', { live: true }))
    await desk.deliver()
    expect(isSentTo('bob@staff.example')()).toBe(true)
  })

  test('tickets of mail that had waited are told of together', async () => {
    for (let n = 0; n < 50; n += 1)
      await desk.channel.deliver(messageFrom(`ann@company-${n}.example`, { subject: `Old ${n}` }))
    await desk.deliver()
    await desk.service.timekeeper.pass()
    await desk.deliver()
    const toBob = () => desk.channel.sent.filter(each => each.recipients.includes('bob@staff.example'))
    expect(toBob()).toHaveLength(20)
    desk.clock.advance(60_000)
    await desk.service.timekeeper.pass()
    await desk.deliver()
    expect(toBob()).toHaveLength(21)
    const told = toBob().at(-1)?.text.verbatim.join('\n')
    expect(told).toContain('opened 50 tickets')
    expect(told).toContain('Here are 30 more: HD-21 to HD-50')
    desk.clock.advance(60 * 60_000)
    await desk.service.timekeeper.pass()
    await desk.channel.deliver(messageFrom('dora@company.example'))
    await desk.deliver()
    expect(toBob()).toHaveLength(22)
  })
})

test('a relay that goes on talking without an end loses its connection when time is up', async () => {
  const sockets = new Set<Socket>()
  const server = createServer(socket => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('close', () => sockets.delete(socket))
    socket.write('220 relay.example\r\n')
    socket.on('data', data => {
      if (/^EHLO/i.test(data.toString())) socket.write('250 relay.example\r\n')
      else if (/^MAIL/i.test(data.toString())) socket.write('250-still here\r\n')
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  const sender = smtpSender({ host: '127.0.0.1', port, secure: false, requireTls: false })
  const stop = new AbortController()
  const mail = { from: 'help@desk.example', to: 'ann@example.com', text: 'Hello' }
  const sending: Promise<Sent> = sender.send('id', mail, ['ann@example.com'], stop.signal)
  sending.catch(() => undefined)
  await eventually(() => sockets.size === 1, 'it is connected')
  stop.abort()
  await expect(sending).rejects.toMatchObject({ permanent: false })
  await eventually(() => sockets.size === 0, 'the connection is closed')
  sender.close()
  await new Promise(resolve => server.close(resolve))
})
