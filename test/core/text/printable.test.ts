import fc from 'fast-check'
import { expect, test } from 'vitest'
import { printable, printableJson, printableLine } from '../../../src/core/text/printable.ts'

test.each([
  ['a\x1b[2Jb', 'a[2Jb'],
  ['a\x1b]52;c;aGFjaw==\x07b', 'a]52;c;aGFjaw==b'],
  ['paid\rowed', 'paidowed'],
  ['one\r\ntwo\n\tthree', 'one\ntwo\n\tthree'],
  ['a\x9b2Jb\x7fc\x00d', 'a2Jbcd'],
  ['invoice\u202Efdp.exe\u202C', 'invoicefdp.exe'],
  ['a\u2066b\u2069c', 'abc'],
  ['Grüße, مرحبا 👩‍🚒', 'Grüße, مرحبا 👩‍🚒'],
])('%j comes out as %j', (text, shown) => {
  expect(printable(text)).toBe(shown)
})

test('whatever it is, nothing of it steers a terminal, and lines and tabs stay', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), text => {
      const shown = printable(text)
      expect(shown.replace(/[\n\t]/g, '')).not.toMatch(/\p{Cc}|[\u202A-\u202E\u2066-\u2069]/u)
      expect(shown.match(/[\n\t]/g)).toEqual(text.match(/[\n\t]/g))
    }),
  )
})

test.each([
  ['a\x1b[2Jb\x9b2Jc', 'a[2Jb2Jc'],
  ['invoice\u202Efdp.exe', 'invoicefdp.exe'],
  ['a\u200Eb\u200Fc\u061Cd', 'abcd'],
  ['one\u2028two\u2029three', 'one\ntwo\nthree'],
  ['half\uD800 a sign', 'half\uFFFD a sign'],
  ['Grüße, مرحبا 👩‍🚒', 'Grüße, مرحبا 👩‍🚒'],
])('on a terminal %j is %j', (text, shown) => {
  expect(printableLine(text)).toBe(shown)
})

/** Controls, marks of direction, what ends lines in some places, what has no width, halves of signs. */
const UNSEEN = [
  ...[0x00, 0x07, 0x1b, 0x7f, 0x80, 0x85, 0x90, 0x9b, 0x9c, 0x9d, 0x9f, 0xad, 0x61c, 0x180e, 0x200b, 0x200e, 0x200f],
  ...[0x2028, 0x2029, 0x202a, 0x202b, 0x202c, 0x202d, 0x202e, 0x2060, 0x2066, 0x2067, 0x2068, 0x2069, 0x206a, 0xfeff],
  ...[0xfff9, 0xe0001, 0xe0041, 0x1d173, 0xd800, 0xdfff],
]

test.each(UNSEEN.map(each => [each.toString(16), String.fromCodePoint(each)]))('JSON escapes U+%s', (_code, sign) => {
  const value = { [`k${sign}`]: [`a${sign}b`, sign] }
  const json = printableJson(JSON.stringify(value))
  expect(json).toMatch(/^[\x20-\x7e]+$/)
  expect(JSON.parse(json)).toEqual(value)
})

test('JSON shows ordinary letters as they are, and keeps its lines', () => {
  expect(printableJson(JSON.stringify({ a: 'Grüße, 日本 😀' }, undefined, 2))).toBe('{\n  "a": "Grüße, 日本 😀"\n}')
})

test('whatever it is: JSON says the same, and nothing of it steers a terminal', () => {
  fc.assert(
    fc.property(fc.jsonValue({ stringUnit: 'binary' }), fc.constantFrom(undefined, 2), (value, indent) => {
      const json = JSON.stringify(value, undefined, indent)
      expect(JSON.parse(printableJson(json))).toEqual(JSON.parse(json))
      expect(printableJson(json).replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}\p{Cs}]/u)
    }),
    { seed: 20261201 },
  )
})
