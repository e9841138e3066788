import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readMail } from '../../../../adapters/email/read/parse-message.ts'
import type { Authentication, InboundMessage } from '../../../../src/channel/message.ts'
import { type ListFields, readListMail, throughList } from '../../../../src/core/mail/list-mail.ts'

const OWN = ['help@desk.example', 'support@own.example']
const TRUSTED = 'mx.desk.example'

/** Reads a mail with this head; a line that begins with a blank goes on with the one before. */
async function read(
  head: readonly string[],
  text = 'Where is my order?',
  type = 'text/plain',
): Promise<InboundMessage> {
  const usual = ['Subject: Order', 'Message-ID: <a@client.example>', 'MIME-Version: 1.0', `Content-Type: ${type}`]
  const bytes = Buffer.from([...head, ...usual, '', text, ''].join('\r\n'))
  const options = { ownAddresses: OWN, envelope: null, spool: join(tmpdir(), 'list-mail'), trusted: [TRUSTED] }
  const { message } = await readMail({ bytes }, options)
  if ('quarantine' in message) throw new Error(message.detail)
  return message as InboundMessage
}

const JAN = { address: 'jan@t14.example', name: 'Jan Falk' }
const google = (name: string, more: readonly string[] = []) => [
  `From: ${name} <support@groups.example>`,
  'To: support@groups.example',
  'List-ID: <support.groups.example>',
  'List-Post: <https://groups.google.com/a/groups.example/group/support/post>, <mailto:support@groups.example>',
  'Mailing-list: list support@groups.example; contact support+owners@groups.example',
  'X-Google-Group-Id: 1234567890',
  'Precedence: list',
  ...more,
]
const ORIGINAL = ['X-Original-Sender: jan@t14.example', 'X-Original-From: Jan Falk <jan@t14.example>']
const TO_LIST = 'Reply-To: Support <support@groups.example>'
const word = (text: string) => `=?utf-8?b?${Buffer.from(text).toString('base64')}?=`

const mailman = (name: string, more: readonly string[] = []) => [
  `From: ${name} <support@lists.example>`,
  'To: support@lists.example',
  'List-Id: Support of the firm <support.lists.example>',
  'List-Post: <mailto:support@lists.example>',
  'Sender: "Support" <support-bounces@lists.example>',
  'X-BeenThere: support@lists.example',
  'X-Mailman-Version: 2.1.39',
  'Precedence: list',
  ...more,
]

