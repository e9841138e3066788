import type { TicketFacts } from '../../src/core/ticket/columns.ts'
import type { Priority } from '../../src/core/ticket/priority.ts'
import { applyEvent } from '../../src/core/ticket/ticket.ts'
import type { Classification, TicketEvent } from '../../src/core/ticket/ticket-event.ts'
import { chainEvent, type StoredEvent } from '../../src/store/events.ts'
import { type Message, type PreparedMessage, prepareMessage } from '../../src/store/messages.ts'
import type { SeededRandom } from '../support/seeded-random.ts'
import type { MadeText } from './made-text.ts'

export const CHANNEL = 'support'
export const DESK = 'help'

export interface MadePerson {
  id: string
  name: string
  address: string
  createdAt: string
}

/** A ticket with all that follows from its course. */
export interface MadeTicket {
  id: string
  number: number
  subject: string
  requester: MadePerson
  copied: MadePerson[]
  /** As one message came in, one went out, one stayed inside and one came in again. */
  messages: PreparedMessage[]
  events: StoredEvent[]
  facts: TicketFacts
}

/** How a ticket ends for now. */
type End = 'closed' | 'resolved' | 'waiting' | 'owned' | 'unowned'

export interface TicketPlan {
  number: number
  openedAt: number
  /** Between two things that happen to it; milliseconds. */
  step: number
  open: boolean
}

const CLASSIFIED_SHARE = 0.6
const TAGGED_SHARE = 0.15
const COPIED_SHARE = 0.2
const CATEGORIES = [
  ...['hardware', 'hardware/computer', 'hardware/printer', 'hardware/phone', 'hardware/accessories'],
  ...['software/installation', 'software/error', 'software/licence', 'access/password', 'access/permissions'],
  ...['access/new-account', 'access/leaving', 'network/internet', 'network/vpn', 'network/wifi', 'mail/spam'],
  ...['mail/mailbox', 'security', 'question', 'other'],
]
/** Rarer ones first; `vip` stands on every fiftieth ticket. */
const TAGS: [tag: string, upTo: number][] = [
  ['audit', 0.002],
  ['recall', 0.02],
  ['vip', 0.15],
  ['branch-office', 0.4],
  ['remote', 1],
]
const PRIORITIES: [priority: Priority, upTo: number][] = [
  ['P1', 0.01],
  ['P2', 0.06],
  ['P3', 0.4],
  ['P4', 0.8],
  ['P5', 1],
]
const ENDS: [end: End, upTo: number][] = [
  ['resolved', 0.1],
  ['waiting', 0.3],
  ['owned', 0.7],
  ['unowned', 1],
]

/** Makes tickets whose rows follow from their events, as those of a real desk do. */
export class MadeTickets {
  readonly #random: SeededRandom
  readonly #text: MadeText
  readonly #requesters: readonly MadePerson[]
  readonly #agents: readonly { id: string; name: string }[]

  constructor(
    random: SeededRandom,
    text: MadeText,
    people: { requesters: readonly MadePerson[]; agents: readonly { id: string; name: string }[] },
  ) {
    this.#random = random
    this.#text = text
    this.#requesters = people.requesters
    this.#agents = people.agents
  }

