import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formatReference, parseReference, plainSubject, referencesIn } from '../../../src/core/ticket/reference.ts'
import { cpuTime } from '../../support/cpu-time.ts'

const PREFIXES = ['HD', 'SALES', 'EU2']
const numbers = fc.integer({ min: 1, max: 999_999_999_999 })
const prefixes = fc.constantFrom(...PREFIXES)

describe('a reference somebody types', () => {
  test.each([
    ['HD-1234', 1234],
    ['hd-1234', 1234],
    ['hd1234', 1234],
    ['HD 1234', 1234],
    ['#1234', 1234],
    ['1234', 1234],
    ['[HD-1234]', 1234],
    ['  HD-7  ', 7],
    ['HD-0007', 7],
    ['sales12', 12],
    ['EU2-5', 5],
    ['eu25', 5],
  ])('%s names ticket %i', (text, number) => {
    expect(parseReference(text, PREFIXES)).toBe(number)
  })

  test.each(['', 'HD', 'HD-', '#', 'XX-12', 'xx12', '0', 'HD-0', '-5', '1.5', 'HD-12a', 'HD-1 2', '1234567890123'])(
    '%j names no ticket',
    text => {
      expect(parseReference(text, PREFIXES)).toBeNull()
    },
  )

  test('finds the ticket however it is written', () => {
    const ways = [
      (prefix: string, number: number) => formatReference(prefix, number),
      (prefix: string, number: number) => formatReference(prefix, number).toLowerCase(),
      (prefix: string, number: number) => `${prefix}${number}`,
      (_: string, number: number) => `#${number}`,
      (_: string, number: number) => `${number}`,
    ]
    const plain = fc.constantFrom('HD', 'SALES') // behind a prefix that ends in a digit, HD21 may mean two things
    fc.assert(
      fc.property(plain, numbers, fc.constantFrom(...ways), (prefix, number, write) => {
        expect(parseReference(write(prefix, number), PREFIXES)).toBe(number)
      }),
    )
  })

  test('of another program is none of ours', () => {
    expect(parseReference('JIRA-12', PREFIXES)).toBeNull()
    expect(parseReference('HDX-12', PREFIXES)).toBeNull()
    expect(parseReference('12', [])).toBe(12)
  })
})

describe('references in a subject', () => {
  test.each([
    ['Re: [HD-12] Printer', [{ number: 12, bracketed: true }]],
    ['Re: HD-12 again', [{ number: 12, bracketed: false }]],
    ['[hd-12] Printer', [{ number: 12, bracketed: true }]],
    [
      'like HD-1 and [SALES-2], not HD-3.',
      [
        { number: 1, bracketed: false },
        { number: 2, bracketed: true },
        { number: 3, bracketed: false },
      ],
    ],
    ['[HD-12', [{ number: 12, bracketed: false }]],
    ['(HD-12)', [{ number: 12, bracketed: false }]],
  ])('%j names these', (subject, found) => {
    expect(referencesIn(subject, PREFIXES)).toEqual(found)
  })

  test.each([
    'Printer',
    'HD 12',
    'HD12',
    'XHD-12',
    'HD-12X',
    'HD-12-3',
    'UHD-4',
    'A-HD-4',
    'HD-1234567890123',
    'JIRA-4',
  ])('%j names none', subject => {
    expect(referencesIn(subject, PREFIXES)).toEqual([])
  })

  test('a desk without a prefix finds none', () => {
    expect(referencesIn('[HD-12] -12', [])).toEqual([])
  })

  test('our own way of writing is found in whatever somebody puts around it', () => {
    const words = fc.string({ unit: 'grapheme', maxLength: 30 }).filter(text => !/[-\p{L}\p{N}[\]]/u.test(text))
    fc.assert(
      fc.property(words, prefixes, numbers, words, (before, prefix, number, after) => {
        const subject = `${before}[${formatReference(prefix, number)}]${after}`
        expect(referencesIn(subject, PREFIXES)).toEqual([{ number, bracketed: true }])
      }),
    )
  })
})

describe('a plain subject', () => {
  test.each([
    ['Re: [HD-12] Printer on fire', 'Printer on fire'],
    ['RE: AW: Re[2]: Printer', 'Printer'],
    ['Aw: [HD-12] Re: Printer', 'Printer'],
    ['[HD-12] [SALES-3] Printer', 'Printer'],
    ['Printer [HD-12] again', 'Printer again'],
    ['Re: ', ''],
    ['Printer: re: fire', 'Printer: re: fire'],
    ['Reply to HD-12', 'Reply to HD-12'],
    ['[JIRA-12] Printer', '[JIRA-12] Printer'],
    ['Fwd: Printer', 'Fwd: Printer'],
    ['  Printer \t on   fire ', 'Printer on fire'],
  ])('of %j is %j', (subject, plain) => {
    expect(plainSubject(subject, PREFIXES)).toBe(plain)
  })

  test('is its own plain subject, so that answers to answers do not grow', () => {
    const part = fc.constantFrom(
      'Re:',
      're[3]: ',
      'AW:',
      ' ',
      '[HD-12]',
      '[HD-',
      '1]',
      'HD-3',
      'Printer',
      ':',
      '[',
      '\t',
      '\u00A0',
    )
    const subjects = fc.oneof(
      fc.array(part, { maxLength: 12 }).map(parts => parts.join('')),
      fc.string({ unit: 'grapheme' }),
    )
    fc.assert(
      fc.property(subjects, subject => {
        const plain = plainSubject(subject, PREFIXES)
        expect(plainSubject(plain, PREFIXES)).toBe(plain)
        expect(plainSubject(`Re: [HD-12] ${plain}`, PREFIXES)).toBe(plain)
      }),
      { numRuns: 1_000 },
    )
  })

  test('of a very long subject comes soon', () => {
    const spent = cpuTime()
    for (const piece of ['Re: ', '[HD-1] ', '[HD-', ' ', 'HD-1 ']) plainSubject(piece.repeat(50_000), PREFIXES)
    expect(spent()).toBeLessThan(2_000)
  })
})
