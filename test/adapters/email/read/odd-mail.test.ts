import { randomUUID } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readMail } from '../../../../adapters/email/read/parse-message.ts'
import type { InboundMessage } from '../../../../src/channel/message.ts'

// How odd mail is read: what its sender meant, and never silently nothing.

let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'relaydesk-odd-'))
})

afterAll(() => rm(folder, { recursive: true, force: true }))

async function read(
  head: string | string[],
  body: string | Buffer = 'Hello\r\n',
): Promise<Omit<InboundMessage, 'id' | 'raw'>> {
  const lines = [head].flat().join('\r\n')
  const bytes = Buffer.concat([Buffer.from(`${lines}\r\n\r\n`, 'latin1'), Buffer.from(body as string)])
  const { message } = await readMail({ bytes }, { ownAddresses: [], envelope: null, spool: join(folder, randomUUID()) })
  if ('quarantine' in message) throw new Error(message.detail)
  return message
}

const FROM = 'From: Ann <ann@example.com>'
const GREETING = 'Grüße aus Köln'

describe('charsets', () => {
  test.each<[string, string, Buffer]>([
    ['UTF-8 called Latin 1', 'iso-8859-1', Buffer.from(GREETING)],
    ['Latin 1 called UTF-8', 'utf-8', Buffer.from(GREETING, 'latin1')],
    ['Latin 1 called ASCII', 'us-ascii', Buffer.from(GREETING, 'latin1')],
    ['Latin 1 of which nothing is said', '', Buffer.from(GREETING, 'latin1')],
    ['UTF-8 with a mark in front', '', Buffer.from(`\ufeff${GREETING}`)],
  ])('%s', async (_, charset, bytes) => {
    const type = charset ? `Content-Type: text/plain; charset=${charset}` : 'Content-Type: text/plain'
    expect((await read([FROM, type, 'Content-Transfer-Encoding: 8bit'], bytes)).text).toBe(GREETING)
  })

  test('one that only the HTML itself names', async () => {
    const html = Buffer.concat([
      Buffer.from('<html><meta charset="koi8-r"><p>'),
      Buffer.from([0xf0, 0xd2, 0xc9, 0xd7, 0xc5, 0xd4]),
    ])
    expect((await read([FROM, 'Content-Type: text/html'], html)).text).toBe('Привет')
  })

  test('Japanese in seven bits, joined where words were split', async () => {
    const word = (text: string) => `=?ISO-2022-JP?B?${Buffer.from(text, 'latin1').toString('base64')}?=`
    const subject = `Subject: ${word('\x1b$B%W%j\x1b(B')}\r\n ${word('\x1b$B%s%?\x1b(B')}`
    expect((await read([FROM, subject])).subject).toBe('プリンタ')
  })
})

describe('heads', () => {
  test.each([
    ['=?utf-8?B?R3LDvA==?= =?utf-8?Q?=C3=9Fe?=', 'Grüße'],
    ['=?utf-8?B?R3LD?= =?utf-8?B?vMOfZQ==?=', 'Grüße'], // split inside a character
    ['=?utf-8?Q?Gr=C3=BC=C3=9Fe an alle?=', 'Grüße an alle'],
    ['Gr\xfc\xdfe', 'Grüße'],
    [Buffer.from('Grüße').toString('latin1'), 'Grüße'],
  ])('the subject %j', async (written, subject) => {
    expect((await read([FROM, `Subject: ${written}`])).subject).toBe(subject)
  })

  test.each([
    ['"Ode, Ann" <ann@example.com>', 'Ode, Ann'],
    ['=?utf-8?Q?Ode=2C_Ann?= <ann@example.com>', 'Ode, Ann'],
    ['"Ann Ode <ann@example.com>', 'Ann Ode'],
    ['Ann Ode <mailto:ann@example.com>', 'Ann Ode'],
    ['=?utf-8?Q?Ann_Ode_<ann@example.com>?=', 'Ann Ode'],
  ])('the sender %s', async (written, name) => {
    expect((await read(`From: ${written}`)).from).toEqual({ address: 'ann@example.com', name })
  })

  test('a head that no empty line ends', async () => {
    expect((await read([FROM, 'Subject: VPN', 'It drops since Monday.'], 'Ann')).text).toContain(
      'It drops since Monday.',
    )
  })
})

function multipart(...parts: string[]): string {
  return `--b\r\n${parts.join('\r\n--b\r\n')}\r\n--b--\r\n`
}
const MIXED = [FROM, 'MIME-Version: 1.0', 'Content-Type: multipart/mixed; boundary=b']

