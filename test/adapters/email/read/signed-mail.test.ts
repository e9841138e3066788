import { randomUUID } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { deflateSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readMail } from '../../../../adapters/email/read/parse-message.ts'
import type { InboundMessage } from '../../../../src/channel/message.ts'

// Mail that S/MIME or OpenPGP protects: what is signed is read, what is encrypted says so. test/cases/signed/README.md
// tells how its files were made.

const CASES = new URL('../../../cases/signed/', import.meta.url)
const SAID = 'The key lies in room 4, Grüße.'
const TYPE = 'Content-Type: application/pkcs7-mime; smime-type=signed-data; name="smime.p7m"'
const FILE = 'Content-Disposition: attachment; filename="smime.p7m"'

let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'relaydesk-signed-'))
})

afterAll(() => rm(folder, { recursive: true, force: true }))

type Read = Omit<InboundMessage, 'id' | 'raw'>

async function read(head: readonly string[], body: Buffer | string): Promise<Read> {
  const lines = ['From: Ann Ek <ann@example.com>', 'Subject: Lift', 'MIME-Version: 1.0', ...head].join('\r\n')
  const bytes = Buffer.concat([Buffer.from(`${lines}\r\n\r\n`), Buffer.from(body as string)])
  const { message } = await readMail({ bytes }, { ownAddresses: [], envelope: null, spool: join(folder, randomUUID()) })
  if ('quarantine' in message) throw new Error(message.detail)
  return message
}

const load = (name: string) => readFile(new URL(name, CASES))
const base64 = (bytes: Buffer) => (bytes.toString('base64').match(/.{1,64}/g) ?? []).join('\r\n').concat('\r\n')
const coded = (bytes: Buffer, ...head: string[]) => read([...head, 'Content-Transfer-Encoding: base64'], base64(bytes))

const part = (bytes: Buffer | string, ...head: string[]) =>
  typeof bytes === 'string'
    ? `${head.join('\r\n')}\r\n\r\n${bytes}`
    : `${[...head, 'Content-Transfer-Encoding: base64'].join('\r\n')}\r\n\r\n${base64(bytes)}`
const multipart = (type: string, ...parts: string[]) =>
  read([`Content-Type: ${type}; boundary=b`], `--b\r\n${parts.join('\r\n--b\r\n')}\r\n--b--\r\n`)
const TEXT = 'Content-Type: text/plain; charset=utf-8'
const names = ({ attachments }: Read) => attachments.map(each => each.name)

