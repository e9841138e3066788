import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { aboveMarker, REPLY_MARKER, visibleReply } from '../../../src/core/mail/visible.ts'
import { cpuTime } from '../../support/cpu-time.ts'

describe('the visible reply', () => {
  test.each<[string, string]>([
    [
      'a quote below',
      'It works now.\n\nOn Mon, 5 Jan 2026 at 10:00, Bob Berg <bob@example.com> wrote:\n> Try again.\n> Bob',
    ],
    [
      'an introduction over two lines',
      'It works now.\n\nOn Mon, 5 Jan 2026 at 10:00, Bob Berg\n<bob@example.com> wrote:\n> Try again.',
    ],
    [
      'an introduction that was wrapped before its last word',
      'It works now.\n\nOn Mon, Jan 5, 2026 at 10:00 AM Help desk <help@desk.example.com>\nwrote:\n\n> Try again.',
    ],
    [
      'an introduction right below the text',
      'It works now.\nOn Mon, 5 Jan 2026 at 10:00, Bob Berg\n<bob@example.com> wrote:\n> Try again.',
    ],
    [
      'a German introduction',
      'It works now.\n\nAm 05.01.26 um 10:00 schrieb Bob Berg:\n> Versuchen Sie es noch einmal.',
    ],
    ['a quote in a quote', 'It works now.\n\nOn Mon, 5 Jan 2026, Bob wrote:\n> Try again.\n>> It burns.\n>\n> Bob'],
    ['a signature', 'It works now.\n\n-- \nAnn Ode\nExample Ltd'],
    ['a signature whose blank was lost', 'It works now.\n\n--\nAnn Ode'],
    ['a signature below the quote', 'It works now.\n\nOn Mon, 5 Jan 2026, Bob wrote:\n> Try again.\n\n-- \nAnn Ode'],
    ['a quote below the signature', 'It works now.\n\n-- \nAnn Ode\n\nOn Mon, 5 Jan 2026, Bob wrote:\n> Try again.'],
    ['an original message', 'It works now.\n\n-----Original Message-----\nFrom: Bob\nSubject: Printer\n\nTry again.'],
    ['our marker', `It works now.\n\nOn Mon, 5 Jan 2026 at 10:00, Help desk wrote:\n> ${REPLY_MARKER}\n> Try again.`],
    ['our marker without quote marks', `It works now.\n\n${REPLY_MARKER}\nTry again.`],
    ['blank lines', '\n\n  It works now.  \n\n'],
  ])('leaves out %s', (_, text) => {
    expect(visibleReply(text)).toBe('It works now.')
  })

  test('keeps what stands between quotes', () => {
    const text = '> Is it on fire?\nYes.\n> Still?\nNo.'
    expect(visibleReply(`${text}\n\nOn Mon, 5 Jan 2026, Bob wrote:\n> Is it?`)).toBe(text)
  })

  test.each([
    'These are on fire:\n- the printer\n- the bin',
    'The time was 10:00',
    'a > b and c',
    'First\n---\nSecond',
    'The steps:\n\n1. Turn it off',
    'Dear all,\nit burns.\n\nAnn',
  ])('keeps all of %j', text => {
    expect(visibleReply(text)).toBe(text)
  })

  test('gives the whole text where nothing else would be left', () => {
    for (const text of [
      '> only a quote',
      '-- \nAnn',
      `${REPLY_MARKER}\nwritten below`,
      'On Mon, 5 Jan 2026, Bob wrote:\n> x',
    ])
      expect(visibleReply(text).length).toBeGreaterThan(0)
    expect(visibleReply('')).toBe('')
    expect(visibleReply(' \n ')).toBe('')
  })

  test('says nothing that was not written, in the order in which it was', () => {
    const line = fc.oneof(
      fc.constantFrom(
        '',
        '> quoted',
        '-- ',
        '--',
        'On Mon, 5 Jan 2026, Bob wrote:',
        REPLY_MARKER,
        `> ${REPLY_MARKER}`,
        'It burns.',
      ),
      fc.string(),
    )
    fc.assert(
      fc.property(fc.array(line, { maxLength: 12 }), lines => {
        const text = lines.join('\n')
        const written = lines.flatMap(each => each.split('\n')).map(each => each.trim())
        let from = 0
        for (const given of visibleReply(text)
          .split('\n')
          .filter(each => each.trim())) {
          const at = written.indexOf(given.trim(), from)
          expect(at).toBeGreaterThanOrEqual(from)
          from = at + 1
        }
        expect(visibleReply(text) === '').toBe(text.trim() === '')
      }),
      { numRuns: 1_000 },
    )
  })
})

