import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { makeDesk, type TestDesk } from '../../support/desk.ts'
import { eventually } from '../../support/eventually.ts'
import { mailTo, World, type WorldMail } from '../../support/smtp-world.ts'

// What becomes of an agent's answer that is signed, encrypted, or brings a mail along: what the requester gets, and what
// the agent is told. The answers are laid out as mail programs do.

const CASES = new URL('../../cases/signed/', import.meta.url)
const BOB = 'bob@staff.example'
const SAID = 'The key lies in room 4, Grüße.'
const SECRET = /internal-secret|staff\.example|Nobody outside/
const CRLF = '\r\n'

interface Shown {
  owner: string | null
  messages: { direction: string; attachments: { name: string }[] }[]
}

/** An answer below the fields that every mail has. */
interface Answer {
  head: string[]
  body: Buffer | string
}

const load = (name: string) => readFile(new URL(name, CASES))
const base64 = (bytes: Buffer) => (bytes.toString('base64').match(/.{1,64}/g) ?? []).join(CRLF).concat(CRLF)
const BASE64 = 'Content-Transfer-Encoding: base64'
const OPAQUE = 'application/pkcs7-mime; smime-type=signed-data; name="smime.p7m"'

async function whole(type: string, name: string, ...head: string[]): Promise<Answer> {
  return { head: [...head, `Content-Type: ${type}`, BASE64], body: base64(await load(name)) }
}

function parts(type: string, ...each: string[]): Answer {
  const body = each.map(part => `--=_b${CRLF}${part}${CRLF}`).join('')
  return { head: [`Content-Type: ${type};${CRLF} boundary="=_b"`], body: `${body}--=_b--${CRLF}` }
}

function text(said: string): string {
  return `Content-Type: text/plain; charset=utf-8${CRLF}${CRLF}${said.replaceAll('\n', CRLF)}`
}

async function file(type: string, name: string, content = name): Promise<string> {
  const disposition = `Content-Disposition: attachment; filename="${name}"`
  return [`Content-Type: ${type}; name="${name}"`, disposition, BASE64, '', base64(await load(content))].join(CRLF)
}

/** What mail programs put into the head beside what every mail has. */
const OUTLOOK = ['X-Mailer: Microsoft Outlook 16.0', 'Thread-Index: AQHZ1234', 'Content-Language: de']
const APPLE = ['X-Mailer: Apple Mail (2.3774.600.62)', 'Content-Disposition: attachment;\r\n\tfilename=smime.p7m']
const THUNDERBIRD = ['User-Agent: Mozilla Thunderbird', 'Content-Description: S/MIME Cryptographic Signature']

