import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parseQuery, type TicketQuery } from '../../src/core/ticket/query.ts'
import type { Classification, TicketEvent } from '../../src/core/ticket/ticket-event.ts'
import { words } from '../../src/core/ticket/words.ts'
import { messagesOf } from '../../src/store/messages.ts'
import { allAgents, mailAddressesOf } from '../../src/store/people.ts'
import { listTickets } from '../../src/store/ticket-lists.ts'
import { recordEvent, type Ticket, ticketById, ticketsAfter } from '../../src/store/tickets.ts'
import { type MemoryDesk, makeMemoryDesk, messageFrom } from '../support/memory-desk.ts'
import { SeededRandom } from '../support/seeded-random.ts'
import { ENGINES } from '../support/store/engines.ts'

const TICKETS = 60
const EVENTS = 250
const QUERIES = 250
const PAGE = 10
const HOUR_MS = 3_600_000
const WORDS = ['printer', 'toner', 'lamp', 'jam', 'Zürich', 'door'] as const
const PEOPLE = [
  'ann@example.com',
  'Joanna Öst <jo@sub.example.org>',
  'hannah_b@example.com',
  'bob%x@example.net',
] as const
const CATEGORIES = ['hardware', 'hardware/printer', 'hardware-old', 'mail/spam', 'security'] as const
const TAGS = ['vip', 'audit', 'remote'] as const

/** A ticket with all that a query may ask for. */
interface Known {
  ticket: Ticket
  words: Set<string>
  requester: string[]
}

