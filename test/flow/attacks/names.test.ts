import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ANN, type Attack, HELP, MIKE, Siege, TRUSTED } from '../../support/attack-desk.ts'
import { checkedBy, STRANGER } from '../../support/mail/letter.ts'

// Attempts to pass for somebody else. Each mail answers what the requester wrote, so that her own would join HD-1.

const STRANGE = 'held:stranger-with-references'
const UNCONFIRMED = 'held:unauthenticated'
const ANSWERS = 'In-Reply-To: <vpn@example.com>'

let siege: Siege

beforeAll(async () => {
  siege = await Siege.begin()
})

afterAll(() => siege.end())

const from =
  (field: string, ...head: string[]) =>
  () => ({ from: field, sender: STRANGER, head: [ANSWERS, ...head] })
/** As it comes where our server found out that it is of a stranger. */
const seenThrough =
  (field: string, ...head: string[]) =>
  () => ({
    from: field,
    sender: STRANGER,
    top: checkedBy(TRUSTED, 'dmarc=pass header.from=evil.example; spf=pass smtp.mailfrom=evil.example'),
    head: [ANSWERS, ...head],
  })

const LOOK_ALIKES: Attack[] = [
  ['a digit for a letter', from('Ann <ann@examp1e.com>'), STRANGE],
  ['a Cyrillic letter in the domain', from('Ann <ann@ex\u0430mple.com>'), STRANGE],
  ['the same in punycode', from('Ann <ann@xn--exmple-4nf.com>'), STRANGE],
  ['a Cyrillic letter in the name before the @', from('Ann <\u0430nn@example.com>'), STRANGE],
  ['full-width letters', from('Ann <ａｎｎ@ｅｘａｍｐｌｅ.com>'), STRANGE],
  [
    'the sign for Kelvin, which is no k',
    () => ({ from: 'Mike <mi\u212ae@other.example>', head: ['In-Reply-To: <invoice@other.example>'] }),
    STRANGE,
  ],
  ['the domain as part of another', from('Ann <ann@example.com.evil.example>'), STRANGE],
  ['a domain below that of the requester', from('Ann <ann@mail.example.com>'), STRANGE],
  ['a dot behind the domain', from('Ann <ann@example.com.>'), STRANGE],
  ['a detail behind a plus, of which nobody knows', from('Ann <ann+x@example.com>'), STRANGE],
  ['a blank of no width', from('Ann <an\u200bn@example.com>'), STRANGE],
  ['a mark of the reading direction', from('Ann <ann@example.com\u202e>'), STRANGE],
]

const SPOOFED_NAMES: Attack[] = [
  ['the address of the requester as a name', from('"ann@example.com" <x@evil.example>'), STRANGE],
  ['the same without quotes', from('ann@example.com <x@evil.example>'), STRANGE],
  ['the same as an encoded word', from('=?utf-8?q?ann=40example=2Ecom?= <x@evil.example>'), STRANGE],
  ['the whole mailbox as an encoded word', from('=?utf-8?q?Ann_=3Cann=40example=2Ecom=3E?= <x@evil.example>'), STRANGE],
  ['name and brackets within quotes', from('"Ann <ann@example.com>" <x@evil.example>'), STRANGE],
  ['the requester in a comment', from('x@evil.example (ann@example.com)'), STRANGE],
  ['a comment that holds an address in brackets', from('(<ann@example.com>) x@evil.example'), STRANGE],
  ['a group named after the requester', from('ann@example.com: x@evil.example;'), STRANGE],
  ['the requester in the field Sender', from(STRANGER, `Sender: ${ANN}`), STRANGE],
  [
    'the requester in fields that nobody wrote',
    from(STRANGER, `Resent-From: ${ANN}`, `X-Original-From: ${ANN}`, `Return-Path: <${ANN}>`),
    STRANGE,
  ],
  ['the requester on the envelope alone', () => ({ from: STRANGER, sender: ANN, head: [ANSWERS] }), STRANGE],
  ['a stranger first and the requester second', from(`${STRANGER}, ${ANN}`), STRANGE],
  ['a field of a stranger above one of the requester', from(`${STRANGER}\r\nFrom: ${ANN}`), STRANGE],
]

const BROKEN_FIELDS: Attack[] = [
  ['a quoted @', from('"ann@example.com"@evil.example'), 'held:no-sender'],
  ['a name without a domain', from('ann'), 'held:no-sender'],
  ['nothing at all', from(''), 'held:no-sender'],
  ['no address at the end', from('Ann <>'), 'held:no-sender'],
  ['a group without members', from('ann@example.com:;'), 'held:no-sender'],
  ['an address of 100,000 letters', from(`${'a'.repeat(100_000)}@example.com`), 'held:no-sender'],
]

