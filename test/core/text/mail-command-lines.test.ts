import { expect, test } from 'vitest'
import { findCommandLines, mentionsCommand } from '../../../src/core/text/mail-command-lines.ts'

const KNOWN = {
  isCommand: (word: string) => ['note', 'help', 'claim'].includes(word),
  options: { anyway: 'flag', only: 'flag', read: 'text' },
} as const

test.each([
  ['at the top', '!claim\n!expect friday\n\nI will look at it.', ['claim', 'expect friday'], 'I will look at it.'],
  ['at the bottom', 'Done, it works.\n\n!close', ['close'], 'Done, it works.'],
  ['at both ends', '!claim\nDone.\n!close', ['claim', 'close'], 'Done.'],
  ['alone', '\n ! claim \n', ['claim'], ''],
  ['with its text', '!note She called: it is urgent!', ['note She called: it is urgent!'], ''],
])('commands %s', (_where, text, lines, rest) => {
  expect(findCommandLines(text)).toEqual({ lines, text: rest })
})

test.each([
  ['in the middle', 'First\n!close\nlast'],
  ['quoted', '> !close'],
  ['quoted by another sign', '| !close'],
  ['behind other words', 'Please !close'],
  ['as an exclamation', 'Great!\n!!!'],
  ['without the sign', 'close'],
  ['as a path', '!/bin/sh'],
])('none %s', (_where, text) => {
  expect(findCommandLines(text)).toEqual({ lines: [], text })
})

test('a note that a mail program wrapped goes on to the empty line', () => {
  expect(findCommandLines('!note She is lying about it, and\nshe knows it.\n\nWe come tomorrow.')).toEqual({
    lines: ['note She is lying about it, and\nshe knows it.'],
    text: 'We come tomorrow.',
  })
  expect(findCommandLines('!claim\nWe come tomorrow.').text).toBe('We come tomorrow.')
})

test.each([
  ['We come.\n\n!note She is lying.\n\nBest regards\nBob', true],
  ['!note: she is lying', true],
  ['We come.\n ！note she', true],
  ['It works now!\n!= is what you meant.', false],
  ['> !note', false],
  // In list signs, styles and quotes, or behind signs that are not shown.
  ['- !note she lies\n\nWe come.', true],
  ['• !note she lies\n\nWe come.', true],
  ['1. !note she lies\n\nWe come.', true],
  ['*!note* she lies\n\nWe come.', true],
  ['**!note** she lies\n\nWe come.', true],
  ['`!note she lies`\n\nWe come.', true],
  ['"!note she lies"\n\nWe come.', true],
  ['\u00ad!note she lies\n\nWe come.', true],
  ['\u2060!note she lies\n\nWe come.', true],
  // With another sign, or one more.
  ['¡note she lies\n\nWe come.', true],
  ['❗note she lies\n\nWe come.', true],
  ['!\ufe0fnote she lies\n\nWe come.', true],
  ['!!note she lies\n\nWe come.', true],
  ['!  note she lies\n\nWe come.', true],
  ['/note she lies\n\nWe come.', true],
  ['#note she lies\n\nWe come.', true],
  // Where other signs end a line.
  ['We come.\u2028!note she lies', true],
  ['We come.\u000b!note she lies', true],
  ['We come.\u0085!note she lies', true],
  // Options of an answer on a line of their own.
  ['--only\n\nWe come.', true],
  ['—only\nWe come.', true],
  ['We come.\n\n--anyway', true],
  // What people write.
  ['/help/index.html is the page.', false],
  ['# Note\nIt works.', false],
  ['#12 and #note-taking', false],
  ['- note the time', false],
  ['Great!\n\n- it works!', false],
  ['¡Hola!\n\nYa funciona.', false],
  ['Start it with --only behind its name.', false],
  ['--\nBob', false],
])('%j is no answer to send on: %s', (text, expected) => {
  expect(mentionsCommand(findCommandLines(text).text, KNOWN)).toBe(expected)
})
