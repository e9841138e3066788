import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ANN, type Attack, BOB, HELP, Siege, TRUSTED } from '../../support/attack-desk.ts'
import { checkedBy, type Letter, textPart } from '../../support/mail/letter.ts'

// What machines write by mistake or in somebody's name, and what nobody wants.

let siege: Siege

beforeAll(async () => {
  siege = await Siege.begin({
    root: { senders: { block: ['blocked@evil.example', 'bad.example', '*@wild.example'], allow: ['wanted.example'] } },
  })
})

afterAll(() => siege.end())

const TOKEN = 'held:stranger-with-token'
const VICTIM = 'victim@third.example'
const AUTO = 'Auto-Submitted: auto-replied'
const answers = (token: string) => `In-Reply-To: <${token}@desk.example>`

/** A report that says that an address was not reached. */
function bounce(address: string, returned: string, from = 'MAILER-DAEMON@mx.evil.example'): Letter {
  return {
    from,
    sender: '',
    subject: 'Undelivered Mail Returned to Sender',
    type: 'multipart/report; report-type=delivery-status',
    parts: [
      textPart('It could not be delivered.'),
      `Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.evil.example\r\n\r\nFinal-Recipient: rfc822; ${address}\r\nAction: failed\r\nStatus: 5.1.1\r\n`,
      ...(returned ? [`Content-Type: text/rfc822-headers\r\n\r\nMessage-ID: ${returned}\r\n`] : []),
    ],
  }
}

const UNHEARD: Attack[] = [
  [
    "an agent's vacation program that answers a notification",
    at => ({ from: BOB, head: [answers(at.token.told), AUTO] }),
    'appended HD-1 internal',
  ],
  [
    'the same with nothing but an empty envelope sender',
    at => ({ from: BOB, sender: '', subject: 'Re: VPN', head: [answers(at.token.told)] }),
    'appended HD-1 internal',
  ],
  [
    'the same that calls itself bulk',
    at => ({ from: BOB, head: [answers(at.token.told), 'Precedence: bulk'] }),
    'appended HD-1 internal',
  ],
  [
    'the same that answers a note',
    at => ({ from: BOB, head: [answers(at.token.note), AUTO] }),
    'appended HD-1 internal',
  ],
  [
    "an agent's vacation program that answers what is not ours",
    () => ({ from: BOB, head: [AUTO] }),
    'ignored:auto-reply',
  ],
  [
    "the requester's out of office, which answers our answer",
    at => ({ from: ANN, sender: '', head: [answers(at.token.answer), AUTO] }),
    'appended HD-1 in',
  ],
  [
    "the requester's out of office, which says nothing of what it answers",
    () => ({ from: ANN, sender: '', head: [AUTO] }),
    'ignored:auto-reply',
  ],
  [
    'the out of office of whom an answer was forwarded to',
    at => ({ from: 'dora@third.example', head: [answers(at.token.answer), AUTO] }),
    TOKEN,
  ],
  [
    'an out of office under the tag of a ticket',
    () => ({ subject: 'Automatic reply: [HD-1] VPN', head: [AUTO] }),
    'ignored:auto-reply',
  ],
  [
    'a receipt that our answer was read',
    at => ({
      from: ANN,
      head: [answers(at.token.answer)],
      type: 'multipart/report; report-type=disposition-notification',
      parts: [textPart('Read.')],
    }),
    'appended HD-1 in',
  ],
  [
    'a bounce with the token of a notification',
    at => bounce(BOB, `<${at.token.told}@desk.example>`),
    'appended HD-1 internal',
  ],
  ['a bounce of a mail that is none of ours', () => bounce(ANN, '<other@elsewhere.example>'), 'ignored:bounce'],
  ['a bounce about somebody whom we never wrote to', () => bounce('else@third.example', ''), 'ignored:bounce'],
  [
    'a bounce with an altered token',
    at => bounce(ANN, `<a${at.token.answer.slice(1)}@desk.example>`),
    'ignored:bounce',
  ],
  [
    'a bounce under the tag of a ticket',
    () => ({ ...bounce('else@third.example', ''), subject: 'Undelivered: [HD-1]' }),
    'ignored:bounce',
  ],
  [
    'our own mail, sent back by a list',
    at => ({ from: HELP, head: [`Message-ID: <${at.token.answer}@desk.example>`, 'List-Id: <all.lists.example>'] }),
    'ignored:own-message',
  ],
  [
    'our own mail, sent back by a list that renames it',
    () => ({ from: HELP, head: ['List-Id: <all.lists.example>', 'Precedence: list'] }),
    'ignored:own-address',
  ],
  [
    'a newsletter',
    () => ({
      from: 'news@shop.example',
      subject: 'Our newsletter',
      head: ['List-Unsubscribe: <mailto:u@shop.example>', 'Precedence: bulk'],
    }),
    'ignored:newsletter',
  ],
  [
    'a mail system that wants an answer elsewhere',
    () => ({ from: 'mailer-daemon@evil.example', head: [`Reply-To: ${VICTIM}`] }),
    'ignored:bounce',
  ],
  [
    'a complaint of a mail provider',
    () => ({
      from: 'fbl@isp.example',
      sender: '',
      type: 'multipart/report; report-type=feedback-report',
      parts: [textPart('Spam.')],
    }),
    'ignored:auto-reply',
  ],
]

