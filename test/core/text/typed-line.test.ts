import { describe, expect, test } from 'vitest'
import { readTypedLine, textIn, withoutQuotesAround, wordOf } from '../../../src/core/text/typed-line.ts'
import { cpuTime } from '../../support/cpu-time.ts'

const KINDS = { anyway: 'flag', only: 'flag', read: 'number', category: 'text', ticket: 'text' } as const
const PREFIXES = ['HD', 'EU2']

/** The options as they would be typed, and what stands behind the word. */
function read(typed: string, isOneLine = false) {
  const { options, rest, tail } = readTypedLine(typed, { kinds: KINDS, prefixes: PREFIXES, isOneLine })
  return { options: options.toString(), rest: rest.trim(), tail: tail.trim() }
}

describe('options', () => {
  test.each([
    ['in front of the text', 'reply HD-1 --anyway Some words', '--anyway', 'HD-1 Some words'],
    ['in front of the ticket', 'reply --anyway HD-1 Some words', '--anyway', 'HD-1 Some words'],
    ['behind the text', 'reply HD-1 Some words --anyway', '--anyway', 'HD-1 Some words'],
    ['behind a text in quotes', 'reply HD-1 "Some words" --anyway', '--anyway', 'HD-1 "Some words"'],
    ['at the quotes', 'reply HD-1 "Some words"--anyway', '--anyway', 'HD-1 "Some words"'],
    ['within the text', 'reply HD-1 Some --anyway words', '--anyway', 'HD-1 Some words'],
    ['on both sides', 'reply HD-1 --only Some words --read 17', '--only --read 17', 'HD-1 Some words'],
    ['with capitals', 'reply HD-1 Some words --Anyway', '--anyway', 'HD-1 Some words'],
    ['with a long dash', 'reply HD-1 Some words —anyway', '--anyway', 'HD-1 Some words'],
    ['with a shorter dash', 'reply HD-1 Some words –anyway', '--anyway', 'HD-1 Some words'],
    ['with two kinds of dash', 'reply HD-1 Some words –-anyway', '--anyway', 'HD-1 Some words'],
    ['with them turned', 'reply HD-1 Some words -–anyway', '--anyway', 'HD-1 Some words'],
    ['with two long dashes', 'reply HD-1 Some words ——anyway', '--anyway', 'HD-1 Some words'],
    ['with two full-width hyphens', 'reply HD-1 Some words －－anyway', '--anyway', 'HD-1 Some words'],
    ['in full-width letters', 'reply HD-1 Some words －－ａｎｙｗａｙ', '--anyway', 'HD-1 Some words'],
    ['with small hyphens', 'reply HD-1 Some words \uFE63\uFE63anyway', '--anyway', 'HD-1 Some words'],
    ['with hyphens of typography', 'reply HD-1 Some words \u2010\u2010anyway', '--anyway', 'HD-1 Some words'],
    ['with hyphens that break no line', 'reply HD-1 Some words \u2011\u2011anyway', '--anyway', 'HD-1 Some words'],
    ['with signs for minus', 'reply HD-1 Some words \u2212\u2212anyway', '--anyway', 'HD-1 Some words'],
    ['from a Japanese keyboard', 'reply HD-1 Some words ーーanyway', '--anyway', 'HD-1 Some words'],
    ['with lines of a box', 'reply HD-1 Some words ──anyway', '--anyway', 'HD-1 Some words'],
    ['with a dash of two', 'reply HD-1 Some words ⸺anyway', '--anyway', 'HD-1 Some words'],
    ['with a sign of no width', 'reply HD-1 Some words --\u200Banyway', '--anyway', 'HD-1 Some words'],
    ['with one in front', 'reply HD-1 Some words \u200B--anyway', '--anyway', 'HD-1 Some words'],
    ['with a soft hyphen', 'reply HD-1 Some words --any\u00ADway', '--anyway', 'HD-1 Some words'],
    ['with marks of direction', 'reply HD-1 Some words \u2066--anyway\u2069', '--anyway', 'HD-1 Some words'],
    ['with a full-width sign in its value', 'resolve HD-1 x --category=ａ', '--category ａ', 'HD-1 x'],
    ['between years', "reply HD-1 From '24 --only to '25", '--only', "HD-1 From '24 to '25"],
    ['between years of a phone', 'reply HD-1 From ‘24 --only to ’25', '--only', 'HD-1 From ‘24 to ’25'],
    ['in bold', 'reply HD-1 Some words **--anyway**', '--anyway', 'HD-1 Some words'],
    ['with a value', 'reply HD-1 --read=17 Some words', '--read 17', 'HD-1 Some words'],
    ['with a value in quotes', 'resolve HD-1 --category "a b" x', '--category "a b"', 'HD-1 x'],
    ['with a value in quotes behind =', 'resolve HD-1 x --category="a b"', '--category "a b"', 'HD-1 x'],
    ['behind other scripts’ quotes', 'reply HD-1 „Einige Worte“ --anyway', '--anyway', 'HD-1 „Einige Worte“'],
    ['behind a quote that is never closed', 'reply HD-1 "Some words --anyway', '--anyway', 'HD-1 "Some words'],
    ['behind an apostrophe', "reply HD-1 'Tis done, isn't it --anyway", '--anyway', "HD-1 'Tis done, isn't it"],
    [
      'behind inches',
      'reply HD-1 the 19" one and the 21" one --anyway',
      '--anyway',
      'HD-1 the 19" one and the 21" one',
    ],
    ['behind a text of two lines in quotes', 'reply HD-1 "Some\nwords" --anyway', '--anyway', 'HD-1 "Some\nwords"'],
    [
      'on a line of their own below',
      'reply HD-1 Some words\nand more\n--anyway',
      '--anyway',
      'HD-1 Some words\nand more',
    ],
    ['in front of a text below', 'reply HD-1\n--anyway Some words', '--anyway', 'HD-1 Some words'],
    ['on lines between', 'reply HD-1\n--anyway\n--read 3\nSome words', '--anyway --read 3', 'HD-1\nSome words'],
  ])('%s', (_where, typed, options, rest) => {
    expect(read(typed)).toEqual({ options, rest, tail: '' })
  })

  test.each([
    ['in quotes', 'reply HD-1 "write --anyway behind it"'],
    ['in single quotes', "reply HD-1 'write --anyway behind it'"],
    ['in curly quotes', 'reply HD-1 “write --anyway behind it”'],
    ['in French quotes', 'reply HD-1 « écrivez --anyway »'],
    ['as code', 'reply HD-1 Write `ls --read 3` there'],
    ['that is none of the command', 'reply HD-1 Run ls --all and npm ci --force'],
    ['as a dash', 'reply HD-1 We looked – only the printer was off, and — it works'],
    ['in what was pasted below', 'reply HD-1 Look:\ngrep --only x\n--read it and weep'],
    ['as a signature', 'reply HD-1 Hello\n-- \nBob'],
  ])('none %s', (_where, typed) => {
    const { options, rest, tail } = read(typed)
    expect(options).toBe('')
    expect(textIn(rest.replace('HD-1', '') + tail, '', KINDS)).toBe(textIn(typed.slice('reply HD-1'.length), '', KINDS))
  })

  test('end at two hyphens, which go if they stand in front of the text', () => {
    const { options, rest, tail } = read('reply HD-1 --only -- Some words --anyway')
    expect({ options, rest, text: textIn('', tail, KINDS) }).toEqual({
      options: '--only',
      rest: 'HD-1',
      text: 'Some words --anyway',
    })
    expect(textIn(' npm run x ', '-- --anyway', KINDS)).toBe('npm run x -- --anyway')
    expect(textIn(' npm run x ', '-- --coverage', KINDS)).toBe('npm run x -- --coverage')
  })

  test.each([
    ['misspelt', 'reply HD-1 Some words --anway'],
    ['with one hyphen', 'reply HD-1 Some words -anyway'],
    ['with one full-width hyphen', 'reply HD-1 Some words －anyway'],
    ['with one hyphen of typography', 'reply HD-1 Some words \u2010anyway'],
    ['at the end of a sentence', 'reply HD-1 Some words --anyway.'],
    ['without a blank before it', 'reply HD-1 Some words--anyway'],
    ['misspelt on a line of its own', 'reply HD-1 Some words\n--anyways'],
    ['with a value that it does not take', 'reply HD-1 Some words --anyway=yes'],
    ['without its number', 'reply HD-1 Some words --read'],
    ['with a word for a number', 'reply HD-1 --read all Some words'],
    ['without its word', 'resolve HD-1 x --category'],
  ])('%s are asked for', (_how, typed) => {
    expect(() => read(typed)).toThrow(/Nothing was done/)
  })

  test('behind a dash in a sentence are asked for', () => {
    expect(() => textIn(' We looked ', '-- it works --anyway', KINDS)).toThrow(/Nothing was done/)
  })

  test('in a mail stand anywhere in a line that its program wrapped', () => {
    expect(read('reply HD-1 A long line that\nwent on --anyway and\non', true)).toEqual({
      options: '--anyway',
      rest: 'HD-1 A long line that\nwent on and\non',
      tail: '',
    })
  })

  test('of what everything has, such as toString, are none', () => {
    expect(read('reply HD-1 x --constructor --toString').options).toBe('')
  })

  test('in a line of any length are found soon', () => {
    const spent = cpuTime()
    for (const piece of ['--anyway ', '--', '"', "'", "a'b ", '‘', '„', '»', '`', '--read 1\n', '--a="', 'a\n', '– '])
      read(`reply HD-1 ${piece.repeat(20_000)} --only`)
    expect(spent()).toBeLessThan(4_000)
  })
})

test.each([
  ['reply HD-1', 'reply'],
  ['  !Reply HD-1', 'reply'],
  ['/reply', 'reply'],
  ['', ''],
])('the word of %j is %j', (typed, word) => {
  expect(wordOf(typed)).toBe(word)
})

test.each([
  [' "HD-1 We come"', ' HD-1 We come'],
  [' “HD-1: We come”', ' HD-1: We come'],
  [" 'hd 1 We come'", ' hd 1 We come'],
  [' "12 We come"', ' 12 We come'],
  [' "HD-1" "We come"', ' "HD-1" "We come"'],
  [' "HD-1"', ' "HD-1"'],
  [' "We come to HD-1"', ' "We come to HD-1"'],
  [' "\\"Yes\\""', ' "\\"Yes\\""'],
  [' HD-1 "We come"', ' HD-1 "We come"'],
])('quotes around ticket and text go: %s', (typed, rest) => {
  expect(withoutQuotesAround(typed, PREFIXES)).toBe(rest)
})
