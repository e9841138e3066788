import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { MessageKind } from '../../../src/channel/message.ts'
import { type Arrival, type Clue, decide } from '../../../src/core/intake/threading.ts'
import type { Purpose } from '../../../src/core/ticket/token.ts'

const OWN = 'their own ticket'
const OTHER = "somebody else's ticket"

const token = (ticketId: string, purpose: Purpose = 'requester', issuedToSender = true): Clue => ({
  by: 'token',
  ticketId,
  purpose,
  issuedToSender,
})
const seen = (ticketId: string): Clue => ({ by: 'references', ticketId, known: 'seen' })
const mentioned = (ticketId: string): Clue => ({ by: 'references', ticketId, known: 'mentioned' })
const thread = (ticketId: string): Clue => ({ by: 'thread', ticketId })
const bracketed = (ticketId: string): Clue => ({ by: 'subject', ticketId, bracketed: true })
const bare = (ticketId: string): Clue => ({ by: 'subject', ticketId, bracketed: false })

/** A person who takes part in one ticket, and writes what leads to these. */
function arrival(clues: Clue[], more: Partial<Arrival> = {}): Arrival {
  return { kind: 'person', clues, senderIsAgent: false, takesPart: id => id === OWN, ...more }
}

const appended = (rule: string, direction: 'in' | 'out' | 'internal' = 'in', ticketId = OWN) =>
  expect.objectContaining({ action: 'append', ticketId, direction, rule })

describe('a participant', () => {
  test.each<[string, Clue]>([
    ['token', token(OWN)],
    ['token', token(OWN, 'requester', false)],
    ['thread', thread(OWN)],
    ['references', seen(OWN)],
    ['references', mentioned(OWN)],
    ['subject', bracketed(OWN)],
    ['subject', bare(OWN)],
  ])('joins their ticket by %s', (rule, clue) => {
    expect(decide(arrival([clue]))).toEqual(appended(rule))
  })

  test('who writes something new opens a ticket', () => {
    expect(decide(arrival([]))).toEqual({ action: 'open' })
  })

  test('joins by the strongest reason', () => {
    expect(decide(arrival([token(OWN), seen(OWN), bare(OWN)]))).toEqual(appended('token'))
    expect(decide(arrival([seen(OWN), bracketed(OTHER)]))).toEqual(appended('references'))
  })

  test('joins their own ticket although the message just mentions another', () => {
    expect(decide(arrival([mentioned(OTHER), bracketed(OWN)]))).toEqual(appended('subject'))
    expect(decide(arrival([bare(OTHER), bare(OWN)]))).toEqual(appended('subject'))
  })

  test('who answers a message of a ticket that is not theirs waits for an agent, whatever the subject says', () => {
    expect(decide(arrival([token(OTHER, 'requester', false), bracketed(OWN)]))).toMatchObject({
      action: 'hold',
      ticketId: OTHER,
    })
    expect(decide(arrival([seen(OTHER), bare(OWN)]))).toMatchObject({ action: 'hold', ticketId: OTHER })
  })

  test('never writes to the requester in the name of the desk, whatever token they have', () => {
    for (const purpose of ['answer', 'internal', 'requester'] as const)
      expect(decide(arrival([token(OWN, purpose)]))).toEqual(appended('token', 'in'))
  })
})

describe('a stranger', () => {
  test.each<[string, Clue]>([
    ['stranger-with-token', token(OTHER, 'requester', false)],
    ['stranger-with-token', token(OTHER, 'answer')],
    ['stranger-with-token', token(OTHER, 'internal', false)],
    ['stranger-in-thread', thread(OTHER)],
    ['stranger-with-references', seen(OTHER)],
    ['stranger-with-reference', bracketed(OTHER)],
  ])('is held: %s', (reason, clue) => {
    expect(decide(arrival([clue]))).toEqual({ action: 'hold', ticketId: OTHER, reason })
  })

  test('who gets the answers, because a requester asked for that, may answer them', () => {
    expect(decide(arrival([token(OTHER)]))).toEqual(
      expect.objectContaining({ action: 'append', ticketId: OTHER, direction: 'in', allowed: 'addressee' }),
    )
  })

  test('with several reasons is held for the strongest', () => {
    expect(decide(arrival([token(OTHER, 'requester', false), seen('third'), bracketed('fourth')]))).toEqual({
      action: 'hold',
      ticketId: OTHER,
      reason: 'stranger-with-token',
    })
  })

  test('who merely mentions a ticket opens one of their own', () => {
    expect(decide(arrival([bare(OTHER)]))).toEqual({ action: 'open' })
    expect(decide(arrival([mentioned(OTHER), bare(OTHER)]))).toEqual({ action: 'open' })
  })
})

