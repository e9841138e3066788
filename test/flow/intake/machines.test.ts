import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { MessageParts } from '../../../src/channel/inbound.ts'
import type { OutboundMessage } from '../../../src/channel/outbound.ts'
import { alertOf } from '../../../src/core/mail/alert.ts'
import { type MemoryDesk, makeMemoryDesk, messageFrom } from '../../support/memory-desk.ts'
import { ENGINES } from '../../support/store/engines.ts'

const NO_MAILBOX = { address: 'ann@example.com', status: '5.1.1', hard: true, reason: 'there is no such mailbox' }
const ANN = 'ann@example.com'
const BOB = 'bob@staff.example'
const NAGIOS = 'nagios@monitor.example'
const DAEMON = 'mailer-daemon@mx.example'

describe.each(ENGINES)('what machines and agents bring in, on %s', engine => {
  let desk: MemoryDesk

  beforeEach(async () => {
    desk = await makeMemoryDesk(engine)
  })

  afterEach(() => desk.remove())

  const take = (address: string, about: Partial<MessageParts> = {}) => desk.channel.deliver(messageFrom(address, about))
  const sentTo = (address: string): OutboundMessage[] =>
    desk.channel.sent.filter(each => each.recipients.includes(address))
  const text = async (line: string) => (await desk.as('bob', line)).text
  const alert = (subject: string, body = 'Host: web01') =>
    take(NAGIOS, {
      subject,
      text: body,
      kind: 'bulk',
      bulk: 'alert',
      kindReasons: ['the account of a program'],
      alert: alertOf({ from: NAGIOS, subject, text: body }),
    })
  const bounce = (about: Partial<MessageParts> = {}) =>
    take(DAEMON, {
      kind: 'bounce',
      subject: 'Undelivered Mail',
      ...about,
      mail: { failures: [NO_MAILBOX], ...about.mail },
    })

  test('repeats of an alert join one ticket with a count and wake nobody; another thing has its own', async () => {
    expect((await alert('** PROBLEM Host Alert: web01 is DOWN **')).outcome).toBe('opened')
    await desk.deliver()
    const told = sentTo(BOB).length
    for (let repeat = 0; repeat < 4; repeat += 1) {
      expect(await alert('** PROBLEM Host Alert: web01 is DOWN **')).toMatchObject({ outcome: 'appended', ref: 'HD-1' })
    }
    expect((await alert('** PROBLEM Host Alert: web02 is DOWN **')).ref).toBe('HD-2')
    await desk.deliver()
    expect(sentTo(BOB)).toHaveLength(told + 1)
    expect(sentTo(NAGIOS)).toHaveLength(0)
    expect(await text('show 1')).toContain('came 5 times')
    expect(await text('show 1')).toContain('3 more like it')
  })

  test('a recovery is kept with its ticket and closes it only where that is wished for', async () => {
    await alert('** PROBLEM Host Alert: web01 is DOWN **')
    expect((await alert('** RECOVERY Host Alert: web01 is UP **')).ref).toBe('HD-1')
    expect(await text('show 1')).toMatch(/state {6}new[\s\S]*all clear since then/)
    desk.context.machines.recovery = 'close'
    await alert('** PROBLEM Host Alert: web01 is DOWN **')
    await alert('** RECOVERY Host Alert: web01 is UP **')
    expect(await text('show 1')).toMatch(/state {6}closed/)
    expect((await alert('** PROBLEM Host Alert: web01 is DOWN **')).ref).toBe('HD-2') // nothing automatic reopens
  })

  test('a newsletter is ignored by rule, unless it is wished for', async () => {
    const letter = { kind: 'bulk', bulk: 'newsletter' } as const
    expect((await take('news@shop.example', letter)).outcome).toBe('ignored:newsletter')
    desk.context.machines.newsletters = 'open'
    expect((await take('news@shop.example', letter)).outcome).toBe('opened')
    await desk.deliver()
    expect(sentTo('news@shop.example')).toHaveLength(0)
  })

  test('a form is answered to whoever filled it in', async () => {
    await take('wordpress@site.example', { kind: 'bulk', bulk: 'form', replyTo: ANN })
    await desk.as('bob', 'reply 1', 'Thank you.')
    await desk.deliver()
    expect(sentTo(ANN).map(each => each.subject)).toEqual(['Re: [HD-1] VPN'])
    const answer = { mail: { references: [`<${sentTo(ANN)[0]?.token}@desk.example>`] } }
    expect(await take(ANN, answer)).toMatchObject({ outcome: 'appended', ref: 'HD-1' })
  })

  test('a forward by an agent is a ticket of its writer; what the agent wrote above stays inside', async () => {
    const forwarded = {
      from: { address: ANN, name: 'Ann' },
      subject: 'Printer',
      text: 'It burns.',
      visible: 'It burns.',
      comment: 'She always complains.',
      messageId: null,
    }
    await take(BOB, { subject: 'Fwd: Printer', text: 'She always complains.\n\nIt burns.', mail: { forwarded } })
    await desk.deliver()
    const show = await text('show 1')
    expect(show).toMatch(/requester {2}Ann <ann@example.com>/)
    expect(show).toContain('recorded   by Bob')
    expect(sentTo(ANN)).toHaveLength(1)
    await desk.as('bob', 'reply 1', 'On it.')
    await desk.deliver()
    expect(JSON.stringify(sentTo(ANN))).not.toContain('complains')
    expect(show).toContain('noted (internal)')
  })

  test('a forward by anyone else stays theirs', async () => {
    const forwarded = {
      from: { address: 'x@y.example', name: '' },
      subject: 'Printer',
      text: 'It burns.',
      visible: 'It burns.',
      comment: '',
      messageId: null,
    }
    await take(ANN, { subject: 'Fwd: Printer', mail: { forwarded } })
    expect(await text('show 1')).toMatch(/requester {2}ann@example.com/)
  })

  test('a bounce found by its token shows on its ticket, tells its owner and warns of the next answer', async () => {
    const about = (sent: OutboundMessage | undefined) => ({ mail: { references: [`<${sent?.token}@desk.example>`] } })
    await take(ANN)
    await desk.as('bob', 'claim 1')
    await desk.as('bob', 'reply 1', 'Restart it.')
    await desk.deliver()
    const before = { ann: sentTo(ANN).length, bob: sentTo(BOB).length }
    expect(await bounce(about(sentTo(ANN).at(-1)))).toMatchObject({ outcome: 'appended', ref: 'HD-1' })
    await desk.deliver()
    expect(sentTo(ANN)).toHaveLength(before.ann)
    expect(JSON.stringify(sentTo(BOB).slice(before.bob))).toContain(
      'has not received your answer: there is no such mailbox',
    )
    expect(await text('show 1')).toContain('NOT RECEIVED by ann@example.com: there is no such mailbox (5.1.1)')
    expect((await desk.as('bob', 'reply 1', 'Again.')).text).toContain('It may not reach ann@example.com')
    desk.clock.advance(60_000)
    await take(ANN, { mail: { references: [`<${sentTo(ANN).at(-1)?.token}@desk.example>`] } })
    expect((await desk.as('bob', 'reply 1', 'And again.')).text).not.toContain('It may not reach')
  })

  test('a bounce of something that is not ours is recorded and left alone', async () => {
    await take(ANN)
    await desk.deliver()
    expect((await bounce({ mail: { references: ['<other@elsewhere.example>'] } })).outcome).toBe('ignored:bounce')
    const failures = [{ address: 'else@example.com', status: '5.1.1', hard: true, reason: '' }]
    expect((await bounce({ mail: { failures } })).outcome).toBe('ignored:bounce')
  })

  test('explain tells kind, ticket, who was let in and what was cut', async () => {
    await take(ANN)
    await desk.deliver()
    const references = [`<${sentTo(ANN)[0]?.token}@desk.example>`]
    const quoted = 'Thanks.\n\nOn Mon, Jan 5, 2026 at 10:00 AM Help <help@desk.example> wrote:\n> Hello'
    await take(ANN, { mail: { references }, text: quoted, visible: 'Thanks.' })
    expect(await text('explain M-2')).toMatch(
      /outcome {4}appended HD-1\nkind {7}person[\s\S]*ticket {5}HD-1, because it answers one of our mails[\s\S]*let in {5}ann@example.com takes part[\s\S]*cut {8}what introduces a quote \(1 line\), quoted text \(1 line\)/,
    )
    expect(await text('explain HD-1')).toContain('M-1')
    await expect(desk.as('bob', 'explain M-99')).rejects.toThrow('There is no message M-99')
  })
})
