import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readdir } from 'node:fs/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { inBase64, mail, mailWithFile } from '../support/mail/cli-mail.ts'
import { jsonLines, launch, makeRoom, type Room } from '../support/relaydesk-process.ts'

interface Inspection {
  file: string
  subject: string
  from: { address: string; name: string }
  kind: string
  reply: string
  text: string
  attachments: { name: string; type: string; size: number; sha256: string }[]
  bounce: { recipients: { address: string; status: string; hard: boolean }[] } | null
  error: string | null
}

const KEYS = [
  ...['file', 'subject', 'from', 'kind', 'reply', 'text', 'attachments', 'bounce', 'reasons', 'bulk', 'alert'],
  ...['forwarded', 'cut', 'html', 'remotePictures', 'error'],
]

let room: Room

beforeEach(async () => {
  room = await makeRoom()
})

afterEach(() => room.remove())

/** Writes one message, inspects it, and checks that it is one line with all keys in their order. */
async function inspect(content: string | Uint8Array): Promise<Inspection> {
  await room.write('a.eml', content)
  const { code, stdout, stderr } = await room.run('inspect', 'a.eml')
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(stdout).toMatch(/^\{[^\n]*\}\n$/)
  const inspection = JSON.parse(stdout) as Inspection
  expect(Object.keys(inspection)).toEqual(KEYS)
  return inspection
}

const FILE = Buffer.from('%PDF of some kind\n')

const WITH_EVERYTHING = `From: =?utf-8?q?Ann_B=C3=BCro?= <Ann@Example.com>
To: help@desk.localhost
Subject: =?utf-8?b?UHLDvGZ1bmc=?= of
 everything
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: text/plain; charset=iso-8859-1
Content-Transfer-Encoding: quoted-printable

Gr=FC=DFe.

On Mon, 1 Jan 2024, Bob wrote:
> What did you say?
--b
Content-Type: application/pdf
Content-Disposition: attachment; filename="=?utf-8?q?R=C3=A9sum=C3=A9.pdf?="
Content-Transfer-Encoding: base64

${FILE.toString('base64')}
--b--
`

const BOUNCE = `From: Mail system <MAILER-DAEMON@relay.example.com>
Subject: Undelivered
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b

It did not arrive.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; relay.example.com

Final-Recipient: rfc822; gone@example.com
Action: failed
Status: 5.1.1

Final-Recipient: rfc822; full@example.com
Action: failed
Status: 5.2.2
--b--
`

describe('inspect shows how a message is read', () => {
  test('all of a message: sender, subject, what is new in it, the whole text, and its files', async () => {
    expect(await inspect(WITH_EVERYTHING)).toEqual({
      file: 'a.eml',
      subject: 'Prüfung of everything',
      from: { address: 'Ann@Example.com', name: 'Ann Büro' },
      kind: 'person',
      reply: 'Grüße.',
      text: expect.stringContaining('> What did you say?'),
      attachments: [
        {
          name: 'Résumé.pdf',
          type: 'application/pdf',
          size: FILE.length,
          sha256: createHash('sha256').update(FILE).digest('hex'),
        },
      ],
      bounce: null,
      reasons: [],
      bulk: null,
      alert: null,
      forwarded: null,
      cut: [
        { what: 'what introduces a quote', lines: 1 },
        { what: 'quoted text', lines: 1 },
      ],
      html: '',
      remotePictures: 0,
      error: null,
    })
  })

  test('a bounce with its recipients, hard or not', async () => {
    expect(await inspect(BOUNCE)).toMatchObject({
      kind: 'bounce',
      bounce: {
        recipients: [
          { address: 'gone@example.com', status: '5.1.1', hard: true },
          { address: 'full@example.com', status: '5.2.2', hard: false },
        ],
      },
    })
  })

  test.each([
    ['auto-reply', 'Auto-Submitted: auto-replied\n'],
    ['bulk', 'List-Id: <news.example.com>\n'],
    ['person', ''],
  ])('what kind it is: %s', async (kind, fields) => {
    expect(await inspect(mail('a', fields))).toMatchObject({ kind, bounce: null, error: null })
  })

  test.each<[string, string | Uint8Array]>([
    ['nothing', ''],
    ['NULs', Buffer.alloc(100_000)],
    ['no header', '\n\n\n'],
  ])('an error for what is no mail: %s', async (_what, content) => {
    const inspection = await inspect(content)
    expect(inspection).toMatchObject({ file: 'a.eml', subject: '', from: { address: '', name: '' }, attachments: [] })
    expect(inspection.error).toMatch(/\.$/)
  })

  test('line ends of other systems in one line all the same', async () => {
    expect((await inspect(mail('a', '', 'one\u2028two\u2029three\r\nfour\u0085five\0six'))).text).toContain('one')
  })

  test.each([
    ['small', 18],
    ['large', 3_000_000],
  ])('a %s file with its size and digest, also where the mail is nothing but this file', async (_what, size) => {
    const bytes = Buffer.alloc(size, 'some file ')
    const file = {
      name: 'a.zip',
      type: 'application/zip',
      size,
      sha256: createHash('sha256').update(bytes).digest('hex'),
    }
    expect((await inspect(mailWithFile('a', bytes))).attachments).toEqual([file])
    const head = [
      'Content-Type: application/zip',
      'Content-Transfer-Encoding: base64',
      'Content-Disposition: attachment; filename=a.zip',
    ].join('\n')
    expect((await inspect(mail('a', `${head}\n`, inBase64(bytes)))).attachments).toEqual([file])
  })
})