describe('an agent', () => {
  const agent = (clues: Clue[]) => decide(arrival(clues, { senderIsAgent: true }))

  test('who answers a notification of a requester that was sent to them answers the requester', () => {
    expect(agent([token(OTHER, 'answer')])).toEqual(appended('token', 'out', OTHER))
  })

  test('who answers one that was sent to somebody else stays internal', () => {
    expect(agent([token(OTHER, 'answer', false)])).toEqual(appended('token-of-another', 'internal', OTHER))
  })

  test('who answers an internal notification stays internal', () => {
    expect(agent([token(OTHER, 'internal')])).toEqual(appended('token', 'internal', OTHER))
    expect(agent([token(OWN, 'internal')])).toEqual(appended('token', 'internal', OWN))
  })

  test('whose mail answers several things stays internal if they disagree', () => {
    for (const second of [token(OTHER, 'internal'), token('third', 'answer'), token(OTHER, 'requester')]) {
      expect(agent([token(OTHER, 'answer'), second])).toEqual(appended('tokens-disagree', 'internal', OTHER))
      expect(agent([second, token(OTHER, 'answer')])).toMatchObject({ direction: 'internal', rule: 'tokens-disagree' })
    }
    expect(agent([token(OTHER, 'answer'), token(OTHER, 'answer')])).toMatchObject({ direction: 'out' })
  })

  test('who was forwarded the mail to a requester and answers it stays internal', () => {
    expect(agent([token(OTHER, 'requester')])).toEqual(appended('token', 'internal', OTHER))
  })

  test('who is the requester of a ticket is heard as one', () => {
    expect(agent([token(OWN, 'requester')])).toEqual(appended('token', 'in'))
    expect(agent([seen(OWN)])).toEqual(appended('references', 'in'))
    expect(agent([bare(OWN)])).toEqual(appended('subject', 'in'))
  })

  test('without a token never writes to a requester', () => {
    expect(agent([seen(OTHER)])).toEqual(appended('references', 'internal', OTHER))
    expect(agent([thread(OTHER)])).toEqual(appended('thread', 'internal', OTHER))
    expect(agent([bracketed(OTHER)])).toEqual(appended('subject', 'internal', OTHER))
  })

  test('who just mentions a ticket, or none, opens one', () => {
    expect(agent([bare(OTHER)])).toEqual({ action: 'open' })
    expect(agent([mentioned(OTHER)])).toEqual({ action: 'open' })
    expect(agent([])).toEqual({ action: 'open' })
  })
})

describe('automatic mail', () => {
  const automatic = (kind: MessageKind, clues: Clue[], senderIsAgent = false) =>
    decide(arrival(clues, { kind, senderIsAgent }))

  test.each<MessageKind>(['bounce', 'auto-reply', 'bulk'])('from a participant joins their ticket: %s', kind => {
    for (const clue of [token(OWN), seen(OWN), bracketed(OWN)])
      expect(automatic(kind, [clue])).toEqual(appended(clue.by))
  })

  test('a bounce of our own mail joins its ticket, whoever it comes from', () => {
    expect(automatic('bounce', [token(OTHER, 'requester', false)])).toEqual(appended('token', 'in', OTHER))
  })

  test('an automatic answer of somebody we wrote to joins the ticket', () => {
    expect(automatic('auto-reply', [token(OTHER, 'requester', true)])).toEqual(appended('token', 'in', OTHER))
  })

  test('one header more opens no door: a stranger with a token who calls it automatic is held', () => {
    const held = { action: 'hold', ticketId: OTHER, reason: 'stranger-with-token' }
    expect(automatic('auto-reply', [token(OTHER, 'requester', false)])).toEqual(held)
    expect(automatic('bulk', [token(OTHER, 'requester', false)])).toEqual(held)
  })

  test('that answers what only agents read stays internal', () => {
    for (const purpose of ['answer', 'internal'] as const) {
      expect(automatic('auto-reply', [token(OTHER, purpose)], true)).toMatchObject({ direction: 'internal' })
      expect(automatic('bounce', [token(OTHER, purpose, false)])).toMatchObject({ direction: 'internal' })
    }
  })

  test('that only knows a reference joins nothing', () => {
    for (const clue of [seen(OTHER), thread(OTHER), bracketed(OTHER), bare(OTHER), mentioned(OTHER)]) {
      expect(automatic('bounce', [clue])).toEqual({ action: 'ignore', rule: 'bounce' })
      expect(automatic('auto-reply', [clue])).toEqual({ action: 'ignore', rule: 'auto-reply' })
      expect(automatic('bulk', [clue])).toEqual({ action: 'open' })
    }
  })

  test('about nothing of ours is left alone, and bulk mail opens a ticket', () => {
    expect(automatic('bounce', [])).toEqual({ action: 'ignore', rule: 'bounce' })
    expect(automatic('auto-reply', [])).toEqual({ action: 'ignore', rule: 'auto-reply' })
    expect(automatic('bulk', [])).toEqual({ action: 'open' })
    expect(automatic('bulk', [mentioned(OWN)])).toEqual({ action: 'open' })
  })
})

