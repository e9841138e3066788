import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { SenderCheck } from '../../../../adapters/email/authentication/sender-check.ts'
import { readMail } from '../../../../adapters/email/read/parse-message.ts'
import type { Authentication, InboundMessage } from '../../../../src/channel/message.ts'
import { HEAD_SPOILERS } from '../../../fuzz/spoil-head.ts'
import { COVERS_ALL, DomainKey, type Signing } from '../../../support/mail/signed-mail.ts'
import { DnsServer } from '../../../support/servers/dns-server.ts'

// Whoever holds a mail that Bob signed puts words of their own into it, or fields above and below. Whatever of that the
// desk would read, Bob is not confirmed.

const NOW = new Date('2026-12-01T10:00:00Z')
const OWN = ['help@desk.example']
const ELSEWHERE = { ip: '45.33.9.9', helo: 'mx.evil.example', sender: 'mallory@evil.example' }
const ORDER = '!close HD-1'

const dns = new DnsServer()
const key = new DomainKey()
let check: SenderCheck

beforeAll(async () => {
  check = new SenderCheck({ dns: await dns.start(), ownAddresses: OWN, now: NOW.getTime() })
  for (const domain of ['example.com', 'mail.example.com', 'evil.example']) key.publish(dns, domain)
  dns.texts.set('example.com', 'v=spf1 ip4:198.51.100.7 -all')
  dns.texts.set('_dmarc.example.com', 'v=DMARC1; p=reject')
  dns.texts.set('evil.example', 'v=spf1 +all')
})

afterAll(() => dns.stop())

const FIELDS = [
  'From: Bob Berg <bob@example.com>',
  'To: mallory@evil.example',
  'Subject: Re: lunch',
  'Date: Tue, 01 Dec 2026 09:00:00 +0000',
  'Message-ID: <lunch-1@example.com>',
  'MIME-Version: 1.0',
  'Content-Type: text/plain; charset=utf-8',
] as const
const BODY = 'Thanks, see you on Monday.\r\nBob\r\n'

function written(fields: readonly string[] = FIELDS, body = BODY): string {
  return `${fields.join('\r\n')}\r\n\r\n${body}`
}

function apart(mail: string): [head: string, body: string] {
  const end = mail.indexOf('\r\n\r\n')
  return [mail.slice(0, end), mail.slice(end + 4)]
}

async function read(mail: string, trusted: string[] = []): Promise<InboundMessage> {
  const options = { ownAddresses: OWN, envelope: null, spool: join(tmpdir(), 'none'), trusted }
  const { message } = await readMail({ bytes: Buffer.from(mail, 'latin1') }, options)
  if ('quarantine' in message) throw new Error(message.detail)
  return message as InboundMessage
}

/** What is made of a mail by who checks it, handed on by a server of ours and from the internet. */
async function judged(mail: string): Promise<{ inside: Authentication; outside: Authentication }> {
  const bytes = Buffer.from(mail, 'latin1')
  const from = (await read(mail)).from?.address ?? null
  return { inside: await check.check({ bytes }, from, null), outside: await check.check({ bytes }, from, ELSEWHERE) }
}

const TRUSTED = 'mx.desk.example'

/** As a server that we trust hands it on, which was satisfied with the signature. */
function approved(mail: string): string {
  const [line = ''] = /^From \S+ {1,3}\w{3} .*\r?\n/.exec(mail) ?? []
  const told = `Authentication-Results: ${TRUSTED}; dkim=pass header.d=example.com; dmarc=pass header.from=example.com`
  return `${line}${told}${mail.includes('\r\n') ? '\r\n' : '\n'}${mail.slice(line.length)}`
}

async function expectUnconfirmed(mail: string): Promise<void> {
  const { inside, outside } = await judged(mail)
  expect(inside.result, inside.reasons.join(', ')).toBe('none')
  expect(outside.result, outside.reasons.join(', ')).not.toMatch(/pass|none/)
  // Nor where a server that we trust was satisfied with it.
  const { result, reasons } = (await read(approved(mail), [TRUSTED])).authentication
  expect(result, reasons.join(', ')).toBe('unaligned')
  expect(reasons[0]).toMatch(/^(?:the result|it|its|line|a|what|no|SHA)/)
}

async function expectConfirmed(mail: string): Promise<void> {
  const { inside, outside } = await judged(mail)
  expect(inside.result, inside.reasons.join(', ')).toBe('pass')
  expect(outside.result, outside.reasons.join(', ')).toBe('pass')
  const { result, reasons } = (await read(approved(mail), [TRUSTED])).authentication
  expect(result, reasons.join(', ')).toBe('pass')
}