describe("an agent's answer", () => {
  let world: World
  let desk: TestDesk
  let count = 0

  beforeAll(async () => {
    world = new World()
    await world.start()
    desk = await makeDesk('sqlite', { smtp: { host: '127.0.0.1', port: world.port, requireTls: false } })
  })

  afterAll(async () => {
    await desk.expectSound()
    await desk.remove()
    await world.stop()
  })

  /** Opens a ticket, and has Bob answer the notification of it so. */
  async function answer({ head, body }: Answer, about: { subject?: string } = {}): Promise<Exchange> {
    count += 1
    const number = count
    const ann = `ann${number}@example.com`
    const subject = `Lift ${number}`
    await mailTo(desk.port, { from: `Ann Ek <${ann}>`, to: 'help@desk.example', subject, text: 'It stands.' })
    const toBob = (part: string) => world.to(BOB).find(mail => mail.subject?.match(`${part}.* Lift ${number}$`))
    const notice = await eventually(() => toBob('New'), 'a notification')
    await eventually(() => world.to(ann)[0], 'an acknowledgement')
    const fields = [
      'From: Bob Berg <bob@staff.example>',
      'To: Help desk <help@desk.example>',
      `Subject: ${about.subject ?? `Re: ${notice.subject}`}`,
      'Date: Tue, 1 Dec 2026 10:05:00 +0100',
      `Message-ID: <answer-${number}@staff.example>`,
      `In-Reply-To: ${notice.messageId}`,
      `References: ${notice.messageId}`,
      'MIME-Version: 1.0',
      ...head,
    ]
    const raw = Buffer.concat([Buffer.from(`${fields.join(CRLF)}${CRLF}${CRLF}`), Buffer.from(body as string)])
    await mailTo(desk.port, { raw, envelope: { from: BOB, to: ['help@desk.example'] } })
    return {
      answer: () => eventually(() => world.to(ann)[1], 'an answer'),
      told: () => eventually(() => toBob('not sent to the requester'), 'a word to the agent'),
      toAnn: () => world.to(ann).slice(1),
      ticket: async () => (await desk.as('eve', `show ${number}`)).data as Shown,
    }
  }

  interface Exchange {
    /** What Ann got. */
    answer(): Promise<WorldMail>
    /** What Bob was told. */
    told(): Promise<WorldMail>
    toAnn(): WorldMail[]
    ticket(): Promise<Shown>
  }

  /** Nothing left, Bob knows what to do, and nothing of it is lost. */
  async function expectKept(
    exchange: Exchange,
    files: readonly string[],
    advice = /encrypted|attached/,
  ): Promise<void> {
    const told = await exchange.told()
    expect(told.text).toMatch(/so it was not sent/i)
    expect(told.text).toMatch(/Write it again without/)
    expect(told.text).toMatch(advice)
    expect(told.text).toMatch(/relaydesk reply HD-\d/)
    const { messages } = await exchange.ticket()
    expect(messages.map(each => each.direction)).toEqual(['in', 'internal'])
    expect(messages.at(-1)?.attachments.map(each => each.name)).toEqual(files)
    expect(exchange.toAnn()).toEqual([])
  }

  describe('that is signed leaves as any other', () => {
    test.each([
      ['Outlook', 'outlook.p7m', OPAQUE, OUTLOOK],
      ['Outlook, by the older type', 'outlook.p7m', 'application/x-pkcs7-mime; name="smime.p7m"', OUTLOOK],
      ['Apple Mail', 'apple.p7m', 'application/pkcs7-mime;\r\n\tname=smime.p7m;\r\n\tsmime-type=signed-data', APPLE],
      ['Thunderbird', 'twice.p7m', OPAQUE, THUNDERBIRD],
      ['a gateway', 'segments.p7m', 'application/octet-stream; name="smime.p7m"', []],
      ['a program that protects the head', 'header-protected.p7m', OPAQUE, []],
      ['a program that compresses', 'signed-compressed.p7m', OPAQUE, []],
    ])('opaquely by %s', async (_program, name, type, head) => {
      const exchange = await answer(await whole(type, name, ...head))
      const sent = await exchange.answer()
      expect(sent.text).toContain(SAID)
      expect(sent.raw).not.toMatch(/\.p7m|\bpkcs7?-/i)
      expect(`${sent.text}${sent.html}`).not.toMatch(SECRET)
      expect(sent.attachments.map(each => each.filename)).toEqual(name === 'segments.p7m' ? ['plan.pdf'] : [])
    })

    test.each([
      ['S/MIME', 'application/pkcs7-signature', 'smime.p7s', 'smime.p7s'],
      ['S/MIME of older programs', 'application/x-pkcs7-signature', 'smime.p7s', 'smime.p7s'],
      ['PGP/MIME', 'application/pgp-signature', 'OpenPGP_signature.asc', 'signature.asc'],
      ['PGP/MIME behind a gateway', 'application/octet-stream', 'signature.asc', 'signature.asc'],
    ])('beside the text with %s', async (_how, type, name, signature) => {
      const signed = (await load('detached.txt')).toString()
      const exchange = await answer(
        parts(`multipart/signed; micalg=sha-256`, signed, await file(type, name, signature)),
      )
      const sent = await exchange.answer()
      expect(sent.text).toContain(SAID)
      expect(sent.raw).not.toMatch(/p7s|\.asc|SIGNATURE/i)
      expect(`${sent.text}${sent.html}`).not.toMatch(SECRET)
      expect(sent.attachments).toEqual([])
      expect((await exchange.ticket()).messages.at(-1)?.attachments).toEqual([])
    })

    test('within the text', async () => {
      const exchange = await answer({
        head: ['Content-Type: text/plain; charset=utf-8'],
        body: await load('clear-signed.asc'),
      })
      const sent = await exchange.answer()
      expect(sent.text).toMatch(/The key lies in room 4, Grüße\.\s+- first the left door/)
      expect(sent.raw).not.toMatch(/BEGIN PGP|Hash: SHA/)
      expect(`${sent.text}${sent.html}`).not.toMatch(SECRET)
    })

    test('and its commands are carried out', async () => {
      const exchange = await answer(await whole(OPAQUE, 'command.p7m', ...OUTLOOK))
      const sent = await exchange.answer()
      expect(sent.text).toContain(SAID)
      expect(sent.text).not.toContain('claim')
      expect(await exchange.ticket()).toMatchObject({ owner: 'bob', urgency: 'high' })
    })
  })

  describe('that is encrypted does not leave', () => {
    test.each([
      ['S/MIME', 'enveloped.p7m', 'application/pkcs7-mime; smime-type=enveloped-data; name="smime.p7m"'],
      [
        'S/MIME of today',
        'auth-enveloped.p7m',
        'application/pkcs7-mime; smime-type=authEnveloped-data; name="smime.p7m"',
      ],
      ['S/MIME as some file', 'enveloped-segments.p7m', 'application/octet-stream; name="smime.p7m"'],
      ['S/MIME within a signature', 'triple.p7m', OPAQUE],
      ['too many signatures', 'six-times.p7m', OPAQUE],
      ['PGP as some file', 'encrypted.pgp', 'application/octet-stream; name="message.pgp"'],
    ])('with %s', async (_how, name, type) => {
      const exchange = await answer(await whole(type, name, ...OUTLOOK))
      await expectKept(exchange, [name.endsWith('.pgp') ? 'message.pgp' : 'smime.p7m'], /encrypted/)
    })

    test.each([
      [
        'PGP/MIME',
        'multipart/encrypted; protocol="application/pgp-encrypted"',
        ['Content-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n'],
      ],
      [
        'PGP/MIME that Exchange took apart',
        'multipart/mixed',
        [
          text(''),
          'Content-Type: application/pgp-encrypted; name="PGPMIME version identification"\r\n\r\nVersion: 1\r\n',
        ],
      ],
      ['PGP as a file beside a text', 'multipart/mixed', [text('See what I wrote.')]],
    ])('with %s', async (_how, type, before) => {
      const exchange = await answer(parts(type, ...before, await file('application/octet-stream', 'encrypted.asc')))
      await expectKept(exchange, ['encrypted.asc'], /encrypted/)
    })

    test.each([
      ['alone', (block: string) => block],
      ['between words in the clear', (block: string) => `Dear Ann,\n\n${block}\nBob Berg\n`],
      ['below a command that answers', (block: string) => `!reply Please see below.\n\n${block}`],
    ])('with PGP within the text, %s', async (_how, around) => {
      const body = around((await load('encrypted.asc')).toString())
      const exchange = await answer({ head: ['Content-Type: text/plain; charset=utf-8'], body })
      const told = await exchange.told()
      expect(told.text).toContain('encrypted')
      expect((await exchange.ticket()).messages.map(each => each.direction)).toEqual(['in', 'internal'])
      expect(exchange.toAnn()).toEqual([])
    })

    test('and the commands above it are carried out all the same', async () => {
      const body = `!claim\n\n${await load('encrypted.asc')}`
      const exchange = await answer({ head: ['Content-Type: text/plain; charset=utf-8'], body })
      await expectKept(exchange, ['encrypted.asc'], /encrypted/)
      expect((await exchange.ticket()).owner).toBe('bob')
    })
  })

  describe('that brings a mail along does not leave', () => {
    const MAIL =
      'From: Help desk <help@desk.example>\r\nMessage-ID: <x@desk.example>\r\nSubject: New\r\n\r\ninternal-secret\r\n'
    test.each([
      ['as a message', 'message/rfc822', 'notice.eml'],
      ['as a file of Outlook', 'application/vnd.ms-outlook', 'notice.msg'],
      ['named as one', 'application/octet-stream', 'notice.eml'],
      ['named as one of Apple Mail', 'application/octet-stream', 'notice.emlx'],
      ['named as a mailbox', 'application/octet-stream', 'notice.mbox'],
      ['without a name that says so', 'application/octet-stream', 'notice.bin'],
      ['named as a text', 'text/plain', 'notice.txt'],
      ['in a winmail.dat that cannot be opened', 'application/ms-tnef', 'winmail.dat'],
    ])('%s', async (_how, type, name) => {
      const attached = `Content-Type: ${type}; name="${name}"${CRLF}Content-Disposition: attachment; filename="${name}"${CRLF}${CRLF}${MAIL}`
      const exchange = await answer(parts('multipart/mixed', text('Please see the mail below.'), attached))
      await expectKept(exchange, [name], /attached/)
    })

    test('signed with its text inside', async () => {
      const attached = await file('application/pkcs7-mime', 'old.p7m', 'outlook.p7m')
      const exchange = await answer(parts('multipart/mixed', text('Please see the mail below.'), attached))
      await expectKept(exchange, ['old.eml'], /attached/)
    })

    test('within a signature', async () => {
      const attached = await file('message/rfc822', 'notice.eml', 'detached.txt')
      const inner = parts('multipart/mixed', text('Please see the mail below.'), attached)
      const signed = `${inner.head.join(CRLF)}${CRLF}${CRLF}${inner.body}`
      const signature = await file('application/pkcs7-signature', 'smime.p7s')
      await expectKept(await answer(parts('multipart/signed', signed, signature)), ['notice.eml'], /attached/)
    })
  })

  test('that is encrypted sends no answer in its place that was kept before', async () => {
    const exchange = await answer(await whole(OPAQUE, 'outlook.p7m'))
    await exchange.answer()
    const number = count
    await desk.as('eve', `reply ${number} --anyway`, 'Take the stairs.')
    const notice = world.to(BOB).find(mail => mail.subject?.match(`New.* Lift ${number}$`))
    const say = (id: string, text: string) => {
      const fields = ['To: help@desk.example', `Subject: Re: ${notice?.subject}`, 'Content-Type: text/plain']
      const head = [`From: ${BOB}`, `Message-ID: <${id}>`, `In-Reply-To: ${notice?.messageId}`, ...fields]
      const raw = `${head.join(CRLF)}${CRLF}${CRLF}${text}`
      return mailTo(desk.port, { raw, envelope: { from: BOB, to: ['help@desk.example'] } })
    }
    const left = async () => (await exchange.ticket()).messages.filter(({ direction }) => direction === 'out').length
    const before = await left()
    await say('kept@staff.example', 'The lift is broken for good.')
    expect(await left()).toBe(before)
    await say('sealed@staff.example', `!anyway\n\nNo:\n\n${await load('encrypted.asc')}`)
    expect(await left()).toBe(before)
  })

  test('to what is internal stays so, and who encrypted it knows that nobody can read it', async () => {
    await (await answer(await whole(OPAQUE, 'outlook.p7m'))).answer() // so that it is his
    const number = count
    await desk.as('eve', `note ${number}`, 'What does she want?')
    const toBob = (part: string) => world.to(BOB).find(mail => mail.subject?.match(`${part}.* Lift ${number}$`))
    const note = await eventually(() => toBob('Note from'), 'a note')
    const { head, body } = await whole('application/pkcs7-mime; name="smime.p7m"', 'enveloped.p7m')
    const raw = [
      `From: ${BOB}`,
      'To: help@desk.example',
      `Subject: Re: ${note.subject}`,
      'Message-ID: <internal@staff.example>',
      `In-Reply-To: ${note.messageId}`,
      ...head,
      '',
      body,
    ].join(CRLF)
    await mailTo(desk.port, { raw, envelope: { from: BOB, to: ['help@desk.example'] } })
    const told = await eventually(() => toBob('not sent to the requester'), 'a word to the agent')
    expect(told.text).toContain('encrypted')
  })

  test('is no answer where it opens a ticket: that says what cannot be read, as a requester’s does', async () => {
    const { head, body } = await whole('application/pkcs7-mime; name="smime.p7m"', 'enveloped.p7m')
    for (const from of [BOB, 'carl@example.com']) {
      const raw = [
        `From: ${from}`,
        'To: help@desk.example',
        'Subject: Sealed',
        `Message-ID: <new-${from}>`,
        ...head,
        '',
        body,
      ].join(CRLF)
      await mailTo(desk.port, { raw, envelope: { from, to: ['help@desk.example'] } })
      count += 1
      const { messages } = (await desk.as('eve', `show ${count}`)).data as { messages: { text: string }[] }
      expect(messages.map(each => each.text)).toEqual([expect.stringMatching(/encrypted with S\/MIME.*\(smime\.p7m\)/)])
    }
  })

  test('that brings a signed document or a key along leaves with it', async () => {
    const files = [
      await file('application/pkcs7-mime', 'contract.pdf.p7m'),
      await file('application/pgp-keys', 'public-key.asc'),
    ]
    const exchange = await answer(parts('multipart/mixed', text('Here is the contract.'), ...files))
    const sent = await exchange.answer()
    expect(sent.attachments.map(each => each.filename)).toEqual(['contract.pdf.p7m', 'public-key.asc'])
  })
})
