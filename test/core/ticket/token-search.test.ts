import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { simpleParser } from 'mailparser'
import { describe, expect, test } from 'vitest'
import {
  type Purpose,
  signLink,
  signToken,
  type TokenKey,
  verifyLink,
  verifyToken,
} from '../../../src/core/ticket/token.ts'
import { findTokens, numbersIn, withoutTokens } from '../../../src/core/ticket/token-search.ts'
import { cpuTime } from '../../support/cpu-time.ts'

const OLD: TokenKey = { id: 'k1', secret: 'what the desk was started with' }
const NEW: TokenKey = { id: 'k2', secret: 'what it was rotated to' }
const KEYS = [NEW, OLD]
const NUMBER = 4711
const TOKEN = signToken(NEW, { purpose: 'answer', number: NUMBER })
const LINK = signLink(KEYS, TOKEN) ?? ''
const [HALF, REST] = [TOKEN.slice(0, 12), TOKEN.slice(12)]
const spread = (by: string, of = TOKEN) => [...of].join(by)

const BASE64 = Buffer.from(`help+${TOKEN}@a`).toString('base64').replace(/=+$/, '')

/** Ways in which mail programs, servers and people write the address of a notification. */
const WRITTEN: [string, string, left: string][] = [
  ['an address', `help+${TOKEN}@desk.example`, 'help@desk.example'],
  ['an address in brackets', `Help <help+${TOKEN}@desk.example> wrote:`, 'Help <help@desk.example> wrote:'],
  ['capitals', `HELP+${TOKEN.toUpperCase()}@DESK.EXAMPLE`, 'HELP@DESK.EXAMPLE'],
  ['a Message-ID', `Message-ID: <${TOKEN}@desk.example>`, 'Message-ID: <…@desk.example>'],
  ['a soft line break', `help+${HALF}=\n${REST}@desk.example`, 'help@desk.example'],
  ['a soft line break with CR', `help+${HALF}=\r\n${REST}@desk.example`, 'help@desk.example'],
  ['quoted-printable', `help=2B${TOKEN.replaceAll('-', '=2D')}=40desk`, 'help=40desk'],
  ['a wrapped line', `help+${HALF}\n${REST}@desk.example`, 'help@desk.example'],
  ['a wrapped quote', `> help+${HALF}\n> ${REST}@desk.example`, '> help@desk.example'],
  ['a wrapped quote of a quote', `>> help+${HALF}\n>> ${REST}@desk.example`, '>> help@desk.example'],
  ['a quote behind bars', `| help+${HALF}\n| ${REST}@desk.example`, '| help@desk.example'],
  ['a break with a hyphen', `help+${HALF}-\n   ${REST}@desk.example`, 'help@desk.example'],
  ['blanks', `help+ ${HALF} ${REST} @desk.example`, 'help @desk.example'],
  ['a URL', `mailto:help%2B${TOKEN}%40desk.example`, 'mailto:help%40desk.example'],
  ['a URL in a URL', `?to=help%252B${TOKEN.replaceAll('-', '%252D')}%2540desk`, '?to=help%2540desk'],
  ['entities', `help&#43;${TOKEN.replaceAll('-', '&#45;')}&#64;desk`, 'help&#64;desk'],
  ['named entities', `help&plus;${TOKEN.replaceAll('-', '&hyphen;')}@desk`, 'help@desk'],
  ['entities in hexadecimal', `help&#x2B;${TOKEN.replaceAll('-', '&#x2d;')}@desk`, 'help@desk'],
  ['entities twice', `help&amp;#43;${TOKEN.replaceAll('-', '&amp;#45;')}@desk`, 'help@desk'],
  ['all letters as entities', `help+${[...TOKEN].map(each => `&#${each.charCodeAt(0)};`).join('')}@desk`, 'help@desk'],
  ['signs of no width', `help+${spread('\u200b')}@desk`, 'help@desk'],
  ['soft hyphens', `help+${spread('\u00ad')}@desk`, 'help@desk'],
  ['soft hyphens as entities', `help+${HALF}&shy;${REST}@desk`, 'help@desk'],
  ['marks of direction', `help+\u202a${TOKEN}\u202c@desk`, 'help\u202c@desk'],
  ['a place to break', `help+${HALF}<wbr>${REST}@desk`, 'help@desk'],
  ['tags', `help+${HALF}<b>${REST}</b>@desk`, 'help</b>@desk'],
  ['a span with a style', `help+${HALF}<span style="a:b">${REST}</span>@desk`, 'help</span>@desk'],
  ['other hyphens', `help+${TOKEN.replaceAll('-', '\u2011')}@desk`, 'help@desk'],
  ['dashes', `help+${TOKEN.replaceAll('-', '–')}@desk`, 'help@desk'],
  ['escapes of Markdown', `help+${TOKEN.replaceAll('-', '\\-')}@desk`, 'help@desk'],
  ['emphasis of Markdown', `help+${HALF}**${REST}**@desk`, 'help**@desk'],
  [
    'full-width letters',
    `help+${[...TOKEN].map(e => String.fromCharCode(e.charCodeAt(0) + 0xfee0)).join('')}@desk`,
    'help@desk',
  ],
  ['NUL between letters', `help+${spread('\0')}@desk`, 'help@desk'],
  ['a link of a page', `https://desk.example/solved/${LINK}`, 'https://desk.example/solved/…'],
  [
    'a link that was wrapped',
    `<https://desk.example/solved/${LINK.slice(0, 9)}\n${LINK.slice(9)}>`,
    '<https://desk.example/solved/…>',
  ],
  ['a word before it', `x${TOKEN}`, 'x…'],
  ['a word behind it', `${TOKEN}zz`, '…zz'],
  ['one after the other', `${TOKEN}${TOKEN}`, '……'],
  ['base64', `=?utf-8?B?${BASE64}?=`, `=?utf-8?B?${BASE64.slice(0, 6)}…${BASE64.slice(-3)}?=`],
  ['a line of RTF', `help\\'2b${TOKEN.replaceAll('-', "\\'2d")}@desk`, 'help@desk'],
  ['a string of a program', `help\\u002b${TOKEN.replaceAll('-', '\\u002d')}@desk`, 'help@desk'],
  [
    'a link that Proofpoint rewrote',
    `?u=https-3A__desk.example_solved_${LINK.replaceAll('-', '-2D')}&d=x`,
    '?u=https-3A__desk.example_solved_…&d=x',
  ],
  [
    'a mail address that it rewrote',
    `?u=mailto-3Ahelp-2B${TOKEN.replaceAll('-', '-2D')}-40desk`,
    '?u=mailto-3Ahelp-40desk',
  ],
  ['an older key', `help+${signToken(OLD, { purpose: 'internal', number: 7 })}@desk`, 'help@desk'],
]

describe('a token in a text that leaves', () => {
  test.each(WRITTEN)('is taken out of %s', (_how, text, left) => {
    expect(withoutTokens(text, KEYS)).toBe(left)
    expect(withoutTokens(`One line.\n\n${text}\n\nAnother.`, KEYS)).toBe(`One line.\n\n${left}\n\nAnother.`)
  })

  test('is taken out however it is broken up, and the rest stays as it was', () => {
    const noise = fc.constantFrom('', '', '', '\n', '=\r\n', '\n> ', ' ', '\u200b', '<wbr>', '&shy;', '\n\t', '*')
    const signed = fc.record({
      purpose: fc.constantFrom<Purpose>('requester', 'answer', 'internal'),
      number: fc.integer({ min: 1, max: 36 ** 6 }),
      upper: fc.boolean(),
    })
    fc.assert(
      fc.property(signed, fc.infiniteStream(noise), fc.lorem(), fc.lorem(), (claim, between, before, behind) => {
        const token = signToken(OLD, claim)
        const broken = [...token].map(each => each + (between.next().value ?? '')).join('')
        const shown = claim.upper ? broken.toUpperCase() : broken
        const left = withoutTokens(`${before}\n\nhelp+${shown}@desk.example: ${behind}`, KEYS)
        expect(left.startsWith(`${before}\n\nhelp`)).toBe(true)
        expect(left.endsWith(`@desk.example: ${behind}`)).toBe(true)
        expect(findTokens(left, KEYS)).toEqual([])
      }),
    )
  })

  test('of the mail itself stays, and what only looks like one does', () => {
    expect(withoutTokens(`${TOKEN} ${LINK}`, KEYS, NUMBER)).toBe(`${TOKEN} ${LINK}`)
    const altered = `${TOKEN.slice(0, -1)}${TOKEN.endsWith('a') ? 'b' : 'a'}`
    for (const text of [altered, 'a-1-k1-abcdefghijklmnop', 'q-a-k1', '100% a-b & c=d <b>']) {
      expect(withoutTokens(text, KEYS)).toBe(text)
    }
    fc.assert(fc.property(fc.string({ unit: 'binary' }), text => withoutTokens(text, KEYS) === text))
  })

  test('is found by its message', () => {
    expect(numbersIn(`<${TOKEN}@x> ${LINK} ${signToken(OLD, { purpose: 'requester', number: 3 })}`, KEYS)).toEqual([
      NUMBER,
      3,
    ])
  })

  test('takes time in proportion to the length of the text, whatever stands in it', () => {
    for (const part of [
      'q-a-k1-',
      'q-a-k1-aaaaaaaaaaaaaaaa',
      '&',
      '<a ',
      '%25',
      '=\n',
      '&amp;',
      '-',
      'a-1-k1-a',
      'YS0xLWsxLWFh',
      'YS0xLWsxLWFhYS0xLWsxLWFh\n',
    ]) {
      const passed = cpuTime()
      withoutTokens(part.repeat(300_000 / part.length), KEYS)
      expect(passed()).toBeLessThan(3_000)
    }
  })
})

describe('a link of a page', () => {
  test('is no token, and a token is no link', () => {
    expect(verifyLink(KEYS, LINK)).toBe(NUMBER)
    expect(verifyToken(KEYS, LINK)).toBeNull()
    expect(verifyLink(KEYS, TOKEN)).toBeNull()
    for (const letter of 'qai') expect(verifyToken(KEYS, `${letter}${LINK.slice(1)}`)).toBeNull()
    expect(signLink([OLD], TOKEN)).toBeNull()
  })
})

test('the mail that leaked is read as holding a token of its agent', async () => {
  const { text = '', html } = await simpleParser(
    readFileSync('test/cases/tokens/leak-Gnus-inline-answer-to-requester.eml'),
  )
  for (const each of [text, String(html)]) expect(each).toMatch(/help\+a-u-k1-5unuzhyoijrccp3u@/)
})
