import { describe, expect, test } from 'vitest'
import { countsOf, historyLines, isOverFor, shortSpan } from '../../../src/core/ticket/history-lines.ts'
import type { RecordedEvent, TicketEvent } from '../../../src/core/ticket/ticket-event.ts'

const OPENED: TicketEvent = {
  type: 'opened',
  data: { number: 1, desk: 'help', requester: 'ann', copied: [], message: 'm1', content: 'c' },
}

/** One event an hour. */
function recorded(...events: TicketEvent[]): RecordedEvent[] {
  return [OPENED, ...events].map((event, index) => ({
    ...event,
    ticketId: 't1',
    seq: index + 1,
    at: new Date(Date.UTC(2026, 0, 5, index)).toISOString(),
    actorId: 'bob',
    channel: 'cli',
    previous: '',
    hash: '',
  }))
}

describe('what went in circles', () => {
  test('is counted with the minutes that it cost', () => {
    const counts = countsOf(
      recorded(
        { type: 'claimed', data: { owner: 'bob' } },
        { type: 'classified', data: { category: 'mail' } },
        { type: 'released', data: { owner: 'bob' } },
        { type: 'claimed', data: { owner: 'eve' } },
        { type: 'classified', data: { category: 'hardware' } },
        { type: 'resolved', data: { how: 'solution', told: 'told' } },
        { type: 'spent', data: { person: 'eve', minutes: 20 } },
        { type: 'reopened', data: { by: 'message' } },
        { type: 'spent', data: { person: 'eve', minutes: 5 } },
      ),
    )
    expect(counts).toEqual({
      reopened: { times: 1, minutes: 120 },
      passed: { times: 1, minutes: 180 },
      misrouted: { times: 1, minutes: 180 },
      spent: new Map([['eve', 25]]),
    })
  })

  test('is nothing where a category is set before work begins, or an owner takes back what was theirs', () => {
    const counts = countsOf(
      recorded(
        { type: 'classified', data: { category: 'mail' } },
        { type: 'classified', data: { category: 'hardware' } },
        { type: 'claimed', data: { owner: 'bob' } },
        { type: 'released', data: { owner: 'bob' } },
        { type: 'claimed', data: { owner: 'bob' } },
      ),
    )
    expect(counts).toMatchObject({ passed: { times: 0 }, misrouted: { times: 0 }, reopened: { times: 0 } })
  })
})

test('a story tells who did what, and what it was before and after', () => {
  const story = historyLines(
    recorded(
      { type: 'claimed', data: { owner: 'bob' } },
      { type: 'classified', data: { impact: 'high', urgency: 'low', priority: 'P3', raised: true } },
    ),
    { person: id => (id === 'bob' ? 'Bob' : 'Ann'), ticket: () => 'HD-2', desk: id => id, textOf: () => '' },
  )
  expect(story.map(({ who, did }) => `${who} ${did}`)).toEqual([
    'Bob opened it',
    'Bob claimed it',
    'Bob set impact to high, urgency to low, priority to P3; a VIP’s urgency counts one higher',
  ])
  expect(story[1]).toMatchObject({ before: { state: 'new', ownerId: null }, after: { state: 'open', ownerId: 'bob' } })
})

test('of an event that names columns, a story tells what each is now and was before', () => {
  const emptied = { type: 'classified', data: { category: null } } as unknown as TicketEvent
  const story = historyLines(recorded({ type: 'classified', data: { kind: 'incident', category: 'mail' } }, emptied), {
    person: () => 'Bob',
    ticket: () => 'HD-2',
    desk: id => id,
    textOf: () => '',
  })
  expect(story.map(({ did }) => did)).toEqual([
    'opened it',
    'set kind to incident, category to mail',
    'set category to nothing (was mail)',
  ])
})

test('spans are told in two units at most', () => {
  const after = (minutes: number) =>
    shortSpan('2026-01-01T00:00:00Z', new Date(Date.UTC(2026, 0, 1, 0, minutes)).toISOString())
  expect([0, 59, 60, 150, 1440, 1560].map(after)).toEqual([
    '0 min',
    '59 min',
    '1 h 0 min',
    '2 h 30 min',
    '1 d 0 h',
    '1 d 2 h',
  ])
})

test('a ticket is over once it was closed for longer than the window', () => {
  const closed = { state: 'closed' as const, closedAt: '2026-01-01T00:00:00.000Z' }
  expect(isOverFor(closed, '2026-01-02T00:00:00.000Z', 86_400_000)).toBe(false)
  expect(isOverFor(closed, '2026-01-02T00:00:00.001Z', 86_400_000)).toBe(true)
  expect(isOverFor({ state: 'resolved', closedAt: null }, '2027-01-01T00:00:00Z', 1)).toBe(false)
})