const SEEN_THROUGH: Attack[] = [
  ['the requester, but our server says who it is', seenThrough(ANN), UNCONFIRMED],
  ['the requester first and a stranger second', seenThrough(`${ANN}, ${STRANGER}`), UNCONFIRMED],
  ['a field of the requester above one of a stranger', seenThrough(`${ANN}\r\nFrom: ${STRANGER}`), UNCONFIRMED],
  ['no From, and the requester as Sender', seenThrough('', `Sender: ${ANN}`), UNCONFIRMED],
  ['a comment within the address', seenThrough('ann(of course)@example.com'), UNCONFIRMED],
  ['brackets within brackets', seenThrough('Ann <<ann@example.com> x@evil.example>'), UNCONFIRMED],
  ['a source route', seenThrough('<@evil.example:ann@example.com>'), UNCONFIRMED],
  ['NUL amid the address', seenThrough('ann@exam\0ple.com'), UNCONFIRMED],
  [
    'the requester, whose domain says no',
    () => ({ from: ANN, top: checkedBy(TRUSTED, 'dmarc=fail header.from=example.com'), head: [ANSWERS] }),
    UNCONFIRMED,
  ],
  [
    'the requester under the tag of the ticket',
    () => ({ from: ANN, subject: '[HD-1]', top: checkedBy(TRUSTED, 'dmarc=fail header.from=example.com') }),
    UNCONFIRMED,
  ],
  [
    'the requester, who opens something new',
    () => ({ from: ANN, top: checkedBy(TRUSTED, 'dmarc=fail header.from=example.com') }),
    'opened',
    [],
  ],
  [
    'another address of her mailbox, confirmed by nobody',
    () => ({
      from: 'ann+x@example.com',
      subject: '[HD-1]',
      top: checkedBy(TRUSTED, 'dmarc=fail header.from=example.com'),
    }),
    'held:stranger-with-reference',
  ],
]

const ANSWERS_ELSEWHERE: Attack[] = [
  [
    'the requester by the tag alone, answered elsewhere',
    () => ({ from: ANN, subject: '[HD-1]', head: ['Reply-To: x@evil.example', 'Cc: y@evil.example'] }),
    'appended HD-1 in',
  ],
  [
    'the requester with a stolen token, whose domain says no, answered elsewhere',
    at => ({
      from: ANN,
      top: checkedBy(TRUSTED, 'dmarc=fail header.from=example.com'),
      head: [`In-Reply-To: <${at.token.answer}@desk.example>`, 'Reply-To: x@evil.example', 'Cc: y@evil.example'],
    }),
    'appended HD-1 in',
  ],
  [
    'the requester, whose domain says no, asks for an answer elsewhere',
    () => ({
      from: ANN,
      top: checkedBy(TRUSTED, 'dmarc=fail header.from=example.com'),
      head: ['Reply-To: x@evil.example'],
    }),
    'opened',
    [],
  ],
  ['an answer to the desk itself', () => ({ from: 'r1@evil.example', head: [`Reply-To: ${HELP}`] }), 'opened'],
  [
    'an answer to a detail of the desk',
    () => ({ from: 'r2@evil.example', head: ['Reply-To: help+x@desk.example'] }),
    'opened',
  ],
  [
    'an answer to many',
    () => ({ from: 'r3@evil.example', head: [`Reply-To: r3@evil.example, ${ANN}, ${MIKE}`] }),
    'opened',
  ],
  [
    'an answer to a group',
    () => ({ from: 'r4@evil.example', head: [`Reply-To: all: r4@evil.example, ${ANN};`] }),
    'opened',
  ],
  ['an answer to what is no address', () => ({ from: 'r5@evil.example', head: ['Reply-To: <|sh@>'] }), 'opened'],
  [
    'copies to the desk and its details',
    () => ({ from: 'r6@evil.example', head: [`Cc: ${HELP}, help+x@desk.example, Help@Desk.Example`] }),
    'opened',
  ],
]

const OF_THE_DESK: Attack[] = [
  ['the desk as its sender', () => ({ from: HELP }), 'ignored:own-address'],
  ['the desk in capitals', () => ({ from: 'HELP@DESK.EXAMPLE' }), 'ignored:own-address'],
  [
    'a detail of the desk as its sender',
    at => ({ from: `help+${at.token.answer}@desk.example` }),
    'ignored:own-address',
  ],
  ['the desk, answered elsewhere', () => ({ from: HELP, head: ['Reply-To: x@evil.example'] }), 'held:own-address'],
  [
    'the desk, with the token of a ticket',
    at => ({ from: HELP, head: [`In-Reply-To: <${at.token.answer}@desk.example>`] }),
    'ignored:own-address',
  ],
  [
    'the Message-ID of a mail of ours',
    at => ({ head: [`Message-ID: <${at.token.answer}@desk.example>`] }),
    'ignored:own-message',
  ],
  [
    'the Message-ID of a mail of ours, from the requester',
    at => ({ from: ANN, head: [`Message-ID: <${at.token.answer}@desk.example>`, ANSWERS] }),
    'ignored:own-message',
  ],
]

describe.each([
  ['looks like the requester', LOOK_ALIKES],
  ['calls itself the requester', SPOOFED_NAMES],
  ['breaks the field From', BROKEN_FIELDS],
  ['is seen through by our server', SEEN_THROUGH],
  ['turns answers elsewhere', ANSWERS_ELSEWHERE],
  ['comes as the desk itself', OF_THE_DESK],
])('a mail that %s', (_, attacks) => {
  test.each(attacks)('%s', (_name, letter, becomes, writesTo) => siege.withstands(letter(siege), becomes, writesTo))
})

test('after all that an answer goes to the requester and to nobody else', async () => {
  const before = siege.world.mails.length
  await siege.desk.as('bob', 'reply 1', 'Your password is on the way.')
  await siege.quiet()
  expect(siege.world.mails.slice(before).map(mail => mail.recipients)).toEqual([[ANN]])
})
