import { createRequire } from 'node:module'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { BodyHash } from '../../../../adapters/email/authentication/body-hash.ts'
import { cpuTime } from '../../../support/cpu-time.ts'

/** What others make of the same text; their way takes time by the square for long lines. */
const { dkimBody } = createRequire(import.meta.url)('mailauth/lib/dkim/body/index.js') as {
  dkimBody(form: string, algorithm: string, end: number | ''): TheirHash
}
interface TheirHash {
  update(piece: Buffer): void
  digest(encoding: 'base64'): string
  bodyHashedBytes: number
  canonicalizedLength: number
}

const PIECES = [' ', '\t', '\r\n', '\n', '\r', '\r\n\r\n', 'a', 'bc']
const FORMS = ['simple', 'relaxed'] as const

describe('the hash of a text', () => {
  test('is that of others, wherever it is cut and wherever signatures end', () => {
    const written = fc.array(fc.constantFrom(...PIECES), { maxLength: 20 }).map(pieces => pieces.join(''))
    const cuts = fc.array(fc.nat(20), { maxLength: 3 })
    const ends = fc.array(fc.nat(25), { maxLength: 3 })
    const check = (text: string, cut: number[], end: number[], form: 'simple' | 'relaxed') => {
      const hash = new BodyHash(form, 'sha256')
      for (const each of end) hash.endsAt(each)
      const bytes = Buffer.from(text, 'latin1')
      let from = 0
      for (const at of cut.toSorted((a, b) => a - b)) {
        hash.update(bytes.subarray(from, at))
        from = Math.min(at, bytes.length)
      }
      hash.update(bytes.subarray(from))
      hash.end()
      for (const each of [undefined, ...end]) {
        const theirs = dkimBody(form, 'sha256', each ?? '')
        theirs.update(Buffer.from(text.replace(/(?<!\r)\n/g, '\r\n'), 'latin1'))
        const expected = theirs.digest('base64')
        const { bodyHashedBytes: hashed, canonicalizedLength: total } = theirs
        expect(hash.digest(each)).toEqual({ hash: expected, hashed, total })
      }
    }
    fc.assert(fc.property(written, cuts, ends, fc.constantFrom(...FORMS), check), { numRuns: 5_000 })
  })

  test.each(['x', ' ', '\n', '\r', 'a  ', '\r\n'])('of nothing but %j takes time by its length', unit => {
    const spent = cpuTime()
    for (const form of FORMS) {
      const hash = new BodyHash(form, 'sha256')
      const piece = Buffer.alloc(256 * 1024, unit)
      for (let n = 0; n < 40; n += 1) hash.update(piece)
      hash.end()
      expect(hash.digest(undefined).hash).toHaveLength(44)
    }
    expect(spent()).toBeLessThan(5_000)
  })
})
