import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Authentication, InboundMessage, MailDetails, MessageKind } from '../../../src/channel/message.ts'
import type { OutboundMessage } from '../../../src/channel/outbound.ts'
import { canonicalAddress } from '../../../src/core/text/address.ts'
import { DeskError } from '../../../src/errors.ts'
import { verify } from '../../../src/flow/upkeep/verify.ts'
import { AGENTS } from '../../support/desk.ts'
import { type MemoryDesk, makeMemoryDesk, messageFrom } from '../../support/memory-desk.ts'

// Whatever comes in whatever order, some things never happen.

const SECRET = 'Quetzalcoatl'
const HELP = 'help@desk.example'
const MOST = 3
const MINUTE = 60_000
const REQUESTERS = ['ann@example.com', 'ann@example.com', 'ann+x@example.com', 'mike@other.example']
const STRANGERS = ['x@evil.example', 'nagios@monitor.example', 'mailer-daemon@mx.example', HELP, `help+x@desk.example`]
const isAgent = (address: string) => AGENTS.some(agent => agent.email === address)

const authentication: fc.Arbitrary<Authentication> = fc
  .constantFrom('pass', 'none', 'fail', 'unaligned' as const)
  .map(result => ({ result, reasons: [] }) as Authentication)

const arriving = fc.record({
  does: fc.constant('write' as const),
  from: fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...REQUESTERS) },
    { weight: 3, arbitrary: fc.constantFrom(...AGENTS.map(agent => agent.email)) },
    { weight: 2, arbitrary: fc.constantFrom(...STRANGERS) },
  ),
  kind: fc.constantFrom<MessageKind>('person', 'person', 'person', 'auto-reply', 'bounce', 'bulk'),
  authentication,
  /** Which of the mails sent so far it answers, counted from the newest. */
  answers: fc.option(fc.nat(12), { freq: 2 }),
  behindPlus: fc.boolean(),
  subject: fc.constantFrom(
    ...['VPN', 'Printer', 'Mouse', 'Screen', 'Lamp', 'Door', 'Desk', 'Chair', 'Phone', 'Cable', 'Re: [HD-1] VPN'],
    '[HD-2]',
    'What of HD-1?',
    'Fwd: VPN',
    '!close HD-1',
  ),
  commands: fc.constantFrom('', '', '!close HD-1', '!claim HD-1', '!note HD-1', '!invite HD-1 dora@third.example'),
  cc: fc.constantFrom<string[]>([], [], ['carl@third.example'], [HELP], ['eve@staff.example']),
  replyTo: fc.constantFrom<(string | null)[]>(null, null, 'y@evil.example', HELP),
  spam: fc.constantFrom<string[]>([], [], ['x-spam-flag: YES']),
})
const commanding = fc.record({
  does: fc.constant('command' as const),
  by: fc.constantFrom('bob', 'eve'),
  line: fc.constantFrom(
    ...['claim 1', 'claim 2', 'release 1', 'close 1', 'reopen 1', 'spam 2', 'notspam 2', 'note 1', 'note 2'],
    ...['reply 1', 'reply 2', 'reply 3', 'invite 1 dora@third.example', 'invite 2 ann@example.com'],
    ...['join M-2 1', 'join M-3', 'open M-3', 'join M-4', 'open M-5', 'discard M-4', 'open M-7', 'join M-8 2'],
  ),
})
const waiting = fc.record({ does: fc.constant('wait' as const), minutes: fc.integer({ min: 1, max: 30 }) })
const course = fc.array(
  fc.oneof({ weight: 6, arbitrary: arriving }, { weight: 4, arbitrary: commanding }, { weight: 1, arbitrary: waiting }),
  { minLength: 20, maxLength: 40, size: 'max' }, // half an hour each at most: less than a day
)
type Step = typeof course extends fc.Arbitrary<(infer Each)[]> ? Each : never

async function takeStep(desk: MemoryDesk, step: Step): Promise<void> {
  if (step.does === 'wait') return desk.clock.advance(step.minutes * MINUTE)
  if (step.does === 'command') {
    const text = step.line.startsWith('note')
      ? `She is a ${SECRET}.`
      : step.line.startsWith('reply')
        ? 'Restart it.'
        : ''
    await desk.as(step.by, step.line, text).catch(error => {
      if (!(error instanceof DeskError) || error.code === 'unsound') throw error
    })
    return
  }
  await desk.channel.deliver(messageOf(desk, step))
}