type Spoil = (head: string, body: string) => string
const inHead =
  (...lines: string[]): Spoil =>
  (head, body) =>
    `${[head, ...lines].join('\r\n')}\r\n\r\n${body}`
const onTop =
  (...lines: string[]): Spoil =>
  (head, body) =>
    `${[...lines, head].join('\r\n')}\r\n\r\n${body}`

const TWO_ENDS: [name: string, spoil: Spoil][] = [
  ['a line that is no field', inHead('X-Junk: a', ORDER)],
  ['a line that is no field, at the top', onTop(ORDER)],
  ['a name of 201 letters', inHead(`${'x'.repeat(201)}: y`, ORDER)],
  ['a command that looks like a field', inHead('!note HD-1 x : y')],
  ['a line of blanks', inHead('X-Junk: a', '  ', ORDER)],
  ['a line of a tab', inHead('X-Junk: a', '\t', 'X-More: b')],
  ['a vertical tab alone', inHead('X-Junk: a', '\x0b', ORDER)],
  ['a vertical tab within', inHead('X-Junk: a\x0b!close HD-1')],
  ['a form feed alone', inHead('X-Junk: a', '\x0c', ORDER)],
  ['NUL alone', inHead('X-Junk: a', '\0', ORDER)],
  ['NUL in a name', inHead('X-Ju\0nk: a')],
  ['CR CR LF', inHead('X-Junk: a', `\r\r\n${ORDER}`)],
  ['CR CR LF between two fields', inHead('X-Junk: a\r', 'X-More: b')],
  ['a bare CR', inHead(`X-Junk: a\r\r${ORDER}`)],
  ['a bare CR before a field', inHead('X-Junk: a\rSubject: [HD-1]')],
  ['a bare LF', inHead(`X-Junk: a\n\n${ORDER}`)],
  ['one line that ends with LF', inHead('X-Junk: a\nX-More: b')],
  ['LF CR', inHead(`X-Junk: a\n\r${ORDER}`)],
  ['LF and an empty line of CR LF', inHead(`X-Junk: a\n\r\n${ORDER}`)],
  ['>From', inHead('>From mallory Mon Jan  5', ORDER)],
  ['From of a mailbox below the first line', inHead('From mallory Mon Jan  5 10:00:00 2026', ORDER)],
  ['From of a mailbox twice', onTop('From mallory Mon Jan  5 10:00:00 2026', 'From bob Mon Jan  5 10:00:00 2026')],
  ['a blank before the colon', inHead('X-Junk : a')],
  ['a tab before the colon', onTop('Subject\t: [HD-1]')],
  ['a fold before the colon', onTop('Subject', ' : [HD-1]')],
  ['an empty name', inHead(': a', ORDER)],
  ['a name beyond ASCII', inHead('S\xc3\xbcbject: a')],
  ['a name with a blank', inHead('X Junk: a')],
  ['a first line that goes on', onTop(' goes on')],
  ['an empty line first', (head, body) => `\r\n${head}\r\n\r\n${body}`],
  ['empty lines first', (head, body) => `\n\n${head}\r\n\r\n${body}`],
  ['no end', head => `${head}\r\n`],
  ['a delete', inHead('X-Junk: a\x7f')],
  ['an escape', inHead('X-Junk: \x1b[2J')],
  ['5,000 lines', inHead(...new Array(5_000).fill('X-Junk: a'))],
  ['40,000 folds', inHead('X-Junk: a', ...new Array(40_000).fill(' b'))],
  ['300,000 letters', inHead(...new Array(400).fill(`X-Junk: ${'a'.repeat(750)}`))],
  ['lines that end with CR alone', (head, body) => `${head}\r\n\r\n${body}`.replaceAll('\r\n', '\r')],
]

