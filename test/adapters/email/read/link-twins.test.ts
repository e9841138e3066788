// What Outlook, Exchange and Gmail put behind each address where they write their HTML as plain text.
import { describe, expect, test } from 'vitest'
import { withoutLinkTwins } from '../../../../adapters/email/read/link-twins.ts'
import { readMail } from '../../../../adapters/email/read/parse-message.ts'
import { peopleLines } from '../../../../src/core/text/add-line.ts'
import { cpuTime } from '../../../support/cpu-time.ts'

describe('where an address leads is said once', () => {
  test.each([
    ['Write to eve@x.example<mailto:eve@x.example>.', 'Write to eve@x.example.'],
    ['Eve@X.example <mailto:eve@x.example>', 'Eve@X.example'],
    [
      'eve@x.example [mailto:eve@x.example] and (jan@x.example<mailto:jan@x.example>)',
      'eve@x.example and (jan@x.example)',
    ],
    ['From: Eve <eve@x.example<mailto:eve@x.example>>', 'From: Eve <eve@x.example>'],
    ['See https://x.example/a<https://x.example/a>, please', 'See https://x.example/a, please'],
    ['www.x.example<http://www.x.example/>', 'www.x.example'],
    ['x.example <https://x.example>', 'x.example'],
  ])('%s', (text, left) => {
    expect(withoutLinkTwins(text)).toBe(left)
  })

  test.each([
    'Our bank<https://evil.example/login>',
    'bank.example<https://evil.example/bank.example>',
    'eve@x.example<mailto:jan@x.example>',
    'ave@x.example<mailto:e@x.example>',
    'https://x.example/A<https://x.example/a>',
    '<https://x.example>',
    'cat < https://x.example > y',
  ])('and stays where it is another: %s', text => {
    expect(withoutLinkTwins(text)).toBe(text)
  })

  test('soon, however often there is one', () => {
    const spent = cpuTime()
    for (const part of ['a@x<mailto:a@x> ', '<mailto:', '[https://', 'a <https://a> ', 'aaaa', '<https://a>'])
      withoutLinkTwins(part.repeat(100_000))
    expect(spent()).toBeLessThan(4_000)
  })
})

test('an answer from Outlook says what was typed in it, and its line lets in who is named', async () => {
  const raw = [
    'From: Ann <ann@example.com>\r\nTo: help@desk.example\r\nSubject: Re: [HD-1] VPN\r\nMIME-Version: 1.0',
    'Content-Type: multipart/alternative; boundary="b"\r\n',
    '--b\r\nContent-Type: text/plain; charset="utf-8"\r\n',
    'add eve@x.example<mailto:eve@x.example>\r\n\r\nMy page is https://x.example<https://x.example/>.\r\n',
    '--b\r\nContent-Type: text/html; charset="utf-8"\r\n',
    '<p>add <a href="mailto:eve@x.example">eve@x.example</a></p>\r\n--b--\r\n',
  ].join('\r\n')
  const options = { ownAddresses: ['help@desk.example'], envelope: null, spool: '/nonexistent/part' }
  const { message } = await readMail({ bytes: Buffer.from(raw) }, options)
  if (!('visible' in message)) throw new Error('It was not read.')
  expect(message.visible).toBe('add eve@x.example\n\nMy page is https://x.example.')
  expect(peopleLines(message.visible).add).toEqual(['eve@x.example'])
})

test.each([
  ['add eve@x.example.', ['eve@x.example']],
  ['add <eve@x.example>, jan@x.example!', ['eve@x.example', 'jan@x.example']],
  ['add a note for eve@x.example', []],
])('the end of a sentence is no part of an address: %s', (line, added) => {
  expect(peopleLines(line).add).toEqual(added)
})
