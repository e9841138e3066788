import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Purpose, signToken, type TokenKey, tokensIn, verifyToken } from '../../../src/core/ticket/token.ts'
import { cpuTime } from '../../support/cpu-time.ts'

const OLD: TokenKey = { id: 'k1', secret: 'what the desk was started with' }
const NEW: TokenKey = { id: 'k2', secret: 'what it was rotated to' }
const PURPOSES: Purpose[] = ['requester', 'answer', 'internal']

const claims = fc.record({
  purpose: fc.constantFrom(...PURPOSES),
  number: fc.oneof(fc.integer({ min: 1, max: 100_000 }), fc.integer({ min: 1, max: 36 ** 10 - 1 })),
})

describe('a token', () => {
  test('says what it was signed for, and nothing else', () => {
    fc.assert(
      fc.property(claims, claim => {
        expect(verifyToken([OLD, NEW], signToken(NEW, claim))).toEqual(claim)
      }),
    )
  })

  test('is valid in any case, because mail servers may change it', () => {
    fc.assert(
      fc.property(claims, fc.infiniteStream(fc.boolean()), (claim, upper) => {
        const mixed = [...signToken(OLD, claim)].map(letter => (upper.next().value ? letter.toUpperCase() : letter))
        expect(verifyToken([OLD], mixed.join(''))).toEqual(claim)
      }),
    )
  })

  test('with any letter altered is refused', () => {
    const letter = fc.oneof(
      fc.constantFrom(...'abcdefghijklmnopqrstuvwxyz0123456789-'),
      fc.string({ unit: 'grapheme' }),
    )
    fc.assert(
      fc.property(claims, fc.nat(), letter, (claim, place, instead) => {
        const token = signToken(OLD, claim)
        const at = place % token.length
        const altered = token.slice(0, at) + instead + token.slice(at + 1)
        fc.pre(altered.toLowerCase() !== token)
        expect(verifyToken([OLD, NEW], altered)).toBeNull()
      }),
      { numRuns: 1_000 },
    )
  })

  test('with letters added or left out is refused', () => {
    const token = signToken(OLD, { purpose: 'answer', number: 1234 })
    for (const other of [
      ` ${token}`,
      `${token} `,
      `${token}\n`,
      `a${token}`,
      `${token}a`,
      token.slice(1),
      token.slice(0, -1),
    ])
      expect(verifyToken([OLD], other)).toBeNull()
    expect(verifyToken([OLD], '')).toBeNull()
  })

  test('for one purpose or number cannot be passed off as another', () => {
    const internal = signToken(OLD, { purpose: 'internal', number: 7 })
    const answer = signToken(OLD, { purpose: 'answer', number: 7 })
    const other = signToken(OLD, { purpose: 'internal', number: 8 })
    const seal = (token: string) => token.slice(token.lastIndexOf('-'))
    expect(verifyToken([OLD], answer.replace(seal(answer), seal(internal)))).toBeNull()
    expect(verifyToken([OLD], other.replace(seal(other), seal(internal)))).toBeNull()
    expect(verifyToken([OLD], internal.replace('i-7-', 'i-07-'))).toBeNull()
  })

  test('stays valid after the key was rotated, and not once its key is gone', () => {
    const token = signToken(OLD, { purpose: 'requester', number: 5 })
    expect(verifyToken([NEW, OLD], token)).toEqual({ purpose: 'requester', number: 5 })
    expect(verifyToken([NEW], token)).toBeNull()
    expect(verifyToken([], token)).toBeNull()
  })

  test('signed with a key of the same name and another secret is refused', () => {
    const foreign = signToken({ id: 'k1', secret: 'guessed' }, { purpose: 'answer', number: 5 })
    expect(verifyToken([OLD, NEW], foreign)).toBeNull()
  })

  test('uses all of its seal: no place in it is always the same, or nearly so', () => {
    const seals = Array.from({ length: 2_000 }, (_, number) => signToken(OLD, { purpose: 'answer', number }).slice(-16))
    for (let place = 0; place < 16; place += 1)
      expect(new Set(seals.map(seal => seal[place])).size, `place ${place}`).toBeGreaterThan(28)
  })

  test('is short and plain enough for the local part of an address and for a Message-ID', () => {
    fc.assert(
      fc.property(claims, claim => {
        const token = signToken({ id: 'kzzzz', secret: 's' }, claim)
        expect(token).toMatch(/^[a-z0-9-]{1,48}$/)
      }),
    )
  })
})

describe('looking for tokens', () => {
  const token = signToken(OLD, { purpose: 'answer', number: 1234 })

  test('finds them in addresses and Message-IDs', () => {
    expect(tokensIn(`<${token}@desk.example>`)).toEqual([token])
    expect(tokensIn(`help+${token}@desk.example`)).toEqual([token])
    expect(tokensIn(`<${token}.2@desk.example> <${token.toUpperCase()}@desk.example>`)).toEqual([
      token,
      token.toUpperCase(),
    ])
  })

  test('finds each one that was signed, wherever it stands', () => {
    fc.assert(
      fc.property(
        claims,
        fc.constantFrom('<', 'help+', ' ', '"', '='),
        fc.constantFrom('@', '>', ' ', '.'),
        (claim, before, after) => {
          const signed = signToken(NEW, claim)
          expect(tokensIn(`${before}${signed}${after}`)).toEqual([signed])
        },
      ),
    )
  })

  test('finds none in what only looks a little like one', () => {
    for (const text of [
      '',
      'help@desk.example',
      '<abc-123@mail.example>',
      `x${token}`,
      `${token}2`,
      token.slice(0, -1),
    ])
      expect(tokensIn(text)).toEqual([])
  })

  test('ends soon in a long text that is nearly all tokens', () => {
    const spent = cpuTime()
    expect(tokensIn('q-1-k1-'.repeat(100_000))).toEqual([])
    expect(spent()).toBeLessThan(2_000)
  })
})