describe('signed with the text inside', () => {
  test.each([
    'outlook.p7m',
    'segments.p7m',
    'apple.p7m',
    'twice.p7m',
    'header-protected.p7m',
    'no-head.p7m',
    'compressed.p7z',
    'signed-compressed.p7m',
  ])('%s is read as the mail itself', async name => {
    const message = await coded(await load(name), TYPE, FILE)
    expect(message.text).toContain(SAID)
    expect(message.visible).not.toContain('internal-secret')
    expect(message.sealed).toBeUndefined()
    expect(names(message)).toEqual(name === 'segments.p7m' ? ['plan.pdf'] : [])
  })

  test.each([
    ['by the older type', ['Content-Type: application/x-pkcs7-mime; name="smime.p7m"']],
    ['without saying of what sort', ['Content-Type: application/pkcs7-mime; name=smime.p7m', FILE]],
    ['as an octet stream that is named so', ['Content-Type: application/octet-stream; name="smime.p7m"']],
    [
      'as an octet stream that is named otherwise',
      ['Content-Type: application/octet-stream', 'Content-Disposition: attachment'],
    ],
    ['in capitals', ['CONTENT-TYPE: APPLICATION/PKCS7-MIME; SMIME-TYPE=SIGNED-DATA; NAME="SMIME.P7M"']],
    ['called encrypted', ['Content-Type: application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m']],
    ['called a signature', ['Content-Type: application/x-pkcs7-signature; name=smime.p7s']],
  ])('sent %s', async (_how, head) => {
    const message = await coded(await load('outlook.p7m'), ...head)
    expect(message.visible).toContain(SAID)
    expect(names(message)).toEqual([])
  })

  test.each([
    ['as it is', 'binary', (bytes: Buffer) => bytes],
    ['in base64 that nothing tells of', '7bit', (bytes: Buffer) => base64(bytes)],
    ['between dashes', '7bit', (bytes: Buffer) => `-----BEGIN PKCS7-----\r\n${base64(bytes)}-----END PKCS7-----\r\n`],
  ])('encoded %s', async (_how, encoding, encode) => {
    const message = await read([TYPE, `Content-Transfer-Encoding: ${encoding}`], encode(await load('segments.p7m')))
    expect(message.visible).toContain(SAID)
  })

  test.each([
    ['opaque-unsaid.eml', 'Der Aufzug steht. Grüße'],
    ['list-footer.eml', 'Der Aufzug steht. Grüße\n\nfooter of the list'],
  ])('%s, as it came', async (name, said) => {
    const { message } = await readMail(
      { bytes: await load(name) },
      { ownAddresses: [], envelope: null, spool: join(folder, name) },
    )
    expect(message).toMatchObject({ text: said, attachments: [{ name: 'a.pdf', type: 'application/pdf' }] })
  })

  test('with a footer that a list put below', async () => {
    const footer = part('A list of example.com\r\n', TEXT)
    const message = await multipart('multipart/mixed', part(await load('segments.p7m'), TYPE, FILE), footer)
    expect(message.text).toContain(SAID)
    expect(message.text).toContain('A list of example.com')
    expect(names(message)).toEqual(['plan.pdf'])
  })

  test('its HTML is the layout of the mail, its pictures are in it', async () => {
    const raw = Buffer.from(
      `From: ann@example.com\r\n${TYPE}\r\nContent-Transfer-Encoding: base64\r\n\r\n${base64(await load('segments.p7m'))}`,
    )
    const options = { ownAddresses: [], envelope: null, spool: join(folder, randomUUID()), html: { remote: false } }
    expect((await readMail({ bytes: raw }, options)).html?.html).toContain('The key lies in room 4')
  })

  test('behind other text it is a mail within the mail, kept as one that programs open', async () => {
    const attached = part(await load('outlook.p7m'), 'Content-Type: application/pkcs7-mime; name="old.p7m"')
    const message = await multipart('multipart/mixed', part('See what Bob wrote.', TEXT), attached)
    expect(message.visible).toBe('See what Bob wrote.')
    expect(message.text).toContain(SAID)
    expect(message.attachments).toMatchObject([{ name: 'old.eml', type: 'message/rfc822' }])
  })

  test('a document that somebody signed is a file', async () => {
    const attached = [
      part(await load('contract.pdf.p7m'), 'Content-Type: application/pkcs7-mime; name="contract.pdf.p7m"'),
      part(await load('smime.p7s'), 'Content-Type: application/pkcs7-signature; name="terms.pdf.p7s"'),
      part(
        await load('certificates.p7c'),
        'Content-Type: application/pkcs7-mime; smime-type=certs-only; name=smime.p7c',
      ),
    ]
    const message = await multipart('multipart/mixed', part('As agreed.', TEXT), ...attached)
    expect(names(message)).toEqual(['contract.pdf.p7m', 'terms.pdf.p7s', 'smime.p7c'])
    expect(message.sealed).toBeUndefined()
  })

  test('its own signature under another name is no file', async () => {
    const bare = part(await load('smime.p7s'), 'Content-Type: application/pkcs7-mime; name=smime.p7m')
    const message = await multipart('multipart/mixed', part('Here it is.', TEXT), bare)
    expect(names(message)).toEqual([])
    expect(message.sealed).toBeUndefined()
  })

  test('with something inside that is no mail it is kept as it came', async () => {
    const message = await coded(await load('contract.pdf.p7m'), TYPE)
    expect(message.sealed).toBe(true)
    expect(names(message)).toEqual(['smime.p7m'])
  })

  test('within a mail within the mail it is read, too, but not what grows beyond measure there', async () => {
    const inner = (bytes: Buffer) => `From: carl@example.com\r\nMessage-ID: <c@x>\r\n${part(bytes, TYPE)}`
    const forward = (bytes: Buffer) =>
      multipart('multipart/mixed', part('See below.', TEXT), part(inner(bytes), 'Content-Type: message/rfc822'))
    expect((await forward(await load('outlook.p7m'))).text).toContain(SAID)
    const bomb = compressed(Buffer.alloc(30_000_000, 'Content-Type: text/plain\r\n\r\n'))
    await Promise.all((await readdir(folder)).map(name => rm(join(folder, name))))
    expect((await forward(bomb)).text).toMatch(/^See below\.\s+-+ Forwarded message -+\s+From: <carl@example\.com>$/)
    expect(await readdir(folder)).toEqual([])
  })

  test('within more signatures than anybody puts on it is kept as it came', async () => {
    const message = await coded(await load('six-times.p7m'), TYPE)
    expect(message.text).toContain('cannot be read here')
    expect(message.sealed).toBe(true)
    expect(names(message)).toEqual(['smime.p7m'])
  })

  test.each([
    ['cut short', (bytes: Buffer) => bytes.subarray(0, 300)],
    ['empty', () => Buffer.alloc(0)],
    ['of nothing but beginnings', () => Buffer.from('3080'.repeat(500_000), 'hex')],
    [
      'of a million segments',
      () => Buffer.concat([HEAD, Buffer.from('040141'.repeat(1_000_000), 'hex'), Buffer.alloc(14)]),
    ],
    ['that grows to 70 MB', () => compressed(Buffer.alloc(70_000_000, 'Content-Type: text/plain\r\n\r\n'))],
  ])('%s it is kept as it came', async (_how, spoil) => {
    const message = await coded(spoil(await load('outlook.p7m')), TYPE)
    expect(message.text).toContain('cannot be read here')
    expect(message.sealed).toBe(true)
  })

  test('of 50 MB it is read, and nothing is left in the spool', async () => {
    const file = `Content-Type: application/zip; name=a.zip\r\nContent-Transfer-Encoding: base64\r\n\r\n${'QUJD'.repeat(18).concat('\r\n').repeat(660_000)}`
    const entity = `Content-Type: multipart/mixed; boundary=i\r\n\r\n--i\r\n${TEXT}\r\n\r\n${SAID}\r\n--i\r\n${file}\r\n--i--\r\n`
    await Promise.all((await readdir(folder)).map(name => rm(join(folder, name))))
    const message = await read([TYPE, 'Content-Transfer-Encoding: binary'], signedOnly(Buffer.from(entity)))
    expect(message.visible).toBe(SAID)
    expect(message.attachments).toMatchObject([{ name: 'a.zip', content: { size: 54 * 660_000 } }])
    const kept = message.attachments.flatMap(({ content }) => ('path' in content ? [content.path] : []))
    const made = (await readdir(folder)).map(name => join(folder, name))
    expect(made).toEqual(kept)
  })
})