  make(plan: TicketPlan): MadeTicket {
    const random = this.#random
    const id = idAt(plan.openedAt, random)
    const agent = one(random, this.#agents)
    const requester = this.#requester()
    const copied = random.share() < COPIED_SHARE ? [one(random, this.#requesters)] : []
    const end = plan.open ? byShare(random, ENDS) : 'closed'
    const ticket = { ...plan, id, requester, agent, subject: `${this.#text.words(random.whole(2, 6))}` }
    const messages = this.#messages(ticket)
    const [first, answer, note, more] = messages.map(({ message, content }) => ({ message: message.id, content }))
    if (!first || !answer || !note || !more) throw new Error('A ticket has four messages.')
    const course = new Course(id, plan)
    const opened = { number: plan.number, desk: DESK, requester: requester.id, copied: copied.map(each => each.id) }
    course.add(requester.id, { type: 'opened', data: { ...opened, ...first } })
    this.#classify(course, agent.id)
    course.add(agent.id, { type: 'replied', data: answer }, 1)
    course.add(agent.id, { type: 'claimed', data: { owner: agent.id } })
    course.add(agent.id, { type: 'noted', data: note }, 2)
    course.add(requester.id, { type: 'received', data: { ...more, kind: 'person', rule: 'token' } }, 3)
    const last = endingOf(end, agent.id, course.timeOf(60))
    if (last) course.add(agent.id, last, 4)
    const others = copied.filter(each => each.id !== requester.id)
    const { number, subject } = ticket
    return { id, number, subject, requester, copied: others, messages, events: course.events, facts: course.facts }
  }

  /** Some ask often, most seldom. */
  #requester(): MadePerson {
    const at = Math.floor(this.#random.share() ** 2 * this.#requesters.length)
    return this.#requesters[at] ?? one(this.#random, this.#requesters)
  }

  #classify(course: Course, actorId: string): void {
    const random = this.#random
    if (random.share() < CLASSIFIED_SHARE) {
      const data: Classification = {
        kind: random.share() < 0.6 ? 'incident' : 'request',
        category: one(random, CATEGORIES),
        priority: byShare(random, PRIORITIES),
      }
      course.add(actorId, { type: 'classified', data })
    }
    if (random.share() < TAGGED_SHARE) {
      const add = [...new Set([byShare(random, TAGS), byShare(random, TAGS)])].sort()
      course.add(actorId, { type: 'tagged', data: { add, remove: [] } })
    }
  }

  #messages(ticket: TicketPlan & About): PreparedMessage[] {
    const [first, answer, note, more] = Array.from({ length: 4 }, () => this.#text.message())
    const quoted = `${more}\n\nOn that day ${ticket.agent.name} wrote:\n> ${answer}`
    return [
      this.#prepare(ticket, 0, { direction: 'in', text: first ?? '', visible: null }),
      this.#prepare(ticket, 1, { direction: 'out', text: answer ?? '', visible: null }),
      this.#prepare(ticket, 2, { direction: 'internal', text: note ?? '', visible: null }),
      this.#prepare(ticket, 3, { direction: 'in', text: quoted, visible: more ?? '' }),
    ]
  }

  #prepare(ticket: TicketPlan & About, steps: number, said: Pick<Message, 'direction' | 'text' | 'visible'>) {
    const { requester, agent } = ticket
    const incoming = said.direction === 'in'
    const at = ticket.openedAt + steps * ticket.step
    const time = new Date(at).toISOString()
    const id = idAt(at, this.#random)
    return prepareMessage(
      {
        ...said,
        id,
        ticketId: ticket.id,
        authorId: incoming ? requester.id : agent.id,
        authorName: incoming ? requester.name : agent.name,
        authorAddress: incoming ? requester.address : null,
        channel: CHANNEL,
        externalId: incoming ? `<${id}@${requester.address.replace(/.*@/, '')}>` : null,
        subject: ticket.subject,
        kind: 'person',
        sentAt: time,
        storedAt: time,
        raw: null,
      },
      [],
    )
  }
}

interface About {
  id: string
  subject: string
  requester: MadePerson
  agent: { id: string; name: string }
}

/** What happens to one ticket, chained. */
class Course {
  readonly events: StoredEvent[] = []
  readonly #ticketId: string
  readonly #plan: TicketPlan
  #facts: TicketFacts | undefined

  constructor(ticketId: string, plan: TicketPlan) {
    this.#ticketId = ticketId
    this.#plan = plan
  }

  get facts(): TicketFacts {
    if (!this.#facts) throw new Error('Nothing happened yet.')
    return this.#facts
  }

  timeOf(steps: number): string {
    return new Date(this.#plan.openedAt + steps * this.#plan.step).toISOString()
  }

  add(actorId: string, event: TicketEvent, steps?: number): void {
    const last = this.events.at(-1)
    const at = steps === undefined ? (last?.at ?? this.timeOf(0)) : this.timeOf(steps)
    const framed = { ...event, ticketId: this.#ticketId, seq: this.events.length + 1, at, actorId, channel: CHANNEL }
    this.#facts = applyEvent(this.#facts, framed)
    this.events.push(chainEvent(framed, last?.hash ?? ''))
  }
}

function endingOf(end: End, owner: string, until: string): TicketEvent | undefined {
  switch (end) {
    case 'closed':
      return { type: 'closed', data: {} }
    case 'resolved':
      return { type: 'resolved', data: { how: 'solution', told: 'answered' } }
    case 'waiting':
      return { type: 'waiting', data: { on: 'requester', until } }
    case 'unowned':
      return { type: 'released', data: { owner } }
    case 'owned':
      return undefined
  }
}

export function one<T>(random: SeededRandom, values: readonly T[]): T {
  return values[random.whole(0, values.length - 1)] as T
}

function byShare<T>(random: SeededRandom, values: readonly [T, number][]): T {
  const drawn = random.share()
  return (values.find(([, upTo]) => drawn < upTo) ?? values[values.length - 1])?.[0] as T
}

/** An id as one made at that time (RFC 9562 section 5.7): the store relies on later ones sorting later. */
export function idAt(milliseconds: number, random: SeededRandom): string {
  const time = Math.floor(milliseconds).toString(16).padStart(12, '0')
  const digits = (count: number) =>
    random
      .whole(0, 16 ** count - 1)
      .toString(16)
      .padStart(count, '0')
  return `${time.slice(0, 8)}-${time.slice(8)}-7${digits(3)}-8${digits(3)}-${digits(6)}${digits(6)}`
}
