import { describe, expect, test } from 'vitest'
import { bouncedRecipients, returnedIds } from '../../../src/core/mail/bounce.ts'
import { cpuTime } from '../../support/cpu-time.ts'

interface Given {
  text?: string
  deliveryStatus?: string[]
  failedRecipients?: string[]
}

function read({ text = '', deliveryStatus = [], failedRecipients = [] }: Given) {
  return bouncedRecipients({ text, deliveryStatus, failedRecipients, to: ['desk@desk.example'] })
}

const RETURNED = 'Return-Path: <desk@desk.example>\nFrom: desk@desk.example\nTo: other@elsewhere.example\n'

/** Reports as these systems write them: text, address, status, hard. */
const REPORTS: readonly (readonly [string, string, string, string, boolean])[] = [
  [
    'qmail, unknown user',
    `Hi. This is the qmail-send program at out.example.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<olga@shop.example>:
203.0.113.9 does not like recipient.
Remote host said: 550 5.1.1 <olga@shop.example>: No such mailbox
Giving up on 203.0.113.9.

--- Below this line is a copy of the message.

${RETURNED}`,
    'olga@shop.example',
    '5.1.1',
    true,
  ],
  [
    'qmail, no such host',
    `Hi. This is the qmail-send program at out.example.
I'm afraid I wasn't able to deliver your message to the following addresses.

<olga@shopp.example>:
Sorry, I couldn't find any host named shopp.example. (#5.1.2)
`,
    'olga@shopp.example',
    '5.1.2',
    true,
  ],
  [
    'qmail, too long in the queue',
    `Hi. This is the qmail-send program at out.example.

<olga@shop.example>:
203.0.113.9 does not like recipient.
Remote host said: 450 try again later
I'm not going to try again; this message has been in the queue too long.
`,
    'olga@shop.example',
    '4.4.7',
    false,
  ],
  [
    'Exim, quota',
    `This message was created automatically by mail delivery software.

A message that you sent could not be delivered to one or more of its
recipients. This is a permanent error. The following address(es) failed:

  olga@shop.example
    host mx.shop.example [203.0.113.9]
    SMTP error from remote mail server after RCPT TO:<olga@shop.example>:
    552 5.2.2 Over quota
`,
    'olga@shop.example',
    '5.2.2',
    false,
  ],
  [
    'Exim, an address that leads nowhere',
    `This message was created automatically by mail delivery software.

  olga@shop.example
    Unrouteable address

------ This is a copy of the message, including all the headers. ------
${RETURNED}`,
    'olga@shop.example',
    '5.1.1',
    true,
  ],
  [
    'Exim, refused for its sender',
    `The following address(es) failed:

  olga@shop.example
    SMTP error from remote mail server after MAIL FROM:<desk@desk.example> SIZE=2000:
    550 we do not know you
`,
    'olga@shop.example',
    '5.7.1',
    false,
  ],
  [
    'Postfix as text',
    `This is the mail system at host out.example.

I'm sorry to have to inform you that your message could not
be delivered to one or more recipients. It's attached below.

                   The mail system

<olga@shop.example>: host mx.shop.example[203.0.113.9] said: 550 5.1.1
    <olga@shop.example>: Recipient address rejected: User unknown in local
    recipient table (in reply to RCPT TO command)
`,
    'olga@shop.example',
    '5.1.1',
    true,
  ],
  [
    'Postfix, after the end of the text',
    `This is the mail system at host out.example.

<olga@shop.example>: host mx.shop.example[203.0.113.9] said: 550 Unknown user
    (in reply to end of DATA command)
`,
    'olga@shop.example',
    '5.0.0',
    false,
  ],
  [
    'Gmail, as it wrote once',
    `Delivery to the following recipient failed permanently:

     olga@shop.example

Technical details of permanent failure:
Google tried to deliver your message, but it was rejected by the server for the recipient domain shop.example.

The error that the other server returned was:
550 5.7.1 Message rejected as spam by content filtering

----- Original message -----

${RETURNED}`,
    'olga@shop.example',
    '5.7.1',
    false,
  ],
  [
    'Exchange 2003',
    `Your message

  To:      olga@shop.example
  Subject: Your question
  Sent:    Mon, 2 Feb 2026 10:00:00 +0100

did not reach the following recipient(s):

olga@shop.example on Mon, 2 Feb 2026 10:00:09 +0100
    The recipient name is not recognized
    MSEXCH:IMS:Shop:Site:SRV 0 (000C05A6) Unknown Recipient
`,
    'olga@shop.example',
    '5.1.1',
    true,
  ],
  [
    'Office 365, whose advice is not the answer',
    `Delivery has failed to these recipients or groups:

olga@shop.example<mailto:olga@shop.example>
Your message wasn't delivered. The address might be misspelled or it might not exist. Try retyping it.

Diagnostic information for administrators:

Generating server: out.prod.outlook.example

olga@shop.example
Remote Server returned '550 5.7.1 Service unavailable, client blocked using Blocklist'

Original message headers:

Received: from a.example
`,
    'olga@shop.example',
    '5.7.1',
    false,
  ],
  [
    'Yahoo',
    `Sorry, we were unable to deliver your message to the following address.

<olga@yahoo.example>:
Remote host said:
554 delivery error: dd This user doesn't have a yahoo.example account (olga@yahoo.example) [0] - mta1 [BODY]

--- Below this line is a copy of the message.
`,
    'olga@yahoo.example',
    '5.1.1',
    true,
  ],
  [
    'an old sendmail',
    `The original message was received at Mon, 2 Feb 2026 10:00:00 +0100

   ----- Transcript of session follows -----
... while talking to mx.shop.example.:
>>> RCPT To:<olga@shop.example>
<<< 550 olga@shop.example... User unknown
550 olga@shop.example... User unknown

   ----- Unsent message follows -----
${RETURNED}`,
    'olga@shop.example',
    '5.1.1',
    true,
  ],
  [
    'a provider in one sentence',
    'Unable to find user: <olga@shop.example>\nPlease make sure the address is correct and resend your mail.\n',
    'olga@shop.example',
    '5.1.1',
    true,
  ],
  [
    'a Japanese carrier',
    `次のあて先へのメッセージはエラーのため送信できませんでした。

宛先: olga@phone.example
理由: 宛先不明
`,
    'olga@phone.example',
    '5.1.1',
    true,
  ],
]