describe('what goes on to somebody else', () => {
  test('never holds anything from our marker on, even if nothing else is left', () => {
    expect(aboveMarker(`My answer.\n\n> ${REPLY_MARKER}\n> A secret note.`)).toBe('My answer.')
    expect(aboveMarker(`> ${REPLY_MARKER}\n> A secret note.\n\nWritten below.`)).toBe('')
    expect(aboveMarker(`${REPLY_MARKER}\nA secret note.`)).toBe('')
  })

  test.each(['', '> ', '>> ', '> > ', '  ', '| ', '* ', '>', '\t'])('finds the marker behind %j', before => {
    expect(aboveMarker(`Mine.\n${before}${REPLY_MARKER}\n${before}secret`)).toBe('Mine.')
  })

  test('finds the marker where the mail program ends lines with CR LF', () => {
    expect(aboveMarker(`Mine.\r\n\r\n> ${REPLY_MARKER}\r\n> secret\r\n`)).toBe('Mine.')
  })

  test('finds the marker where the mail program wrapped it', () => {
    const [first = '', second = ''] = [REPLY_MARKER.slice(0, 22), REPLY_MARKER.slice(22)]
    expect(aboveMarker(`Mine.\n> ${first}\n> ${second}\n> secret`)).toBe('Mine.')
  })

  test('begins where its own sign is, whatever the line above ends with', () => {
    expect(aboveMarker(`Room 0#-\n> ${REPLY_MARKER}\n> secret`)).toBe('Room 0#-')
  })

  test('leaves out the line that introduces the quote', () => {
    const text = `Mine.\n\nOn Mon, 5 Jan 2026 at 10:00, Help desk <help@desk.example> wrote:\n\n> ${REPLY_MARKER}\n> secret`
    expect(aboveMarker(text)).toBe('Mine.')
  })

  test('is all of a text without a marker', () => {
    expect(aboveMarker('My answer.\n> quoted')).toBe('My answer.\n> quoted')
  })

  test('never holds a line that stands below a marker, whatever stands around it', () => {
    const line = fc.oneof(fc.string(), fc.constantFrom('', '> quoted', '-- ', 'Bob wrote:'))
    const lines = fc.array(line, { maxLength: 6 })
    fc.assert(
      fc.property(lines, fc.constantFrom('', '> ', '>> '), lines, (above, quote, below) => {
        const text = [...above, `${quote}${REPLY_MARKER}`, ...below, `${quote}TOP SECRET`].join('\n')
        expect(aboveMarker(text)).not.toContain('TOP SECRET')
        expect(aboveMarker(visibleReply(text))).not.toContain('TOP SECRET')
        expect(aboveMarker(text)).not.toContain(REPLY_MARKER)
      }),
      { numRuns: 1_000 },
    )
  })
})

test('texts made to cost time cost little', () => {
  const spent = cpuTime()
  for (const piece of [
    '\n',
    ' ',
    '>',
    '> \n',
    '-- \n',
    ': ',
    ':\n',
    '##-',
    '## - \n',
    '--',
    '-',
    'wrote:\n',
    '1:\n',
    '@:\n',
    '|',
    '*',
    '-----a',
    '>>> a 1 >>>\n',
  ]) {
    const text = `a${piece.repeat(50_000)}b`
    visibleReply(text)
    visibleReply(`${text}\n> quoted`)
    aboveMarker(`${text}:\n${REPLY_MARKER}\nbelow`)
  }
  expect(spent()).toBeLessThan(10_000)
})

describe('what Outlook puts between an answer and our marker', () => {
  test.each([
    ['From: Help desk <help@desk.example>\nSent: Monday\nTo: Bob <bob@staff.example>\nSubject: [HD-1] New: VPN\n'],
    ['________________________________\n*Von:* Help desk\n*Gesendet:* Montag\n*An:* Bob\n*Betreff:* [HD-1] New: VPN\n'],
    ['-----Original Message-----\nFrom: Help desk\nTo: Bob\n'],
  ])('does not leave with the answer: %j', head => {
    expect(aboveMarker(`Please restart it.\n\nBob\n\n${head}\n##- Reply above this line -##\n\nIt drops.`)).toBe(
      'Please restart it.\n\nBob',
    )
  })

  test('a line of the answer that only looks like a field stays', () => {
    expect(aboveMarker('Write this:\nTo: all\n\n##- Reply above this line -##')).toBe('Write this:\nTo: all')
  })
})
