import fc from 'fast-check'
import stringWidth from 'string-width'
import { describe, expect, test } from 'vitest'
import { age, table } from '../../../src/core/text/table.ts'

describe('a table', () => {
  test('has columns as wide as what stands in them, and no blanks at the ends of lines', () => {
    const text = table(
      ['REF', 'OWNER', 'SUBJECT'],
      [
        ['HD-1', 'bob', 'Printer on fire'],
        ['HD-1234', '', ''],
      ],
    )
    expect(text).toBe(['REF      OWNER  SUBJECT', 'HD-1     bob    Printer on fire', 'HD-1234'].join('\n'))
  })

  test('keeps columns apart where letters are wide', () => {
    const lines = table(
      ['NAME', 'STATE'],
      [
        ['火災報知器', 'new'],
        ['👩‍🚒 Ann', 'open'],
        ['Ann', 'closed'],
      ],
    ).split('\n')
    const columns = lines.map(line => stringWidth(line.slice(0, line.search(/STATE|new|open|closed/))))
    expect(new Set(columns).size).toBe(1)
  })

  test('cuts the last column to the width, and says so', () => {
    const lines = table(['REF', 'SUBJECT'], [['HD-1', 'x'.repeat(200)]], 40).split('\n')
    expect(lines[1]).toBe(`HD-1  ${'x'.repeat(33)}…`)
    expect(stringWidth(lines[1] ?? '')).toBe(40)
  })

  test('leaves the last column at least some room', () => {
    const lines = table(['A', 'B'], [['a'.repeat(100), 'b'.repeat(100)]], 60).split('\n')
    expect(lines[1]).toBe(`${'a'.repeat(100)}  ${'b'.repeat(19)}…`)
  })

  test('without rows is its head', () => {
    expect(table(['REF', 'SUBJECT'], [])).toBe('REF  SUBJECT')
  })

  test('is one line a row and never wider than it may be', () => {
    const cell = fc.string({ unit: 'grapheme', maxLength: 12 })
    fc.assert(
      fc.property(fc.array(fc.tuple(cell, cell, fc.string({ unit: 'grapheme', maxLength: 200 }))), rows => {
        const lines = table(['A', 'B', 'C'], rows, 80).split('\n')
        expect(lines).toHaveLength(rows.length + 1)
        for (const line of lines) expect(stringWidth(line)).toBeLessThanOrEqual(80)
      }),
    )
  })
})

describe('an age', () => {
  test.each([
    ['2026-01-05T10:00:00.000Z', 'now'],
    ['2026-01-05T09:59:01.000Z', 'now'],
    ['2026-01-05T09:59:00.000Z', '1m'],
    ['2026-01-05T09:00:01.000Z', '59m'],
    ['2026-01-05T09:00:00.000Z', '1h'],
    ['2026-01-04T10:00:00.000Z', '24h'],
    ['2026-01-03T10:00:01.000Z', '47h'],
    ['2026-01-03T10:00:00.000Z', '2d'],
    ['2025-01-05T10:00:00.000Z', '365d'],
    ['2026-01-06T10:00:00.000Z', 'now'], // a clock that is ahead
  ])('since %s is %s', (from, said) => {
    expect(age(from, '2026-01-05T10:00:00.000Z')).toBe(said)
  })
})