describe('inspect for programs', () => {
  test('answers in the order of the arguments, a missing file and a folder in their places', async () => {
    await room.write('a.eml', mail('a'))
    await room.write('large.eml', mail('large', '', 'x'.repeat(4_000_000)))
    await mkdir(room.path('folder'))
    const files = ['large.eml', 'nowhere.eml', 'a.eml', 'folder', 'a.eml', room.path('a.eml')]
    const { code, stdout, stderr } = await room.run('inspect', ...files)
    expect({ code, stderr }).toEqual({
      code: 66,
      stderr: 'relaydesk: There is no file nowhere.eml.\nrelaydesk: folder is a folder: name the files in it.\n',
    })
    const lines = jsonLines<Inspection>(stdout)
    expect(lines.map(line => line.file)).toEqual(files)
    expect(lines.map(line => line.error !== null)).toEqual([false, true, false, true, false, false])
    expect(lines[1]?.error).toBe('There is no file nowhere.eml.')
  })

  test('answers each line of standard input before the next is written', async () => {
    await room.write('a.eml', mail('a'))
    await room.write('with blanks.eml', mail('with blanks'))
    const running = room.launch('inspect')
    const answers = () => jsonLines<Inspection>(running.stdout())
    for (const [index, file] of ['a.eml', 'nowhere.eml', 'with blanks.eml', 'a.eml'].entries()) {
      running.child.stdin?.write(`${file}\n`)
      await eventually(() => answers().length > index, `${file} is answered`)
      expect(answers()[index]?.file).toBe(file)
    }
    running.child.stdin?.end('with blanks.eml') // the last line without its end
    const { code, stderr } = await running.ended
    expect({ code, stderr }).toEqual({ code: 66, stderr: 'relaydesk: There is no file nowhere.eml.\n' })
    expect(answers().map(answer => answer.subject)).toEqual(['a', '', 'with blanks', 'a', 'with blanks'])
  })

  test('writes nothing: no state folder is made, and what it spooled is gone', async () => {
    const temporary = room.path('tmp')
    await mkdir(temporary)
    await room.write('a.eml', WITH_EVERYTHING)
    await room.write('large.eml', mail('large', '', 'x'.repeat(4_000_000)))
    const options = { env: { TMPDIR: temporary, NODE_DISABLE_COMPILE_CACHE: '1' } }
    expect((await room.runWith(options, 'inspect', 'a.eml', 'large.eml')).code).toBe(0)
    expect(existsSync(room.state)).toBe(false)
    expect(await readdir(temporary)).toEqual([])
    expect((await readdir(room.folder)).sort()).toEqual(['a.eml', 'large.eml', 'relaydesk.yaml', 'tmp'])
  })

  test('leaves a desk alone that is there', async () => {
    await room.run('list')
    const before = await readdir(room.state, { recursive: true })
    await room.write('a.eml', mail('a'))
    await room.run('inspect', 'a.eml')
    expect(await readdir(room.state, { recursive: true })).toEqual(before)
    expect((await room.run('list', 'all')).stdout).toBe('No tickets yet.\n')
  })

  test('ends quietly when its reader goes away, and leaves nothing behind', async () => {
    await room.write('a.eml', mail('a'))
    const temporary = room.path('tmp')
    await mkdir(temporary)
    const env = { TMPDIR: temporary, NODE_DISABLE_COMPILE_CACHE: '1' }
    const running = launch(['inspect'], { cwd: room.folder, env })
    running.child.stdout?.destroy()
    running.child.stdin?.end('a.eml\n'.repeat(200))
    const { code, stderr } = await running.ended
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(await readdir(temporary)).toEqual([])
  })
})

const LAID_OUT = `From: Ann <ann@example.com>
Subject: Logo
MIME-Version: 1.0
Content-Type: multipart/related; boundary=b

--b
Content-Type: text/html; charset=utf-8

<p onclick="x()">Grüße <img src="cid:p@x"><img src="https://example.com/t.png" alt="logo"></p><script>x()</script>
--b
Content-Type: image/png
Content-ID: <p@x>
Content-Transfer-Encoding: base64

iVBORw0KGgo=
--b--
`

describe('the layout of a message', () => {
  test('without what could harm, with the pictures that came along', async () => {
    const { html, remotePictures } = (await inspect(LAID_OUT)) as Inspection & { html: string; remotePictures: number }
    expect(html).toMatch(
      /^<p>Grüße <img src="data:image\/png;base64,iVBORw0KGgo=" \/><a [^>]*>\[picture: logo\]<\/a><\/p>$/,
    )
    expect(remotePictures).toBe(1)
  })

  test('as a page, of a file and of a message that came', async () => {
    await room.write('a.eml', LAID_OUT)
    const ofFile = await room.run('page', 'a.eml')
    expect(ofFile).toMatchObject({ code: 0, stderr: '' })
    expect(ofFile.stdout).toContain('img-src data:; style-src')
    expect(ofFile.stdout).toContain('One picture is stored elsewhere')
    expect((await room.run('receive', 'a.eml')).code).toBe(0)
    const stored = await room.run('page', 'M-1', '--remote-pictures')
    expect(stored.stdout).toContain('<dd>HD-1</dd>')
    expect(stored.stdout).toContain('<img src="https://example.com/t.png" alt="logo" />')
    expect((await room.run('page', 'M-9')).stderr).toContain('There is no message M-9')
    expect((await room.run('page', 'gone.eml')).stderr).toMatch(/neither a message such as M-3 .*nor a file/)
  })
})
