import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { displayAddress, isOurs, normaliseAddress, oneLine, splitDetail } from '../../../src/core/text/address.ts'

describe('an address', () => {
  test.each([
    ['Ann@Example.COM', 'ann@example.com'],
    ['  ann@example.com\n', 'ann@example.com'],
    ["o'hara+tag@mail.example.com", "o'hara+tag@mail.example.com"],
    ['jürgen@bücher.example', 'jürgen@bücher.example'],
    ['ann@[192.0.2.1]', 'ann@[192.0.2.1]'],
  ])('%j is %s', (text, address) => {
    expect(normaliseAddress(text)).toBe(address)
  })

  test.each([
    '',
    'ann',
    '@example.com',
    'ann@',
    'ann@b@example.com',
    'ann ode@example.com',
    'ann@exa mple.com',
    '<ann@example.com>',
    'a@example.com, b@example.com',
    'ann@example.com\r\nBcc: all@example.com',
    '"ann"@example.com',
    'ann@example.com;',
    'ann\0@example.com',
    `${'a'.repeat(320)}@example.com`,
  ])('%j is none that could be answered', text => {
    expect(normaliseAddress(text)).toBeNull()
  })

  test('is the same once it is normalised, and never two recipients', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.emailAddress(),
          fc.string({ unit: 'binary' }).map(text => `${text}@x.example`),
        ),
        text => {
          const address = normaliseAddress(text)
          if (address === null) return
          expect(normaliseAddress(address)).toBe(address)
          expect(address.split('@')).toHaveLength(2)
          expect(address).not.toMatch(/[\s,;<>]/)
        },
      ),
      { numRuns: 500 },
    )
  })
})

describe('the detail behind a plus', () => {
  test.each([
    ['help+token@desk.example', 'help@desk.example', 'token'],
    ['help@desk.example', 'help@desk.example', ''],
    ['help+a+b@desk.example', 'help@desk.example', 'a+b'],
    ['+a@desk.example', '+a@desk.example', ''],
    ['help+@desk.example', 'help@desk.example', ''],
    ['help@desk+x.example', 'help@desk+x.example', ''],
  ])('of %s: %s and %j', (address, base, detail) => {
    expect(splitDetail(address)).toEqual({ base, detail })
  })
})

describe('our own addresses', () => {
  const own = ['help@desk.example', 'sales+eu@desk.example']

  test.each([
    ['help@desk.example', true],
    ['help+q-1-k1-abc@desk.example', true],
    ['sales+eu@desk.example', true],
    ['sales@desk.example', false],
    ['help@other.example', false],
    ['xhelp@desk.example', false],
    ['ann@example.com', false],
  ])('%s is one: %s', (address, ours) => {
    expect(isOurs(address, own)).toBe(ours)
  })
})

describe('a person in a line', () => {
  test('has a name and an address, or what there is of it', () => {
    expect(displayAddress({ address: 'ann@example.com', name: 'Ann Ode' })).toBe('Ann Ode <ann@example.com>')
    expect(displayAddress({ address: 'ann@example.com', name: '' })).toBe('ann@example.com')
    expect(displayAddress({ address: 'ann@example.com', name: 'ann@example.com' })).toBe('ann@example.com')
  })

  test.each([
    'Ann, from Help desk -## your reply stays internal',
    'Ann; only agents see it',
    'Ann: nobody',
    'Ann ##- stays internal',
    'nobody because your reply stays internal only agents see it',
  ])('stands apart from a name that says more than a name: %s', name => {
    expect(displayAddress({ address: 'ann@example.com', name })).toBe(`"${name}" <ann@example.com>`)
  })

  test.each(['Jean-Luc O’Neil', 'Dr. José María Ode', 'Ann (Sales)', '山田 太郎'])('stands behind a name: %s', name => {
    expect(displayAddress({ address: 'ann@example.com', name })).toBe(`${name} <ann@example.com>`)
  })
})

describe('one line', () => {
  test.each([
    ['  Printer\r\n on\tfire ', 'Printer on fire'],
    ['Printer\0\u0007\u001b[31m on fire', 'Printer [31m on fire'],
    ['a\u2028b\u2029c\u0085d', 'a b c d'],
    ['\u202Eerif no retnirP', 'erif no retnirP'],
    ['\u2067Printer\u2069 \u200Fon\u200E fire', 'Printer on fire'],
    ['\uE0000\uE001', '0'],
    ['مرحبا', 'مرحبا'],
    ['👩‍🚒 on the way', '👩‍🚒 on the way'],
  ])('of %j is %j', (text, line) => {
    expect(oneLine(text)).toBe(line)
  })

  test('has no mark that turns the reading direction (Unicode Bidi_Control)', () => {
    for (const mark of '\u061C\u200E\u200F\u202A\u202B\u202C\u202D\u202E\u2066\u2067\u2068\u2069')
      expect(oneLine(`a${mark}b`)).toBe('ab')
  })

  test('is cut to its length with an ellipsis', () => {
    expect(oneLine('a'.repeat(256))).toBe(`${'a'.repeat(254)}…`)
    expect(oneLine('a'.repeat(255))).toBe('a'.repeat(255))
    expect(oneLine('printer', 4)).toBe('pri…')
  })

  test('never cuts through a character', () => {
    for (let length = 2; length < 12; length += 1) expect(oneLine('a😀b😀c😀d😀', length)).not.toMatch(/\uFFFD|\p{Cs}/u)
  })

  test('of anything has one line, no control and no more than it may', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), fc.integer({ min: 1, max: 60 }), (text, longest) => {
        const line = oneLine(text, longest)
        expect(line.length).toBeLessThanOrEqual(longest)
        expect(line).not.toMatch(/[\p{Cc}\u2028\u2029]/u)
        expect(line).toBe(line.trim())
      }),
      { numRuns: 1_000 },
    )
  })
})
