import { afterAll, beforeAll, expect, test } from 'vitest'
import { makeDesk, type TestDesk } from '../../support/desk.ts'
import { eventually } from '../../support/eventually.ts'
import { filePart, handOver, textPart, writeLetter } from '../../support/mail/letter.ts'
import { World, type WorldMail } from '../../support/smtp-world.ts'

const SAID = 'We come at noon.'

const world = new World()
let desk: TestDesk
let count = 0

beforeAll(async () => {
  await world.start()
  const smtp = { host: '127.0.0.1', port: world.port, requireTls: false }
  desk = await makeDesk('sqlite', { smtp }, { plusAddress: true }, { floods: { tickets: 0, messages: 0 } })
})

afterAll(async () => {
  await desk?.remove()
  await world.stop()
})

type Written = Pick<Parameters<typeof writeLetter>[0], 'text' | 'type' | 'parts'>

/** Ann asks, Bob answers the notification with this; gives what came to her and what he was told. */
async function answerWith(
  write: (notification: WorldMail) => Written,
): Promise<{ sent?: WorldMail; told?: WorldMail }> {
  count += 1
  const ann = `ann${count}@example.com`
  const subject = `Question number ${count}.`
  const asked = writeLetter({ from: `Ann <${ann}>`, subject, head: [`Cc: carl${count}@example.com`] }, new Date())
  await handOver(desk.port, asked, ann, ['help@desk.example'])
  const mails = (address: string, mark: string) => () =>
    world.to(address).find(mail => mail.subject?.includes(subject) && mail.subject.includes(mark))
  const notification = await eventually(mails('bob@staff.example', 'New: '), 'the notification')
  const { messageId = '', replyTo } = notification
  const answer = writeLetter(
    {
      ...write(notification),
      from: 'Bob Berg <bob@staff.example>',
      subject: `Re: ${notification.subject}`,
      head: [`To: ${replyTo?.text}`, `In-Reply-To: ${messageId}`, `References: ${messageId}`],
    },
    new Date(),
  )
  await handOver(desk.port, answer, 'bob@staff.example', [replyTo?.value[0]?.address ?? ''])
  return eventually(() => {
    const sent = mails(ann, 'Re: ')()
    const told = mails('bob@staff.example', 'Your mail was not sent to the requester')()
    return sent ? { sent } : told ? { told } : undefined
  }, 'what became of the answer')
}

function inner(mail: WorldMail): string {
  return String(mail.html)
}

const shown = (mail: WorldMail) => mail.text ?? ''
const html = 'text/html; charset=utf-8'

test.each<[string, (mail: WorldMail) => Written]>([
  [
    'a whole page within the page',
    mail => ({ type: html, text: `<p>${SAID}</p><blockquote>${inner(mail)}</blockquote>` }),
  ],
  ['a whole page in a list', mail => ({ type: html, text: `<p>${SAID}</p><ul><li>${inner(mail)}</li></ul>` })],
  ['a page behind a page', mail => ({ type: html, text: `<html><body>${SAID}</body></html>${inner(mail)}` })],
  ['escaped', mail => ({ text: `${SAID}\n\n${shown(mail).replaceAll('#', '\\#')}` })],
  ['wide signs', mail => ({ text: `${SAID}\n\n${shown(mail).replaceAll('#', '＃')}` })],
  ['signs apart', mail => ({ text: `${SAID}\n\n${shown(mail).replaceAll('##', '# #')}` })],
  ['behind signs of its own', mail => ({ text: `${SAID}\n\n┆ ${shown(mail)}` })],
])('an answer leaves without what it quotes: %s', async (_how, write) => {
  const { sent } = await answerWith(write)
  expect(sent?.text).toContain(SAID)
  expect(sent?.text).not.toMatch(/your reply goes to|Please help/)
})

const block = 'From: Eve Ek <eve@staff.example>\nSent: Monday, 5 January 2026 10:00\nTo: Bob\nSubject: Ann\n\nShe lies.'
const ATTACHED = 'Content-Disposition: attachment'

