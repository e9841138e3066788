import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { withoutLinks } from '../../../src/core/text/address.ts'
import { BOB, Siege } from '../../support/attack-desk.ts'
import { addressIn, type Letter } from '../../support/mail/letter.ts'
import type { WorldMail } from '../../support/smtp-world.ts'

// Attempts to put something into the mails of the desk: fields and recipients into their heads, markup into their text.
// Each opens a ticket that is acknowledged, told of and answered; `withstands` looks at the head of each such mail.

let siege: Siege

beforeAll(async () => {
  siege = await Siege.begin()
})

afterAll(() => siege.end())

const VICTIM = 'victim@third.example'
const word = (text: string) => `=?utf-8?b?${Buffer.from(text).toString('base64')}?=`
let strangers = 0
/** Somebody who was not here before. */
const stranger = () => {
  strangers += 1
  return `s${strangers}@evil.example`
}
const named = (name: string): Letter => ({ from: `${name} <${stranger()}>` })

/** All that the desk sends because of a letter: acknowledgement, notifications, and an answer. */
async function mailsAbout(letter: Letter): Promise<WorldMail[]> {
  const before = siege.world.mails.length
  await siege.withstands(letter, 'opened')
  await siege.desk.as('bob', `reply ${await siege.lastTicket()}`, 'Restart it.')
  await siege.quiet()
  const mails = siege.world.mails.slice(before)
  expect(mails.length).toBeGreaterThanOrEqual(4)
  for (const mail of mails) siege.expectHarmless(mail)
  expect(mails.flatMap(mail => mail.recipients)).not.toContain(VICTIM)
  expect(mails.map(mail => mail.raw.split('\r\n\r\n')[0]).join('\n')).not.toMatch(
    /^(?:Bcc|X-Injected|Subject: injected)/im,
  )
  return mails
}

const INJECTIONS: [name: string, letter: () => Letter][] = [
  ['CR LF in an encoded subject', () => ({ from: stranger(), subject: `=?utf-8?q?Hi=0D=0ABcc:_${VICTIM}?=` })],
  ['CR LF in a subject of Base64', () => ({ from: stranger(), subject: word(`Hi\r\nBcc: ${VICTIM}\r\n\r\nHello`) })],
  ['LF alone in a subject', () => ({ from: stranger(), subject: word(`Hi\nBcc: ${VICTIM}`) })],
  ['CR alone in a subject', () => ({ from: stranger(), subject: word(`Hi\rBcc: ${VICTIM}`) })],
  ['CR alone between two fields', () => ({ from: stranger(), subject: `Hi\rBcc: ${VICTIM}` })],
  ['a field in the next line of a subject', () => ({ from: stranger(), subject: `Hi\r\n Bcc: ${VICTIM}` })],
  [
    'line ends of other scripts in a subject',
    () => ({ from: stranger(), subject: word(`Hi\u2028Bcc: ${VICTIM}\u0085X-Injected: 1\u000bX-Injected: 2`) }),
  ],
  ['NUL in a subject', () => ({ from: stranger(), subject: 'Hi\0there' })],
  ['NUL in an encoded subject', () => ({ from: stranger(), subject: '=?utf-8?q?Hi=00there?=' })],
  ['a subject of 100,000 letters', () => ({ from: stranger(), subject: 'ab '.repeat(33_333) })],
  ['a subject of nothing but encoded line ends', () => ({ from: stranger(), subject: word('\r\n'.repeat(2_000)) })],
  ['two subjects', () => ({ from: stranger(), subject: 'One\r\nSubject: injected' })],
  ['a subject that turns the reading direction', () => ({ from: stranger(), subject: word('Invoice \u202efdp.exe') })],
  ['half a character in a subject', () => ({ from: stranger(), subject: '=?utf-16?b?2D3cAQ==?=' })],
  ['CR LF in a name', () => named(word(`Ann\r\nBcc: ${VICTIM}`))],
  ['a second mailbox in a name', () => named(word(`Ann" <${VICTIM}>, "Ann`))],
  ['a list of recipients as a name', () => named(`"Ann, ${VICTIM}"`)],
  ['a group in a name', () => named(word(`undisclosed: ${VICTIM};`))],
  ['a name of 10,000 letters', () => named(`"${'a'.repeat(10_000)}"`)],
  ['CR LF in a Message-ID', () => ({ from: stranger(), head: [`Message-ID: <a@b>\r\n\tBcc: <${VICTIM}>`] })],
  [
    'NUL and CR in a Message-ID',
    () => ({ from: stranger(), head: ['Message-ID: <a\0b\rX-Injected: 1@evil.example>'] }),
  ],
  ['commas and brackets in a Message-ID', () => ({ from: stranger(), head: ['Message-ID: <a@b,;:(c)"d\\e>'] })],
  [
    'a Message-ID of 900 letters',
    () => ({ from: stranger(), head: [`Message-ID: <${'m'.repeat(900)}@evil.example>`] }),
  ],
  ['a Message-ID beyond ASCII', () => ({ from: stranger(), head: ['Message-ID: <ünïcode\u2028@evil.example>'] })],
  [
    'encoded line ends in a Message-ID',
    () => ({ from: stranger(), head: ['Message-ID: <=?utf-8?q?=0D=0ABcc:x?=@evil.example>'] }),
  ],
  [
    'fields in References',
    () => ({ from: stranger(), head: [`References: <r1@evil.example>\r\n Bcc: ${VICTIM}\r\n <r2@evil.example>`] }),
  ],
  [
    'CR LF in the name of who is answered',
    () => {
      const from = stranger()
      return { from, head: [`Reply-To: ${word(`Ann\r\nBcc: ${VICTIM}`)} <${from}>`] }
    },
  ],
  ['CR LF in a date', () => ({ from: stranger(), head: [`Date: today\r\n\tBcc: ${VICTIM}`] })],
]

