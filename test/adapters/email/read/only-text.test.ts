import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readHead } from '../../../../adapters/email/mime/raw-head.ts'
import { onlyText } from '../../../../adapters/email/read/only-text.ts'
import { readMail } from '../../../../adapters/email/read/parse-message.ts'

const OPTIONS = { ownAddresses: ['help@desk.example'], envelope: null, spool: '/nonexistent/part' }

const charset = fc.constantFrom(
  '',
  'utf-8',
  'us-ascii',
  'iso-8859-1',
  'windows-1251',
  'iso-2022-jp',
  'x-none',
  'utf-16',
)
const piece = fc.oneof(
  fc.constantFrom(
    '\r\n',
    '\n',
    '\r',
    '\r\n\r\n',
    ' ',
    '> ',
    '-- \r\n',
    '=3D',
    '<b>',
    '</p>',
    '\x1b$B',
    'begin 644 a\r\n',
  ),
  fc.constantFrom('Hello', 'the printer', 'Grüße', 'Здравствуйте', '=', '\0', 'On Mon, Ann wrote:', '--b--', '.'),
  fc.uint8Array({ maxLength: 8 }).map(bytes => Buffer.from(bytes).toString('latin1')),
)

test('a mail of one text says the same whether its parts are taken apart or not', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        type: fc.constantFrom('text/plain', 'text/html', 'TEXT/PLAIN'),
        charset,
        quoted: fc.boolean(),
        encoding: fc.constantFrom('', '7bit', '8bit', '7BIT'),
        inline: fc.boolean(),
        body: fc.array(piece, { maxLength: 30 }),
        lineEnd: fc.constantFrom('\r\n', '\n'),
        bytes: fc.boolean(),
      }),
      async ({ type, charset, quoted, encoding, inline, body, lineEnd, bytes }) => {
        const mail = (more: string) =>
          [
            'From: Ann <ann@example.com>',
            'Message-ID: <a@example.com>',
            'Subject: The printer',
            `Content-Type: ${type}${charset ? `; charset=${quoted ? `"${charset}"` : charset}` : ''}${more}`,
            ...(encoding ? [`Content-Transfer-Encoding: ${encoding}`] : []),
            ...(inline ? ['Content-Disposition: inline'] : []),
            '',
            body.join(''),
          ].join(lineEnd)
        const raw = (text: string) => ({ bytes: Buffer.from(text, bytes ? 'latin1' : 'utf8') })
        const short = raw(mail(''))
        const long = raw(mail('; x-other=1'))
        expect(onlyText(short, await readHead(short))).toBeDefined()
        expect(onlyText(long, await readHead(long))).toBeUndefined()
        expect(await readMail(short, OPTIONS)).toEqual(await readMail(long, OPTIONS))
      },
    ),
    { numRuns: 400 },
  )
})

test.each([
  ['parts', 'Content-Type: multipart/mixed; boundary=b'],
  ['a file', 'Content-Disposition: attachment; filename=a.txt'],
  ['a name', 'Content-Type: text/plain; name=a.txt'],
  ['flowed lines', 'Content-Type: text/plain; format=flowed'],
  ['an encoding', 'Content-Transfer-Encoding: quoted-printable'],
  ['two types', 'Content-Type: text/plain\r\nContent-Type: text/html'],
  ['a blank in front of a name', ' Content-Type: multipart/mixed; boundary=b'],
  ['a type that is no text', 'Content-Type: application/pdf'],
])('a mail with %s is taken apart', async (_what, head) => {
  const raw = { bytes: Buffer.from(`From: ann@example.com\r\n${head}\r\n\r\nText`) }
  expect(onlyText(raw, await readHead(raw))).toBeUndefined()
})