describe('Google Groups', () => {
  test.each<[string, string[]]>([
    ['with what From was', google("'Jan Falk' via Support", [...ORIGINAL, 'Reply-To: Jan Falk <jan@t14.example>'])],
    ['whose answers go to the group', google("'Jan Falk' via Support", [...ORIGINAL, TO_LIST])],
    [
      'whose answers go to both',
      google("'Jan Falk' via Support", [...ORIGINAL, 'Reply-To: support@groups.example, Jan Falk <jan@t14.example>']),
    ],
    ['in German', google(word("'Jan Falk' über Support"), ORIGINAL)],
    ['in Portuguese', google("'Jan Falk' por Support", ORIGINAL)],
    ['in Italian', google("'Jan Falk' tramite Support", ORIGINAL)],
    ['in Spanish', google(word("'Jan Falk' a través de Support"), ORIGINAL)],
    [
      'with nothing but the address of the sender',
      google("'Jan Falk' via Support", ['X-Original-Sender: jan@t14.example']),
    ],
    ['with nothing but the address for answers', google("'Jan Falk' via Support", ['Reply-To: jan@t14.example'])],
    [
      'folded and encoded',
      google(word("'Jan Falk' via Support"), [`X-Original-From:`, ` ${word('Jan Falk')}`, ' <Jan@T14.example>']),
    ],
    [
      'under a name with a comma',
      google('"\'Falk, Jan\' via Support"', ['X-Original-From: "Jan Falk" <jan@t14.example>']),
    ],
    [
      'whose answers go to another name of the group',
      google("'Jan Falk' via Support", [
        'To: support@groups.example.google.example',
        'Reply-To: support@groups.example',
        ...ORIGINAL,
      ]),
    ],
    [
      'whose answers go to its owners, too',
      google("'Jan Falk' via Support", ['Reply-To: support+owners@groups.example', ...ORIGINAL]),
    ],
    [
      'which is a member of a list, and keeps what that wrote',
      google("'Jan Falk' via Support", [
        'X-Original-From: support@groups.example',
        'Reply-To: Jan Falk <jan@t14.example>',
      ]),
    ],
    ['whose own fields a gateway took away', [...google("'Jan Falk' via Support", ORIGINAL).slice(0, 2), ...ORIGINAL]],
    [
      'of which nothing but the answer address is left',
      [...google("'Jan Falk' via Support").slice(0, 2), 'Reply-To: jan@t14.example'],
    ],
  ])('%s', async (_name, head) => {
    const message = await read(head)
    expect(message.from).toEqual(JAN)
    expect(message.replyTo).toBe('jan@t14.example')
    expect(message.authentication.result).toBe('none')
    expect(message.mail.through?.lists).toContain('support@groups.example')
  })

  test('a writer without a name', async () => {
    const { from } = await read(google("'jan@t14.example' via Support", ['X-Original-From: jan@t14.example']))
    expect(from).toEqual({ address: 'jan@t14.example', name: '' })
  })

  test.each([
    [
      'a list that is a member of the group, and kept its own writer',
      ['X-Original-From: Jan via All <all@lists.example>', 'X-Original-From: Jan Falk <jan@t14.example>'],
    ],
    [
      'a list that is a member of the group, and is answered at the writer',
      ['X-Original-From: Jan via All <all@lists.example>', 'Reply-To: Jan Falk <jan@t14.example>'],
    ],
    ['a group in another domain', ['To: support@other.example', 'Reply-To: support@other.example', ...ORIGINAL]],
  ])('%s: somebody else could be meant', async (_name, more) => {
    const { from, authentication } = await read(google("'Jan Falk' via Support", more))
    expect({ from, result: authentication.result }).toEqual({ from: JAN, result: 'unaligned' })
  })

  test('an answer that was asked for elsewhere goes there', async () => {
    const { from, replyTo, authentication } = await read(
      google("'Jan Falk' via Support", [...ORIGINAL, 'Reply-To: work@t14.example']),
    )
    expect({ from, replyTo }).toEqual({ from: JAN, replyTo: 'work@t14.example' })
    expect(authentication.result).toBe('unaligned')
  })
})

