import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { MessageParts } from '../../../src/channel/inbound.ts'
import type { Authentication } from '../../../src/channel/message.ts'
import type { OutboundMessage } from '../../../src/channel/outbound.ts'
import { standingAlarms } from '../../../src/store/alarms.ts'
import { arrivalByNumber } from '../../../src/store/arrivals.ts'
import { type MemoryDesk, makeMemoryDesk, messageFrom } from '../../support/memory-desk.ts'
import { ENGINES } from '../../support/store/engines.ts'

const ANN = 'ann@example.com'
const BOB = 'bob@staff.example'
const EVE = 'eve@staff.example'

const PASS: Authentication = { result: 'pass', reasons: ['dmarc=pass (example.com)'] }
const FAIL: Authentication = { result: 'fail', reasons: ['dmarc=fail (example.com)'] }
const UNALIGNED: Authentication = { result: 'unaligned', reasons: ['spf=pass (list.example)'] }

interface Shown {
  state: string
  owner: string | null
  requester: string
  messages: { direction: string; visible: string; doubt: string | null }[]
}

describe.each(ENGINES)('a guarded desk on %s', engine => {
  let desk: MemoryDesk

  beforeEach(async () => {
    desk = await makeMemoryDesk(engine, {
      floods: { tickets: 3, messages: 5, within: 600_000 },
      senders: { block: ['blocked.example'], allow: ['friend.example'] },
      automatic: { requester: 6, agent: 100 },
    })
  })

  afterEach(() => desk.remove())

  const take = (address: string, about: Partial<MessageParts> = {}) =>
    desk.channel.deliver(messageFrom(address, { live: true, ...about }))
  const sentTo = (address: string): OutboundMessage[] =>
    desk.channel.sent.filter(each => each.recipients.includes(address))
  const textOf = ({ text }: OutboundMessage) =>
    text.markdown.replace(/\uE000(\d+)\uE001/g, (_, index) => text.verbatim[Number(index)] ?? '')
  const shown = async (ticket: number) => (await desk.as('bob', `show ${ticket}`)).data as Shown
  const answering = (mail: OutboundMessage | undefined) => ({ mail: { references: [`<${mail?.token}@desk.example>`] } })
  const outcomeOf = async (number: number) => (await arrivalByNumber(desk.context.store.read, number))?.outcome

  describe('who may join', () => {
    beforeEach(async () => {
      await take(ANN, { messageId: '<first@example.com>' })
      await desk.deliver()
    })

    test('a sender whose domain disowns the mail does not join by address alone, but by the secret we sent', async () => {
      const byReferences = await take(ANN, { mail: { references: ['<first@example.com>'] }, authentication: FAIL })
      expect(byReferences).toEqual({ outcome: 'held:unauthenticated', ref: 'HD-1' })
      const bySubject = await take(ANN, { subject: 'Re: [HD-1] VPN', authentication: UNALIGNED })
      expect(bySubject.outcome).toBe('held:unauthenticated')
      const byToken = await take(ANN, { ...answering(sentTo(ANN)[0]), authentication: FAIL })
      expect(byToken).toEqual({ outcome: 'appended', ref: 'HD-1' })
      expect((await shown(1)).messages.at(-1)?.doubt).toContain('dmarc=fail')
    })

    test('whoever came in by a secret alone does not turn the answers elsewhere', async () => {
      const cc = [{ address: 'x@evil.example', name: '' }]
      const { mail } = answering(sentTo(ANN)[0])
      await take(ANN, { replyTo: 'x@evil.example', mail: { ...mail, cc }, authentication: FAIL })
      await desk.as('bob', 'reply 1', 'Restart it.')
      await desk.deliver()
      expect(sentTo('x@evil.example')).toEqual([])
    })

    test('a new mail of such a sender opens a ticket, gets no acknowledgement, is answered at its own address, and agents are warned', async () => {
      const receipt = await take('carl@example.com', { authentication: FAIL, replyTo: 'x@evil.example' })
      expect(receipt.outcome).toBe('opened')
      await desk.as('bob', 'reply 2', 'Hello.')
      await desk.deliver()
      expect(sentTo('x@evil.example')).toEqual([])
      expect(sentTo('carl@example.com').map(each => each.automatic)).toEqual([false])
      expect(textOf(sentTo(EVE).find(each => each.subject.includes('HD-2')) as OutboundMessage)).toContain(
        'says that the mail did not come from there',
      )
    })

    test('another address of the same mailbox joins if its domain vouches for it, or with the secret', async () => {
      const alias = 'ann+home@example.com'
      expect((await take(alias, { mail: { references: ['<first@example.com>'] } })).outcome).toBe(
        'held:stranger-with-references',
      )
      const vouched = await take(alias, { mail: { references: ['<first@example.com>'] }, authentication: PASS })
      expect(vouched).toEqual({ outcome: 'appended', ref: 'HD-1' })
      expect((await take(alias, answering(sentTo(ANN)[0]))).outcome).toBe('appended')
    })

    test('one person with several addresses is one requester where the domain vouches for them', async () => {
      await take('j.doe@gmail.com', { authentication: PASS })
      await take('jdoe+desk@googlemail.com', { authentication: PASS })
      await take('jd.oe@gmail.com')
      const people = await desk.context.store.read<{ address: string; person: string }>`
        SELECT address, person_id AS person FROM identities WHERE address LIKE ${'%oe%mail.com'} ORDER BY address`
      expect(new Set(people.filter(each => each.address !== 'jd.oe@gmail.com').map(each => each.person)).size).toBe(1)
      expect(new Set(people.map(each => each.person)).size).toBe(2)
    })
  })

  describe('agents by mail', () => {
    beforeEach(async () => {
      await take(ANN)
      await desk.deliver()
    })

    const notice = (address = BOB) => sentTo(address).find(each => each.subject.includes('New:'))
    const told = (address = BOB) =>
      sentTo(address)
        .filter(each => each.subject.includes('commands'))
        .map(textOf)
        .join('\n')

    test('commands at the top and the bottom act on the ticket, the text between goes where it always went', async () => {
      await take(BOB, { ...answering(notice()), text: '!claim\nRestart it.\n!close' })
      await desk.deliver()
      const ticket = await shown(1)
      expect(ticket).toMatchObject({ state: 'closed', owner: 'bob' })
      expect(ticket.messages.at(-1)).toMatchObject({ direction: 'out', visible: 'Restart it.' })
      expect(textOf(sentTo(ANN).at(-1) as OutboundMessage)).not.toContain('!c')
      expect(told()).toContain('!close: HD-1 is closed.')
    })

    test('a note keeps the text from the requester', async () => {
      await take(BOB, { ...answering(notice()), text: '!note\nShe is on holiday.' })
      await take(BOB, { ...answering(notice()), text: '!note Call her back.' })
      await desk.deliver()
      expect(sentTo(ANN)).toHaveLength(1)
      const notes = (await shown(1)).messages.filter(each => each.direction === 'internal')
      expect(notes.map(each => each.visible)).toEqual(expect.arrayContaining(['She is on holiday.', 'Call her back.']))
    })

    test('a word that is no command sends nothing, does nothing, and the agent is told', async () => {
      await take(BOB, { ...answering(notice()), text: '!clsoe\n!claim\nRestart it.' })
      await desk.deliver()
      expect(sentTo(ANN)).toHaveLength(1)
      expect(await shown(1)).toMatchObject({ state: 'new', owner: null })
      const refused = sentTo(BOB).find(each => each.subject.includes('not sent to the requester'))
      expect(textOf(refused as OutboundMessage)).toContain('did you mean "close"?')
    })

    test('a command that cannot be done hurts no other', async () => {
      await desk.as('eve', 'claim 1')
      await take(BOB, { ...answering(notice()), text: '!claim\n!invite carl@example.com' })
      await desk.deliver()
      expect(told()).toContain('belongs to Eve Ek')
      expect(told()).toContain('carl@example.com now takes part')
    })

    test.each(['I say\n!close\nthat it works.', '> !close\n\nStill broken.', 'Please !close'])(
      'none in %j',
      async text => {
        await take(BOB, { ...answering(notice()), text })
        expect((await shown(1)).state).not.toBe('closed')
      },
    )

    test('in what an agent forwards, the words of others do nothing', async () => {
      const forwarded = {
        from: { address: 'carl@example.com', name: '' },
        subject: 'VPN',
        text: '!close HD-1',
        visible: '!close HD-1',
        comment: '!claim\nHis laptop is old.',
        messageId: null,
      }
      const text =
        '!claim\nHis laptop is old.\n\n---------- Forwarded message ----------\nFrom: carl@example.com\n\n!close HD-1'
      const receipt = await take(BOB, {
        subject: 'Fwd: VPN',
        text,
        visible: text,
        mail: { forwarded },
        authentication: PASS,
      })
      expect(receipt).toEqual({ outcome: 'opened', ref: 'HD-2' })
      expect((await shown(1)).state).toBe('new')
      expect(await shown(2)).toMatchObject({ owner: 'bob', requester: 'carl@example.com' })
    })

    test('by themselves they need no ticket, only an address that is confirmed', async () => {
      const confirmed = await take(BOB, { subject: 'do', text: '!claim HD-1', authentication: PASS })
      expect(confirmed.outcome).toBe('ignored:commands')
      expect((await shown(1)).owner).toBe('bob')
      const unsure = await take(BOB, { subject: 'do', text: '!release HD-1' })
      expect(unsure.outcome).toBe('held:commands')
      desk.clock.advance(11 * 60 * 1000)
      for (const authentication of [FAIL, UNALIGNED]) {
        expect((await take(BOB, { subject: 'do', text: '!release HD-1', authentication })).outcome).toBe(
          'held:commands',
        )
      }
      expect((await shown(1)).owner).toBe('bob')
    })

    test('an address that failed never acts as an agent, whatever secret it brings', async () => {
      const text = '!close\nPay here.'
      expect((await take(BOB, { ...answering(notice()), text, authentication: FAIL })).outcome).toBe(
        'held:unauthenticated',
      )
      await desk.deliver()
      expect(sentTo(ANN)).toHaveLength(1)
      expect((await shown(1)).state).toBe('new')
    })

    test('of a requester they are words', async () => {
      await take(ANN, { ...answering(sentTo(ANN)[0]), text: '!close', authentication: PASS })
      expect((await shown(1)).state).toBe('new')
    })

    test('what is held is decided by answering the notification', async () => {
      await take('carl@example.com', answering(sentTo(ANN)[0]))
      await desk.deliver()
      const held = sentTo(BOB).find(each => each.subject.includes('Held'))
      expect(textOf(held as OutboundMessage)).toContain('M-2')
      expect((await take(BOB, { ...answering(held), text: '!join M-2' })).outcome).toBe('ignored:commands')
      expect(await outcomeOf(2)).toBe('appended')
      await desk.deliver()
      expect(told()).toContain('M-2 joined HD-1')
    })
  })

  describe('held messages', () => {
    test('are told of together: the first at once, the others once an hour', async () => {
      await take(ANN)
      await desk.deliver()
      for (let n = 0; n < 4; n += 1) await take(`x${n}@example.org`, answering(sentTo(ANN)[0]))
      await desk.deliver()
      const notices = () => sentTo(BOB).filter(each => each.subject.includes('Held'))
      expect(notices()).toHaveLength(1)
      for (let n = 4; n < 6; n += 1) await take(`x${n}@example.org`, answering(sentTo(ANN)[0]))
      await desk.deliver()
      expect(notices()).toHaveLength(1)
      desk.clock.advance(61 * 60 * 1000)
      await desk.deliver()
      expect(notices()).toHaveLength(2)
      const all = notices().map(textOf).join('\n')
      for (let n = 0; n < 6; n += 1) expect(all).toContain(`x${n}@example.org`)
    })

    test('are discarded with one command, and brought back with one', async () => {
      await take(ANN)
      await desk.deliver()
      await take('x@example.org', answering(sentTo(ANN)[0]))
      await take('y@example.org', answering(sentTo(ANN)[0]))
      expect((await desk.as('bob', 'discard M-2 M-3')).text).toContain('M-3 was discarded')
      expect(await outcomeOf(2)).toBe('ignored:discarded')
      await expect(desk.as('bob', 'discard M-2')).rejects.toThrow('no longer held')
    })
  })

  describe('spam', () => {
    const SPAM = ['x-spam-flag: YES']

    test('is held and gets no acknowledgement; one command brings it in, acknowledgement included', async () => {
      expect((await take('x@example.org', { spam: SPAM })).outcome).toBe('held:spam')
      await desk.deliver()
      expect(sentTo('x@example.org')).toEqual([])
      expect(sentTo(BOB)).toEqual([])
      desk.clock.advance(25 * 60 * 60 * 1000)
      await desk.deliver()
      expect(sentTo(BOB)).toHaveLength(1)
    })

    test('what answers a ticket of its sender is no spam, nor is that of senders who are allowed', async () => {
      await take(ANN)
      await desk.deliver()
      expect((await take(ANN, { ...answering(sentTo(ANN)[0]), spam: SPAM })).outcome).toBe('appended')
      expect((await take('x@friend.example', { spam: SPAM })).outcome).toBe('opened')
    })

    test('a blocked sender is recorded and ignored', async () => {
      expect((await take('x@mail.blocked.example')).outcome).toBe('ignored:blocked')
    })

    test('a ticket that is spam: closed, its sender held from now on; taken back: open, wanted, acknowledged', async () => {
      await take('x@example.org')
      expect((await desk.as('bob', 'spam 1')).text).toContain('x@example.org')
      await desk.deliver()
      expect(sentTo('x@example.org')).toEqual([])
      expect((await shown(1)).state).toBe('closed')
      expect((await take('x@example.org')).outcome).toBe('held:spam')
      await desk.as('bob', 'notspam 1')
      await desk.deliver()
      expect(sentTo('x@example.org')).toHaveLength(1)
      expect((await shown(1)).state).toBe('open')
      expect((await take('x@example.org', { subject: 'More', spam: SPAM })).outcome).toBe('opened')
    })
  })

  describe('floods', () => {
    test('of one address: a few tickets, the rest is held, an agent is told once', async () => {
      const outcomes: string[] = []
      for (let n = 0; n < 30; n += 1)
        outcomes.push((await take(`x+${n}@example.org`, { subject: `Case ${n}` })).outcome)
      expect(outcomes.filter(each => each === 'opened')).toHaveLength(3)
      expect(outcomes.filter(each => each === 'held:flood')).toHaveLength(27)
      await desk.deliver()
      desk.clock.advance(2 * 60 * 60 * 1000)
      await desk.deliver()
      expect(sentTo(BOB).filter(each => each.subject.includes('Held')).length).toBeLessThanOrEqual(2)
    })

    test('into a ticket are held as well, and after a while messages come in again', async () => {
      await take(ANN)
      await desk.deliver()
      const outcomes: string[] = []
      for (let n = 0; n < 8; n += 1) outcomes.push((await take(ANN, answering(sentTo(ANN)[0]))).outcome)
      expect(outcomes.filter(each => each === 'held:flood')).toHaveLength(3)
      desk.clock.advance(11 * 60 * 1000)
      expect((await take(ANN, answering(sentTo(ANN)[0]))).outcome).toBe('appended')
    })

    test('mail that is brought in from where it lay is no flood', async () => {
      for (let n = 0; n < 8; n += 1) {
        const message = messageFrom(ANN, { subject: `Case ${n}` })
        expect((await desk.channel.deliver(message)).outcome).toBe('opened')
      }
    })

    test('nobody gets more automatic mails in a day than they should', async () => {
      for (let n = 0; n < 60; n += 1) {
        await take('victim@example.org', { subject: `Case ${n}` })
        await desk.deliver()
        desk.clock.advance(20 * 60 * 1000)
      }
      expect(sentTo('victim@example.org').length).toBeLessThanOrEqual(6)
    })

    test('a machine that answers each acknowledgement under a new number falls silent after two', async () => {
      let answered = 0
      await take('desk@other.example', { subject: 'Help' })
      for (let round = 0; round < 10; round += 1) {
        await desk.deliver()
        const mails = sentTo('desk@other.example')
        if (mails.length === answered) break
        answered = mails.length
        await take('desk@other.example', { subject: `We received your request [#${1000 + round}]` })
      }
      expect(answered).toBeLessThanOrEqual(2)
    })
  })

  test('an agent who gets very many notifications is spared the rest of the day, with an alarm', async () => {
    await desk.remove()
    desk = await makeMemoryDesk(engine, { automatic: { requester: 6, agent: 4 } })
    for (let n = 0; n < 7; n += 1) await take(`x${n}@example.org`)
    await desk.deliver()
    expect(sentTo(BOB)).toHaveLength(5) // the last one says that no more come
    expect(textOf(sentTo(BOB)[4] as OutboundMessage)).toContain('will get no more today')
    const alarms = await standingAlarms(desk.context.store.read)
    expect(alarms.map(each => each.code)).toContain(`notifications ${BOB}`)

    desk.clock.advance(25 * 60 * 60 * 1000)
    for (let n = 0; n < 7; n += 1) await take(`y${n}@example.org`)
    await desk.deliver()
    expect(textOf(sentTo(BOB).at(-1) as OutboundMessage)).toContain('will get no more today') // once more
  })
})
