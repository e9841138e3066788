import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { contentDigest, hashEvent } from '../../../src/core/ticket/digests.ts'
import type { EventFrame } from '../../../src/core/ticket/ticket-event.ts'

const FRAME: EventFrame = { ticketId: 't1', seq: 2, at: '2026-01-05T10:00:00.000Z', actorId: 'p1', channel: 'support' }
const frames = fc.record({
  ticketId: fc.string(),
  seq: fc.nat(),
  at: fc.string(),
  actorId: fc.option(fc.string()),
  channel: fc.string(),
})
const saids = fc.tuple(frames, fc.string(), fc.string(), fc.string())

describe('the hash of an event', () => {
  test('is always the same for the same event', () => {
    expect(hashEvent(FRAME, 'closed', '{}', 'before')).toMatch(/^[0-9a-f]{64}$/)
    expect(hashEvent({ ...FRAME }, 'closed', '{}', 'before')).toBe(hashEvent(FRAME, 'closed', '{}', 'before'))
  })

  test('does not depend on what else is known of the event', () => {
    const more = { hash: 'x', ...FRAME }
    expect(hashEvent(more, 'closed', '{}', '')).toBe(hashEvent(FRAME, 'closed', '{}', ''))
  })

  test('changes with anything that the event says, and with what came before', () => {
    const changed = [
      hashEvent({ ...FRAME, ticketId: 't2' }, 'closed', '{}', ''),
      hashEvent({ ...FRAME, seq: 3 }, 'closed', '{}', ''),
      hashEvent({ ...FRAME, at: '2026-01-05T10:00:00.001Z' }, 'closed', '{}', ''),
      hashEvent({ ...FRAME, actorId: null }, 'closed', '{}', ''),
      hashEvent({ ...FRAME, channel: 'sales' }, 'closed', '{}', ''),
      hashEvent(FRAME, 'reopened', '{}', ''),
      hashEvent(FRAME, 'closed', '{"a":1}', ''),
      hashEvent(FRAME, 'closed', '{}', 'x'),
      hashEvent(FRAME, 'closed', '{}', ''),
    ]
    expect(new Set(changed).size).toBe(changed.length)
  })

  test('is never shared by two different events, however their parts run into each other', () => {
    fc.assert(
      fc.property(saids, saids, (one, other) => {
        const same = JSON.stringify(one) === JSON.stringify(other)
        expect(hashEvent(...one) === hashEvent(...other)).toBe(same)
      }),
      { numRuns: 500 },
    )
  })
})

describe('the digest of what somebody wrote', () => {
  const content = {
    direction: 'in',
    author: 'Ann',
    subject: 'Printer',
    text: 'It burns.',
    visible: null,
    attachments: ['a1', 'b2'],
  }

  test('is the same for the same words and salt, and says nothing without the salt', () => {
    expect(contentDigest('salt', { ...content })).toBe(contentDigest('salt', content))
    expect(contentDigest('other', content)).not.toBe(contentDigest('salt', content))
  })

  test('changes with direction, author, subject, text, what is shown of it, the files and their order', () => {
    const digests = [
      content,
      { ...content, subject: 'PrinterIt' },
      { ...content, text: 'It burns!' },
      { ...content, subject: '', text: 'PrinterIt burns.' },
      { ...content, direction: 'internal' },
      { ...content, author: 'Bob' },
      { ...content, visible: 'It' },
      { ...content, attachments: ['b2', 'a1'] },
      { ...content, attachments: ['a1b2'] },
      { ...content, attachments: [] },
    ].map(each => contentDigest('salt', each))
    expect(new Set(digests).size).toBe(digests.length)
  })
})
