import { describe, expect, test } from 'vitest'
import { solvedAnswer } from '../../../src/core/ticket/solved-answer.ts'

describe('an answer to whether it is solved', () => {
  test.each([
    ['yes', true, null, ''],
    ['Yes, 5, that was quick', true, 5, '5, that was quick'],
    ['Yes!\n\nIt prints again.', true, null, 'It prints again.'],
    ['Ja, danke', true, null, 'danke'],
    ['oui', true, null, ''],
    ['Sí, 4/5', true, 4, '4/5'],
    ['да', true, null, ''],
    ['はい', true, null, ''],
    ['5', true, 5, ''],
    ['4 - good work', true, 4, 'good work'],
    ['Thanks!', true, null, 'Thanks!'],
    ['Great, thank you very much', true, null, 'Great, thank you very much'],
    ['no', false, null, ''],
    ['No, it still burns.', false, null, 'it still burns.'],
    ['Nein, leider nicht', false, null, 'leider nicht'],
    ['Not yet', false, null, ''],
    ['Yes, but it is slow', false, null, 'but it is slow'],
  ])('%j', (text, solved, score, comment) => {
    expect(solvedAnswer(text)).toEqual({ solved, score, comment })
  })

  test.each([
    'It burns again.',
    'Thanks, but it still does not print.',
    'Thank you! And could you also look at the scanner?',
    'Yesterday it worked.',
    'Now it is worse.',
    'Nothing changed',
    '3 printers are broken, still',
    'Noted. Can you call me?',
    '',
  ])('%j is a message like any other', text => {
    expect(solvedAnswer(text)).toBeNull()
  })
})
