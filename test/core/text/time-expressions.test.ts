import { describe, expect, test } from 'vitest'
import { momentIn, parseDuration, parseMoment } from '../../../src/core/text/time-expressions.ts'

const NOW = '2026-11-25T18:39:00.000Z' // a Wednesday
/** In the time zone of the machine, as people mean it. */
const local = (day: number, hour: number, minute = 0, month = 10) =>
  new Date(2026, month, day, hour, minute).toISOString()

describe('a moment', () => {
  test.each([
    ['2h', '2026-11-25T20:39:00.000Z'],
    ['1h30m', '2026-11-25T20:09:00.000Z'],
    ['3d', '2026-11-28T18:39:00.000Z'],
    ['in 2 hours', '2026-11-25T20:39:00.000Z'],
    ['friday 17:00', local(27, 17)],
    ['Friday at 5pm', local(27, 17)],
    ['monday', local(30, 9)],
    ['tomorrow', local(26, 9)],
    ['2026-12-01', local(1, 9, 0, 11)],
    ['2026-12-01 14:30', local(1, 14, 30, 11)],
  ])('%s', (text, wanted) => {
    expect(parseMoment(text, NOW)).toBe(wanted)
  })

  test('on a Monday, monday is the next one', () => {
    expect(parseMoment('monday', local(30, 10))).toBe(local(7, 9, 0, 11))
  })

  test.each(['yesterday', 'now', '', 'the printer', '2', 'vendor', '0h', 'friday or monday', '2020-01-01'])(
    '"%s" is none to come',
    text => {
      expect(parseMoment(text, NOW)).toBeNull()
    },
  )

  test('ends where the words behind it begin', () => {
    expect(momentIn(['friday', '17:00', 'for', 'parts'], NOW)).toEqual({ at: local(27, 17), rest: ['for', 'parts'] })
    expect(momentIn(['monday'], NOW)).toEqual({ at: local(30, 9), rest: [] })
    expect(momentIn(['soon'], NOW)).toBeNull()
  })
})

test.each([
  ['20m', 20],
  ['1h30m', 90],
  ['1.5h', 90],
  ['2d', 2880],
  ['1 day', 1440],
  ['90 minutes', 90],
])('%s is %i minutes', (text, minutes) => {
  expect(parseDuration(text)).toBe(minutes * 60_000)
})

test.each(['20', 'm', '-5m', '1y', '2 h ago', ''])('"%s" is no length of time', text => {
  expect(parseDuration(text)).toBeNull()
})
