import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { MessageParts } from '../../src/channel/inbound.ts'
import type { OutboundMessage } from '../../src/channel/outbound.ts'
import { makeDesk, type TestDesk } from '../support/desk.ts'
import { type MemoryDesk, makeMemoryDesk, messageFrom } from '../support/memory-desk.ts'
import { answerTo, mailTo, World, type WorldMail } from '../support/smtp-world.ts'

const ANN = 'ann@example.com'
const BOB = 'bob@staff.example'
const EVE = 'eve@staff.example'
const ROUNDS = 12

interface Shown {
  state: string
  messages: { direction: string; visible: string }[]
}

describe('a desk among machines and strangers', () => {
  let desk: MemoryDesk

  beforeEach(async () => {
    desk = await makeMemoryDesk('sqlite')
  })

  afterEach(() => desk.remove())

  const take = (address: string, about: Partial<MessageParts> = {}) => desk.channel.deliver(messageFrom(address, about))
  const sentTo = (address: string): OutboundMessage[] =>
    desk.channel.sent.filter(each => each.recipients.includes(address))
  const noteTo = (address: string) => sentTo(address).find(each => each.subject.includes('Note from'))
  const shown = async (ticket: number) => (await desk.as('bob', `show ${ticket}`)).data as Shown
  const answering = (mail: OutboundMessage | undefined) => ({ mail: { references: [`<${mail?.token}@desk.example>`] } })

  /** Answers each mail to an address once, as a machine does, until nothing comes any more or for some rounds. */
  async function machineAt(address: string, answer: (mail: OutboundMessage) => Partial<MessageParts>) {
    let answered = 0
    for (let round = 0; round < ROUNDS; round += 1) {
      await desk.deliver()
      const mails = sentTo(address).slice(answered)
      if (mails.length === 0) break
      answered += mails.length
      for (const mail of mails) await take(address, answer(mail))
    }
    return answered
  }

  test("an agent's vacation program that calls itself bulk is not told of its own answers again and again", async () => {
    await take(ANN)
    const answered = await machineAt(BOB, mail => ({ ...answering(mail), kind: 'bulk', text: 'I am away.' }))
    expect(answered).toBeLessThan(ROUNDS / 2)
    expect(sentTo(EVE).length).toBeLessThan(ROUNDS / 2)
  })

  test('a machine that answers everything under a subject of its own and says nothing of itself is not acknowledged for ever', async () => {
    await take('noreply@shop.example', { subject: 'Thank you for writing to us' })
    const answered = await machineAt('noreply@shop.example', () => ({ subject: 'Thank you for writing to us' }))
    expect(answered).toBeLessThan(ROUNDS)
  })

  test('a person whose mail comes through a list opens a closed ticket again, and an agent hears of it', async () => {
    await take(ANN)
    await desk.as('bob', 'claim 1')
    await desk.as('bob', 'reply 1', 'Restart it.')
    await desk.as('bob', 'close 1')
    await desk.deliver()
    const before = sentTo(BOB).length
    await take(ANN, { ...answering(sentTo(ANN).at(-1)), kind: 'bulk', bulk: 'list', text: 'It drops again.' })
    await desk.deliver()
    expect(sentTo(BOB).length).toBeGreaterThan(before)
    expect((await shown(1)).state).not.toBe('closed')
  })

  test('an agent hears of an answer that was accepted by the relay and bounced later', async () => {
    await take(ANN)
    await desk.as('bob', 'claim 1')
    await desk.as('bob', 'reply 1', 'Restart it.')
    await desk.deliver()
    const before = sentTo(BOB).length
    const answer = sentTo(ANN).at(-1)
    await take('mailer-daemon@example.com', { ...answering(answer), kind: 'bounce', text: 'No such user.' })
    await desk.deliver()
    expect(sentTo(BOB).length).toBeGreaterThan(before)
  })

  test('a web form that writes as the desk, with the visitor to reply to, is not thrown away', async () => {
    const receipt = await take('help@desk.example', { replyTo: ANN, text: 'Form: my VPN drops.' })
    expect(receipt.outcome).not.toMatch(/^ignored/)
  })

  test('who knows only the number of a ticket and an address cannot turn the answers to another address', async () => {
    await take(ANN)
    await take(ANN, { replyTo: 'x@evil.example', subject: 'HD-1' })
    await desk.as('bob', 'reply 1', 'Your password is on the way.')
    await desk.deliver()
    expect(sentTo('x@evil.example')).toEqual([])
  })

  test('who knows only the number of a ticket and an address cannot copy somebody into it', async () => {
    await take(ANN)
    await take(ANN, { mail: { cc: [{ address: 'x@evil.example', name: '' }] }, subject: 'HD-1' })
    await desk.as('bob', 'reply 1', 'Your password is on the way.')
    await desk.deliver()
    expect(sentTo('x@evil.example')).toEqual([])
  })

  test("an agent who answers a colleague's notification is told that nothing was sent", async () => {
    await take(ANN)
    await desk.deliver()
    const before = sentTo(EVE).length
    await take(EVE, { ...answering(sentTo(BOB)[0]), text: 'Please restart it.' })
    await desk.deliver()
    expect(sentTo(ANN)).toHaveLength(1)
    expect(sentTo(EVE).length).toBeGreaterThan(before)
  })

  test("a mail in an agent's name without a token of theirs never reaches the requester", async () => {
    await take(ANN, { messageId: '<vpn@example.com>' })
    await desk.deliver()
    await take(BOB, { subject: 'Re: [HD-1] VPN', mail: { references: ['<vpn@example.com>'] }, text: 'Pay here.' })
    await take(BOB, { ...answering(sentTo(EVE)[0]), text: 'Pay here.' })
    await take('x@evil.example', { ...answering(sentTo(BOB)[0]), text: 'Pay here.' })
    await desk.deliver()
    expect(sentTo(ANN)).toHaveLength(1)
    expect((await shown(1)).messages.map(each => each.direction)).toEqual(['in', 'internal', 'internal'])
  })

  test('a note by mail leaves no trace in the answer that follows it, its Message-ID neither', async () => {
    await take(ANN)
    await desk.as('bob', 'claim 1')
    await desk.as('eve', 'note 1', 'She is difficult.')
    await desk.deliver()
    const note = { ...answering(noteTo(BOB)), messageId: '<secret@staff.example>', text: 'She is.' }
    expect((await take(BOB, note)).outcome).toBe('appended')
    await desk.as('bob', 'reply 1', 'Restart it.')
    await desk.deliver()
    const answer = JSON.stringify(sentTo(ANN).at(-1))
    expect(answer).toContain('Restart it.')
    expect(answer).not.toMatch(/secret@|difficult|She is/)
  })

  test('an agent who was copied by the requester writes a note by answering the notification of one', async () => {
    await take(ANN, { mail: { cc: [{ address: BOB, name: 'Bob' }] } })
    await desk.as('bob', 'claim 1')
    await desk.as('eve', 'note 1', 'Secret.')
    await desk.deliver()
    const before = sentTo(ANN).length
    await take(BOB, { ...answering(noteTo(BOB)), text: 'Indeed.' })
    await desk.deliver()
    expect((await shown(1)).messages.at(-1)?.direction).toBe('internal')
    expect(sentTo(ANN)).toHaveLength(before)
  })

  test('a Message-ID that somebody else mentioned first does not lead its owner into their ticket', async () => {
    await take('x@evil.example', { subject: 'Bait', mail: { references: ['<mine@example.com>'] } })
    expect(await take(ANN, { messageId: '<mine@example.com>' })).toMatchObject({ outcome: 'opened', ref: 'HD-2' })
    expect(await take(ANN, { mail: { references: ['<mine@example.com>'] } })).toMatchObject({
      outcome: 'appended',
      ref: 'HD-2',
    })
  })
})