const TWO_FIELDS: [name: string, spoil: Spoil][] = [
  ...[
    'From: Eve <eve@example.com>',
    'From : Eve <eve@example.com>',
    'From\t: Eve <eve@example.com>',
    'FROM: Eve <eve@example.com>',
    'from:eve@example.com',
    'From:\r\n Eve <eve@example.com>',
    'From\r\n : Eve <eve@example.com>',
    'From:',
    'From: Bob Berg <bob@example.com>',
    'Subject: [HD-1]',
    'Reply-To: x@evil.example\r\nReply-To: y@evil.example',
    'To: help@desk.example',
    'Date: Tue, 01 Dec 2026 09:00:00 +0000',
    'Message-ID: <other@evil.example>',
    'MIME-Version: 1.0',
    'Content-Type: multipart/mixed; boundary=zz',
    'content-type: text/html',
    'Content-Transfer-Encoding: base64\r\nContent-Transfer-Encoding: 8bit',
    'In-Reply-To: <a@b.example>\r\nIn-Reply-To: <c@d.example>',
    'References: <a@b.example>\r\nReferences: <c@d.example>',
    'Cc: a@b.example\r\nCc: c@d.example',
    'Sender: a@b.example\r\nSender: c@d.example',
  ].flatMap((field): [string, Spoil][] => [
    [`${field.replaceAll('\r\n', '|')} above`, onTop(field)],
    [`${field.replaceAll('\r\n', '|')} below`, inHead(field)],
  ]),
  [
    '50 of each, and then its own',
    onTop(
      ...[...'IRM'].flatMap(each =>
        new Array(50).fill(`${{ I: 'In-Reply-To', R: 'References', M: 'Message-ID' }[each]}: <x@evil.example>`),
      ),
    ),
  ],
] // prettier-ignore

describe('a mail that Bob signed', () => {
  test('as it is, is his', async () => {
    await expectConfirmed(await key.sign(written()))
    for (const canonicalization of ['simple/simple', 'relaxed/simple', 'simple/relaxed']) {
      await expectConfirmed(await key.sign(written(), { canonicalization }))
    }
  })

  test.each([
    [
      'trace fields',
      onTop(
        'Received: from a by b; Tue, 01 Dec 2026 09:00:01 +0000',
        'Return-Path: <bob@example.com>',
        'X-Spam-Status: No',
      ),
    ],
    ['empty fields and folds', inHead('X-Empty:', 'X-Folded:', ' only', '\there', 'X-Blank: ')],
    ['the line of a mailbox', onTop('From bob@example.com Tue Dec  1 09:00:00 2026')],
    ['UTF-8 in a field', inHead('X-Place: K\xc3\xb6ln \xc2\xa0')],
    ['line ends of a mailbox', (head: string, body: string) => `${head}\r\n\r\n${body}`.replaceAll('\r\n', '\n')],
    [
      'line ends of a mailbox, and its line',
      (head: string, body: string) =>
        `From bob Tue Dec  1 09:00:00 2026\n${head}\r\n\r\n${body}`.replaceAll('\r\n', '\n'),
    ],
  ] as [string, Spoil][])('with %s is still his', async (_, spoil) => {
    const mail = spoil(...apart(await key.sign(written())))
    await expectConfirmed(mail)
    expect((await read(mail)).text.trim().replaceAll('\r', '')).toBe('Thanks, see you on Monday.\nBob')
  })

  test.each([...TWO_ENDS, ...TWO_FIELDS])("with %s is nobody's", async (_, spoil) => {
    await expectUnconfirmed(spoil(...apart(await key.sign(written()))))
  })
})

/** What those cover who send most of the mail there is. */
const SIGNERS: [name: string, covers: string][] = [
  [
    'Google',
    'to:subject:message-id:date:from:in-reply-to:references:mime-version:from:to:cc:subject:date:message-id:reply-to',
  ],
  ['Microsoft', 'From:Date:Subject:Message-ID:Content-Type:MIME-Version:X-MS-Exchange-SenderADCheck'],
  ['Exim', COVERS_ALL],
  ['OpenDKIM', 'From:To:Subject:Date:Message-ID:Content-Type:Content-Transfer-Encoding:From'],
  ['a program', 'from:subject:date:message-id:to:mime-version:content-type:content-transfer-encoding'],
  ['a provider of newsletters', 'From:Subject:Message-ID:To:Content-Type'],
] // prettier-ignore

const PARTS = (first: string, second: string) =>
  `--000abc\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n${first}\r\n--000abc\r\nContent-Type: text/html\r\n\r\n${second}\r\n--000abc--\r\n`
const replaced = (fields: Record<string, string>, more: string[] = []) => [
  ...FIELDS.map(field => {
    const name = field.slice(0, field.indexOf(':'))
    return fields[name] === undefined ? field : `${name}: ${fields[name]}`
  }).filter(field => !field.endsWith(': ')),
  ...more,
]
const ASKING = { To: 'IT <help@desk.example>', Subject: 'New laptop' }

