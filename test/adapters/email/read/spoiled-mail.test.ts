import { randomUUID } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readMail } from '../../../../adapters/email/read/parse-message.ts'
import type { InboundMessage } from '../../../../src/channel/message.ts'
import { cpuTime } from '../../../support/cpu-time.ts'

// What fuzzing found (`npm run fuzz`), as little of each message as it needs.

let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'relaydesk-spoiled-'))
})

afterAll(() => rm(folder, { recursive: true, force: true }))

async function read(mail: string | Buffer): Promise<Omit<InboundMessage, 'id' | 'raw'>> {
  const bytes = Buffer.from(mail as string)
  const { message } = await readMail({ bytes }, { ownAddresses: [], envelope: null, spool: join(folder, randomUUID()) })
  if ('quarantine' in message) throw new Error(message.detail)
  return message
}

/** Fails for what is read without an end in sight: most of these took 5 s to 40 s where a run was read again and again. */
async function expectEnd(reading: () => Promise<unknown>): Promise<void> {
  const spent = cpuTime()
  await reading()
  expect(spent()).toBeLessThan(ENOUGH_MS)
}

const FROM = 'From: ann@example.com\r\n'
const LONG = 100_000
const ENOUGH_MS = 2_500

describe('what no store takes is in no message', () => {
  test('half a character in RTF', async () => {
    const rtf = Buffer.from('{\\rtf1 a\\u-10179 ?b}')
    const { text } = await read(withTnef(attribute(1, 0x9003, property(0x102, 0x1009, unpackedRtf(rtf)))))
    expect(text.isWellFormed()).toBe(true)
  })

  test('half a character in UTF-7', async () => {
    const { subject, text } = await read(
      `${FROM}Subject: =?utf-7?Q?+2AA-?=\r\nContent-Type: text/plain; charset=utf-7\r\n\r\n+2AA-`,
    )
    expect({ subject, text }).toEqual({ subject: '\ufffd', text: '\ufffd' })
  })

  test('a media type that is none', async () => {
    const { attachments } = await read(
      multipart('Content-Type: ((((a) b) c) d@e.example\r\nContent-Disposition: attachment\r\n\r\nx'),
    )
    expect(attachments).toMatchObject([{ type: 'application/octet-stream' }])
  })

  test('a control character in a Message-ID, here and where it is answered', async () => {
    const {
      messageId,
      mail: { references },
    } = await read(`${FROM}Message-ID: <a\0b@c>\r\nReferences: <d\x01@e>\r\n\r\nx`)
    expect({ messageId, references }).toEqual({ messageId: '<ab@c>', references: ['<d@e>'] })
  })

  test('a control character in why a message is taken for what it is', async () => {
    const { kindReasons } = await read(`${FROM}Auto-Submitted: auto-\0replied\r\n\r\nx`)
    expect(kindReasons.join()).not.toContain('\0')
  })

  test.each([
    ['in a delivery status', 'multipart/report; report-type=delivery-status', 'Original-Recipient: \0'],
    ['in words', 'text/plain', 'User unknown:\r\n\0@example.org'],
  ])('a control character in a recipient %s', async (_, type, body) => {
    const {
      mail: { failures },
    } = await read(`From: MAILER-DAEMON@example.com\r\nContent-Type: ${type}\r\n\r\n${body}\r\n`)
    expect(failures.filter(each => each.address.includes('\0'))).toEqual([])
  })

  test('marks by which HTML within a mail within is read', async () => {
    const html = '<p>New</p><div class="gmail_attr">Bob wrote:</div>Old'
    const { text } = await read(
      `${FROM}Content-Type: message/rfc822\r\n\r\n${FROM}Content-Type: text/html\r\n\r\n${html}`,
    )
    expect(text).not.toMatch(/[\ufdd0-\ufdd3]/)
    expect(text).toContain('Old')
  })
})

