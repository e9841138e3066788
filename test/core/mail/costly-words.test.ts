// What somebody types may be of any length and shape: reading it takes no more than its length does.
import { expect, test } from 'vitest'
import { plainCommand } from '../../../adapters/slack/text/typed-text.ts'
import { nearest, parseCommandLine, wordsOf } from '../../../src/core/text/command-line.ts'
import { findCommandLines, mentionsCommand } from '../../../src/core/text/mail-command-lines.ts'
import { takeOptions } from '../../../src/core/text/options.ts'
import { momentIn, parseDuration, parseMoment } from '../../../src/core/text/time-expressions.ts'
import { readTypedLine, textIn } from '../../../src/core/text/typed-line.ts'
import { parseQuery } from '../../../src/core/ticket/query.ts'
import { parseReference, plainSubject, referencesIn } from '../../../src/core/ticket/reference.ts'
import { cpuTime } from '../../support/cpu-time.ts'

const LENGTH = 200_000 // characters: what is not linear takes two seconds and more
const AT_MOST_MS = 1_500

const UNITS = [
  ...['a', 'a ', ' ', '\n', '9', '1m', '1 ', '-', '--', '--a', '--a1', '--a=', '--anyway ', '"', '"a', '" ', '\\'],
  ...[
    '\\"',
    "'",
    "a'",
    "'a ",
    '“',
    '“a ',
    '«',
    '`',
    '`a',
    '*',
    '*a',
    '_a',
    '[HD-1]',
    'HD-1 ',
    'HD-',
    '(',
    '!a\n',
    '> ',
  ],
  ...[
    'monday ',
    'older 1d ',
    'tomorrow at ',
    '12:',
    '12/',
    'owner:',
    'owner a ',
    'Re: ',
    'é',
    '\u0301',
    '\u200b',
    ':a:',
  ],
]
const KINDS = { anyway: 'flag', read: 'number', category: 'text' } as const
const PREFIXES = ['HD', 'IT']
const NOW = '2026-12-01T00:00:00.000Z'

const READERS: [name: string, read: (text: string) => unknown][] = [
  ['words', parseCommandLine],
  ['the nearest word', text => nearest(text, ['claim', 'release', 'assign', 'escalate', 'handover'])],
  ['options', text => takeOptions(wordsOf(text), KINDS)],
  ['a line', text => readTypedLine(`reply ${text}`, { kinds: KINDS, prefixes: PREFIXES, isOneLine: false })],
  ['a text', text => textIn('', `--${text}`, KINDS)],
  ['a length of time', parseDuration],
  ['a time', text => parseMoment(text, NOW)],
  ['a time in words', text => momentIn(text.split(' '), NOW)],
  ['a query', text => parseQuery(text.split(' '))],
  ['a reference', text => parseReference(text, PREFIXES)],
  ['references', text => referencesIn(text, PREFIXES)],
  ['a subject', text => plainSubject(text, PREFIXES)],
  ['orders', findCommandLines],
  ['doubtful orders', text => mentionsCommand(text, { isCommand: () => false, options: KINDS })],
  ['a command in bold', plainCommand],
]

test.each(READERS)('%s', (_, read) => {
  for (const unit of UNITS) {
    const spent = cpuTime()
    for (const text of [unit.repeat(LENGTH / unit.length), `${unit.repeat(LENGTH / unit.length)}!b`]) {
      try {
        read(text)
      } catch (error) {
        expect(error).toMatchObject({ name: 'DeskError' })
      }
    }
    expect(spent(), unit).toBeLessThan(AT_MOST_MS)
  }
})
