import { describe, expect, test } from 'vitest'
import { isOld } from '../../../src/core/ticket/policy.ts'

const WITHIN = 14 * 24 * 60 * 60 * 1000
const NOW = new Date('2026-01-20T10:00:00.000Z')

describe('old mail', () => {
  test.each([
    ['2026-01-20T09:59:00.000Z', false],
    ['2026-01-06T10:00:00.000Z', false],
    ['2026-01-06T09:59:59.999Z', true],
    ['2002-08-22T12:00:00.000Z', true],
    ['2027-01-01T00:00:00.000Z', false],
  ])('that came at %s: %s', (reachedAt, old) => {
    expect(isOld(reachedAt, NOW, WITHIN)).toBe(old)
  })

  test('nobody knows when it came is not old', () => {
    expect(isOld(null, NOW, WITHIN)).toBe(false)
    expect(isOld('', NOW, WITHIN)).toBe(false)
    expect(isOld('soon', NOW, WITHIN)).toBe(false)
  })
})