/** What systems say of one recipient, below a line that names it: words, status, hard. */
const SAID: readonly (readonly [string, string, boolean])[] = [
  // Words of all languages for what is full, and for whom there is not.
  ['Das Postfach des Empfängers ist voll', '5.2.2', false],
  ['La boîte aux lettres du destinataire est pleine', '5.2.2', false],
  ['El buzón del destinatario está lleno', '5.2.2', false],
  ['Skrzynka odbiorcy jest pełna', '5.2.2', false],
  ['Почтовый ящик получателя переполнен', '5.2.2', false],
  ['メールボックスがいっぱいです', '5.2.2', false],
  ['받는 사람의 메일함 용량이 초과되었습니다', '5.2.2', false],
  ['Benutzer nicht im Domino-Verzeichnis aufgeführt', '5.1.1', true],
  ['Het e-mailadres is niet gevonden', '5.1.1', true],
  ['Användaren finns inte', '5.1.1', true],
  ['Domino ディレクトリにありません', '5.1.1', true],
  ['The subscriber is unknown', '5.1.1', true],
  ['LOCAL module(account olga) reports: account is unknown', '5.1.1', true],
  ['550 no one at this address: there is no one at this address', '5.1.1', true],
  // Hosts: those that are not there, and those that do not answer.
  ['As the remote domain doesnt exist.', '5.1.2', true],
  ['DNS lookup failure: host shop.example not found', '5.1.2', true],
  ['No MX found for destination', '5.1.2', true],
  ['The account or domain may not exist, they may be blacklisted', '5.1.2', true],
  ['host mx.shop.example [203.0.113.9]: Connection refused', '4.4.1', false],
  ['Delivery failed 20 attempts', '4.4.7', false],
  ['Too many "Received" headers - suspected mail loop', '5.4.6', false],
  ['554 5.4.6 too many hops', '5.4.6', false],
  // What was refused after the address was taken may be so for this mail alone.
  ['203.0.113.9 failed after I sent the message.\nRemote host said: 550 Unknown user olga', '5.0.0', false],
  ['550 550 No such user here (state 17).', '5.0.0', false],
  ['mx.shop.example did not like our RCPT TO:\n550 No such user here', '5.1.1', true],
  ['-------server message\n550 unknown user\n-------SMTP command\nDATA', '5.0.0', false],
  // What looks alike.
  ['550 inactive email address', '5.1.1', true],
  ['550 inactive account', '5.2.1', false],
  ['Helo command rejected: need fully-qualified hostname; server fully busy', '5.7.1', false],
]

