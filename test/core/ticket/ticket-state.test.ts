import { describe, expect, test } from 'vitest'
import { MOVES, type Move, refusalOf, TICKET_STATES } from '../../../src/core/ticket/ticket-state.ts'

describe('the table of moves', () => {
  test.each(Object.keys(MOVES) as Move[])('%s leads to a state, or is refused with a sentence', move => {
    for (const state of TICKET_STATES) {
      const refusal = refusalOf('HD-7', state, move)
      if (MOVES[move][state]) expect(refusal).toBeNull()
      else expect(refusal).toMatch(/^HD-7 is [\s\S]+\.$/)
    }
  })

  test('leaves no state without a way on, and what is done only by opening it again', () => {
    for (const state of TICKET_STATES) {
      const ways = (Object.keys(MOVES) as Move[]).filter(move => (MOVES[move][state] ?? state) !== state)
      expect(ways.length).toBeGreaterThan(0)
    }
    for (const move of Object.keys(MOVES) as Move[]) {
      if (move === 'reopen' || move === 'answer' || move === 'merge') continue
      expect(MOVES[move].closed).toBeUndefined()
    }
  })

  test('makes nothing new again', () => {
    for (const targets of Object.values(MOVES)) {
      for (const [from, to] of Object.entries(targets)) if (to === 'new') expect(from).toBe('new')
    }
  })
})