describe('a run is as long as its sender likes', () => {
  test.each([
    ['CR in the head of a mail', `${FROM}X-A: a${'\r'.repeat(LONG)}b\r\n\r\nx`],
    ['CR in the head of a part', multipart(`X-A: a${'\r'.repeat(LONG)}b\r\n\r\nx`)],
    ['blanks within quoted-printable', encoded(`a${' '.repeat(LONG)}b`)],
    ['tabs within quoted-printable', encoded(`a${'\t'.repeat(LONG)}b`)],
    ['words without an end in a subject', `${FROM}Subject: ${'=?a?b?x'.repeat(5 * LONG)}\r\n\r\nx`],
    ['words without an end in many fields', `${FROM}${`To: ${'=?a?b?x'.repeat(LONG / 5)}\r\n`.repeat(20)}\r\nx`],
    ['senders', `${FROM.repeat(3 * LONG)}\r\nx`],
    ['blanks within one of several texts', multipart('\r\nx', `\r\na${' '.repeat(LONG)}b`)],
  ])('%s', async (_, mail) => {
    await expectEnd(() => read(mail))
  })

  test('what is answered', async () => {
    const ids = Array.from({ length: LONG }, (_, index) => `<${index}@example.com>`)
    const {
      mail: { references },
    } = await read(`${FROM}References: ${ids.join('\r\n ')}\r\n\r\nx`)
    expect(references).toHaveLength(1_000)
    expect(references[0]).toBe(ids.at(-1))
  })

  test('a text of which nobody says what charset it is', async () => {
    const line = Buffer.from([...Array.from({ length: 60 }, (_, index) => 0xb0 + (index % 40)), 0x0a])
    const body = Buffer.concat(Array.from({ length: (5 * LONG) / 4 }, () => line))
    await expectEnd(() => read(Buffer.concat([Buffer.from(`${FROM}\r\n`), body, Buffer.alloc(20, 0xff)])))
  })

  test('characters written as surrogates', async () => {
    const body = Buffer.from('a\xed\xa0\xbd\xed\xb8\x80\xed\xa0\n'.repeat(6 * LONG), 'latin1')
    const mail = Buffer.concat([Buffer.from(`${FROM}\r\n`), body])
    await expectEnd(() => read(mail))
    expect((await read(mail)).text.slice(0, 3)).toBe('a😀')
  })

  test('and quoted-printable is still what it was', async () => {
    const { text } = await read(encoded(`a${' '.repeat(250)}b${'\t'.repeat(150)}=3D \r\nc=\r\nd`))
    expect(text).toBe(`a${' '.repeat(250)}b${'\t'.repeat(150)}=\ncd`)
  })
})

test('a large head without an end is found to have none in one go', async () => {
  const head = Buffer.from(`${FROM}${`X-A: ${'a'.repeat(900)}\r\n`.repeat(17_000)}`)
  const path = join(folder, randomUUID())
  await writeFile(path, head)
  await expectEnd(() =>
    readMail({ path, size: head.length }, { ownAddresses: [], envelope: null, spool: join(folder, randomUUID()) }),
  )
})

describe('HTML that is deep in a way of its own', () => {
  test.each([
    ['ends of what was never begun', '</div><blockquote>'],
    ['rows and bodies of tables in turn', '<tr><tbody>'],
    ['paragraphs and items in turn', '<p><li>'],
    ['ends in comments', '<b><!-- </b> -->'],
    ['ends in scripts', '<b><script></b></script>'],
    ['ends of tags that only begin alike', '<b-c></b>'],
  ])('%s', async (_, html) => {
    const { text } = await read(`${FROM}Content-Type: text/html\r\n\r\n${html.repeat(20_000)}Hello`)
    expect(text.trim()).toBe('Hello')
  })

  test('ends in values', async () => {
    const { text } = await read(`${FROM}Content-Type: text/html\r\n\r\n${'<b title="</b>">'.repeat(20_000)}Hello`)
    expect(text.endsWith('Hello')).toBe(true) // roughly
  })

  test('blanks of any kind are one in it', async () => {
    const { text } = await read(
      `${FROM}Content-Type: text/html\r\n\r\n${'<div>'.repeat(2_000)}a b  c\t\td \t e\r\n \r\n f`,
    )
    expect(text).toBe('a b c d e\nf')
  })

  test('many paragraphs, items and cells without an end are not deep', async () => {
    const html = `<div>Hi</div>${'<p>a<br>'.repeat(2_000)}<ul>${'<li>b'.repeat(2_000)}</ul><table>${'<tr><td>c'.repeat(2_000)}</table>`
    const { text } = await read(`${FROM}Content-Type: text/html\r\n\r\n${html}`)
    expect(text).toContain(' * b\n * b') // as items are laid out
  })
})

