import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { FIRST_RETRY_MS, nextTry } from '../../../src/core/text/retry.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const QUEUED = new Date('2026-01-05T10:00:00.000Z')
const later = (ms: number) => new Date(QUEUED.getTime() + ms)

describe('the next try of a delivery', () => {
  test('comes later and later, and not for ever', () => {
    const waits: number[] = []
    let now = QUEUED
    for (let attempts = 1; ; attempts += 1) {
      const next = nextTry(attempts, QUEUED, now)
      if (!next) break
      waits.push(next.getTime() - now.getTime())
      now = next
    }
    expect(waits.slice(0, 4)).toEqual([1, 5, 15, 30].map(minutes => minutes * MINUTE))
    expect(waits).toEqual(waits.toSorted((a, b) => a - b))
    expect(waits.length).toBeGreaterThan(15)
    expect(now.getTime() - QUEUED.getTime()).toBeGreaterThanOrEqual(4 * DAY) // RFC 5321: give up after four to five days
    expect(now.getTime() - QUEUED.getTime()).toBeLessThan(6 * DAY)
  })

  test('is given up five days after it was queued, however few attempts there were', () => {
    expect(nextTry(1, QUEUED, later(5 * DAY))).toBeNull()
    expect(nextTry(1, QUEUED, later(5 * DAY - 1))).not.toBeNull()
  })

  test('waits as long as the transport asks for, at most a day, and never less than our own wait', () => {
    expect(nextTry(1, QUEUED, QUEUED, 10 * MINUTE)).toEqual(later(10 * MINUTE))
    expect(nextTry(1, QUEUED, QUEUED, 1)).toEqual(later(FIRST_RETRY_MS))
    expect(nextTry(1, QUEUED, QUEUED, 400 * DAY)).toEqual(later(DAY))
    expect(nextTry(1, QUEUED, QUEUED, -DAY)).toEqual(later(FIRST_RETRY_MS))
  })

  test('is never before the deadline of an attempt is over', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_000 }), fc.nat(5 * DAY - 1), fc.integer(), (attempts, passed, asked) => {
        const next = nextTry(attempts, QUEUED, later(passed), asked)
        expect((next?.getTime() ?? 0) - later(passed).getTime()).toBeGreaterThanOrEqual(FIRST_RETRY_MS)
      }),
    )
  })
})