describe('a bounce that follows no RFC', () => {
  test.each(SAID)('%s', (words, status, hard) => {
    expect(read({ text: `Sorry.\n\n<olga@shop.example>:\n${words}\n` })).toMatchObject([
      { address: 'olga@shop.example', status, hard },
    ])
  })

  test('says what mail it is about before it says why (PMDF, Oracle)', () => {
    const about = '  Message-id: <1@desk.example>\n  From: desk@desk.example\n  To: ann@shop.example\n'
    const text = `This report relates to a message you sent with the following header fields:\n\n${about}\nYour message cannot be delivered to the following recipients:\n\n  Recipient address: ann@shop.example\n  Reason: Over quota\n`
    expect(read({ text })).toMatchObject([{ address: 'ann@shop.example', status: '5.2.2', hard: false }])
  })

  test.each(REPORTS)('%s', (_, text, address, status, hard) => {
    expect(read({ text })).toMatchObject([{ address, status, hard }])
  })

  test('tells its recipients apart', () => {
    const text = `The following address(es) failed:

  ann@shop.example
    550 5.1.1 User unknown
  bob@shop.example
    452 4.2.2 Mailbox full
`
    expect(read({ text, failedRecipients: ['ann@shop.example,\n bob@shop.example'] })).toMatchObject([
      { address: 'ann@shop.example', status: '5.1.1', hard: true },
      { address: 'bob@shop.example', status: '4.2.2', hard: false },
    ])
  })

  test('that waits is marked as a delay, and never hard', () => {
    const text = 'Your message has been delayed and will be retried.\n\n<olga@shop.example>: unknown user\n'
    expect(read({ text })).toMatchObject([{ address: 'olga@shop.example', hard: false, delayed: true }])
  })

  test('is not about who sent it, nor about those of the returned mail', () => {
    const text = `Could not deliver.\ndesk@desk.example\nolga@shop.example: 550 5.1.1 no\n\n--- Original message ---\n${RETURNED}`
    expect(read({ text }).map(each => each.address)).toMatchObject(['olga@shop.example'])
  })

  test('is about those whom it did not reach, not about all of the mail', () => {
    const text =
      'Your message\n\n  To: ann@shop.example\n\ndid not reach the following recipient(s):\n\nbob@shop.example on Monday\n    Unknown Recipient\n'
    expect(read({ text })).toMatchObject([{ address: 'bob@shop.example', status: '5.1.1', hard: true }])
  })

  test('that hides whom it is about leaves that to the returned mail', () => {
    const text = `Your message could not be delivered: the mailbox is full.\n\n--- Original message ---\n${RETURNED}`
    expect(read({ text })).toMatchObject([{ address: 'other@elsewhere.example', status: '5.2.2', hard: false }])
  })

  test('of nobody names nobody', () => {
    expect(read({})).toMatchObject([])
    expect(read({ text: 'It did not work.' })).toMatchObject([])
  })

  test('of any length and making is read soon', () => {
    const pieces = [
      'a@',
      'a@b.c ',
      '<a@b.c>:\n',
      '550 ',
      '550-',
      '5.1.1',
      '- ',
      '\n',
      '-\n',
      ' ',
      'to ',
      '>',
      '"<[(',
      '宛先:',
      'name service error for ',
    ]
    for (const piece of [...pieces, 'a.', '550 a@b.c\n', '5.1.1 - a ', 'to: ']) {
      const spent = cpuTime()
      const long = piece.repeat(400_000 / piece.length)
      read({ text: `x${long}`, deliveryStatus: [long], failedRecipients: [long] })
      read({ text: `x${long}` })
      expect(spent(), piece).toBeLessThan(1_500)
    }
  })
})

test('a delivery status that stands in the text is read there', () => {
  const text =
    'Sorry.\n\nFinal-Recipient: rfc822; olga@shop.example\nAction: failed\nStatus: 5.1.1\n\nReturn-Path: <a@b.example>\n'
  expect(read({ text })).toMatchObject([{ address: 'olga@shop.example', status: '5.1.1', hard: true }])
})

