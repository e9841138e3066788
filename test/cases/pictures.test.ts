// Pictures and other parts that mail programs add: each reaches whom it is for, and none is told of again and again.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { BOB, HELP, Siege, TRUSTED } from '../support/attack-desk.ts'
import { checkedBy } from '../support/mail/letter.ts'
import type { WorldMail } from '../support/smtp-world.ts'
import { caseMail } from './case-mail.ts'

const PETRA = 'petra@example.com'
const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
)

/** Bytes that begin as a picture does, unlike those of any other name. */
const picture = (name: string, size: number) => Buffer.concat([PNG, Buffer.alloc(size, name)])

interface Picture {
  name: string
  id: string
  bytes: Buffer
}

let siege: Siege

beforeAll(async () => {
  siege = await Siege.begin({ channel: { aliases: ['help@example.com'] } })
})

afterAll(() => siege.end())

/** A mail as Outlook writes it: text and HTML, and the pictures of the HTML beside both. */
function fromOutlook(from: string, subject: string, answers: string, text: string, html: string, pictures: Picture[]) {
  const parts = pictures.map(({ name, id, bytes }) =>
    [
      `Content-Type: image/png; name="${name}"`,
      `Content-Description: ${name}`,
      `Content-Disposition: inline; filename="${name}"; size=${bytes.length}`,
      `Content-ID: <${id}>`,
      'Content-Transfer-Encoding: base64',
      '',
      bytes.toString('base64').replace(/.{76}(?=.)/g, '$&\r\n'),
    ].join('\r\n'),
  )
  const both = [
    'Content-Type: multipart/alternative; boundary="A"\r\n',
    `--A\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n${text}`,
    `--A\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<html><body>${html}</body></html>`,
    '--A--',
  ].join('\r\n')
  return {
    ...{ from, subject, type: 'multipart/related', parts: [both, ...parts] },
    head: [
      'X-Mailer: Microsoft Outlook 16.0',
      ...(answers ? [`In-Reply-To: ${answers}`, `References: ${answers}`] : []),
    ],
    top: checkedBy(TRUSTED, `dkim=pass header.d=${from.split('@')[1]?.replace('>', '')}; dmarc=pass`),
  }
}

const notices = (part: string): WorldMail[] => siege.world.to(BOB).filter(mail => mail.text?.includes(part))

describe('pictures of a signature that come with every mail', () => {
  const LOGO = { name: 'image001.png', id: 'image001.png@01DC', bytes: picture('logo', 3000) }
  const ICON = { name: 'image002.png', id: 'image002.png@01DC', bytes: picture('icon', 500) }
  const SHOT = { name: 'image004.png', id: 'image004.png@01DC', bytes: picture('shot', 20_000) }
  let ref: string
  let notice: WorldMail | undefined

  beforeAll(async () => {
    const text = 'Kind regards\r\nPetra\r\n[cid:image001.png@01DC]\r\n[cid:image002.png@01DC]\r\n'
    const html = '<p>Kind regards<br>Petra</p><p><img src="cid:image001.png@01DC"><img src="cid:image002.png@01DC"></p>'
    const write = (answers: string, words: string, more: Picture[] = []) => {
      const shown = more.map(each => `[cid:${each.id}]\r\n`).join('')
      const tags = more.map(each => `<p><img width="900" src="cid:${each.id}"></p>`).join('')
      const subject = answers ? `RE: [${ref}] Toner` : 'Toner'
      const all = [LOGO, ICON, ...more]
      return siege.send(
        fromOutlook(
          `Petra <${PETRA}>`,
          subject,
          answers,
          `${words}\r\n${shown}\r\n${text}`,
          `<p>${words}</p>${tags}${html}`,
          all,
        ),
      )
    }
    await write('', 'There is no toner.')
    ref = await siege.lastTicket()
    const answers = siege.world.to(PETRA).at(-1)?.messageId ?? ''
    await write(answers, 'Is there any news?')
    await write(answers, 'See the screenshot:', [SHOT])
    notice = notices('See the screenshot:').at(-1)
    expect(await siege.newest()).toBe(`appended ${ref} in`)
  })

  test('the picture that is new is named to agents', () => {
    expect(notice?.text).toContain('image004.png')
  })

  test.fails('the others are not', () => {
    expect(notice?.text).not.toMatch(/image00[12]\.png/)
  })
})