describe('signed beside the text', () => {
  const signed = async (name: string, type: string, signature: string) =>
    multipart(
      `multipart/signed; protocol="${type}"; micalg=sha-256`,
      (await load('detached.txt')).toString('utf8'),
      part(
        await load(signature),
        `Content-Type: ${type}; name="${name}"`,
        `Content-Disposition: attachment; filename="${name}"`,
      ),
    )

  test.each([
    ['smime.p7s', 'application/pkcs7-signature', 'smime.p7s'],
    ['smime.p7s', 'application/x-pkcs7-signature', 'smime.p7s'],
    ['smime.p7s', 'application/octet-stream', 'smime.p7s'],
    ['signature.asc', 'application/pgp-signature', 'signature.asc'],
    ['OpenPGP_signature.asc', 'application/pgp-signature', 'signature.asc'],
    ['signature.asc', 'application/octet-stream', 'signature.asc'],
    ['noname', 'text/plain', 'signature.asc'],
  ])('%s of type %s is no file of the mail', async (name, type, signature) => {
    const message = await signed(name, type, signature)
    expect(message.visible).toBe(SAID)
    expect(names(message)).toEqual([])
    expect(message.sealed).toBeUndefined()
  })

  test("a person's key goes along as a file", async () => {
    const key = part(await load('public-key.asc'), 'Content-Type: application/pgp-keys; name="OpenPGP_0x1.asc"')
    const other = part(await load('public-key.asc'), 'Content-Type: application/octet-stream; name="key.asc"')
    const message = await multipart('multipart/mixed', part('My key.', TEXT), key, other)
    expect(names(message)).toEqual(['OpenPGP_0x1.asc', 'key.asc'])
    expect(message.sealed).toBeUndefined()
  })
})

