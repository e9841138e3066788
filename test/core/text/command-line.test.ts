import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { nearest, parseCommandLine, quoteArgument } from '../../../src/core/text/command-line.ts'
import { cpuTime } from '../../support/cpu-time.ts'

describe('a command line', () => {
  test.each<[string, string, string[]]>([
    ['claim HD-42', 'claim', ['HD-42']],
    ['  Claim   HD-42  ', 'claim', ['HD-42']],
    ['!claim HD-42', 'claim', ['HD-42']],
    ['/CLAIM HD-42', 'claim', ['HD-42']],
    ['list --mine', 'list', ['--mine']],
    ['note HD-42 "two words"', 'note', ['HD-42', 'two words']],
    ["note HD-42 'two words'", 'note', ['HD-42', 'two words']],
    ['note HD-42 “two words”', 'note', ['HD-42', 'two words']],
    ['note "say \\"hi\\"" x', 'note', ['say "hi"', 'x']],
    ['note "a \\\\ b"', 'note', ['a \\ b']],
    ["note it's fine", 'note', ["it's", 'fine']],
    ['note "" x', 'note', ['', 'x']],
    ['note "never closed', 'note', ['"never', 'closed']],
    ['show !HD-42', 'show', ['!HD-42']],
    ['claim\tHD-42\u00A0now', 'claim', ['HD-42', 'now']],
    ['', '', []],
    ['   ', '', []],
  ])('%j', (line, word, args) => {
    expect(parseCommandLine(line)).toEqual({ word, args })
  })

  test('of any length is read soon', () => {
    const spent = cpuTime()
    for (const piece of ['"', "'", '“', '“ ', '" ', '\\', '"\\', ' ', 'a ']) parseCommandLine(piece.repeat(40_000))
    expect(spent()).toBeLessThan(3_000)
  })
})

describe('a quoted argument', () => {
  test.each([
    ['HD-42', 'HD-42'],
    ['two words', '"two words"'],
    ['', '""'],
    ['say "hi"', '"say \\"hi\\""'],
    ['back\\slash', '"back\\\\slash"'],
    ["it's", '"it\'s"'],
  ])('%j is written %s', (argument, written) => {
    expect(quoteArgument(argument)).toBe(written)
  })

  const nasty = fc.string({
    unit: fc.oneof(
      fc.constantFrom(' ', '"', "'", '\\', '“', '”', '!', '/', '-', 'a'),
      fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
    ),
    maxLength: 20,
  })

  test('is read back as it was, among others', () => {
    fc.assert(
      fc.property(fc.array(nasty, { maxLength: 4 }), given => {
        // A line is one line: line breaks become blanks, and nothing else may change.
        const args = given.map(argument => argument.replace(/[\r\n\u2028\u2029]+/g, ' '))
        expect(parseCommandLine(['word', ...args.map(quoteArgument)].join(' '))).toEqual({ word: 'word', args })
      }),
      { numRuns: 2_000 },
    )
  })

  test('with line breaks stays one argument on one line', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('a', '\n', '\r\n', '"', '\\', ' '), { maxLength: 10 }), letters => {
        const written = quoteArgument(letters.join(''))
        expect(written).not.toMatch(/[\r\n]/)
        expect(parseCommandLine(`word ${written} end`).args).toHaveLength(2)
      }),
    )
  })
})

describe('the nearest word', () => {
  const known = ['claim', 'close', 'reply', 'release', 'reopen', 'list', 'show']

  test.each([
    ['clam', 'claim'],
    ['clsoe', 'close'],
    ['relpy', 'reply'],
    ['realease', 'release'],
    ['shwo', 'show'],
    ['claim', 'claim'],
    ['lists', 'list'],
  ])('to %s is %s', (word, best) => {
    expect(nearest(word, known)).toBe(best)
  })

  test('is none where no word is like it', () => {
    for (const word of ['banana', 'xyzzy', 'delete', 'pasta']) expect(nearest(word, known)).toBeNull()
    expect(nearest('claim', [])).toBeNull()
  })

  test('to a word of ours is that word', () => {
    for (const word of known) expect(nearest(word, known)).toBe(word)
  })

  test('to a long line comes soon', () => {
    const spent = cpuTime()
    expect(nearest('c'.repeat(100_000), known)).toBeNull()
    expect(spent()).toBeLessThan(2_000)
  })
})
