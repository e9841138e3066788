import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ANN, BOB, Siege, TRUSTED } from '../../support/attack-desk.ts'
import { checkedBy, type Letter, textPart } from '../../support/mail/letter.ts'

// Reports that mail was not delivered, which anybody can write who knows an address.

let siege: Siege

beforeAll(async () => {
  siege = await Siege.begin()
  await siege.desk.as('bob', 'reply 1', 'And again.')
  await siege.quiet()
})

afterAll(() => siege.end())

const REPORT = 'multipart/report; report-type=delivery-status'
const status = (address: string, more = '') =>
  `Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.evil.example\r\n${more}\r\nFinal-Recipient: rfc822; ${address}\r\nAction: failed\r\nStatus: 5.1.1\r\n`
const DAEMON: Letter = {
  from: 'MAILER-DAEMON@mx.evil.example',
  sender: '',
  subject: 'Undelivered Mail Returned to Sender',
}

/** Reports about Ann that name no mail of ours, as systems of many kinds write them. */
const REPORTS: [string, Letter][] = [
  ['by RFC 3464', { ...DAEMON, type: REPORT, parts: [textPart('It could not be delivered.'), status(ANN)] }],
  [
    'in words, as qmail',
    {
      ...DAEMON,
      subject: 'failure notice',
      text: `Hi. This is the qmail-send program at mx.evil.example.\nI'm afraid I wasn't able to deliver your message to the following addresses.\n\n<${ANN}>:\nSorry, no mailbox here by that name. (#5.1.1)\n`,
    },
  ],
  [
    'in words, as Exim',
    {
      ...DAEMON,
      subject: 'Mail delivery failed: returning message to sender',
      head: [`X-Failed-Recipients: ${ANN}`, 'Auto-Submitted: auto-replied'],
      text: `This message was created automatically by mail delivery software.\n\nA message that you sent could not be delivered to one or more of its recipients.\n\n  ${ANN}\n    Unrouteable address\n`,
    },
  ],
  [
    'from a name of our own domain',
    { ...DAEMON, from: 'postmaster@desk.example.evil.example', type: REPORT, parts: [textPart('No.'), status(ANN)] },
  ],
  [
    'that its domain confirms',
    {
      ...DAEMON,
      top: checkedBy(TRUSTED, 'dmarc=pass header.from=mx.evil.example'),
      type: REPORT,
      parts: [textPart('No.'), status(ANN)],
    },
  ],
]

const events = async () =>
  (await siege.desk.as('bob', 'show 1')).data as { bounces: { kind: string; confirmed: boolean }[] }

describe('a report without a token of ours', () => {
  test.each(REPORTS)('%s enters with an empty envelope sender, and is worth what it is', async (_how, letter) => {
    const before = (await events()).bounces.length
    await siege.withstands(letter, 'appended HD-1 in', [])
    const bounces = (await events()).bounces.slice(before)
    expect(bounces).toEqual([expect.objectContaining({ kind: 'soft', confirmed: false })])
    const told = siege.world.to(BOB).at(-1)?.text?.replace(/\s+/g, ' ')
    expect(told).toContain('We got a report that says: Ann <ann@example.com> has not received your answer')
    expect(told).toContain(
      'This could not be confirmed: the report names none of our mails, so anybody could have written it.',
    )
    const shown = (await siege.desk.as('bob', 'show 1')).text
    expect(shown).toContain('according to an unconfirmed report')
    expect(shown).not.toContain('NOT RECEIVED')
    const { text } = await siege.desk.as('bob', 'reply 1', `Again after ${before}.`)
    expect(text).not.toContain('may not reach')
    await siege.quiet()
  })

  test.each(REPORTS)('%s from somebody enters nothing', async (_how, letter) => {
    for (const more of [{}, { top: ['Return-Path: <>'] }, { head: [...(letter.head ?? []), 'Return-Path: <>'] }]) {
      const sent = siege.world.mails.length
      await siege.withstands({ ...letter, sender: 'x@evil.example', ...more }, 'ignored:bounce', [])
      expect(siege.world.mails.length).toBe(sent)
    }
  })

  test('is told of once a day, however many come', async () => {
    const letter = REPORTS[0]?.[1] ?? {}
    await siege.send(letter)
    const told = siege.world.to(BOB).length
    for (let count = 0; count < 10; count += 1) await siege.sendNow(letter)
    expect(siege.world.to(BOB)).toHaveLength(told)
  })

  test('about an agent enters no more than that, and raises no alarm', async () => {
    const letter = { ...DAEMON, type: REPORT, parts: [textPart('No.'), status(BOB)] }
    await siege.withstands(letter, 'appended HD-1 internal', [])
    const alarms = await siege.desk.desk.context.store.read`SELECT code FROM alarms WHERE code LIKE 'undelivered%'`
    expect(alarms).toEqual([])
  })
})

describe('a report with the token of what came back', () => {
  test('is believed, whoever hands it over', async () => {
    const returned = `Content-Type: text/rfc822-headers\r\n\r\nMessage-ID: <${siege.token.answer}@desk.example>\r\n`
    const letter = {
      ...DAEMON,
      sender: 'x@evil.example',
      type: REPORT,
      parts: [textPart('No.'), status(ANN), returned],
    }
    await siege.withstands(letter, 'appended HD-1 in', [])
    expect((await events()).bounces.at(-1)).toMatchObject({ kind: 'hard', confirmed: true })
    const shown = (await siege.desk.as('bob', 'show 1')).text
    expect(shown).toContain('NOT RECEIVED by ann@example.com')
    expect((await siege.desk.as('bob', 'reply 1', 'Once more.')).text).toContain('It may not reach ann@example.com')
  })
})