describe('Mailman', () => {
  const MIA = { address: 'mia@t14.example', name: 'Mia Falk' }
  test.each<[string, string[]]>([
    ['the writer on Cc', mailman('Mia Falk via Support', ['Cc: Mia Falk <mia@t14.example>'])],
    [
      'the writer on Cc among others',
      mailman('Mia Falk via Support', ['Cc: Bo <bo@x.example>, Mia Falk <mia@t14.example>, ann@x.example']),
    ],
    [
      'the writer on Cc, answers to the list',
      mailman('Mia Falk via Support', [
        'Cc: "Mia Falk" <mia@t14.example>',
        'Reply-To: Support of the firm <support@lists.example>',
      ]),
    ],
    ['the writer for answers', mailman('Mia Falk via Support', ['Reply-To: Mia Falk <mia@t14.example>'])],
    [
      'the writer first for answers',
      mailman('Mia Falk via Support', [
        'Reply-To: Mia Falk <mia@t14.example>, Support of the firm <support@lists.example>',
      ]),
    ],
    [
      'the writer second for answers',
      mailman('Mia Falk via Support', [
        'Reply-To: Support of the firm <support@lists.example>, Mia Falk <mia@t14.example>',
      ]),
    ],
    [
      'two fields for answers',
      mailman('Mia Falk via Support', ['Reply-To: support@lists.example', 'Reply-To: Mia Falk <mia@t14.example>']),
    ],
    ['in German', mailman(word('Mia Falk über Support'), ['Cc: Mia Falk <mia@t14.example>'])],
    ['in Spanish', mailman('Mia Falk por medio de Support', ['Cc: Mia Falk <mia@t14.example>'])],
    ['in French', mailman('Mia Falk par Support', ['Cc: Mia Falk <mia@t14.example>'])],
    ['in a language that we do not know', mailman('Mia Falk ponten Support', ['Cc: Mia Falk <mia@t14.example>'])],
    [
      'named backwards on Cc',
      mailman('Mia Falk via Support', ['Cc: "Falk, Mia" <mia@t14.example>', 'Reply-To: Mia Falk <mia@t14.example>']),
    ],
    [
      'an answer address that is ours, too',
      mailman('Mia Falk via Support', ['Reply-To: help@desk.example, Mia Falk <mia@t14.example>']),
    ],
  ])('%s', async (_name, head) => {
    const { from, replyTo } = await read(head)
    expect({ address: from?.address, replyTo }).toEqual({ address: MIA.address, replyTo: MIA.address })
    expect(['Mia Falk', 'Falk, Mia']).toContain(from?.name)
  })

  test('a writer without a name, whom it calls by the address', async () => {
    const { from } = await read(mailman('mia--- via Support', ['Cc: bo@x.example, mia@t14.example']))
    expect(from).toEqual({ address: 'mia@t14.example', name: '' })
  })

  test('a name on Cc that is left out', async () => {
    const { from } = await read(mailman('Mia Falk via Support', ['Cc: bo@x.example, mia.falk@t14.example']))
    expect(from).toEqual({ address: 'mia.falk@t14.example', name: 'Mia Falk' })
  })

  const INNER = [
    'From: Mia Falk <mia@t14.example>',
    'To: support@lists.example',
    'Message-ID: <inner@t14.example>',
    'Subject: Order',
    '',
    'It is late.',
    '',
  ].join('\r\n')
  test.each([
    ['with the writer on Cc', ['Cc: Mia Falk <mia@t14.example>'], 'none'],
    ['with the writer for answers', ['Reply-To: Mia Falk <mia@t14.example>'], 'none'],
    ['with nothing but the mail within', [], 'unaligned'],
  ])('a mail put into one of the list, %s', async (_name, more, result) => {
    const message = await read(mailman('Mia Falk via Support', more), INNER, 'message/rfc822')
    expect(message).toMatchObject({
      from: MIA,
      visible: 'It is late.',
      authentication: { result },
    })
    expect(message.mail.references).toEqual(['<inner@t14.example>'])
  })

  test('a mail put into one of the list as its only part', async () => {
    const body = ['--b', 'Content-Type: message/rfc822', '', INNER, '--b--'].join('\r\n')
    const message = await read(
      mailman('Mia Falk via Support', ['Cc: Mia Falk <mia@t14.example>']),
      body,
      'multipart/mixed; boundary=b',
    )
    expect(message).toMatchObject({ from: MIA, visible: 'It is late.' })
  })
})