describe('a desk among mail programs', () => {
  let world: World
  let desk: TestDesk

  beforeEach(async () => {
    world = new World()
    await world.start()
    desk = await makeDesk('sqlite', { smtp: { host: '127.0.0.1', port: world.port, requireTls: false } })
    await mailTo(desk.port, { from: ANN, to: 'help@desk.example', subject: 'VPN', text: 'It drops.' })
    await world.next(ANN)
  })

  afterEach(async () => {
    await desk.remove()
    await world.stop()
  })

  test('what Outlook puts above a quoted notification does not reach the requester', async () => {
    const told = await world.next(BOB)
    const head = `From: Help desk <help@desk.example>\nSent: Monday, 5 January 2026 10:00\nTo: Bob Berg <${BOB}>`
    const text = `Restart it.\n\n________________________________\n${head}\nSubject: ${told.subject}\n\n${told.text}`
    await mailTo(desk.port, { ...answerTo(told, BOB, ''), text })
    const answer = await world.next(ANN)
    expect(answer.text).toContain('Restart it.')
    expect(answer.raw).not.toMatch(/staff\.example|New: VPN/)
  })

  test('a notification attached to its answer does not reach the requester', async () => {
    const told = await world.next(BOB)
    const attachments = [{ contentType: 'message/rfc822', content: told.raw, contentDisposition: 'inline' as const }]
    await mailTo(desk.port, { ...answerTo(told, BOB, ''), text: 'Restart it.', attachments })
    const refused = await world.next(BOB)
    expect(refused.subject).toContain('was not sent to the requester')
    expect(world.to(ANN)).toHaveLength(1) // the acknowledgement
  })

  test('a held mail without an envelope sender stays unanswered when an agent lets it open a ticket', async () => {
    const told = world.to(ANN)[0]
    if (!told) throw new Error('no acknowledgement')
    const away = answerTo(told, 'carl@elsewhere.example', 'I am away.')
    await mailTo(desk.port, { ...away, envelope: { from: '', to: 'help@desk.example' } })
    expect(await desk.expectSound()).toEqual({ opened: 1, held: 1 })
    await desk.as('bob', 'open M-2')
    const shown = await desk.desk.context.store.read<{ acknowledgement: string }>`
      SELECT acknowledgement FROM arrivals WHERE number = 2`
    expect(shown[0]?.acknowledgement).toMatch(/^none/)
  })

  test('what was ignored as the answer of a machine can be opened, and stays unanswered', async () => {
    await mailTo(desk.port, {
      from: 'carl@elsewhere.example',
      to: 'help@desk.example',
      subject: 'Automatic reply: Hello',
      text: 'I am away.',
      envelope: { from: '', to: 'help@desk.example' },
    })
    expect(await desk.expectSound()).toEqual({ opened: 1, ignored: 1 })
    expect((await desk.as('bob', 'open M-2')).text).toBe('M-2 opened HD-2.')
    expect((await desk.as('bob', 'explain M-2')).text).toContain('none, because a machine wrote it')
    expect(world.to('carl@elsewhere.example')).toHaveLength(0)
  })

  test.each([
    ['its Message-ID', (answer: WorldMail) => `Message-ID: ${answer.messageId}`],
    [
      'our own id, because a relay put a Message-ID of its own',
      (answer: WorldMail) => `Message-ID: <0100@relay.example>\r\nX-Relaydesk-Id: ${answer.messageId}`,
    ],
  ])('a bounce that names our answer only in what it returns, by %s, reaches an agent', async (_what, returned) => {
    await world.next(BOB)
    await desk.as('bob', 'claim 1')
    await desk.as('bob', 'reply 1', 'Restart it.')
    const answer = await world.next(ANN)
    const raw = [
      'From: MAILER-DAEMON@example.com',
      'To: help@desk.example',
      'Subject: Undelivered Mail',
      'MIME-Version: 1.0',
      'Content-Type: multipart/report; report-type=delivery-status; boundary="b"',
      '',
      '--b',
      'Content-Type: text/plain',
      '',
      'It could not be delivered.',
      '--b',
      'Content-Type: message/delivery-status',
      '',
      'Reporting-MTA: dns; mx.example.com',
      '',
      `Final-Recipient: rfc822; ${ANN}`,
      'Action: failed',
      'Status: 5.1.1',
      '',
      '--b',
      'Content-Type: text/rfc822-headers',
      '',
      returned(answer),
      '',
      '--b--',
      '',
    ].join('\r\n')
    await mailTo(desk.port, { envelope: { from: '', to: 'help@desk.example' }, raw })
    expect(await desk.expectSound()).not.toHaveProperty('ignored')
  })

  test('our own mail that comes back under the Message-ID of a relay is recognised', async () => {
    const mail = await world.next(BOB)
    expect(mail.headers.get('x-relaydesk-id')).toBe(mail.messageId)
    const raw = mail.raw
      .replace(/^Message-ID: .*$/m, 'Message-ID: <0100@relay.example>')
      .replace(/^From: .*$/m, 'From: list@lists.example')
    await mailTo(desk.port, { envelope: { from: 'list@lists.example', to: 'help@desk.example' }, raw })
    expect((await desk.as('bob', 'explain M-2')).text).toContain('ignored:own-message')
  })
})