describe('parts', () => {
  test('names of files as they were meant', async () => {
    const named = (parameters: string) =>
      `Content-Type: application/pdf\r\nContent-Disposition: attachment; ${parameters}\r\n\r\nx`
    const { attachments } = await read(
      MIXED,
      multipart(
        named("filename*=utf-8''%C3%9Cbersicht.pdf"),
        named("filename*0*=utf-8''%C3%9Cber; filename*1=sicht.pdf"),
        named('filename="=?utf-8?Q?=C3=9Cbersicht.pdf?="'),
        named('filename=my report.pdf'),
        named('filename="../../etc/passwd"'),
      ),
    )
    expect(attachments.map(each => each.name)).toEqual([
      'Übersicht.pdf',
      'Übersicht.pdf',
      'Übersicht.pdf',
      'my report.pdf',
      'passwd',
    ])
  })

  test('blanks behind a boundary', async () => {
    const { text } = await read(MIXED, '--b  \r\nContent-Type: text/plain\r\n\r\nHello\r\n--b--  \r\n')
    expect(text).toBe('Hello')
  })

  test('another boundary than the head names', async () => {
    const { text } = await read(MIXED, '--other\r\nContent-Type: text/plain\r\n\r\nHello\r\n--other--\r\n')
    expect(text).toBe('Hello')
  })

  test('a mail within is a file, and its text is read but is not the reply', async () => {
    const inner = 'From: carl@example.com\r\nSubject: Old news\r\n\r\nOnce upon a time'
    const { attachments, text, visible } = await read(
      MIXED,
      multipart('Content-Type: text/plain\r\n\r\nSee this.', `Content-Type: message/rfc822\r\n\r\n${inner}`),
    )
    expect(attachments).toMatchObject([{ name: 'Old news.eml', type: 'message/rfc822' }])
    expect(text).toContain('Once upon a time')
    expect(visible).toBe('See this.')
  })

  test('an invitation is read as text', async () => {
    const calendar = [
      ...[
        'BEGIN:VCALENDAR',
        'METHOD:REQUEST',
        'BEGIN:VEVENT',
        'UID:1',
        'DTSTART:20261126T100000Z',
        'DTEND:20261126T110000Z',
      ],
      ...[
        'SUMMARY:Printer day',
        'LOCATION:Room 5',
        'ORGANIZER;CN=Ann:mailto:ann@example.com',
        'END:VEVENT',
        'END:VCALENDAR',
      ],
    ].join('\r\n')
    const { text } = await read([FROM, 'Content-Type: text/calendar; method=REQUEST'], calendar)
    expect(text).toBe(
      'Invitation: Printer day\nWhen: 2026-11-26 10:00 to 11:00 (UTC)\nWhere: Room 5\nOrganizer: Ann <ann@example.com>',
    )
  })

  test('what is encrypted says so instead of nothing', async () => {
    const { text, attachments } = await read(
      [FROM, 'Content-Type: application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m'],
      'x',
    )
    expect(text).toMatch(/encrypted with S\/MIME.*smime\.p7m/)
    expect(attachments).toHaveLength(1)
  })

  test('a cleartext signature is no part of the text', async () => {
    const signed =
      '-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\nHello\n- -- dashed\n-----BEGIN PGP SIGNATURE-----\n\nabc\n-----END PGP SIGNATURE-----\n'
    expect((await read(FROM, signed)).text.trim()).toBe('Hello\n-- dashed')
  })

  test('cells of a table stand apart', async () => {
    const { text } = await read(
      [FROM, 'Content-Type: text/html'],
      '<table><tr><td>Name</td><td>Ann</td></tr><tr><td>Phone</td><td>1</td></tr></table>',
    )
    expect(text).toBe('Name Ann\nPhone 1')
  })
})

/** Attributes of a winmail.dat (MS-OXTNEF section 2.1.3): level, id, value, checksum. */
function tnef(...attributes: [level: number, id: number, value: Buffer][]): Buffer {
  const head = Buffer.alloc(6)
  head.writeUInt32LE(0x223e9f78, 0)
  const written = attributes.map(([level, id, value]) => {
    const frame = Buffer.alloc(9)
    frame[0] = level
    frame.writeUInt32LE(id, 1)
    frame.writeUInt32LE(value.length, 5)
    const checksum = Buffer.alloc(2)
    checksum.writeUInt16LE(value.reduce((sum, byte) => (sum + byte) & 0xffff, 0))
    return Buffer.concat([frame, value, checksum])
  })
  return Buffer.concat([head, ...written])
}

test('a winmail.dat is unpacked, and kept where it is damaged', async () => {
  const whole = tnef(
    [1, 0x0002800c, Buffer.from('Hello from Outlook\0')],
    [2, 0x00069002, Buffer.alloc(14)],
    [2, 0x00018010, Buffer.from('report.txt\0')],
    [2, 0x0006800f, Buffer.from('content')],
  )
  const mail = (bytes: Buffer) =>
    read(
      [FROM, 'Content-Type: application/ms-tnef; name=winmail.dat', 'Content-Transfer-Encoding: base64'],
      bytes.toString('base64'),
    )
  const unpacked = await mail(whole)
  expect(unpacked.text).toBe('Hello from Outlook')
  expect(unpacked.attachments).toMatchObject([{ name: 'report.txt', content: { size: 7 } }])
  expect((await mail(whole.subarray(0, whole.length - 8))).attachments).toMatchObject([{ name: 'winmail.dat' }])
})

test.each([
  ['outlook.p7m', undefined, []],
  ['enveloped.p7m', true, ['smime.p7m']],
])('%s within a winmail.dat', async (name, sealed, files) => {
  const winmail = tnef(
    [2, 0x00069002, Buffer.alloc(14)],
    [2, 0x00018010, Buffer.from('smime.p7m\0')],
    [2, 0x0006800f, await readFile(new URL(`../../../cases/signed/${name}`, import.meta.url))],
  )
  const message = await read(
    [FROM, 'Content-Type: application/ms-tnef; name=winmail.dat', 'Content-Transfer-Encoding: base64'],
    winmail.toString('base64'),
  )
  expect(message.text).toMatch(sealed ? /encrypted with S\/MIME/ : /The key lies in room 4, Grüße\./)
  expect(message.sealed).toBe(sealed)
  expect(message.attachments.map(each => each.name)).toEqual(files)
})