describe('other lists and services', () => {
  const listed = (from: string, list: string, more: readonly string[] = []) => [
    `From: ${from}`,
    `To: ${list}`,
    `List-Id: <${list.replace('@', '.')}>`,
    `List-Post: <mailto:${list}>`,
    ...more,
  ]
  const SYMPA = 'team@sympa.example'
  const kept = ['X-Original-From: Jan Falk <jan@t14.example>', 'Reply-To: Jan Falk <jan@t14.example>']
  test.each<[string, string[]]>([
    ['Sympa', listed(`"Jan Falk" (via team Mailing List) <${SYMPA}>`, SYMPA, kept)],
    ['Sympa, the words in the name', listed(`"Jan Falk (via team Mailing List)" <${SYMPA}>`, SYMPA, kept)],
    ['Sympa with the address', listed(`"Jan Falk (jan@t14.example via team Mailing List)" <${SYMPA}>`, SYMPA, kept)],
    ['Sympa in French', listed(`"Jan Falk (par la liste team)" <${SYMPA}>`, SYMPA, kept)],
    ['Sympa under another address', listed('"Jan Falk (via team Mailing List)" <dmarc@sympa.example>', SYMPA, kept)],
    [
      'LISTSERV with answers to the writer',
      listed('Jan Falk <00000123abc-dmarc-request@LISTSERV.X.example>', 'team@listserv.x.example', [
        'Reply-To: Jan Falk <jan@t14.example>',
      ]),
    ],
    [
      'Groups.io',
      listed('"Jan Falk via groups.io" <jan=t14.example@groups.io>', 'main@groups.io', ['Reply-To: main@groups.io']),
    ],
    [
      'Groups.io under a number',
      [
        ...listed('"Jan Falk via groups.io" <jan=t14.example@groups.io>', 'main@groups.io').slice(0, 2),
        'List-Id: <main.123.groups.io>',
        'Mailing-List: list main@groups.io; contact main+owner@groups.io',
      ],
    ],
    [
      'Topicbox',
      listed('"Jan Falk via Team" <team@firm.topicbox.example>', 'team@firm.topicbox.example', [
        'Reply-To: team@firm.topicbox.example, Jan Falk <jan@t14.example>',
      ]),
    ],
    [
      'ezmlm',
      [
        'From: Jan Falk via team <team@ezmlm.example>',
        'To: team@ezmlm.example',
        'Mailing-List: contact team-help@ezmlm.example; run by ezmlm',
        'List-Post: <mailto:team@ezmlm.example>',
        'Reply-To: jan@t14.example',
      ],
    ],
    [
      'a list in capitals',
      listed('"Jan Falk via Team" <TEAM@Lists.Example>', 'team@lists.example', ['Reply-To: <JAN@T14.example>']),
    ],
    [
      'a service that sends for its users',
      [
        'From: "Jan Falk via Signing" <no-reply@signing.example>',
        'To: help@desk.example',
        'Reply-To: Jan Falk <jan@t14.example>',
      ],
    ],
    [
      'a service, in brackets',
      ['From: "Jan Falk (via Drive)" <drive@service.example>', 'To: help@desk.example', 'Reply-To: jan@t14.example'],
    ],
  ])('%s', async (_name, head) => {
    expect((await read(head)).from).toEqual(JAN)
  })

  test('a forum, where each writer is answered at an address of its own', async () => {
    const { from } = await read([
      'From: Jan Falk via Forum <noreply@forum.example>',
      'To: help@desk.example',
      'List-Id: Forum | Help <help.forum.example>',
      'Reply-To: Forum <reply+0123@forum.example>',
    ])
    expect(from?.address).toBe('reply+0123@forum.example')
  })

  test.each([
    [
      'the address that LISTSERV made for a writer',
      listed('Jan Falk <00123abc-dmarc-request@listserv.example>', 'team@listserv.example', [
        'Reply-To: team@listserv.example',
      ]),
      '00123abc-dmarc-request@listserv.example',
    ],
    ['a list that leaves From alone', listed('Jan Falk <jan@t14.example>', SYMPA), 'jan@t14.example'],
    [
      'the same with what From was, which anybody may have written',
      listed('Jan Falk <jan@t14.example>', SYMPA, ['X-Original-From: ann@example.com']),
      'jan@t14.example',
    ],
    [
      'a desk of others, with its agent in the name',
      ['From: "Jan (Firm)" <support@firm.zendesk.example>', 'Reply-To: Firm <support+id7@firm.zendesk.example>'],
      'support@firm.zendesk.example',
    ],
    [
      'no list at all',
      ['From: Jan Falk <jan@t14.example>', 'X-Original-From: ann@example.com', 'X-Original-Sender: ann@example.com'],
      'jan@t14.example',
    ],
    [
      'a name of a person that has such a word',
      ['From: Via Rail <via@rail.example>', 'Reply-To: other@x.example'],
      'via@rail.example',
    ],
    ['another such name', ['From: Jan por Dios <jan@t14.example>', 'Reply-To: other@x.example'], 'jan@t14.example'],
    [
      'a firm whose name has such a word',
      ['From: Flights via Rome <info@flights.example>', 'Reply-To: sales@flights.example'],
      'info@flights.example',
    ],
  ])('who is the writer already: %s', async (_name, head, address) => {
    expect((await read(head)).from?.address).toBe(address)
  })

  test('answers to a list go to the writer, not to all', async () => {
    const { replyTo } = await read(listed('Jan Falk <jan@t14.example>', SYMPA, [`Reply-To: ${SYMPA}`]))
    expect(replyTo).toBe('jan@t14.example')
  })
})