describe('honest mail', () => {
  const kinds: [string, string][] = [
    ['plain text', written(replaced(ASKING), '!close HD-3\r\n')],
    ['UTF-8 as it is', written(replaced(ASKING), 'Gr\xc3\xb6\xc3\x9fe\r\n')],
    [
      'quoted-printable',
      written(
        replaced(ASKING, ['Content-Transfer-Encoding: quoted-printable']),
        'Gr=C3=B6=C3=9Fe and=\r\n more =3D\r\n',
      ),
    ],
    [
      'base64',
      written(
        replaced(ASKING, ['Content-Transfer-Encoding: base64']),
        `${Buffer.from('Gr\u00f6\u00dfe '.repeat(20)).toString('base64').replace(/.{76}/g, '$&\r\n')}\r\n`,
      ),
    ],
    [
      'parts',
      written(
        replaced({ ...ASKING, 'Content-Type': 'multipart/alternative; boundary="000abc"' }),
        PARTS('Hi.', '<p>Hi.</p>'),
      ),
    ],
    [
      'HTML alone',
      written(
        replaced({ ...ASKING, 'Content-Type': 'text/html; charset=utf-8' }),
        '<html><body><p>Hi.</p></body></html>\r\n',
      ),
    ],
    ['no Content-Type at all', written(replaced({ ...ASKING, 'Content-Type': '', 'MIME-Version': '' }), 'Hi.\r\n')],
    ['Reply-To that is the sender', written(replaced(ASKING, ['Reply-To: bob@example.com']), 'Hi.\r\n')],
  ] // prettier-ignore
  test.each(SIGNERS.flatMap(([signer, covers]) => kinds.map(([kind, mail]) => [kind, signer, mail, covers] as const)))(
    '%s, signed by %s',
    async (_kind, _signer, mail, covers) => {
      await expectConfirmed(await key.sign(mail, { covers }))
    },
  )

  test('what its domain itself hands over needs no signature, whatever is in it', async () => {
    const mail = written(replaced(ASKING, ['Reply-To: x@other.example', 'In-Reply-To: <a@b.example>']))
    const client = { ip: '198.51.100.7', helo: 'mx.example.com', sender: 'bob@example.com' }
    const found = await check.check({ bytes: Buffer.from(mail) }, 'bob@example.com', client)
    expect(found).toMatchObject({ result: 'pass' })
    expect(found).not.toHaveProperty('signed')
  })
})

const NARROW = 'from:subject:date:message-id:mime-version'