describe('signed within the text', () => {
  test.each([
    ['alone', (text: string) => text],
    ['with words around it', (text: string) => `Hello,\n\n${text}\nA list of example.com\n`],
    ['indented', (text: string) => text.replace(/^-----/gm, ' -----')],
    ['without its end', (text: string) => text.replace(/-----END[^\n]*\n/, '')],
    [
      'with more headers',
      (text: string) => text.replace('Hash: SHA512', 'Hash: SHA512\nNotDashEscaped: none\nComment: x'),
    ],
    ['without an empty line', (text: string) => text.replace('Hash: SHA512\n\n', 'Hash: SHA512\n')],
  ])('%s', async (_how, change) => {
    const message = await read([TEXT], change((await load('clear-signed.asc')).toString()).replaceAll('\n', '\r\n'))
    expect(message.visible).toContain(`${SAID}\n- first the left door`)
    expect(message.text).not.toMatch(/PGP SIG|Hash:|iQGz/)
    expect(message.visible).not.toContain('internal-secret')
  })

  test('in HTML', async () => {
    const text = (await load('clear-signed.asc')).toString().replaceAll('&', '&amp;').replaceAll('>', '&gt;')
    const message = await read(
      ['Content-Type: text/html; charset=utf-8'],
      `<p>${text.replaceAll('\n', '<br>\r\n')}</p>`,
    )
    expect(message.visible).toContain(SAID)
    expect(message.text).not.toMatch(/PGP SIG|Hash:|iQGz/)
  })

  test('as a type of its own', async () => {
    const text = (await load('clear-signed.asc')).toString()
    const message = await read(['Content-Type: application/pgp; format=text; x-action=sign; charset=utf-8'], text)
    expect(message.visible).toContain(SAID)
  })

  test('who writes about armor is not cut', async () => {
    const text = 'What does this mean?\n\n-----BEGIN PGP MESSAGE-----\n\nIt stands on top.\n'
    expect((await read([TEXT], text)).text).toContain('It stands on top.')
  })
})