describe('nobody is told of', () => {
  test.each<[string, string[]]>([
    ['an anonymous list', mailman('Support of the firm', ['Reply-To: support@lists.example'])],
    ['a name alone', mailman('Mia Falk via Support')],
    [
      'a group of which nothing else is left',
      ["From: 'Mia Falk' via Support <support@groups.example>", 'To: help@desk.example'],
    ],
    ['others on Cc', mailman('Mia Falk via Support', ['Cc: Bo Ek <bo@x.example>, ann@x.example'])],
    [
      'two on Cc who have the name',
      mailman('Mia Falk via Support', ['Cc: Mia Falk <mia@x.example>, Mia Falk <mia@y.example>']),
    ],
    ['a group whose original is the group', google("'Jan' via Support", ['X-Original-From: support@groups.example'])],
    [
      'a group of ours',
      ["From: 'Jan' via Help <help@desk.example>", 'To: help@desk.example', 'List-Id: <help.desk.example>'],
    ],
  ])('%s', async (_name, head) => {
    const {
      from,
      replyTo,
      mail: { through },
    } = await read(head)
    expect({ from, replyTo }).toEqual({ from: null, replyTo: null })
    expect(through?.lists[0]).toMatch(/^(?:support|help)@/)
  })

  test('what the list calls the writer is kept', async () => {
    expect((await read(mailman('Mia Falk via Support'))).mail.through).toEqual({
      lists: ['support@lists.example'],
      name: 'Mia Falk',
    })
    expect((await read(mailman('Support of the firm'))).mail.through?.name).toBe('')
  })
})

describe('no list', () => {
  test.each<[string, string[]]>([
    ['a nickname', ['From: "\'Jan\' Johannes Falk" <jan@t14.example>']],
    ['a firm in quotes', [`From: ${word('«Ромашка» отдел продаж')} <jan@t14.example>`]],
    ['a house', [`From: ${word('„Alte Post“ Hotel Bonn')} <jan@t14.example>`, 'Reply-To: jan@t14.example']],
    [
      'a firm in quotes, answered elsewhere',
      [`From: ${word('«Ромашка» отдел продаж')} <jan@t14.example>`, 'Reply-To: sales@romashka.example'],
    ],
    [
      'a nickname, through a group of ours that leaves it alone',
      [
        'From: "\'Jan\' Johannes Falk" <jan@t14.example>',
        'List-Id: <support.own.example>',
        'X-Original-Sender: jan@t14.example',
      ],
    ],
  ])('%s is the name of whoever wrote it', async (_name, head) => {
    const vouched = `Authentication-Results: ${TRUSTED}; dkim=pass header.d=t14.example`
    const { from, authentication } = await read([vouched, `Received: from x by ${TRUSTED}`, ...head, `To: ${OWN[0]}`])
    expect(from?.address).toBe('jan@t14.example')
    expect(from?.name).toMatch(/^(?:'Jan' Johannes Falk|«Ромашка» отдел продаж|„Alte Post“ Hotel Bonn)$/)
    expect(authentication.result).toBe('pass')
  })
})