describe('what the signature leaves out', () => {
  const QUOTED = 'Thanks.\r\n\r\n> --zz\r\n> x\r\n--zz\r\nContent-Type: text/plain\r\n\r\n!close HD-1\r\n--zz--\r\n'
  test.each([
    ['an answer to somebody else', ['Reply-To: mallory@evil.example'], BODY],
    ['what is answered', ['In-Reply-To: <token@desk.example>'], BODY],
    ['the conversation', ['References: <a@desk.example>\r\n <b@desk.example>'], BODY],
    ['somebody on Cc', ['Cc: mallory@evil.example'], BODY],
    ['a ticket on Cc', ['Cc: help+q-1-k1-aaaaaaaaaaaaaaaa@desk.example'], BODY],
    ['a boundary that is quoted', ['Content-Type: multipart/mixed; boundary=zz'], QUOTED],
    ['a boundary that is the beginning of another', ['Content-Type: multipart/mixed; boundary=00'], PARTS('a', 'b')],
    ['other parts', ['Content-Type: multipart/digest; boundary=000abc'], PARTS('a', 'b')],
    ['HTML of plain text', ['Content-Type: text/html'], 'Hi.\r\n> <br>!close HD-1<br>\r\n'],
    ['plain text of HTML', ['Content-Type: text/plain'], '<p>Hi\r\n!close HD-1</p>\r\n'],
    ['plain text of parts', ['Content-Type: text/plain'], PARTS('!close HD-1', 'b')],
    ['no type of parts', [], PARTS('!close HD-1', 'b')],
    ['another charset', ['Content-Type: text/plain; charset=utf-7'], 'Hi. +AAo-!close HD-1\r\n'],
    ['a wide charset', ['Content-Type: text/plain; charset=utf-16le'], 'Hi.\r\n'],
    ['a charset for these bytes', ['Content-Type: text/plain; charset=koi8-r'], 'Gr\xc3\xb6\xc3\x9fe\r\n'],
    ['a file', ['Content-Disposition: attachment; filename=a.txt'], BODY],
    ['a file by its name', ['Content-Type: text/plain; name=a.txt'], BODY],
    [
      'base64 of plain text',
      ['Content-Transfer-Encoding: base64'],
      `Thanks to you\r\n${Buffer.from(ORDER).toString('base64')}\r\n`,
    ],
    [
      'base64 of a code that he was asked for',
      ['Content-Transfer-Encoding: base64'],
      `${Buffer.from(ORDER).toString('base64')}\r\n`,
    ],
    ['quoted-printable of plain text', ['Content-Transfer-Encoding: quoted-printable'], 'Hi =0A!close HD-1\r\n'],
    ['plain text of quoted-printable', [], 'Hi Bob, run=\r\n!close HD-1\r\n'],
    ['uuencode of plain text', ['Content-Transfer-Encoding: x-uuencode'], 'begin 644 a\r\n'],
  ] as [string, string[], string][])('%s', async (_, fields, body) => {
    const own = FIELDS.filter(
      field =>
        !/^(?:Content-Type|To):/.test(field) &&
        !fields.some(each => each.startsWith('Content-Type') && field.startsWith('Content-Type')),
    )
    const [head, text] = apart(await key.sign(written(own, body), { covers: NARROW }))
    await expectUnconfirmed(`${fields.length > 0 ? `${fields.join('\r\n')}\r\n` : ''}${head}\r\n\r\n${text}`)
  }) // prettier-ignore

  /** What Bob quotes of somebody would be a command in this charset. */
  const IN_OTHERS = 'Hi.\r\n> +AAoAIQ-close HD-1\r\n'
  test.each([
    'text/plain; charset=utf-8; charset=utf-7',
    'text/plain; charset=utf-7; charset=utf-8',
    'text/plain; charset=utf-8; format=flowed; CHARSET="utf-7"',
    "text/plain; charset=utf-8; charset*=''utf-7",
    'text/plain; charset=utf-8; charset*0=utf-7',
    'text/plain; charset=; charset=utf-7',
    'text/plain; charset=',
    'text/plain; charset=utf-8; charset="utf-16le"',
    'text/plain; format="flowed charset=utf-7"',
    'text/plain; format=flowed charset=utf-7',
    'text/plain; reply-type="x charset=utf-7"',
    'text/plain charset=utf-8; charset=utf-7',
    'text/plain charset=utf-7',
    'text/plain, charset=utf-7',
    'text/plain; charset="utf-8\\"; charset=utf-7"',
    'text/plain (; charset=utf-7); charset=utf-8',
    '(text/plain) text/plain; charset=utf-7',
    'text/plain; charset=utf-8; delsp=yes',
    'text/plain;; charset=utf-8',
    '"text/plain"; charset=utf-8',
  ])('a type that can be read in two ways: %s', async type => {
    const own = FIELDS.filter(field => !/^(?:Content-Type|To):/.test(field))
    const mail = await key.sign(written(own, IN_OTHERS), { covers: NARROW })
    await expectUnconfirmed(`Content-Type: ${type}\r\n${mail}`)
  })

  test.each([
    'This is a multi-part message.',
    'This is a mail.',
    'This is a multipart message in MIME format. I quote it:\r\nFrom here',
  ])('what stands above a boundary is a text: %s', async text => {
    const type = 'Content-Type: multipart/mixed; boundary=000abc'
    const own = FIELDS.filter(field => !/^(?:Content-Type|To):/.test(field))
    const mail = await key.sign(written(own, `${text}\r\nHi.\r\n${PARTS('!close HD-1', 'b')}`), { covers: NARROW })
    await expectUnconfirmed(`${type}\r\n${mail}`)
  })

  test('a subject, a Message-ID', async () => {
    for (const name of ['Subject', 'Message-ID']) {
      const covers = COVERS_ALL.replace(`${name}:`, '')
      await expectUnconfirmed(await key.sign(written(), { covers }))
    }
  })

  test('a copy of the signature that claims to cover all of it proves no more', async () => {
    const mail = await key.sign(written(), { covers: 'from:subject:date:message-id' })
    const [own = ''] = /^DKIM-Signature:[\s\S]*?\r\n(?![ \t])/.exec(mail) ?? []
    const led = `In-Reply-To: <token@desk.example>\r\nCc: mallory@evil.example\r\n${mail}`
    for (const claim of [
      own.replace(/h=[^;]*;/, `h=${COVERS_ALL.toLowerCase()};`),
      own.replace(/h=[^;]*;/, `h=${COVERS_ALL.toLowerCase()};`).replace('d=example.com', 'd=evil.example'),
    ]) {
      expect(claim).not.toBe(own)
      await expectUnconfirmed(claim + led)
      await expectUnconfirmed(led.replace('From: Bob', `${claim}From: Bob`))
      await expectUnconfirmed(claim + claim.replace('v=1', 'v=1; l=0') + led)
    }
  })

  test('a signature that covers all of it counts beside one that does not', async () => {
    const once = await key.sign(written(), { covers: 'from:date' })
    const { inside, outside } = await judged(await key.sign(once))
    expect([inside.result, outside.result]).toEqual(['pass', 'pass'])
  })
})