describe('encrypted', () => {
  test.each([
    ['enveloped.p7m', TYPE.replace('signed', 'enveloped')],
    ['enveloped-segments.p7m', 'Content-Type: application/x-pkcs7-mime; name=smime.p7m'],
    ['auth-enveloped.p7m', 'Content-Type: application/pkcs7-mime; smime-type=authEnveloped-data; name=smime.p7m'],
    ['triple.p7m', TYPE],
    ['enveloped.p7m', 'Content-Type: application/octet-stream; name=smime.p7m'],
    ['enveloped.p7m', 'Content-Type: application/octet-stream; name=message.bin'],
  ])('%s says so', async (name, type) => {
    const message = await coded(await load(name), type)
    expect(message.text).toMatch(/^\(This mail is encrypted with S\/MIME;.*\(.+\)\.\)$/)
    expect(message.sealed).toBe(true)
    expect(message.attachments).toHaveLength(1)
  })

  const version =
    'Content-Type: application/pgp-encrypted\r\nContent-Description: PGP/MIME version\r\n\r\nVersion: 1\r\n'
  test.each([
    [
      'as PGP/MIME has it',
      'multipart/encrypted; protocol="application/pgp-encrypted"',
      [version],
      'octet-stream; name=encrypted.asc',
      'encrypted.asc',
    ],
    [
      'as a server spoils it',
      'multipart/mixed',
      [`${TEXT}\r\n\r\n\r\n`, version],
      'octet-stream; name=encrypted.asc',
      'encrypted.asc',
    ],
    ['without its version', 'multipart/mixed', [], 'octet-stream; name=noname', 'encrypted.asc'],
    ['as bytes', 'multipart/mixed', [], 'octet-stream; name=message.pgp', 'encrypted.pgp'],
    ['as a file of GnuPG', 'multipart/mixed', [], 'octet-stream; name=message.gpg', 'encrypted.pgp'],
  ])('%s', async (_how, type, before, of, name) => {
    const message = await multipart(type, ...before, part(await load(name), `Content-Type: application/${of}`))
    expect(message.text).toMatch(/^\(This mail is encrypted with PGP;/)
    expect(message.sealed).toBe(true)
    expect(message.attachments).toHaveLength(1)
  })

  test('within the text, alone', async () => {
    const message = await read([TEXT], await load('encrypted.asc'))
    expect(message.text).toBe(
      '(This mail is encrypted with PGP; only its recipient can open it. It is kept as it arrived (encrypted.asc).)',
    )
    expect(message.attachments).toMatchObject([
      { name: 'encrypted.asc', content: { size: (await load('encrypted.asc')).length } },
    ])
  })

  test('within the text, between other words', async () => {
    const message = await read([TEXT], `Hello,\r\n\r\n${await load('encrypted.asc')}\r\nAnn\r\n`)
    expect(message.text).toBe('Hello,\n\n(This part is encrypted; only its recipient can open it.)\n\nAnn\n')
    expect(message.sealed).toBe(true)
    expect(names(message)).toEqual(['encrypted.asc'])
  })

  test('a uuencoded file in a text', async () => {
    const bytes = await load('encrypted.pgp')
    const lines = (bytes.toString('latin1').match(/[\s\S]{1,45}/g) ?? []).map(each =>
      uuencoded(Buffer.from(each, 'latin1')),
    )
    const message = await read(
      [TEXT],
      `See the plan.\r\n\r\nbegin 644 plan.pgp\r\n${lines.join('\r\n')}\r\n\`\r\nend\r\n`,
    )
    expect(message.sealed).toBe(true)
    expect(names(message)).toEqual(['plan.pgp'])
  })

  test.each([
    ['application/x-microsoft-rpmsg-message; name=message.rpmsg', 'message.rpmsg'],
    ['application/octet-stream; name=message_v2.rpmsg', 'message_v2.rpmsg'],
  ])('by Microsoft 365, as %s', async (type, name) => {
    const protectedMail = part(Buffer.from('76e804600000', 'hex'), `Content-Type: ${type}`)
    const message = await multipart(
      'multipart/mixed',
      part('Bob Berg has sent you a protected message.', TEXT),
      protectedMail,
    )
    expect(message.sealed).toBe(true)
    expect(names(message)).toEqual([name])
    const alone = await multipart('multipart/mixed', protectedMail)
    expect(alone.visible).toContain('encrypted by Microsoft 365')
  })

  test('a file beside a text in the clear', async () => {
    const file = part(await load('encrypted.pgp'), 'Content-Type: application/octet-stream; name=plan.pdf.pgp')
    const message = await multipart('multipart/mixed', part('See the plan.', TEXT), file)
    expect(message.visible).toBe('See the plan.')
    expect(message.sealed).toBe(true)
  })
})

function uuencoded(bytes: Buffer): string {
  const letter = (bits: number) => String.fromCharCode((bits & 0x3f || 0x40) + 0x20)
  const at = (index: number) => bytes[index] ?? 0
  let line = letter(bytes.length)
  for (let each = 0; each < bytes.length; each += 3) {
    const bits = (at(each) << 16) | (at(each + 1) << 8) | at(each + 2)
    line += letter(bits >> 18) + letter(bits >> 12) + letter(bits >> 6) + letter(bits)
  }
  return line
}

/** Enough of a signature that holds segments of any number. */
const HEAD = Buffer.from(
  '308006092a864886f70d010702a0803080020101310030 8006092a864886f70d010701a0802480'.replace(/ /g, ''),
  'hex',
)

function tlv(tag: number, ...content: Buffer[]): Buffer {
  const all = Buffer.concat(content)
  const length = Buffer.alloc(5)
  length[0] = 0x84
  length.writeUInt32BE(all.length, 1)
  return Buffer.concat([Buffer.from([tag]), length, all])
}

const oid = (hex: string) => Buffer.from(hex, 'hex')
const encapsulated = (content: Buffer) => tlv(0x30, oid('06092a864886f70d010701'), tlv(0xa0, tlv(0x04, content)))

/** RFC 3274. */
function compressed(content: Buffer): Buffer {
  const algorithm = tlv(0x30, oid('060b2a864886f70d0109100308'))
  const data = tlv(0x30, oid('020100'), algorithm, encapsulated(deflateSync(content)))
  return tlv(0x30, oid('060b2a864886f70d0109100109'), tlv(0xa0, data))
}

/** Signed data without its signatures, which nobody looks at. */
function signedOnly(content: Buffer): Buffer {
  const data = tlv(0x30, oid('020101'), tlv(0x31), encapsulated(content), tlv(0x31))
  return tlv(0x30, oid('06092a864886f70d010702'), tlv(0xa0, data))
}
