import { describe, expect, test } from 'vitest'
import { signToken, type TokenKey } from '../../../src/core/ticket/token.ts'
import { findTokens } from '../../../src/core/ticket/token-search.ts'
import { spoilTokens } from '../../../src/flow/outgoing/token-files.ts'
import { longestTurn } from '../../support/longest-turn.ts'

const KEYS: TokenKey[] = [
  { id: 'k2', secret: 'what it was rotated to' },
  { id: 'k1', secret: 'what the desk was started with' },
]
const TOKEN = signToken(KEYS[0] as TokenKey, { purpose: 'answer', number: 4711 })
const HALF = TOKEN.slice(0, 12)

describe('a token in a file that leaves', () => {
  const text = `On Monday Help <help+${TOKEN}@desk.example> wrote:\n> It burns.\n`
  const base64 = (content: string) =>
    Buffer.from(content)
      .toString('base64')
      .replace(/.{76}(?=.)/g, '$&\r\n')
  const mail = `Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\n${base64(`${'Hello. '.repeat(20)}${text}`)}\r\n`

  test.each<[string, Buffer, (bytes: Buffer) => string]>([
    ['text', Buffer.from(text), bytes => bytes.toString()],
    ['text of UTF-16', Buffer.from(text, 'utf16le'), bytes => bytes.toString('utf16le')],
    ['wrapped text', Buffer.from(text.replace(HALF, `${HALF}=\r\n`)), bytes => bytes.toString()],
    ['a page', Buffer.from(`<a href="mailto:help%2B${TOKEN}@desk.example">x</a>`), bytes => bytes.toString()],
    [
      'a mail in base64',
      Buffer.from(mail),
      bytes => Buffer.from(bytes.toString().split('\r\n\r\n')[1] ?? '', 'base64').toString(),
    ],
    [
      'a program',
      Buffer.concat([Buffer.from([0, 1, 2, 0, 7, 0]), Buffer.from(text)]),
      bytes => bytes.toString('latin1'),
    ],
  ])('is worth nothing any more in %s, where nothing moves', async (_what, content, read) => {
    const spoiled = Buffer.from(await spoilTokens(content, KEYS))
    expect(spoiled.length).toBe(content.length)
    expect(findTokens(read(content), KEYS)).toHaveLength(1)
    expect(findTokens(read(spoiled), KEYS)).toEqual([])
  })

  test.each<[string, string]>([
    ['behind nothing', ''],
    ['behind fields', 'Content-Transfer-Encoding: base64\r\n\r\n'],
    ['behind a long word', 'AVeryLongWordWithoutAnyBlanks\r\n'],
    ['behind other base64', `${base64('x'.repeat(77))}\r\n`],
    ['in a link', 'data:text/plain;base64,'],
  ])('is found in base64 wherever that begins and ends, %s', async (_where, before) => {
    for (const coded of [base64, (content: string) => Buffer.from(content).toString('base64url')]) {
      for (let more = 0; more < 80; more += 1) {
        const content = coded(`${'x'.repeat(more)} help+${TOKEN}`)
        const spoiled = Buffer.from(await spoilTokens(Buffer.from(`${before}${content}\r\nEnd.`), KEYS)).toString()
        expect(spoiled.startsWith(before)).toBe(true)
        expect(spoiled.endsWith('\r\nEnd.')).toBe(true)
        const [kept, left] = [content, spoiled.slice(before.length, -6)].map(each =>
          Buffer.from(each, 'base64').toString(),
        )
        expect(left).not.toContain(TOKEN.slice(-8))
        expect(left?.slice(0, more + 6)).toBe(kept?.slice(0, more + 6))
      }
    }
  })

  test('is found in base64 of UTF-16, and in base64 within base64', async () => {
    for (const inner of [Buffer.from(text, 'utf16le').toString('base64'), base64(mail)]) {
      const spoiled = await spoilTokens(Buffer.from(inner), KEYS)
      expect(findTokens(Buffer.from(spoiled).toString(), KEYS)).toEqual([])
      expect(Buffer.from(spoiled).toString()).not.toBe(inner)
      expect(spoiled.length).toBe(inner.length)
    }
  })

  test('leaves every other file as it is', async () => {
    for (const content of [
      Buffer.alloc(0),
      Buffer.from('plain'),
      Buffer.from(base64('x'.repeat(500))),
      Buffer.alloc(5_000_000, 1),
    ])
      expect(await spoilTokens(content, KEYS)).toBe(content)
  })

  test('is found wherever it stands in a large file, and nobody waits for that', async () => {
    for (const at of [0, 65_500, 65_536 - 20, 57_344, 57_330, 300_000, 599_000]) {
      for (const written of [text, base64(mail), text.replace(HALF, `${HALF}=\r\n`)]) {
        const filler = 'A word, and-another. '.repeat(30_000)
        const content = Buffer.from(filler.slice(0, at) + written + filler.slice(at, 600_000 - written.length))
        let spoiled: Uint8Array = content
        expect(await longestTurn(async () => (spoiled = await spoilTokens(content, KEYS)))).toBeLessThan(50)
        expect(spoiled.length).toBe(content.length)
        const around = Buffer.from(spoiled).toString('latin1', Math.max(0, at - 2_000), at + written.length + 2_000)
        expect(around).not.toContain(TOKEN)
        expect(findTokens(around, KEYS)).toEqual([])
      }
    }
  })
})