describe('heads', () => {
  test.each(INJECTIONS)('%s', async (_, letter) => {
    const mails = await mailsAbout(letter())
    for (const mail of mails) expect((mail.subject ?? '').length).toBeLessThan(500)
  })

  test('the name of somebody copied', async () => {
    const letter = { from: stranger(), head: [`Cc: ${word(`Ann\r\nBcc: ${VICTIM}`)} <copied@evil.example>`] }
    expect((await mailsAbout(letter)).at(-1)?.recipients).toContain('copied@evil.example')
  })

  test.each([
    ['LF . LF', '\n.\n'],
    ['LF . CR LF', '\n.\r\n'],
    ['CR . CR', '\r.\r'],
    ['NUL before it', '\0\r\n.\0\r\n'],
  ])('a second mail smuggled in behind %s', async (_, end) => {
    const smuggled = `MAIL FROM:<${BOB}>\r\nRCPT TO:<help@desk.example>\r\nDATA\r\nFrom: ${BOB}\r\n\r\n!close HD-1`
    await siege.withstands({ from: stranger(), text: Buffer.from(`Hello${end}${smuggled}\r\n`) }, 'opened')
  })
})

const MARKUP: [name: string, text: string][] = [
  ['a variable of the templates', '{{ message.text }}{{ marker }}'],
  ['a filter that shows it as it is', '{{ note | raw }}{{ desk.name | upcase }}'],
  ['a tag of the templates', "{% include 'notify-note' %}{% render 'mail/reply' %}"],
  ['a loop without end', '{% for i in (1..999999999) %}x{% endfor %}'],
  ['a script', '<script>alert(document.cookie)</script>'],
  ['a picture that tells where it is read', '<img src="http://evil.example/seen.png" onerror="alert(1)">'],
  ['an attribute that never ends', "<img src='http://evil.example/?"],
  ['the end of the page', '</p></body></html><h1>Sign in again</h1>'],
  ['a link of Markdown', '[Sign in](javascript:alert(1)) [here](https://evil.example/)'],
  ['a picture of Markdown', '![x](http://evil.example/seen.png)'],
  ['HTML within Markdown', '**bold** `code` <b onclick=alert(1)>x</b>'],
  ['characters by number', '&lt;script&gt; &#60;script&#62;'],
  ['the placeholders of the desk', '\ue0000\ue001 \ue0001\ue001'],
]

describe('markup', () => {
  test.each(MARKUP)('%s, as subject, name and text', async (_, markup) => {
    const letter = {
      from: `${word(markup)} <${stranger()}>`,
      subject: word(`Hi ${markup}`),
      text: `Hi,\n\n${markup}\n`,
    }
    const mails = await mailsAbout(letter)
    const plain = markup.replace(/[\ue000\ue001]/g, '')
    for (const mail of mails) {
      const html = String(mail.html)
      expect(html).not.toMatch(
        /<(?:script|img|h1|b |iframe|link|style)|<a [^>]*(?:javascript|evil\.example)|onerror=[^&]*>/i,
      )
      expect(html.match(/<\/body>/g)).toHaveLength(1)
      // What is sent to whoever may not have written says nothing that leads elsewhere.
      const byItself =
        !/^Re:/.test(mail.subject ?? '') && !mail.recipients.some(each => each.endsWith('@staff.example'))
      if (byItself) expect(mail.subject).not.toMatch(/https?:/)
      expect(mail.subject).toContain(byItself ? withoutLinks(plain).slice(0, 5) : plain)
    }
    const told = mails.find(mail => mail.recipients.includes(BOB))
    // Who wrote, in quotes if the name says more than a name, and what.
    expect(told?.text?.replaceAll('"', '').split(plain.replaceAll('"', '')).length).toBeGreaterThanOrEqual(3)
  })

  test('lines of ours in a text neither hide what stands below them nor say where an answer goes', async () => {
    const text = 'Hello.\n\n##- Reply above this line: your reply goes to victim@third.example -##\n\nSecond part.'
    const mails = await mailsAbout({ from: stranger(), text })
    const told = mails.find(mail => mail.recipients.includes(BOB))
    expect(told?.text?.split('\n')[0]).toMatch(/^##- .*@evil\.example/)
    expect(told?.text?.split('\n').filter(line => line.startsWith('##-'))).toHaveLength(1)
  })

  test('a name cannot say in our first line that an answer stays inside, or goes elsewhere', async () => {
    const name = word('Ann -## your reply stays internal, only agents see it ##-')
    const mails = await mailsAbout({ from: `${name} <${stranger()}>` })
    const first = mails.find(mail => mail.recipients.includes(BOB))?.text?.split('\n')[0] ?? ''
    expect(addressIn(first.replace(/, from .*$/, ''))).toContain('@evil.example')
  })
})
