import { describe, expect, test } from 'vitest'
import { parseQuery } from '../../../src/core/ticket/query.ts'

const DAY_MS = 86_400_000

describe('a query', () => {
  test.each([
    [[], {}],
    [['mine'], { owner: 'me' }],
    [['unowned', 'older', '1d'], { owner: 'nobody', older: DAY_MS }],
    [['all', 'tag', 'vip', 'tag:printer'], { states: 'all', tags: ['vip', 'printer'] }],
    [['owner', '@Bob', 'quiet:2d'], { owner: 'bob', quiet: 2 * DAY_MS }],
    [['new', 'scheduled'], { states: ['new', 'scheduled'] }],
    [['state', 'waiting-on-requester'], { states: ['waiting-on-requester'] }],
    [['priority', 'p1', 'category', 'hardware'], { columns: { priority: 'P1', category: 'hardware' } }],
    [['desk:IT', 'kind:incident'], { columns: { deskId: 'it', kind: 'incident' } }],
    [['printer', 'jam'], { words: ['printer', 'jam'] }],
    [['mine', 'printer jam'], { owner: 'me', words: ['printer', 'jam'] }],
    [['requester', 'ann'], { requester: 'ann' }],
  ])('%j', (words, wanted) => {
    expect(parseQuery(words)).toEqual(wanted)
  })

  test.each([
    [['older', 'soon'], 'older 30m'],
    [['state', 'lost'], 'is not a state'],
    [['priority', 'P9'], 'is not a priority'],
    [['tag'], 'Say what to look for'],
    [['has:attachment'], 'There is no filter "has". Filters are owner, helper'],
    [['mine', 'prioritiy:P1'], 'Did you mean priority:P1?'],
    [['Tags:vip'], 'Did you mean tag:vip?'],
    [['is:open'], 'To look for words, write: search "is open"'],
  ])('%j is refused with what to write', (words, told) => {
    expect(() => parseQuery(words)).toThrow(told)
  })

  test.each([['https://example.com/x'], ['10:30'], ['C:\\Users'], ['RE:'], ['fe80::1']])('%s is a word', word => {
    expect(parseQuery([word])).toEqual({ words: [word] })
  })

  test('what is searched for may look like a filter, unless it is nearly one', () => {
    expect(parseQuery(['error:timeout'], { searches: true })).toEqual({ words: ['error:timeout'] })
    expect(() => parseQuery(['statee:open'], { searches: true })).toThrow('Did you mean state:open?')
  })
})