describe('an answer of an agent from Outlook', () => {
  const SIGNATURE = { name: 'image001.jpg', id: 'image001.jpg@01DD', bytes: picture('bob', 3000) }
  const PART = { name: 'image005.png', id: 'image005.png@01DD', bytes: picture('part', 20_000) }
  let sent: WorldMail | undefined

  beforeAll(async () => {
    await siege.send({ from: 'rosa@example.com', subject: 'Ink', text: 'There is no ink.\r\n' })
    const notice = notices('There is no ink.').at(-1)
    const text = `New ink is on its way. It looks like this:\r\n[cid:${PART.id}]\r\nOrder no. 12.\r\n\r\nBob Berg\r\n[cid:${SIGNATURE.id}]\r\n\r\nFrom: Help desk <${HELP}>\r\nSent: Tuesday, December 1, 2026 1:30 AM\r\nTo: Bob Berg <${BOB}>\r\nSubject: ${notice?.subject}\r\n\r\n${notice?.text}`
    const head = `<div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm"><p><b>From:</b> Help desk &lt;${HELP}&gt;<br><b>Sent:</b> Tuesday, December 1, 2026 1:30 AM<br><b>To:</b> Bob Berg &lt;${BOB}&gt;<br><b>Subject:</b> ${notice?.subject}</p></div>`
    const quote = (notice?.text ?? '').replaceAll('<', '&lt;').replaceAll('\n', '<br>')
    const html = `<p>New ink is on its way. It looks like this:</p><p><img width="300" src="cid:${PART.id}"></p><p>Order no. 12.</p><p>Bob Berg</p><p><img width="120" src="cid:${SIGNATURE.id}"></p>${head}<p>${quote}</p>`
    const subject = `RE: ${notice?.subject}`
    await siege.send(fromOutlook(`Bob Berg <${BOB}>`, subject, notice?.messageId ?? '', text, html, [SIGNATURE, PART]))
    sent = siege.world.to('rosa@example.com').find(mail => mail.text?.includes('New ink is on its way.'))
    expect(sent).toBeDefined()
  })

  test('reaches the customer with its picture', () => {
    expect(sent?.attachments.map(each => each.content)).toContainEqual(PART.bytes)
  })

  test.fails('says nothing of numbers of pictures', () => {
    expect(sent?.text).not.toContain('[cid:')
  })

  test.fails('shows the picture where it stood', () => {
    expect(String(sent?.html)).toMatch(/looks like this:[\s\S]*<img[\s\S]*Order no\. 12/)
  })
})

describe('what programs add beside a file or a text', () => {
  const noticeOf = async (file: string, part: string) => {
    const raw = caseMail('desk', file, siege.clock.now())
    expect(await siege.sendRaw(raw, 'ann@cust.example')).toMatch(/^250/)
    return notices(part).at(-1)?.text ?? ''
  }

  test.fails('is not told of: the second half of a file of a Mac', async () => {
    const said = await noticeOf('appledouble.eml', 'the contract')
    expect(said.match(/contract\.pdf/g)).toHaveLength(1)
  })

  test('is not told of: a signature', async () => {
    const said = await noticeOf('p7s.eml', 'My screen flickers.')
    expect(said).toContain('My screen flickers.')
    expect(said).not.toContain('smime.p7s')
  })
})

describe('dates that are proposed, moved, called off and answered', () => {
  const outcomes: string[] = []
  let ref: string
  let mailsBefore = 0
  let mailsAfter = 0

  const proposed = (raw: string, subject: string, sequence: number) =>
    raw
      .replace(/^Subject: .*$/m, `Subject: ${subject}`)
      .replace(/^Message-ID: .*$/m, `Message-ID: <proposed-${sequence}@cust.example>`)
      .replaceAll('METHOD:CANCEL', 'METHOD:REQUEST')
      .replace('method=CANCEL', 'method=REQUEST')
      .replace(/^STATUS:CANCELLED\r?\n/m, '')
      .replace('SEQUENCE:1', `SEQUENCE:${sequence}`)
      .replace('charset=utf-8\r\n\r\n\r\n', 'charset=utf-8\r\n\r\nWe change the printer.\r\n')

  const hand = async (raw: Buffer) => {
    expect(await siege.sendRaw(raw, 'ann@cust.example')).toMatch(/^250/)
    outcomes.push(await siege.newest())
  }

  beforeAll(async () => {
    const now = siege.clock.now()
    const called = caseMail('desk', 'cal-cancel.eml', now).toString('latin1')
    await hand(Buffer.from(proposed(called, 'Printer change', 1), 'latin1'))
    ref = await siege.lastTicket()
    await hand(Buffer.from(proposed(called.replaceAll('T100000Z', 'T140000Z'), 'Updated: Printer change', 2), 'latin1'))
    mailsBefore = siege.world.mails.length
    await hand(caseMail('desk', 'cal-accept.eml', now))
    mailsAfter = siege.world.mails.length
    await hand(caseMail('desk', 'cal-decline-words.eml', now))
    await hand(caseMail('desk', 'cal-cancel.eml', now))
  })

  test.fails('are one ticket', () => {
    expect(outcomes[0]).toBe('opened')
    expect([outcomes[1], outcomes[3], outcomes[4]]).toEqual(Array.from({ length: 3 }, () => `appended ${ref} in`))
  })

  test.fails('an answer without words opens nothing', () => {
    expect(outcomes[2]).not.toBe('opened')
  })

  test.fails('an answer without words wakes nobody', () => {
    expect(mailsAfter).toBe(mailsBefore)
  })
})