describe('how far the writer is believed', () => {
  const found = (results: string) => [
    `Authentication-Results: ${TRUSTED}; ${results}`,
    `Received: from x by ${TRUSTED}`,
  ]
  const from = (list: string, more: readonly string[] = []) => [
    `From: 'Ann' via Support <${list}>`,
    `To: ${list}`,
    `List-Id: <${list.replace('@', '.')}>`,
    'X-Original-From: Ann <ann@example.com>',
    ...more,
  ]
  test.each([
    ['nobody looked', from('support@groups.example'), 'none'],
    [
      'our own group, which its host vouches for: as if nobody looked',
      [...found('dkim=pass header.d=own.example'), ...from('support@own.example')],
      'none',
    ],
    ['the same by DMARC', [...found('dmarc=pass header.from=own.example'), ...from('support@own.example')], 'none'],
    [
      'our own group, which nobody vouches for',
      [...found('dkim=none; spf=none'), ...from('support@own.example')],
      'unaligned',
    ],
    [
      'our own group, for which another host speaks',
      [...found('dkim=pass header.d=evil.example'), ...from('support@own.example')],
      'unaligned',
    ],
    [
      'our own group, whose host says that it is forged',
      [...found('dmarc=fail header.from=own.example'), ...from('support@own.example')],
      'fail',
    ],
    [
      "a stranger's group, for which its host vouches",
      [...found('dkim=pass header.d=evil.example; dmarc=pass header.from=evil.example'), ...from('list@evil.example')],
      'unaligned',
    ],
    [
      "a stranger's group without any check",
      [...found('dkim=none; dmarc=none'), ...from('list@evil.example')],
      'unaligned',
    ],
    [
      "the writer's own domain, of which this is no mail",
      [...found('dkim=pass header.d=example.com'), ...from('support@own.example')],
      'unaligned',
    ],
    [
      'our own group, with another address for answers',
      [...found('dkim=pass header.d=own.example'), ...from('support@own.example', ['Reply-To: x@evil.example'])],
      'unaligned',
    ],
    [
      'our own group, with two for answers',
      [
        ...found('dkim=pass header.d=own.example'),
        ...from('support@own.example', ['Reply-To: ann@example.com, x@evil.example']),
      ],
      'unaligned',
    ],
    [
      'our own group, with another of the name on Cc',
      [...found('dkim=pass header.d=own.example'), ...from('support@own.example', ['Cc: Ann <x@evil.example>'])],
      'unaligned',
    ],
    [
      'our own group, with two writers',
      [
        ...found('dkim=pass header.d=own.example'),
        ...from('support@own.example', ['X-Original-From: x@evil.example', 'Reply-To: ann@example.com']),
      ],
      'unaligned',
    ],
    [
      'our own group, with a list of their own',
      [
        ...found('dkim=pass header.d=own.example'),
        ...from('support@own.example', ['Mailing-list: list x@evil.example', 'Reply-To: x@evil.example']),
      ],
      'unaligned',
    ],
    [
      'our own group, written to beside their own',
      [
        ...found('dkim=pass header.d=own.example'),
        ...from('support@own.example', ['To: support@evil.example', 'Reply-To: support@evil.example']),
      ],
      'unaligned',
    ],
    [
      'our own group, with a name on Cc that is cut short',
      [...found('dkim=pass header.d=own.example'), ...from('support@own.example', ['Cc: via <x@evil.example>'])],
      'unaligned',
    ],
    [
      'our own group, with a name on Cc that is an address',
      [
        ...found('dkim=pass header.d=own.example'),
        ...from('support@own.example', ['Cc: "z@z.example" <x@evil.example>']),
      ],
      'unaligned',
    ],
    [
      'our own group, with a second original under the name of a list',
      [
        ...found('dkim=pass header.d=own.example'),
        ...from('support@own.example', ['X-Original-From: "Eve via X" <x@evil.example>']),
      ],
      'unaligned',
    ],
    ['nobody looked, and two are named', from('support@groups.example', ['Reply-To: x@evil.example']), 'unaligned'],
  ])('%s', async (_name, head, result) => {
    const message = await read(head)
    expect(message.authentication.result).toBe(result)
    expect(message.from?.address).toBe('ann@example.com')
  })

  test('Mailman keeps no original: whoever posts may have written it', async () => {
    const head = from('support@own.example', ['X-Mailman-Version: 3.3.9', 'Cc: Ann <x@evil.example>'])
    expect((await read(head)).from?.address).toBe('x@evil.example')
  })

  test("what a service sends in a user's name is no mail of the user", async () => {
    const head = [
      ...found('dkim=pass header.d=signing.example'),
      'From: "Ann via Signing" <x@signing.example>',
      'Reply-To: ann@example.com',
    ]
    expect((await read(head)).authentication.result).toBe('unaligned')
  })
})