describe('signatures that say little', () => {
  const tested = new DomainKey({ notes: 't=y; ' })
  const short = new DomainKey({ bits: 768 })
  const soon = (minutes: number) => new Date(NOW.getTime() + minutes * 60_000)

  test.each([
    ['of the beginning of the text', { length: 10 }, key],
    ['of no text', { length: 0 }, key],
    ['with SHA-1', { algorithm: 'rsa-sha1' }, key],
    ['from the future', { signTime: soon(60) }, key],
    ['that have expired', { signTime: soon(-600), expires: soon(-60) }, key],
    ['of a key that is only tried out', { selector: 'tested' }, tested],
    ['of a key that is too short', { selector: 'short' }, short],
    ['of another domain', { domain: 'evil.example' }, key],
  ] as [string, Signing, DomainKey][])('%s', async (_, signing, by) => {
    tested.publish(dns, 'example.com', 'tested')
    short.publish(dns, 'example.com', 'short')
    const { inside, outside } = await judged(await by.sign(written(FIELDS, BODY.repeat(3)), signing))
    expect([inside.result, outside.result]).toEqual(['none', 'fail'])
  })

  test('l= that covers all of the text is as good as none; where others checked, who knows', async () => {
    const mail = await key.sign(written(), { length: BODY.length })
    const { inside, outside } = await judged(mail)
    expect([inside.result, outside.result]).toEqual(['pass', 'pass'])
    const told = async (raw: string) => (await read(approved(raw), [TRUSTED])).authentication.result
    expect(await told(mail)).toBe('unaligned')
    expect(await told(await key.sign(written(), { algorithm: 'rsa-sha1' }))).toBe('unaligned')
    expect(await told(await key.sign(written()))).toBe('pass')
    // A server that saw where it came from vouches for more than a signature does.
    const saw = approved(mail).replace('dkim=pass', 'spf=pass smtp.mailfrom=example.com; dkim=pass')
    expect((await read(saw, [TRUSTED])).authentication.result).toBe('pass')
  })

  test('a clock that is a little ahead is no reason to doubt', async () => {
    expect((await judged(await key.sign(written(), { signTime: soon(2) }))).inside.result).toBe('pass')
  })

  test.each([
    'd=evil.example; d=example.com',
    'D=example.com; d=evil.example',
    'd=example.com; x',
    'd=example.com; =y',
  ])('tags that can be read in two ways, where others checked them: %s', async tags => {
    const mail = (await key.sign(written())).replace('d=example.com', tags)
    expect((await read(approved(mail), [TRUSTED])).authentication.result).toBe('unaligned')
  })
})

describe('From', () => {
  test.each([
    'Bob <bob@example.com>, Eve <eve@example.com>',
    'bob@example.com, eve@example.com',
    'bob@example.com eve@example.com',
    'Staff: bob@example.com;',
    'Staff: bob@example.com, eve@example.com;',
    'undisclosed:;, bob@example.com',
    'bob@example.com;eve@example.com',
    '"bob@example.com"@evil.example',
    '"bob@example.com, x"@example.com',
    'bob@example.com(eve@example.com)',
    '(Bob <eve@example.com>) bob@example.com',
    'Bob (<eve@example.com>) <bob@example.com>',
    '<bob@example.com> <eve@example.com>',
    'Bob <<bob@example.com>>',
    'Bob <bob@example.com> Eve',
    'Bob <@evil.example:bob@example.com>',
    'Bob <bob@example.com',
    'bob@example.com>',
    '"Bob <eve@example.com>, <bob@example.com>',
    '=?utf-8?q?bob=40example.com?=',
    '=?utf-8?q?Bob_=3Cbob=40example.com=3E?=',
    '=?utf-8?q?x?=@example.com',
    'Bob <=?utf-8?q?bob?=@example.com>, =?utf-8?q?Eve?= <eve@example.com>',
    '=?utf-8?q?Bob, eve@example.com?= <bob@example.com>',
    'bob@example.com@evil.example',
    'bob @example.com',
    'bob@example.com.',
    'bob@[127.0.0.1]',
    'mailto:bob@example.com',
    'Bob <bob@example.com>\\',
    'Bob\\ <bob@example.com>',
    '',
  ])('%s is nobody in particular', async from => {
    await expectUnconfirmed(await key.sign(written(replaced({ From: from || '""' }))))
  })

  test.each([
    'bob@example.com',
    '<bob@example.com>',
    'BOB@Example.com (Bob Berg)',
    '"Berg, Bob" <bob@example.com>',
    '"bob@evil.example" <bob@example.com>',
    '"Bob \\"B\\" Berg" <bob@example.com>',
    '=?utf-8?b?QsO2Yg==?= =?utf-8?q?Berg=2C_=40home?= <bob@example.com>',
    'Bob B. Berg (IT) <bob@example.com>',
    'B\xc3\xb6b <bob@example.com>',
    'Bob\r\n <bob@example.com>',
  ])('%s is one person', async from => {
    await expectConfirmed(await key.sign(written(replaced({ From: from }))))
  })

  test('a Sender does not stand in for one that is missing', async () => {
    const mail = written(['Sender: bob@example.com', ...FIELDS.slice(1)])
    const told = `Authentication-Results: ${TRUSTED}; spf=pass smtp.mailfrom=example.com\r\n${mail}`
    expect((await read(told, [TRUSTED])).authentication.result).toBe('unaligned')
  })
})