describe.each(ENGINES)('lists on %s', engine => {
  let desk: MemoryDesk
  let agents: string[]
  let known: Known[]
  const random = new SeededRandom(`lists ${engine}`)

  beforeAll(async () => {
    desk = await makeMemoryDesk(engine)
    agents = (await allAgents(desk.context.store.read)).map(agent => agent.id)
    for (let count = 0; count < TICKETS; count += 1) await open()
    for (let count = 0; count < EVENTS; count += 1) await happen()
    known = await readAll()
  })

  afterAll(() => desk.remove())

  async function open() {
    desk.clock.advance(random.whole(0, 2) * HOUR_MS)
    const [, name = '', address = ''] = /^(?:(.*) <)?([^>]*)>?$/.exec(random.pick(PEOPLE)) ?? []
    const text = Array.from({ length: random.whole(1, 3) }, () => random.pick(WORDS)).join(' ')
    const from = { address, name }
    await desk.channel.deliver(messageFrom(address, { from, subject: random.pick(WORDS), text, visible: text }))
  }

  async function happen() {
    desk.clock.advance(random.whole(0, 1) * HOUR_MS)
    const tickets = await ticketsAfter(desk.context.store.read, '', TICKETS)
    const ticket = random.pick(tickets as [Ticket])
    if (ticket.mergedInto) return
    const event = eventFor(tickets)
    const change = { at: desk.clock.now().toISOString(), actorId: null, channel: 'test' }
    await desk.context.store.transact(async tx => {
      const fresh = await ticketById(tx, ticket.id)
      if (!fresh || (event.type === 'merged' && event.data.into === fresh.id)) return
      if (event.type === 'closed' && fresh.closedAt) return
      if (event.type === 'reopened' && !fresh.closedAt && !fresh.resolvedAt) return
      await recordEvent(tx, fresh, event, change)
    })
  }

  function eventFor(tickets: Ticket[]): TicketEvent {
    const agent = random.pick(agents as [string])
    const classified: Classification = {
      category: random.pick(CATEGORIES),
      priority: random.pick(['P1', 'P2']),
      kind: random.pick(['incident', 'request']),
    }
    const [tag, other] = [random.pick(TAGS), random.pick(TAGS)]
    return random.pick<TicketEvent>([
      { type: 'claimed', data: { owner: agent } },
      { type: 'released', data: { owner: agent } },
      { type: 'helping', data: { person: agent } },
      { type: 'left', data: { person: agent } },
      { type: 'waiting', data: { on: 'requester', until: null } },
      { type: 'resolved', data: { how: 'solution', told: 'told' } },
      { type: 'closed', data: {} },
      { type: 'closed', data: {} },
      { type: 'reopened', data: { by: 'command' } },
      { type: 'classified', data: classified },
      { type: 'classified', data: classified },
      { type: 'tagged', data: { add: [tag], remove: tag === other ? [] : [other] } },
      { type: 'tagged', data: { add: [tag, other].sort(), remove: [] } },
      ...(random.share() < 0.2
        ? [{ type: 'merged' as const, data: { into: random.pick(tickets as [Ticket]).id } }]
        : []),
    ])
  }

  async function readAll(): Promise<Known[]> {
    const { read } = desk.context.store
    const tickets = await ticketsAfter(read, '', TICKETS)
    return Promise.all(
      tickets.map(async ticket => {
        const texts = (await messagesOf(read, ticket.id)).map(each => `${each.subject} ${each.visible ?? each.text}`)
        const requester = [ticket.requesterName, ...(await mailAddressesOf(read, ticket.requesterId))]
        return {
          ticket,
          words: new Set(texts.join(' ').toLowerCase().split(' ')),
          requester: requester.map(each => each.toLowerCase()),
        }
      }),
    )
  }

  /** What the list must be, looked for ticket by ticket. */
  function expected(query: TicketQuery, { ownerId, helperId, now }: Asked): string[] {
    const span = (time: string) => Date.parse(now) - Date.parse(time)
    const { states, columns = {}, tags = [], older, newer, quiet, requester, words: wanted = [] } = query
    const { priority, kind, category } = columns
    const open = (state: string) => state !== 'resolved' && state !== 'closed'
    return known
      .filter(({ ticket: t, words: said, requester: names }) =>
        [
          t.mergedInto === null,
          states === 'all' || (states === undefined ? open(t.state) : states.includes(t.state)),
          ownerId === undefined || t.ownerId === ownerId,
          helperId === undefined || words(t.helpers).includes(helperId),
          priority === undefined || t.priority === priority,
          kind === undefined || t.kind === kind,
          category === undefined || t.category === category || t.category?.startsWith(`${category}/`) === true,
          tags.every(tag => words(t.tags).includes(tag)),
          older === undefined || span(t.openedAt) > older,
          newer === undefined || span(t.openedAt) < newer,
          quiet === undefined || span(t.updatedAt) > quiet,
          requester === undefined || names.some(name => name.includes(requester)),
          wanted.every(word => said.has(word.toLowerCase())),
        ].every(Boolean),
      )
      .map(({ ticket }) => ticket)
      .sort((a, b) => (a.updatedAt === b.updatedAt ? b.number - a.number : a.updatedAt < b.updatedAt ? 1 : -1))
      .slice(0, PAGE)
      .map(({ ref }) => ref)
  }

  interface Asked {
    ownerId?: string | null
    helperId?: string
    now: string
  }

  function someQuery(): string[] {
    const parts: (() => string[])[] = [
      () => [random.pick(['all', 'closed', 'resolved', 'waiting', 'new'])],
      () => [random.pick(['all', 'closed', 'open'])],
      () => [
        'requester',
        random.pick(['ann', 'an', 'example.com', 'joanna', 'ost', 'h_b', 'b%x', '%', 'nobody at all']),
      ],
      () => ['category', random.pick(['hardware', 'hardware/printer', 'mail', 'none'])],
      () => ['priority', random.pick(['P1', 'P2'])],
      () => ['kind', random.pick(['incident', 'request'])],
      () => ['tag', random.pick(TAGS)],
      () => ['tag', random.pick(TAGS)],
      () => [random.pick(['older', 'newer', 'quiet']), `${random.whole(1, 200)}h`],
      () => [random.pick(WORDS)],
      () => [random.pick(WORDS)],
    ]
    return Array.from({ length: random.whole(0, 3) }, () => parts[random.whole(0, parts.length - 1)]?.() ?? []).flat()
  }

  test('are what looking at each ticket finds, whatever is asked', async () => {
    let found = 0
    for (let count = 0; count < QUERIES; count += 1) {
      const line = someQuery()
      const query = parseQuery(line)
      const now = desk.clock.now().toISOString()
      const asked: Asked = {
        now,
        ...(random.share() < 0.2 ? { ownerId: random.pick([null, ...agents] as [string | null]) } : {}),
        ...(random.share() < 0.1 ? { helperId: random.pick(agents as [string]) } : {}),
      }
      const listed = await listTickets(desk.context.store.read, { query, ...asked, limit: PAGE })
      const wanted = expected(query, asked)
      expect(
        listed.map(each => each.ref),
        `${line.join(' ')} ${JSON.stringify(asked)}`,
      ).toEqual(wanted)
      found += wanted.length
    }
    expect(found).toBeGreaterThan(QUERIES) // or nothing was asked that means anything
  })
})