describe('whatever a message says of itself', () => {
  const tickets = fc.constantFrom<string>('a', 'b', 'c')
  const purposes = fc.constantFrom<Purpose>('requester', 'answer', 'internal')
  const strength = { token: 0, thread: 1, references: 2, subject: 3, alert: 4, recipient: 5 }
  const clues = fc
    .array(
      fc.oneof(
        fc.tuple(tickets, purposes, fc.boolean()).map(parts => token(...parts)),
        tickets.map(thread),
        tickets.map(seen),
        tickets.map(mentioned),
        tickets.map(bracketed),
        tickets.map(bare),
      ),
      { maxLength: 6 },
    )
    .map(found => found.toSorted((one, other) => strength[one.by] - strength[other.by]))
  const parts = fc.uniqueArray(tickets)

  test('a person joins only where they take part', () => {
    fc.assert(
      fc.property(clues, parts, (found, own) => {
        const decision = decide(arrival(found, { takesPart: id => own.includes(id) }))
        if (decision.action === 'append') {
          const asked = found.filter(clue => clue.by === 'token' && clue.purpose === 'requester' && clue.issuedToSender)
          expect([...own, ...asked.map(clue => clue.ticketId)]).toContain(decision.ticketId)
          expect(decision.direction).toBe('in')
        }
        if (decision.action === 'hold') expect(found.map(clue => clue.ticketId)).toContain(decision.ticketId)
      }),
      { numRuns: 2_000 },
    )
  })

  test('a stranger with a token is held, unless it was sent to this very address to be answered', () => {
    fc.assert(
      fc.property(clues, tickets, purposes, fc.boolean(), (found, ticketId, purpose, issued) => {
        const mine = found.some(clue => clue.by === 'token' && clue.purpose === 'requester' && clue.issuedToSender)
        fc.pre(!mine)
        const decision = decide(arrival([token(ticketId, purpose, issued), ...found], { takesPart: () => false }))
        if (purpose === 'requester' && issued) expect(decision).toEqual(appended('token', 'in', ticketId))
        else expect(decision).toEqual({ action: 'hold', ticketId, reason: 'stranger-with-token' })
      }),
    )
  })

  test("an agent's words leave only as the answer to what was sent to this agent for it", () => {
    fc.assert(
      fc.property(clues, parts, (found, own) => {
        const decision = decide(arrival(found, { senderIsAgent: true, takesPart: id => own.includes(id) }))
        expect(decision.action).not.toBe('hold')
        if (decision.action !== 'append') return
        const tokens = found.filter(clue => clue.by === 'token')
        if (decision.direction === 'in') expect(own).toContain(decision.ticketId)
        if (decision.direction === 'out') {
          expect(tokens.some(clue => clue.issuedToSender)).toBe(true)
          expect(tokens.every(clue => clue.purpose === 'answer' && clue.ticketId === decision.ticketId)).toBe(true)
        }
      }),
      { numRuns: 2_000 },
    )
  })

  test('nothing automatic leaves, and none joins without a token where its sender takes no part', () => {
    const kinds = fc.constantFrom<MessageKind>('bounce', 'auto-reply', 'bulk')
    fc.assert(
      fc.property(kinds, clues, parts, fc.boolean(), (kind, found, own, senderIsAgent) => {
        const decision = decide(arrival(found, { kind, senderIsAgent, takesPart: id => own.includes(id) }))
        if (decision.action !== 'append') return
        expect(decision.direction).not.toBe('out')
        const meant = found.filter(clue => clue.by === 'token').map(clue => clue.ticketId)
        // What answers for an agent is kept among agents, with whatever it answers.
        const among = senderIsAgent ? found.map(clue => clue.ticketId) : meant
        const open = decision.direction === 'internal' ? among : [...own, ...(kind === 'bulk' ? [] : meant)]
        expect(open).toContain(decision.ticketId)
      }),
      { numRuns: 2_000 },
    )
  })
})
