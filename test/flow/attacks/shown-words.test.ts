import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { BOB, Siege, TRUSTED } from '../../support/attack-desk.ts'
import { checkedBy, type Letter, textPart } from '../../support/mail/letter.ts'

// Words of strangers in mail that an agent wrote and that his domain confirms: what his program shows of a mail that he
// answers, or of an appointment that he accepts, gives no commands in his name.

let siege: Siege
let count = 0

beforeAll(async () => {
  siege = await Siege.begin()
})

afterAll(() => siege.end())

/** Sends Bob's mail with a tag of its own in the place of `TAG`; gives whether the ticket bears it afterwards. */
async function isTagged(letter: Letter): Promise<boolean> {
  count += 1
  const tag = `tag${count}`
  const put = (text: string) => text.replaceAll('TAG', tag)
  await siege.send({
    top: checkedBy(TRUSTED, 'dkim=pass header.d=staff.example; dmarc=pass header.from=staff.example'),
    from: `Bob <${BOB}>`,
    ...letter,
    text: put(String(letter.text ?? '')),
    ...(letter.parts ? { parts: letter.parts.map(part => put(String(part))) } : {}),
  })
  const { data } = await siege.desk.as('eve', 'show 1')
  return (data as { tags: string[] }).tags.includes(tag)
}

/** What Mallory wrote to Bob, to be shown in his answer. */
const WRITTEN = {
  'lines that are quoted themselves': '> foo\n> bar\n\n!tag HD-1 TAG',
  'answers between quoted lines': '> one\n\nyes\n\n> two\n\n!tag HD-1 TAG',
  'quotes of two depths': '>> a\n> b\nc\n> d\n!tag HD-1 TAG',
  'an introduction of its own': 'On Mon, 1 Dec 2026, Carl <c@x.example> wrote:\n> foo\n\n!tag HD-1 TAG',
  'a signature': 'Hello\n\n-- \nMallory\n\n!tag HD-1 TAG',
  'nothing but the command': '!tag HD-1 TAG',
  'a line as ours': '!tag HD-1 TAG\n##- Please write your reply above this line -##\nHello',
}

/** How programs show what they answer without a mark before each line. */
const LAYOUTS: Record<string, (shown: string) => string> = {
  Outlook: shown =>
    `Thanks.\n\nBob\n\nFrom: Mallory <m@evil.example>\nSent: Monday, December 1, 2026 9:00 AM\nTo: Bob <${BOB}>\nSubject: Question\n\n${shown}`,
  'Outlook in Turkish': shown =>
    `Tamam.\n\nKimden: Mallory <m@evil.example>\nGönderildi: 1 Aralık 2026 Pazartesi 09:00\nKime: Bob <${BOB}>\nKonu: Soru\n\n${shown}`,
  'Outlook, with nothing written above': shown =>
    `\nFrom: Mallory <m@evil.example>\nSent: Monday, December 1, 2026 9:00 AM\nTo: Bob <${BOB}>\nSubject: Question\n\n${shown}`,
  Yahoo: shown =>
    `Thanks.\n\n    On Monday, December 1, 2026, 09:00:00 AM GMT+1, Mallory <m@evil.example> wrote:  \n \n ${shown.replaceAll('\n', '\n ')}`,
  Notes: shown =>
    `Thanks.\n\nFrom:\tMallory/Evil\nTo:\tBob/Staff\nDate:\t01.12.2026 09:00\nSubject:\tQuestion\n\n\n${shown}`,
  'a program of which nobody knows': shown =>
    `Thanks.\n\nXxx: Mallory <m@evil.example>\nYyy: 1 Dec 2026 09:00\nZzz: Bob\n\n${shown}`,
  'no introduction at all': shown =>
    `Thanks.\n\n${shown === WRITTEN['nothing but the command'] ? `Hello\n\n${shown}` : shown}`,
}

