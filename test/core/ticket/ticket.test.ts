import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { mayClaim, mayGiveAway, mayMove, replay, type TicketView } from '../../../src/core/ticket/ticket.ts'
import type { FramedEvent, TicketEvent } from '../../../src/core/ticket/ticket-event.ts'

const OPENED: TicketEvent = {
  type: 'opened',
  data: { number: 1, desk: 'help', requester: 'ann', copied: [], message: 'm1', content: 'c' },
}
const received: TicketEvent = { type: 'received', data: { message: 'm', content: 'c', kind: 'person', rule: 'token' } }
const replied: TicketEvent = { type: 'replied', data: { message: 'm', content: 'c' } }
const noted: TicketEvent = { type: 'noted', data: { message: 'm', content: 'c' } }
const claimed = (owner: string): TicketEvent => ({ type: 'claimed', data: { owner } })
const released = (owner: string): TicketEvent => ({ type: 'released', data: { owner } })
const closed: TicketEvent = { type: 'closed', data: {} }
const reopened: TicketEvent = { type: 'reopened', data: { by: 'message' } }
const joined: TicketEvent = { type: 'joined', data: { person: 'carl', role: 'copied' } }
const undelivered: TicketEvent = { type: 'undelivered', data: { outbox: 'o' } }

const at = (seq: number) => new Date(Date.UTC(2026, 0, 5, 10, seq)).toISOString()

/** One event a minute. */
function framed(events: TicketEvent[]): FramedEvent[] {
  return events.map((event, index) => ({
    ...event,
    ticketId: 't1',
    seq: index + 1,
    at: at(index + 1),
    actorId: 'bob',
    channel: 'support',
  }))
}

const given = (...events: TicketEvent[]) => replay(framed([OPENED, ...events]))

describe('a ticket rebuilt from its events', () => {
  test('is new, without an owner, of whoever opened it', () => {
    expect(given()).toEqual({
      state: 'new',
      deskId: 'help',
      requesterId: 'ann',
      ownerId: null,
      offeredTo: null,
      offeredUntil: null,
      helpers: '',
      kind: null,
      category: null,
      impact: null,
      urgency: null,
      priority: null,
      raised: 0,
      tags: '',
      fields: '{}',
      resumeAt: null,
      expectedAt: null,
      resolvedAt: null,
      rating: null,
      mergedInto: null,
      openedAt: at(1),
      updatedAt: at(1),
      firstResponseAt: null,
      closedAt: null,
    })
  })

  test('is open and owned once it is claimed, and stays open when it is released', () => {
    expect(given(claimed('bob'))).toMatchObject({ state: 'open', ownerId: 'bob', updatedAt: at(2) })
    expect(given(claimed('bob'), released('bob'))).toMatchObject({ state: 'open', ownerId: null })
    expect(given(claimed('bob'), released('bob'), claimed('eve'))).toMatchObject({ ownerId: 'eve' })
  })

  test('comes back when it was to come back, though it was part of another ticket meanwhile', () => {
    const scheduled: TicketEvent = { type: 'scheduled', data: { until: at(90) } }
    const merged: TicketEvent = { type: 'merged', data: { into: 't2' } }
    expect(given(scheduled, merged)).toMatchObject({ state: 'closed', resumeAt: null, mergedInto: 't2' })
    const unmerged: TicketEvent = { type: 'unmerged', data: { from: 't2', state: 'scheduled', until: at(90) } }
    expect(given(scheduled, merged, unmerged)).toMatchObject({ state: 'scheduled', resumeAt: at(90), mergedInto: null })
  })

  test('keeps the time of the first answer', () => {
    expect(given(noted, replied, received, replied)).toMatchObject({
      state: 'open',
      firstResponseAt: at(3),
      updatedAt: at(5),
    })
    expect(given(noted, received).firstResponseAt).toBeNull()
  })

  test('is closed at a time, and not any more when it is reopened', () => {
    expect(given(claimed('bob'), closed)).toMatchObject({ state: 'closed', closedAt: at(3), ownerId: 'bob' })
    expect(given(closed, reopened)).toMatchObject({ state: 'open', closedAt: null })
    expect(given(closed, reopened, closed)).toMatchObject({ state: 'closed', closedAt: at(4) })
  })

  test('stays closed whatever is said on it', () => {
    for (const event of [received, replied, noted, joined, undelivered])
      expect(given(closed, event)).toMatchObject({ state: 'closed', closedAt: at(2) })
  })

  test('is not changed but for its time by a message, a note, a new participant or a failed delivery', () => {
    for (const event of [received, noted, joined, undelivered])
      expect(given(event)).toEqual({ ...given(), updatedAt: at(2) })
  })

  test('needs to be opened first, once', () => {
    expect(() => replay([])).toThrow('without events')
    expect(() => replay(framed([closed]))).toThrow('do not begin')
    expect(() => replay(framed([OPENED, OPENED]))).toThrow('opened twice')
  })

  test('obeys what the tables demand, whatever happens to it', () => {
    const events = fc.constantFrom(received, replied, noted, claimed('bob'), released('bob'), closed, reopened, joined)
    fc.assert(
      fc.property(fc.array(events, { maxLength: 20 }), happened => {
        const ticket = given(...happened)
        expect(ticket.state === 'closed').toBe(ticket.closedAt !== null)
        if (ticket.state === 'new') expect(ticket.ownerId).toBeNull()
        expect(ticket.updatedAt).toBe(at(happened.length + 1))
        expect(ticket.requesterId).toBe('ann')
      }),
      { numRuns: 500 },
    )
  })
})

describe('an agent', () => {
  const ticket: TicketView = { ...given(), ref: 'HD-7', ownerName: null }
  const bobs: TicketView = { ...given(claimed('bob')), ref: 'HD-7', ownerName: 'Bob Berg' }
  const done: TicketView = { ...given(closed), ref: 'HD-7', ownerName: null }

  test('may claim what nobody has, and is told who has it otherwise', () => {
    mayClaim(ticket, 'bob')
    expect(() => mayClaim(bobs, 'eve')).toThrow('HD-7 belongs to Bob Berg')
    expect(() => mayClaim(bobs, 'bob')).toThrow('HD-7 is already yours.')
    expect(() => mayClaim(done, 'bob')).toThrow('reopen HD-7')
  })

  test('may release what is theirs', () => {
    mayGiveAway(bobs, 'bob', 'release')
    expect(() => mayGiveAway(bobs, 'eve', 'release')).toThrow('belongs to Bob Berg')
    expect(() => mayGiveAway(ticket, 'bob', 'release')).toThrow('has no owner')
  })

  test('may close what is not closed, and reopen what is', () => {
    mayMove(ticket, 'close')
    mayMove(bobs, 'close')
    mayMove(done, 'reopen')
    expect(() => mayMove(done, 'close')).toThrow('closed already')
    expect(() => mayMove(bobs, 'reopen')).toThrow('cannot be reopened')
  })

  test('is told in a sentence, and a program by the code "conflict"', () => {
    expect(() => mayClaim(bobs, 'eve')).toThrow(expect.objectContaining({ name: 'DeskError', code: 'conflict' }))
  })
})
