import { describe, expect, test } from 'vitest'
import { categoryOf, fieldsOf, type TicketPolicy } from '../../../src/core/ticket/policy.ts'
import { assess, DEFAULT_MATRIX } from '../../../src/core/ticket/priority.ts'

const field = (name: string) => ({ name, choices: [], required: true })
const POLICY: Pick<TicketPolicy, 'categories' | 'fields'> = {
  categories: [
    { path: 'hardware', fields: [field('serial')] },
    { path: 'hardware/printer', fields: [field('model')] },
    { path: 'mail', fields: [] },
    { path: 'mail/error', fields: [] },
    { path: 'software/error', fields: [] },
  ],
  fields: { incident: [field('since')], request: [] },
}

describe('priority', () => {
  test('follows from impact and urgency', () => {
    expect(assess(DEFAULT_MATRIX, 'high', 'high', false)).toMatchObject({ priority: 'P1', raised: false })
    expect(assess(DEFAULT_MATRIX, 'medium', 'medium', false)).toMatchObject({ priority: 'P3' })
    expect(assess(DEFAULT_MATRIX, 'low', 'low', false)).toMatchObject({ priority: 'P5' })
  })

  test('counts the urgency of a VIP one level higher, and says so', () => {
    expect(assess(DEFAULT_MATRIX, 'medium', 'low', true)).toEqual({
      impact: 'medium',
      urgency: 'low',
      priority: 'P3',
      raised: true,
    })
    expect(assess(DEFAULT_MATRIX, 'high', 'high', true)).toMatchObject({ priority: 'P1', raised: false })
  })
})

describe('a category', () => {
  test('is named by its path, or by its last part where that is one alone', () => {
    expect(categoryOf(POLICY as TicketPolicy, 'Hardware > Printer').path).toBe('hardware/printer')
    expect(categoryOf(POLICY as TicketPolicy, 'printer').path).toBe('hardware/printer')
    expect(() => categoryOf(POLICY as TicketPolicy, 'error')).toThrow('mail/error or software/error')
    expect(() => categoryOf(POLICY as TicketPolicy, 'hardware/printr')).toThrow('did you mean hardware/printer?')
  })

  test('asks for the fields of its kind, of itself and of what it lies in', () => {
    const names = fieldsOf(POLICY as TicketPolicy, 'incident', 'hardware/printer').map(each => each.name)
    expect(names).toEqual(['since', 'serial', 'model'])
    expect(fieldsOf(POLICY as TicketPolicy, null, null)).toEqual([])
  })
})