const UNANSWERED: Attack[] = [
  ['an account that takes no answers', () => ({ from: 'no-reply@shop.example' }), 'opened', []],
  [
    'a program that says so',
    () => ({ from: 'app@shop.example', head: ['Auto-Submitted: auto-generated', `Reply-To: ${VICTIM}`] }),
    'opened',
    [],
  ],
  ['bulk', () => ({ from: 'm1@shop.example', head: ['Precedence: bulk', `Reply-To: ${VICTIM}`] }), 'opened', []],
  [
    'a list whose answers go to all',
    () => ({
      from: 'm2@shop.example',
      head: ['List-Id: <all.lists.example>', 'List-Post: <mailto:all@lists.example>', 'Reply-To: all@lists.example'],
    }),
    'opened',
    [],
  ],
  ['an empty envelope sender', () => ({ from: VICTIM, sender: '' }), 'opened', []],
  [
    'a mail whose domain says that it is forged',
    () => ({ from: VICTIM, top: checkedBy(TRUSTED, 'dmarc=fail header.from=third.example') }),
    'opened',
    [],
  ],
  ["a bounce with somebody else's token", at => bounce(ANN, `<${at.token.answer}@desk.example>`), 'appended HD-1 in'],
  ['a bounce that names the requester and no mail', () => bounce(ANN, ''), 'appended HD-1 in'],
  [
    'what a list sends on of a stranger, with a token',
    at => ({
      from: 'all@lists.example',
      head: [answers(at.token.answer), 'List-Id: <all.lists.example>', 'Precedence: list'],
    }),
    TOKEN,
  ],
]

const flagged = (host: string, ...more: string[]) => [
  `X-Spam-Checker-Version: SpamAssassin 4.0.1 on ${host}`,
  'X-Spam-Flag: YES',
  ...more,
]
const UNWANTED: Attack[] = [
  ['a blocked address', () => ({ from: 'blocked@evil.example' }), 'ignored:blocked'],
  [
    'a blocked address in capitals under another name',
    () => ({ from: '"Ann" <BLOCKED@Evil.Example>' }),
    'ignored:blocked',
  ],
  ['a blocked domain', () => ({ from: 'x@bad.example' }), 'ignored:blocked'],
  ['a domain below a blocked one', () => ({ from: 'x@mail.bad.example' }), 'ignored:blocked'],
  ['a domain of a wildcard', () => ({ from: 'x@wild.example' }), 'ignored:blocked'],
  [
    'a blocked address with the token of a ticket',
    at => ({ from: 'blocked@evil.example', head: [answers(at.token.answer)] }),
    'ignored:blocked',
  ],
  [
    'a blocked address that says that a machine writes',
    () => ({ from: 'blocked@evil.example', head: ['Auto-Submitted: auto-generated'] }),
    'ignored:blocked',
  ],
  ['a domain that only ends as a blocked one', () => ({ from: 'x@notbad.example' }), 'opened'],
  [
    'a blocked address as answer address',
    () => ({ from: 'n1@evil.example', head: ['Reply-To: n1@evil.example', 'Sender: blocked@evil.example'] }),
    'opened',
  ],
  ['spam, says our server', () => ({ top: flagged(TRUSTED) }), 'held:spam'],
  ['spam, says nobody by name', () => ({ top: ['X-Spam-Flag: YES'] }), 'held:spam'],
  [
    'spam, says our server below a field that says no',
    () => ({ top: ['X-Spam-Flag: No', 'X-Spam-Status: No, score=-99'], head: flagged(TRUSTED) }),
    'held:spam',
  ],
  [
    'spam, says our server above a field that says no',
    () => ({ top: flagged(TRUSTED), head: ['X-Spam-Flag: No'] }),
    'held:spam',
  ],
  [
    'spam, says our server beside another one',
    () => ({ top: flagged(TRUSTED), head: ['X-Spam-Checker-Version: SpamAssassin on mx.evil.example'] }),
    'held:spam',
  ],
  [
    'spam, says Microsoft of the second field',
    () => ({ top: ['X-MS-Exchange-Organization-SCL: -1', 'X-MS-Exchange-Organization-SCL: 9'] }),
    'held:spam',
  ],
  [
    'spam, says a server that we do not know',
    () => ({ from: 'n2@evil.example', top: flagged('mx.evil.example') }),
    'opened',
  ],
  ['spam of an allowed sender', () => ({ from: 'x@wanted.example', top: flagged(TRUSTED) }), 'opened'],
  ['spam with the token of a ticket', at => ({ top: flagged(TRUSTED), head: [answers(at.token.answer)] }), TOKEN],
  [
    'an answer of the requester that a filter takes for spam',
    at => ({ from: ANN, top: flagged(TRUSTED), head: [answers(at.token.answer)] }),
    'appended HD-1 in',
  ],
]

describe('machines of which nobody hears', () => {
  test.each(UNHEARD)('%s', async (_name, letter, becomes) => {
    const before = siege.world.mails.length
    await siege.withstands(letter(siege), becomes, [])
    expect(siege.world.mails.length).toBe(before)
  })
})

describe.each([
  ['machines that nobody answers', UNANSWERED],
  ['senders who are not wanted', UNWANTED],
])('%s', (_, attacks) => {
  test.each(attacks)('%s', (_name, letter, becomes, writesTo) => siege.withstands(letter(siege), becomes, writesTo))
})

test('no automatic answer opens a closed ticket again', async () => {
  await siege.desk.as('bob', 'close 1')
  for (const letter of [
    { from: ANN, head: [answers(siege.token.answer), AUTO] },
    { from: BOB, head: [answers(siege.token.told), AUTO] },
    bounce(ANN, `<${siege.token.answer}@desk.example>`),
  ]) {
    await siege.send(letter)
    expect((await siege.tickets()).get('HD-1')?.facts.state).toBe('closed')
  }
  await siege.desk.as('bob', 'reopen 1')
})