describe('what is ours', () => {
  const OURS = 'q-1-k1-aaaaaaaaaaaaaaaa'

  test.each(['In-Reply-To', 'References'])('is found behind any number of others in %s', async name => {
    const others = Array.from({ length: 2_500 }, (_, index) => `<${index}@evil.example>`)
    const fields = [...others.map(id => `${name}: ${id}`), `${name}: <${OURS}@desk.example>`]
    for (const written of [
      fields,
      fields.toReversed(),
      [`${name}: ${[...others, `<${OURS}@desk.example>`].join(' ')}`],
    ]) {
      expect((await read(`${[...FIELDS, ...written].join('\r\n')}\r\n\r\n${BODY}`)).mail.references).toContain(
        `<${OURS}@desk.example>`,
      )
    }
  })

  test('is found behind any number of other addresses', async () => {
    const others = Array.from({ length: 90 }, (_, index) => `To: u${index}@evil.example`)
    const {
      mail: { addressedTo },
    } = await read(written([...FIELDS, ...others, `To: help+${OURS}@desk.example`]))
    expect(addressedTo).toContain(`help+${OURS}@desk.example`)
    const many = Array.from({ length: 90 }, (_, index) => `Delivered-To: u${index}@evil.example`)
    const last = await read(written([...FIELDS, ...many, `Delivered-To: help+${OURS}@desk.example`]))
    expect(last.mail.addressedTo).toContain(`help+${OURS}@desk.example`)
  })

  test('is known as our own among several Message-IDs', async () => {
    const others = Array.from({ length: 60 }, (_, index) => `Message-ID: <${index}@evil.example>`)
    const {
      mail: { marks },
    } = await read(written([`Message-ID: <${OURS}@desk.example>`, ...FIELDS, ...others]))
    expect(marks).toContain(`<${OURS}@desk.example>`)
  })

  test('a field of which not all is read confirms nobody', async () => {
    const ids = Array.from({ length: 3_000 }, (_, index) => `<${index}-of-many@evil.example>`)
    await expectUnconfirmed(await key.sign(written([...FIELDS, `References: ${ids.join(' ')}`])))
  })
})

