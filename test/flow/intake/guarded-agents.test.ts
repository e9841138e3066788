import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { MessageParts } from '../../../src/channel/inbound.ts'
import type { Authentication, InboundAttachment } from '../../../src/channel/message.ts'
import type { OutboundMessage } from '../../../src/channel/outbound.ts'
import { pack } from '../../../src/content.ts'
import { type MemoryDesk, makeMemoryDesk, messageFrom } from '../../support/memory-desk.ts'

const ANN = 'ann@example.com'
const BOB = 'bob@staff.example'
const FAIL: Authentication = { result: 'fail', reasons: ['dmarc=fail (example.com)'] }
const PASS: Authentication = { result: 'pass', reasons: ['dmarc=pass (staff.example)'] }

interface Shown {
  state: string
  owner: string | null
  requester: string
  messages: { direction: string; visible: string }[]
  participants: { address: string }[]
}

describe('what agents write by mail stays where it was meant to', () => {
  let desk: MemoryDesk

  beforeEach(async () => {
    desk = await makeMemoryDesk('sqlite', { floods: { tickets: 2, messages: 100, within: 600_000 } })
    await take(ANN, { messageId: '<first@example.com>' })
    await desk.deliver()
  })

  afterEach(() => desk.remove())

  const take = (address: string, about: Partial<MessageParts> = {}) =>
    desk.channel.deliver(messageFrom(address, { live: true, ...about }))
  const sentTo = (address: string): OutboundMessage[] =>
    desk.channel.sent.filter(each => each.recipients.includes(address))
  const wordsTo = (address: string) =>
    sentTo(address)
      .map(({ text }) => `${text.markdown}\n${text.verbatim.join('\n')}`)
      .join('\n')
  const shown = async (ticket: number) => (await desk.as('bob', `show ${ticket}`)).data as Shown
  const answering = (mail: OutboundMessage | undefined) => ({ mail: { references: [`<${mail?.token}@desk.example>`] } })
  const answer = async (text: string, about: Partial<MessageParts> = {}) => {
    const notice = sentTo(BOB).find(each => each.subject.includes('New:'))
    await take(BOB, { text, ...about, mail: { ...answering(notice).mail, ...about.mail } })
    await desk.deliver()
  }
  const file = (name: string, type: string): InboundAttachment => ({
    name,
    type,
    contentId: null,
    content: pack(Buffer.from(`secret ${name}`)),
  })

  test.each([
    ['wrapped by the mail program', '!note She is a secret, and\nthis goes on.'],
    ['above a signature without its mark', 'We come.\n\n!note She is a secret.\n\nBest regards\nBob Berg'],
    ['in the middle', 'We come.\n!note She is a secret.\nTomorrow.'],
    ['with a colon', '!note: She is a secret.'],
    ['longer than a line may be', `!note She is a secret.${' More of it.'.repeat(100)}`],
    ['after twenty others', `${'!claim\n'.repeat(20)}!note She is a secret.`],
    ['with another exclamation mark', '\uFF01note She is a secret.'],
    ['of two paragraphs', '!note She is in debt.\n\nIt is a secret.'],
    ['of three paragraphs, below another command', '!claim\n!note She is in debt.\n\nThe bank\n\nIt is a secret.'],
    ['with an option of the answer above it', '!only\n\n!note She is in debt.\n\nIt is a secret.'],
    ['with a command at its end', '!note She is in debt.\n\nIt is a secret.\n\n!claim'],
    ['of what was tried', '!tried Her password.\n\nIt is a secret.'],
    ['of a call', '!call She called.\n\nIt is a secret.'],
    ['of what solved it', '!resolve Gave her another one. --told\n\nIt is a secret.'],
    ['that is wrapped, with more below', '!note She is in debt,\nand more.\n\nIt is a secret.'],
  ])('a note %s does not reach the requester', async (_how, text) => {
    await answer(text)
    expect(wordsTo(ANN)).not.toContain('secret')
    expect(sentTo(ANN)).toHaveLength(1)
  })

  test('its writer is told how to say which it is, and both ways work', async () => {
    await answer('!note She is in debt.\n\nWe come.')
    expect(wordsTo(BOB)).toContain('write just !note on the first line')
    expect((await shown(1)).messages.at(-1)).toMatchObject({ direction: 'internal' })
    await answer('!note\nShe is in debt.\n\nIt is a secret.')
    expect(wordsTo(ANN)).not.toContain('secret')
    await answer('We come.\n\n!note She is in debt.')
    await answer('!note She is in debt.\n!reply\n\nWe come on Monday.')
    await answer('!note She is in debt.\n!claim\n\nWe come on Tuesday.')
    expect(sentTo(ANN)).toHaveLength(4)
    expect(wordsTo(ANN)).not.toContain('debt')
  })

  test('a mail attached to a mail of commands does not leave', async () => {
    await answer('!reply See below.', { attachments: [file('notice.eml', 'message/rfc822')] })
    await answer('!reply See below.', { attachments: [file('notice.msg', 'application/octet-stream')] })
    expect(sentTo(ANN)).toHaveLength(1)
    expect(wordsTo(BOB)).toContain('mail attached')
  })

  test('the files of a mail with a note go with the note alone', async () => {
    const attachments = [file('credit.pdf', 'application/pdf')]
    await answer('We come tomorrow.\n!note The report is attached.', { attachments })
    await answer('!note The report is attached.\n!reply We come.', { attachments })
    const answers = sentTo(ANN).slice(1)
    expect(answers).toHaveLength(2)
    expect(answers.flatMap(each => each.attachments)).toEqual([])
  })

  test('a forward of a notification is no answer to it', async () => {
    await answer('Eve, this one is a secret.', { subject: 'Fwd: [HD-1] New: VPN' })
    expect(wordsTo(ANN)).not.toContain('secret')
    expect((await shown(1)).messages.at(-1)?.direction).toBe('internal')
  })

  test('an answer on one ticket does not go to another', async () => {
    await take('carl@example.com', { subject: 'Screen' })
    await desk.deliver()
    await answer('!reply #2 is the one you need.')
    await answer('!reply Machine #2 is the one you need.')
    await answer('!reply HD-2 Your screen is on its way.')
    expect(sentTo('carl@example.com')).toHaveLength(1)
    expect(wordsTo(ANN)).toContain('Machine #2 is the one')
    expect(wordsTo(ANN)).not.toMatch(/^#2 is the one/m)
    expect(wordsTo(BOB)).toContain('write a separate mail')
  })

  test('a word with a number is no other ticket, and its own may be written in any way', async () => {
    await answer('!reply covid-19 closes the office.')
    await answer('!reply hd1 Your screen is here.')
    expect(wordsTo(ANN)).toContain('covid-19 closes')
    expect(wordsTo(ANN)).toContain('Your screen is here')
  })

  test('the files of a mail go with one note alone', async () => {
    await answer('!note First.\n!note Second.', { attachments: [file('a.pdf', 'application/pdf')] })
    const { messages } = (await desk.as('bob', 'show 1')).data as { messages: { attachments: unknown[] }[] }
    expect(messages.flatMap(each => each.attachments)).toHaveLength(1)
  })

  test('what stands beside the commands of a mail without a ticket goes to nobody, and the agent is told', async () => {
    await take(BOB, { subject: 'x', text: '!claim HD-1\n\nThanks.', authentication: PASS })
    await desk.deliver()
    expect(wordsTo(BOB)).toContain('The rest of your mail was not sent')
  })

  test('a new mail with a command that cannot be understood opens nothing, and the agent is told', async () => {
    const receipt = await take(BOB, {
      subject: 'x',
      text: '!repy HD-1\n\nDear Ann, it is mended.',
      authentication: PASS,
    })
    await desk.deliver()
    expect(receipt.outcome).toBe('ignored:commands')
    expect(wordsTo(BOB)).toContain('did you mean "reply"?')
  })

  test('a forged mail that an agent lets in moves nothing to where its forger reads', async () => {
    const forged = {
      subject: '[HD-1]',
      replyTo: 'x@evil.example',
      mail: { cc: [{ address: 'y@evil.example', name: '' }] },
    }
    expect((await take(ANN, { ...forged, authentication: FAIL })).outcome).toBe('held:unauthenticated')
    await desk.as('bob', 'join M-2')
    await desk.as('bob', 'reply 1', 'Restart it.')
    await desk.deliver()
    expect(sentTo('x@evil.example')).toEqual([])
    expect(sentTo('y@evil.example')).toEqual([])
    expect((await desk.as('bob', 'explain M-2')).text).toContain('dmarc=fail')
  })

  test('a forged mail is not let in for saying that it came through a list, or that all is well again', async () => {
    await desk.as('bob', 'close 1')
    const forged = { subject: '[HD-1]', kind: 'bulk', bulk: 'list', authentication: FAIL } as const
    expect((await take(ANN, forged)).outcome).toBe('held:unauthenticated')
    expect((await shown(1)).state).toBe('closed')
    const alert = { kind: 'bulk', bulk: 'alert', alert: { key: 'web01', recovered: false } } as const
    expect((await take('monitor@example.com', alert)).ref).toBe('HD-2')
    const recovery = { ...alert, alert: { key: 'web01', recovered: true }, authentication: FAIL }
    expect((await take('monitor@example.com', recovery)).outcome).toBe('opened')
  })

  test('what an agent forwards while there is a flood opens for its writer once it is let in', async () => {
    const forward = (n: number) => {
      const from = { address: `c${n}@example.com`, name: '' }
      const forwarded = {
        from,
        subject: 'Screen',
        text: 'It is dark.',
        visible: 'It is dark.',
        comment: 'An old customer.',
        messageId: null,
      }
      return take(BOB, { subject: `Fwd: Screen ${n}`, mail: { forwarded }, text: 'An old customer.' })
    }
    const outcomes: string[] = []
    for (let n = 0; n < 22; n += 1) outcomes.push((await forward(n)).outcome)
    const held = outcomes.indexOf('held:flood')
    expect(held).toBeGreaterThan(10)
    const { ref } = (await desk.as('bob', `open M-${held + 2}`)).data as { ref: string }
    expect(await shown(Number(ref.slice(3)))).toMatchObject({ requester: `c${held}@example.com` })
  })

  test('a mail in the name of an agent that is let in stays among agents', async () => {
    const notice = sentTo(BOB).find(each => each.subject.includes('New:'))
    expect((await take(BOB, { ...answering(notice), text: 'Pay here.', authentication: FAIL })).outcome).toBe(
      'held:unauthenticated',
    )
    await desk.as('eve', 'join M-2')
    await desk.deliver()
    expect(sentTo(ANN)).toHaveLength(1)
    expect((await shown(1)).participants.map(each => each.address)).toEqual([ANN])
  })

  test('many messages are decided at once, and of one that cannot be the others are not hurt', async () => {
    await take('x@example.org', { mail: { references: ['<first@example.com>'] } })
    const { text } = await desk.as('bob', 'discard M-9 M-2')
    expect(text).toContain('There is no held or ignored message M-9')
    expect(text).toContain('M-2 was discarded')
  })

  test('what says the same again and again is no answer but a program, and stays a note', async () => {
    await answer('I am away until Monday.')
    await answer('I am away until Monday.')
    expect(sentTo(ANN)).toHaveLength(2)
    expect(wordsTo(BOB)).toContain('already sent exactly this answer')
    await answer('I am back.')
    expect(sentTo(ANN)).toHaveLength(3)
  })
})