function messageOf(desk: MemoryDesk, step: Step & { does: 'write' }): InboundMessage {
  const answered = step.answers === null ? undefined : desk.channel.sent.at(-1 - step.answers)
  const address = answered && step.behindPlus ? [`help+${answered.token}@desk.example`] : [HELP]
  const text = [step.commands, textOf(step.from, answered)].filter(Boolean).join('\n\n')
  return messageFrom(step.from, {
    text,
    kind: step.kind,
    ...(step.kind === 'bulk' ? { bulk: 'other' } : {}),
    authentication: step.authentication,
    subject: step.subject,
    mail: {
      references: answered && !step.behindPlus ? [`<${answered.token}@desk.example>`] : [],
      addressedTo: address,
      cc: step.cc.map(each => ({ address: each, name: '' })),
      ...(step.subject.startsWith('Fwd') && step.kind === 'person' ? { forwarded: forwardOf(text) } : {}),
    },
    replyTo: isAgent(step.from) ? step.from : (step.replyTo ?? step.from),
    spam: step.spam,
    live: true,
  })
}

function forwardOf(comment: string): MailDetails['forwarded'] {
  const from = { address: 'fred@third.example', name: 'Fred' }
  return { from, subject: 'VPN', text: 'Please help.', visible: 'Please help.', comment, messageId: null }
}

/** What an agent writes is secret, unless it answers a mail that says of itself that an answer goes to the requester. */
function textOf(from: string, answered: OutboundMessage | undefined): string {
  if (!isAgent(from)) return 'It drops.'
  return answered?.token.startsWith('a-') ? 'Restart it.' : `She is a ${SECRET}.`
}

describe('whatever comes in whatever order', () => {
  test('nothing internal gets out, nobody is written to without end, and all is accounted for', async () => {
    await fc.assert(
      fc.asyncProperty(course, async steps => {
        const desk = await makeMemoryDesk('sqlite', {
          automatic: { requester: MOST, agent: 50 },
          floods: { tickets: 8, messages: 20, within: 600_000 },
        })
        try {
          await desk.channel.deliver(messageFrom('ann@example.com'))
          await desk.deliver()
          for (const step of steps) {
            await takeStep(desk, step)
            await desk.deliver()
          }
          desk.clock.advance(60 * MINUTE)
          await desk.deliver()
          expectNoHarm(desk.channel.sent)
          await expectOneOwner(desk)
        } finally {
          await desk.remove()
        }
      }),
      { seed: 20260302, numRuns: 25 },
    )
  })
})

function expectNoHarm(sent: readonly OutboundMessage[]): void {
  const automatic = new Map<string, number>()
  for (const message of sent) {
    const outside = message.recipients.filter(recipient => !isAgent(recipient))
    if (outside.length > 0) expect(JSON.stringify(message)).not.toContain(SECRET)
    expect(message.recipients).not.toContain(HELP)
    if (!message.automatic) continue
    for (const recipient of outside.map(canonicalAddress)) automatic.set(recipient, (automatic.get(recipient) ?? 0) + 1)
  }
  // What somebody's domain confirms is counted apart from what is only written in their name.
  for (const [recipient, times] of automatic) expect(times, recipient).toBeLessThanOrEqual(2 * MOST)
}

/** Each ticket follows from its events, which give it one owner at a time; a closed or new one says so. */
async function expectOneOwner(desk: MemoryDesk): Promise<void> {
  const { store, files } = desk.context
  const result = await store.consistently(sql => verify(sql, files))
  expect(result.problems).toEqual([])
  expect(result.unaccounted).toBe(0)
  const events = await store.read<{ ticket: string; type: string }>`
    SELECT ticket_id AS ticket, type FROM events WHERE type IN ('claimed', 'released') ORDER BY ticket_id, seq`
  for (const ofTicket of Map.groupBy(events, each => each.ticket).values()) {
    ofTicket.forEach(({ type }, index) => {
      expect(type).toBe(index % 2 === 0 ? 'claimed' : 'released')
    })
  }
}