describe('RTF in a winmail.dat', () => {
  const packed = (announced: number, size: number, bytes: Buffer) =>
    Buffer.concat([words(announced, size, 0x75465a4c, 0), bytes])
  const textOf = async (rtf: Buffer) => (await read(withTnef(attribute(1, 0x9003, property(0x102, 0x1009, rtf))))).text

  // The examples of MS-OXRTFCP section 4.1.
  test.each([
    ['03000a007263706731323542320af32068656c090020627705b06c647d0a800fa0', 0x2b, 'hello world'],
    ['410004205758595a0d6e7d010eb0', 0x1c, 'WXYZWXYZWXYZWXYZWXYZ'],
  ])('is unpacked: %s', async (bytes, size, text) => {
    expect((await textOf(packed(bytes.length / 2 + 12, size, Buffer.from(bytes, 'hex')))).trim()).toBe(text)
  })

  test('is no longer than there are bytes of it, nor than it says', async () => {
    await expectEnd(() => textOf(packed(0x7fff_ffff, 10, Buffer.alloc(10))))
    await expectEnd(() => textOf(packed(0x7fff_ffff, 1_000, Buffer.alloc(LONG * 50, 'x'))))
  })
})

test('HTML of a message within a winmail.dat, of nothing but brackets', async () => {
  const inner = tnef(attribute(1, 0x9003, property(0x102, 0x1013, Buffer.alloc(LONG * 20, '<'))))
  const embedded = Buffer.concat([Buffer.from('0703020000000000c000000000000046', 'hex'), inner])
  const file = [attribute(2, 0x9002, Buffer.alloc(14)), attribute(2, 0x9005, property(0x0d, 0x3701, embedded))]
  await expectEnd(() => read(withTnef(...file)))
})

test('lengths of 32 bits in a winmail.dat', async () => {
  const named = Buffer.concat([words(1, 0x8000_0003), Buffer.alloc(16), words(1, 0x8000_0000)])
  const long = Buffer.concat([words(2, 0x3704_001e, 1, 0x8000_0000), words(0, 0)])
  for (const value of [named, long]) {
    const { attachments } = await read(withTnef(attribute(1, 0x9003, value), attribute(1, 0x800c, Buffer.from('Hi'))))
    expect(attachments).toEqual([])
  }
})

function multipart(...parts: string[]): string {
  return `${FROM}Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n${parts.join('\r\n--b\r\n')}\r\n--b--\r\n`
}

function encoded(body: string): string {
  return `${FROM}Content-Transfer-Encoding: quoted-printable\r\n\r\n${body}`
}

function words(...values: number[]): Buffer {
  return Buffer.from(Uint32Array.from(values).buffer)
}

/** MS-OXTNEF section 2.1.3.1, without a checksum that is right. */
function attribute(level: number, id: number, value: Buffer): Buffer {
  return Buffer.concat([Buffer.from([level]), words(id, value.length), value, Buffer.alloc(2)])
}

/** Section 2.1.3.4: one property. */
function property(type: number, id: number, value: Buffer): Buffer {
  return Buffer.concat([
    words(1, id * 0x10000 + type, 1, value.length),
    value,
    Buffer.alloc(3 - ((value.length + 3) % 4)),
  ])
}

function unpackedRtf(rtf: Buffer): Buffer {
  return Buffer.concat([words(rtf.length + 12, rtf.length, 0x414c454d, 0), rtf])
}

function tnef(...attributes: Buffer[]): Buffer {
  return Buffer.concat([words(0x223e9f78), Buffer.alloc(2), ...attributes])
}

function withTnef(...attributes: Buffer[]): string {
  const head = `${FROM}Content-Type: application/ms-tnef; name=winmail.dat\r\nContent-Transfer-Encoding: base64`
  return `${head}\r\n\r\n${tnef(...attributes).toString('base64')}`
}