test.each<[string, (mail: WorldMail) => Written, RegExp]>([
  ['nothing but the quote', mail => ({ text: shown(mail) }), /no text of its own/],
  ['below it', mail => ({ text: `${shown(mail)}\n\n${SAID}` }), /no text of its own/],
  [
    'a quote without our line',
    ({ text = '' }) => ({ text: text.split('\n').slice(1).join('\n> ') }),
    /no text of its own/,
  ],
  [
    'forwarded',
    () => ({ text: `${SAID}\n\n---------- Forwarded message ---------\n${block}` }),
    /includes another mail/,
  ],
  ['begin forwarded', () => ({ text: `${SAID}\n\nBegin forwarded message:\n\n${block}` }), /includes another mail/],
  [
    'weitergeleitet',
    () => ({ text: `${SAID}\n\n-------- Weitergeleitete Nachricht --------\n${block}` }),
    /includes another/,
  ],
  [
    'an answer with that',
    () => ({ text: `!reply\n${SAID}\n\n---------- Forwarded message ---------\n${block}` }),
    /includes another/,
  ],
  ['an answer with a command', () => ({ text: `!reply\n${SAID}\n\n- !note She lies.\n\nBob` }), /looks like a command/],
  ['an option', () => ({ text: `--only\n\n${SAID}` }), /looks like a command/],
  ['a list of commands', () => ({ text: `- !note She lies.\n\n${SAID}` }), /looks like a command/],
])('nothing leaves of %s', async (_what, write, reason) => {
  const { sent, told } = await answerWith(write)
  expect(sent?.text).toBeUndefined()
  expect(told?.text).toMatch(reason)
})

const WITH_MAIL = Buffer.concat([Buffer.from('d0cf11e0a1b11ae1', 'hex'), Buffer.from('__substg1.0_001A', 'utf16le')])

test.each<[string, (mail: WorldMail) => string]>([
  ['HTML', mail => filePart([`Content-Type: ${html}; name=ATT00001.htm`, ATTACHED], `<div>x</div>${inner(mail)}`)],
  ['text', mail => filePart(['Content-Type: text/plain; name=ATT00001.txt', ATTACHED], `> ${shown(mail)}`)],
  ['UTF-16', mail => filePart(['Content-Type: text/plain; name=a.txt', ATTACHED], Buffer.from(shown(mail), 'utf16le'))],
  ['RTF', mail => filePart(['Content-Type: text/rtf; name=a.rtf', ATTACHED], `{\\rtf1 x\\par ${shown(mail)}}`)],
  ['no type', mail => filePart(['Content-Type: application/octet-stream', ATTACHED], inner(mail))],
  ['Outlook', () => filePart(['Content-Type: application/octet-stream; name=Item', ATTACHED], WITH_MAIL)],
  [
    'TNEF',
    () =>
      filePart(['Content-Type: application/octet-stream; name=ATT1.dat', ATTACHED], Buffer.from('789f3e2200', 'hex')),
  ],
])('nothing leaves with a file that holds a mail: %s', async (_kind, file) => {
  const { sent, told } = await answerWith(mail => ({ parts: [textPart(SAID), file(mail)] }))
  expect(sent?.text).toBeUndefined()
  expect(told?.text).toMatch(/mail attached/)
})

test('what a program shows in another way than others stays', async () => {
  const type = 'multipart/alternative'
  const { sent } = await answerWith(mail => ({
    type,
    parts: [
      textPart(SAID),
      `Content-Type: text/watch-html\r\n\r\n${inner(mail)}`,
      `Content-Type: ${html}\r\n\r\n<p>${SAID}</p>`,
    ],
  }))
  expect(sent).toBeUndefined()
})

test('other files leave with the answer', async () => {
  const parts = [textPart(SAID), filePart(['Content-Type: text/plain; name=a.txt', ATTACHED], '# 12 above this line\n')]
  const { sent } = await answerWith(() => ({ parts }))
  expect(sent?.attachments.map(each => each.filename)).toEqual(['a.txt'])
})
