// Agents answer a notification with their own programs: what leaves is what they wrote, all of it and nothing else.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { BOB, HELP, Siege, TRUSTED } from '../support/attack-desk.ts'
import { checkedBy, type Letter } from '../support/mail/letter.ts'

let siege: Siege

beforeAll(async () => {
  siege = await Siege.begin()
})

afterAll(() => siege.end())

/** The notification that is answered. */
interface Notice {
  subject: string
  text: string
}

const PLAIN = 'text/plain; charset=utf-8'
const FLOWED = 'text/plain; charset=utf-8; format=flowed'

let count = 0

/** A new ticket, and what its requester gets when Bob answers the notification with this, below the desk's own mark. */
async function leaves(write: (notice: Notice) => Letter): Promise<string> {
  count += 1
  const requester = `customer-${count}@example.com`
  await siege.send({
    from: requester,
    subject: `Printer ${count}`,
    text: 'The printer does not print. \r\nIt blinks. \r\n',
  })
  const notice = siege.world.to(BOB).findLast(mail => mail.subject?.includes(`Printer ${count}`))
  if (!notice?.messageId) throw new Error('Bob was not notified.')
  const before = siege.world.to(requester).length
  await siege.send({
    from: `Bob <${BOB}>`,
    subject: `Re: ${notice.subject}`,
    top: checkedBy(TRUSTED, 'dkim=pass header.d=staff.example; dmarc=pass header.from=staff.example'),
    head: [`In-Reply-To: ${notice.messageId}`, `References: ${notice.messageId}`],
    ...write({ subject: notice.subject ?? '', text: (notice.text ?? '').trimEnd() }),
  })
  const sent = siege.world.to(requester).slice(before)
  expect(sent.length).toBe(1)
  return (sent[0]?.text ?? '').replace(/^##-.*-##\s*/, '').trim()
}

const quoted = ({ text }: Notice) =>
  text
    .split('\n')
    .map(line => (line ? `> ${line}` : '>'))
    .join('\n')

/** Above the notification with the head that Outlook writes in plain text. */
function outlook([from, sent, to, subject]: readonly string[], notice: Notice): Letter {
  const head = [
    `${from} Desk <${HELP}>`,
    `${sent} 01.12.2026 00:18`,
    `${to} Bob <${BOB}>`,
    `${subject} ${notice.subject}`,
  ]
  return { type: PLAIN, text: `Please restart it.\n${'_'.repeat(32)}\n${head.join('\n')}\n\n${notice.text}\n` }
}

const LANGUAGES: [string, string[]][] = [
  ['Hindi', ['प्रेषक:', 'भेजा गया:', 'प्राप्तकर्ता:', 'विषय:']],
  ['Latvian', ['No:', 'Nosūtīts:', 'Kam:', 'Tēma:']],
  ['Serbian', ['Од:', 'Послато:', 'За:', 'Тема:']],
]

test('above the head of Outlook in German', async () => {
  const said = await leaves(notice => outlook(['Von:', 'Gesendet:', 'An:', 'Betreff:'], notice))
  expect(said).toMatch(/^Please restart it\.$/m)
  expect(said).not.toContain('01.12.2026')
})

test.fails.each(LANGUAGES)('above the head of Outlook in %s', async (_language, words) => {
  const said = await leaves(notice => outlook(words, notice))
  expect(said).toMatch(/^Please restart it\.$/m)
  expect(said).not.toContain('01.12.2026')
})

test.fails('between quoted lines of a text that flows', async () => {
  const said = await leaves(() => ({
    type: FLOWED,
    text: 'On 01.12.26 00:18, Desk wrote:\n> The printer does not print. \nPlease restart it.\n> It blinks. \nThat is normal.\n\nBob\n',
  }))
  expect(said).toMatch(/^Please restart it\.$/m)
  expect(said).toMatch(/^That is normal\.$/m)
})

test.fails('above the quote of a text that flows', async () => {
  const said = await leaves(notice => ({ type: FLOWED, text: `Please restart it. \n${quoted(notice)}\n` }))
  expect(said).toMatch(/^Please restart it\.$/m)
  expect(said).not.toMatch(/reply above|##-/i)
})

test.fails('in HTML alone, beside a text that only says so', async () => {
  const said = await leaves(() => ({
    type: 'multipart/alternative',
    parts: [
      'Content-Type: text/plain\n\nThis message is in HTML.\n',
      'Content-Type: text/html\n\n<p>Please restart it.</p>\n',
    ],
  }))
  expect(said).toMatch(/^Please restart it\.$/m)
  expect(said).not.toContain('This message is in HTML')
})