describe('a delivery status', () => {
  const report = (diagnostic: string, status = '5.0.0', action = 'failed') =>
    `Reporting-MTA: dns; out.example\n\nFinal-Recipient: rfc822; olga@shop.example\nAction: ${action}\nStatus: ${status}\nDiagnostic-Code: ${diagnostic}\n`

  test.each<[string, string, string, boolean]>([
    ['smtp; 550 5.1.1 User unknown', '5.0.0', '5.1.1', true],
    ['smtp; 550 5.2.2 Mailbox full', '5.1.1', '5.2.2', false],
    ['smtp; 450 4.1.1 User unknown in virtual table', '4.1.1', '4.1.1', true],
    ['smtp; 554 5.7.1 Relay access denied', '5.7.1', '5.7.1', false],
    ['smtp; 553 5.1.8 Domain of sender address does not exist', '5.1.8', '5.1.8', false],
    ['smtp; 550 5.2.1 The account has been suspended', '5.2.1', '5.2.1', false],
    ['smtp; 551 5.1.6 Recipient has moved', '5.1.6', '5.1.6', true],
    ['x-unix; procmail: no such user', '5.1.1', '5.1.1', false],
    ['smtp; 550 5.1.8 Invalid domain in sender', '5.1.8', '5.1.8', false],
    ['smtp; 550 5.4.1 Recipient address rejected: Access denied. AS(201806281)', '5.4.1', '5.4.1', true],
    ['smtp; 552-5.2.2 The email account that you tried to reach is over quota', '5.2.2', '5.2.2', false],
    ['x-postfix; Name service error for name=shop.example: Host not found, try again', '4.4.3', '4.4.3', false],
    ['x-postfix; Name service error for name=shop.example: Host not found', '5.4.4', '5.4.4', true],
    ['smtp; 556 5.1.10 domain has null MX', '5.1.10', '5.1.10', true],
    ['smtp; 550 Unknown user olga@docomo.ne.jp', '5.3.0', '5.3.0', false],
    ['smtp; something else', '5.1.1', '5.1.1', true],
    ['smtp; something else', '5.0.0', '5.0.0', false],
    ["smtp; 5.1.0 - Unknown address error 550-'5.7.1 Access denied'", '5.0.0', '5.7.1', false],
    ['smtp; 550 #5.1.0 Address rejected.', '5.1.0', '5.1.0', true],
    ['smtp; connection timed out', '5.4.4', '5.4.4', false],
    ['x-postfix; connect to mx.shop.example: Connection refused', '5.4.1', '5.4.1', false],
    ['smtp; 554 5.4.7 [internal] message expired, host not found or not responding', '4.4.7', '5.4.7', false],
    ['smtp; 550 Recipient address rejected: Access denied', '5.7.504', '5.7.504', false],
    ['smtp; 550 Nope\nX-PowerMTA-BounceCategory: bad-mailbox', '5.0.0', '5.0.0', true],
    ['smtp; 550 User unknown', '', '5.1.1', true], // RFC 3464 section 2.3.4 asks for a status
    ['smtp; 452 Mailbox full', '', '4.2.2', false],
    ['550 Requested action not taken: mailbox unavailable', '550', '5.1.1', true],
  ])('%s (%s)', (diagnostic, given, status, hard) => {
    expect(read({ deliveryStatus: [report(diagnostic, given)] })).toMatchObject([
      { address: 'olga@shop.example', status, hard },
    ])
  })

  test('of a mail that arrived names nobody, of a delayed one who still waits', () => {
    expect(read({ deliveryStatus: [report('smtp; 250 ok', '2.0.0', 'delivered')] })).toMatchObject([])
    expect(read({ deliveryStatus: [report('smtp; 421 later', '4.4.1', 'delayed')] })).toMatchObject([
      { address: 'olga@shop.example', status: '4.4.1', hard: false, delayed: true },
    ])
  })

  test('without an answer is told by its words (Exchange 2003)', () => {
    const text =
      'olga@shop.example on Monday\n    A communication problem.\n    <mx #5.5.0 smtp;550 5.1.1 unknown user>\n'
    expect(read({ text, deliveryStatus: [report('', '5.5.0')] })[0]).toMatchObject({ status: '5.5.0', hard: true })
  })

  test('that holds no fields leaves it to the text, and a text that names nobody to the returned mail', () => {
    const text = 'Final-Recipient: rfc822; olga@shop.example\nStatus: 5.1.1\n'
    expect(read({ text, deliveryStatus: ['Nothing.'] })).toMatchObject([{ address: 'olga@shop.example', hard: true }])
    const given = { text: 'It was not sent.', deliveryStatus: [], failedRecipients: [], to: [] }
    expect(bouncedRecipients({ ...given, returnedTo: ['Olga@shop.example'] })[0]?.address).toBe('olga@shop.example')
  })

  test('that says unknown while its words say full is believed to be full', () => {
    const text = 'Your message was rejected: mailbox is full.'
    expect(read({ text, deliveryStatus: [report('smtp; 550 5.1.1 User unknown', '5.1.1')] })[0]?.hard).toBe(false)
  })
})

test('the ids of mails that a text returns are found, folded or quoted', () => {
  const text = 'Failed.\n\nMessage-ID: <1@desk.example>\n> Message-Id:\n <2@desk.example>\nIn-Reply-To: <3@x>\n'
  expect(returnedIds(text)).toMatchObject(['<1@desk.example>', '<2@desk.example>'])
})