describe('what comes through a group that is the desk', () => {
  const ours = (more: readonly string[]) => [
    'To: support@own.example',
    'List-Id: <support.own.example>',
    'Precedence: list',
    'List-Unsubscribe: <mailto:x@own.example>',
    ...more,
  ]
  test.each<[string, string[], string]>([
    ['a person', ours(["From: 'Jan' via Support <support@own.example>", ...ORIGINAL]), 'person'],
    ['a person whose From was left alone', ours(['From: Jan <jan@t14.example>']), 'person'],
    ['a person who answers', ours(['From: Jan <jan@t14.example>', 'In-Reply-To: <x@y.example>']), 'person'],
    [
      'a person under the plus address',
      ours(['From: Jan <jan@t14.example>', 'List-Post: <mailto:support+in@own.example>']),
      'person',
    ],
    ['a program', ours(['From: Jan <jan@t14.example>', 'Auto-Submitted: auto-generated']), 'bulk'],
    [
      'an automatic answer',
      ours(["From: 'Jan' via Support <support@own.example>", ...ORIGINAL, 'Auto-Submitted: auto-replied']),
      'auto-reply',
    ],
    [
      'an account that takes no answers',
      ours(["From: 'Shop' via Support <support@own.example>", 'X-Original-From: no-reply@shop.example']),
      'bulk',
    ],
    [
      'a mail system',
      ours([
        "From: 'Mail Delivery Subsystem' via Support <support@own.example>",
        'X-Original-From: mailer-daemon@google.example',
      ]),
      'bounce',
    ],
    ['a list of others besides', ours(['From: Jan <jan@t14.example>', 'List-Id: <all.lists.example>']), 'bulk'],
    [
      'a list of others',
      ['From: Jan <jan@t14.example>', 'To: all@lists.example', 'List-Id: <all.lists.example>'],
      'bulk',
    ],
    ['a newsletter', ours(['From: News <newsletter@shop.example>', 'X-Campaign: 7']), 'bulk'],
  ])('%s', async (_name, head, kind) => {
    expect((await read(head)).kind).toBe(kind)
  })

  test('our own mail that our group sends back is known as ours', async () => {
    const { from } = await read(
      ours(["From: 'Help' via Support <support@own.example>", 'X-Original-From: Help <help@desk.example>']),
    )
    expect(from?.address).toBe('help@desk.example')
    expect((await read(ours(['From: Bob <support@own.example>']))).from?.address).toBe('support@own.example')
  })
})

test.each([
  ['google-group-jan.eml', { address: 'jan@t14.example', name: 'Jan Falk' }],
  ['mailman-author-in-cc.eml', { address: 'mia@t14.example', name: 'Mia Falk' }],
  ['stranger-through-group.eml', { address: 'kai@t14.example', name: 'Kai Falk' }],
  ['group-is-our-address.eml', { address: 'pia@example.net', name: 'Pia Falk' }],
])('%s', async (file, from) => {
  const bytes = await readFile(join(import.meta.dirname, '../../../cases/lists', file))
  const { message } = await readMail(
    { bytes },
    { ownAddresses: ['help@desk.localhost'], envelope: null, spool: join(tmpdir(), 'list-mail') },
  )
  expect(message).toMatchObject({ from })
})

test('whatever stands in a head, a list is nobody, and nobody is confirmed by one; two who may be meant are not believed', () => {
  const LIST = 'support@own.example'
  const name = fc.constantFrom(
    'Ann',
    'Eve',
    "'Ann' via Support",
    'Ann via Support',
    'Support',
    '',
    'eve--- via Support',
    'Ann (via X)',
  )
  const someone = fc.record({
    address: fc.constantFrom(LIST, 'ann@a.example', 'eve@e.example', 'help@desk.example'),
    name,
  })
  const some = fc.array(someone, { maxLength: 3 })
  const fields = fc.record({
    name,
    replyTo: some,
    to: some,
    cc: some,
    original: some,
    sender: some,
    wrapped: fc.option(someone),
    listed: fc.boolean(),
  })
  const vouched: Authentication = { result: 'pass', reasons: ['dkim=pass'] }
  fc.assert(
    fc.property(fields, given => {
      const head: ListFields = {
        ...given,
        header: field => (field === 'list-id' && given.listed ? ['<support.own.example>'] : []),
        mailboxes: field =>
          field === 'x-original-from' ? given.original : field === 'x-original-sender' ? given.sender : [],
        from: { address: LIST, name: given.name },
        ownAddresses: OWN,
      }
      const list = readListMail(head)
      const told = throughList(list, vouched, { from: LIST, ownAddresses: OWN, looked: true })
      if (list.rewritten) {
        expect(list.writer?.address).not.toBe(LIST)
        expect(told.result).not.toBe('pass')
      }
      const meant = new Set(
        [...given.replyTo, ...given.original].map(each => each.address).filter(each => !OWN.includes(each)),
      )
      if (list.rewritten && list.writer && meant.size > 1) expect(told.result).toBe('unaligned')
    }),
    { numRuns: 2_000 },
  )
})