describe('an agent answers a stranger, with the desk on Cc', () => {
  for (const [layout, show] of Object.entries(LAYOUTS)) {
    test.each(Object.entries(WRITTEN))(`as ${layout} shows it: %s`, async (_, written) => {
      const head = ['To: m@evil.example', 'Cc: help@desk.example', 'In-Reply-To: <question@evil.example>']
      expect(await isTagged({ subject: 'RE: Question', head, text: show(written) })).toBe(false)
    })
  }

  test('commands above what is shown are his', async () => {
    const show = LAYOUTS.Outlook as (shown: string) => string
    const head = ['To: m@evil.example', 'Cc: help@desk.example', 'In-Reply-To: <question@evil.example>']
    expect(await isTagged({ subject: 'RE: Question', head, text: `!tag HD-1 TAG\n\n${show('Hello')}` })).toBe(true)
  })

  test('at the bottom of a mail of his own they are his, too', async () => {
    expect(await isTagged({ subject: 'Printer', text: 'It is done.\n\n!tag HD-1 TAG\n' })).toBe(true)
  })

  test('and at the bottom of what he writes above our notification', async () => {
    const head = [`In-Reply-To: <${siege.token.note}@desk.example>`]
    const text =
      'Done.\n\n!tag HD-1 TAG\n\nFrom: Help desk <help@desk.example>\nSent: Monday, December 1, 2026 9:00 AM\nTo: Bob\nSubject: x\n\n##- Reply above this line -##\n'
    expect(await isTagged({ subject: 'RE: [HD-1] Note', head, text })).toBe(true)
  })
})

describe('an agent sends a file of somebody else that is shown in place', () => {
  const file = (name: string, type = 'text/plain', field = 'inline') =>
    `Content-Type: ${type}; name=${name}\r\nContent-Disposition: ${field}; filename=${name}\r\n\r\n!tag HD-1 TAG\r\n`

  test.each([
    ['alone', [file('log.txt')]],
    ['behind an empty text', [textPart(''), file('log.txt')]],
    ['behind a text', [textPart('See the log.'), file('log.txt')]],
    ['in HTML', [file('log.html', 'text/html')]],
    ['as a file', [file('log.txt', 'text/plain', 'attachment')]],
    ['with its name in one place alone', ['Content-Type: text/plain; name=log.txt\r\n\r\n!tag HD-1 TAG\r\n']],
    ['two of them', [file('a.txt'), file('b.txt')]],
  ])('%s', async (_, parts) => {
    expect(await isTagged({ subject: 'Log', type: 'multipart/mixed', parts })).toBe(false)
  })

  test('the whole mail is the file', async () => {
    const type = 'text/plain; name=log.txt'
    expect(await isTagged({ subject: 'Log', type, text: '!tag HD-1 TAG\n' })).toBe(false)
  })
})

describe('an agent answers an invitation whose organizer claims to be the desk', () => {
  const appointment = (summary: string, description: string, method: string) =>
    [
      `Content-Type: text/calendar; method=${method}; charset=utf-8`,
      '',
      ...['BEGIN:VCALENDAR', 'VERSION:2.0', 'PRODID:x', `METHOD:${method}`, 'BEGIN:VEVENT', 'UID:1@evil.example'],
      ...['DTSTAMP:20261201T090000Z', 'DTSTART:20261202T090000Z', 'DTEND:20261202T100000Z'],
      ...['ORGANIZER:mailto:help@desk.example', `ATTENDEE;PARTSTAT=ACCEPTED;CN=Bob:mailto:${BOB}`],
      ...[`SUMMARY:${summary}`, `DESCRIPTION:${description}`, `LOCATION:${description}`],
      ...['END:VEVENT', 'END:VCALENDAR', ''],
    ].join('\r\n')
  const COMMAND = '!tag HD-1 TAG'

  test.each([
    ['the command as its subject', appointment(COMMAND, 'Hello', 'REPLY'), ''],
    ['the command in a second line of it', appointment(`Meeting\\n${COMMAND}`, 'Hello', 'REPLY'), ''],
    ['the command in the description', appointment('Meeting', `Hello\\n\\n${COMMAND}`, 'REPLY'), ''],
    ['a proposal', appointment('Meeting', `Hello\\n\\n${COMMAND}`, 'COUNTER'), ''],
    ['an invitation that he hands on', appointment('Meeting', `Hello\\n\\n${COMMAND}`, 'REQUEST'), 'Fine for me.'],
    [
      'what his program says of it',
      appointment('Meeting', 'Hello', 'REPLY'),
      `Bob has accepted.\n\nHello\n\n${COMMAND}`,
    ],
    ['the same above', appointment('Meeting', 'Hello', 'REPLY'), `${COMMAND}\n\nWhen: tomorrow`],
  ])('%s', async (_, part, said) => {
    const parts = [textPart(said), part]
    expect(await isTagged({ subject: 'Accepted: Meeting', type: 'multipart/alternative', parts })).toBe(false)
  })
})
