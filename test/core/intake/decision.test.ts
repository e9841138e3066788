import { expect, test } from 'vitest'
import type { MessageParts } from '../../../src/channel/inbound.ts'
import type { InboundMessage } from '../../../src/channel/message.ts'
import { decideMessage } from '../../../src/core/intake/decision.ts'
import { countersOf } from '../../../src/core/intake/flood-limits.ts'
import type { Situation } from '../../../src/core/intake/situation.ts'
import { messageFrom } from '../../support/memory-desk.ts'

function message(more: Partial<MessageParts> = {}): InboundMessage {
  return messageFrom('ann@example.com', { authentication: { result: 'pass', reasons: [] }, live: true, ...more })
}

function situation(more: Partial<Situation> = {}): Situation {
  return {
    message: message(),
    kind: 'email',
    isOwn: false,
    isOurs: address => address === 'help@example.com',
    bearsToken: false,
    clues: [],
    tickets: new Map(),
    sender: { id: 'ann', isAgent: false },
    proof: { by: 'transport' },
    chat: null,
    forwardsStranger: false,
    commands: null,
    senderJudgement: { isBlocked: false, isAllowed: false, verdict: null },
    counts: new Map(),
    scan: null,
    counters: { open: [], append: [] },
    ignoresNewsletters: true,
    ...more,
  }
}

const HERS = {
  participants: [{ kind: 'email', address: 'ann@example.com', personId: 'ann' }],
  isSenderRemoved: false,
  isOver: false,
}
const ANSWER = {
  clues: [{ by: 'references', ticketId: 'T', known: 'seen' }],
  tickets: new Map([['T', HERS]]),
} satisfies Partial<Situation>
const AGENT = { sender: { id: 'bob', isAgent: true } }
const COMMANDS = { hasText: false, areIntended: true, alone: { hasText: false, areUnderstood: true } }

test.each<[string, Partial<Situation>, object]>([
  ['a first message', {}, { action: 'open' }],
  ['an answer', ANSWER, { action: 'append', ticketId: 'T', direction: 'in' }],
  [
    'a stranger in her ticket',
    { ...ANSWER, tickets: new Map() },
    { action: 'hold', reason: 'stranger-with-references' },
  ],
  ['a message of ours', { isOwn: true }, { action: 'ignore', rule: 'own-message' }],
  ['our own address', { isOurs: () => true }, { action: 'ignore', rule: 'own-address' }],
  [
    'an answer long after it was closed',
    { ...ANSWER, tickets: new Map([['T', { ...HERS, isOver: true }]]) },
    { action: 'open', follows: 'T' },
  ],
  ['a question for her tickets', { message: message({ visible: 'Status?' }) }, { action: 'ignore', rule: 'status' }],
  [
    'a token of whoever was taken off',
    {
      clues: [{ by: 'token', ticketId: 'T', purpose: 'requester', issuedToSender: true }],
      tickets: new Map([['T', { ...HERS, participants: [], isSenderRemoved: true }]]),
    },
    { action: 'hold', reason: 'stranger-with-token' },
  ],
  [
    'a blocked sender',
    { senderJudgement: { isBlocked: true, isAllowed: false, verdict: null } },
    { action: 'ignore', rule: 'blocked' },
  ],
  ['what was taken for spam', { message: message({ spam: ['rspamd'] }) }, { action: 'hold', reason: 'spam' }],
  ['a virus', { scan: { result: 'found', name: 'Eicar' } }, { action: 'hold', reason: 'virus' }],
  ["an agent's commands", { ...AGENT, commands: COMMANDS }, { action: 'ignore', rule: 'commands' }],
  [
    'commands that nothing confirms',
    { ...AGENT, commands: COMMANDS, proof: null },
    { action: 'hold', reason: 'commands' },
  ],
  [
    'commands by a mail that others got as well',
    { ...AGENT, commands: COMMANDS, proof: { by: 'token', alone: [] } },
    { action: 'hold', reason: 'commands' },
  ],
  [
    "an agent's request that begins with what looks like a command",
    {
      ...AGENT,
      commands: { hasText: true, areIntended: false, alone: { hasText: true, areUnderstood: false } },
    },
    { action: 'open' },
  ],
  [
    'an answer to a notice in a chat',
    { message: message({ chat: { thread: 't' } }), chat: { answersNotice: true, before: null } },
    { action: 'ignore', rule: 'answer-to-alarm' },
  ],
  [
    'the next line in a chat',
    {
      message: message({ chat: { thread: 't', row: { key: 'ann', within: 60_000 } } }),
      chat: { answersNotice: false, before: { ticketId: 'T', agoMs: 1000, open: true, alike: false } },
    },
    { action: 'append', ticketId: 'T', rule: 'row' },
  ],
])('%s', (_, more, expected) => {
  expect(decideMessage(situation(more)).decision).toMatchObject(expected)
})

test('one ticket more than a sender may open is held, and all are counted', () => {
  const counters = countersOf(message(), false, { by: 'transport' }, { tickets: 3, messages: 9, within: 1000 })
  const decided = (count: number) =>
    decideMessage(
      situation({
        counts: new Map([['tickets of ann@example.com', count]]),
        counters,
      }),
    )
  expect(decided(2)).toMatchObject({ decision: { action: 'open' }, counters: counters.open })
  expect(decided(3)).toMatchObject({ decision: { action: 'hold', reason: 'flood' }, counters: counters.open })
})

test('commands are done only where their mail gets its place', () => {
  const held = decideMessage(
    situation({ ...ANSWER, ...AGENT, commands: COMMANDS, scan: { result: 'found', name: 'Eicar' } }),
  )
  expect(held).toMatchObject({ decision: { action: 'hold', reason: 'virus' }, commands: 'none' })
})
