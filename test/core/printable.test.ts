import fc from 'fast-check'
import { expect, test } from 'vitest'
import { printable } from '../../src/core/printable.ts'

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