describe('whatever is done to a head', () => {
  /** All that is read of a mail and that somebody could put words into. */
  const facts = ({
    from,
    replyTo,
    subject,
    text,
    visible,
    messageId,
    attachments,
    mail: { to, cc, references },
  }: InboundMessage) => ({
    ...{ from, replyTo, subject, text, visible, references, messageId },
    readers: [...to, ...cc].map(each => each.address).filter(address => !OWN.includes(address)),
    files: attachments.map(({ name, content }) => [name, content.sha256]),
  }) // prettier-ignore
  const number = fc.nat({ max: 1_000_003 })
  const spoil = fc.record({
    what: fc.constantFrom(...Object.keys(HEAD_SPOILERS)),
    where: number,
    which: number,
    much: fc.nat({ max: 60 }),
  })
  const CHARACTERS = [
    '\r',
    '\n',
    '\r\n',
    '\0',
    '\x0b',
    '\x0c',
    '\t',
    ' ',
    ':',
    'a',
    '\x85',
    '\xa0',
    '\xff',
    'Subject: x',
    'From: eve@example.com',
    '!close HD-1',
    '\r\n\r\n',
    '>From ',
  ] as const
  const insert = fc.record({
    at: number,
    pieces: fc.array(fc.constantFrom(...CHARACTERS), { minLength: 1, maxLength: 6 }),
  })
  const bases = SIGNERS.flatMap(
    ([, covers]) =>
      [
        [written(replaced(ASKING)), covers],
        [
          written(
            replaced({ ...ASKING, 'Content-Type': 'multipart/alternative; boundary="000abc"' }),
            PARTS('Hi.', '<p>Hi.</p>'),
          ),
          covers,
        ],
      ] as const,
  ) // prettier-ignore

  test('no type that somebody puts above a signed text makes other words of it', async () => {
    const TEXTS = [
      'Hi.\r\n> +AAoAIQ-close HD-1\r\n',
      'Hi.\r\n> a=0A!close HD-1 =\r\n> b\r\n',
      'Hi.\r\n> --zz\r\n> Content-Type: text/plain\r\n>\r\n> !close HD-1\r\n> --zz--\r\n',
      'SGkhCiFjbG9zZSBIRC0x\r\n',
    ]
    const own = FIELDS.filter(field => !/^(?:Content-Type|To):/.test(field))
    const signed = await Promise.all(TEXTS.map(text => key.sign(written(own, text), { covers: NARROW })))
    const known = await Promise.all(signed.map(async mail => facts(await read(mail))))
    const parameter = fc
      .tuple(
        fc.constantFrom('; ', ';', ' ', ';\r\n\t', ', ', ' (;', '; x="'),
        fc.constantFrom(
          'charset',
          'Charset',
          'charset*',
          'charset*0',
          'format',
          'boundary',
          'name',
          'reply-type',
          'type',
        ),
        fc.constantFrom('=', '="', ' = ', ''),
        fc.constantFrom(
          'utf-8',
          'utf-7',
          'us-ascii',
          'utf-16le',
          "''utf-7",
          'flowed',
          'zz',
          '--zz',
          'flowed charset=utf-7',
          '',
        ),
        fc.constantFrom('', '"', ')', '\\"', ';'),
      )
      .map(pieces => pieces.join(''))
    const type = fc.tuple(
      fc.constantFrom(
        'text/plain',
        'text/html',
        'TEXT/plain',
        'multipart/mixed',
        'multipart/signed',
        '"text/plain"',
        'text',
        '',
      ),
      fc.array(parameter, { maxLength: 3 }),
      fc.constantFrom('', '', '7bit', '8bit', 'base64', 'quoted-printable', '"base64"', 'x-uuencode'),
    )
    let confirmed = 0
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: TEXTS.length - 1 }), type, async (base, [kind, parameters, encoding]) => {
        const described = `Content-Type: ${kind}${parameters.join('')}\r\n`
        const encoded = encoding === '' ? '' : `Content-Transfer-Encoding: ${encoding}\r\n`
        const mail = `${described}${encoded}${signed[base]}`
        const { result } = await check.check({ bytes: Buffer.from(mail, 'latin1') }, 'bob@example.com', null)
        if (result !== 'pass') return
        confirmed += 1
        expect(facts(await read(mail))).toEqual(known[base])
      }),
      { numRuns: 800, seed: 14 },
    )
    expect(confirmed).toBeGreaterThan(20)
  })

  test('a mail that is confirmed is read as it was signed', async () => {
    const signed = await Promise.all(bases.map(([mail, covers]) => key.sign(mail, { covers })))
    const known = await Promise.all(signed.map(async mail => facts(await read(mail))))
    let confirmed = 0
    await fc.assert(
      fc.asyncProperty(
        fc.nat({ max: bases.length - 1 }),
        fc.array(fc.oneof(spoil, insert), { minLength: 1, maxLength: 3 }),
        async (base, steps) => {
          let [head, body] = apart(signed[base] ?? '') as [string, string]
          for (const step of steps) {
            if ('at' in step)
              head =
                head.slice(0, step.at % (head.length + 1)) +
                step.pieces.join('') +
                head.slice(step.at % (head.length + 1))
            else
              [head, body] = splitAtEnd(
                HEAD_SPOILERS[step.what]?.(`${head}\r\n\r\n`, { ...step, other: '' }) ?? '',
                body,
              )
          }
          const mail = `${head}\r\n\r\n${body}`
          const message = await read(mail).catch(() => undefined) // there may be no head left
          if (!message) return
          const { result } = await check.check(
            { bytes: Buffer.from(mail, 'latin1') },
            message.from?.address ?? null,
            null,
          )
          if (result !== 'pass') return
          confirmed += 1
          expect(facts(message)).toEqual(known[base])
        },
      ),
      { numRuns: 600, seed: 14 },
    )
    expect(confirmed).toBeGreaterThan(20) // else this would say nothing
  })
})

function splitAtEnd(head: string, body: string): [string, string] {
  return [head.replace(/(?:\r\n)?\r\n$/, ''), body]
}
