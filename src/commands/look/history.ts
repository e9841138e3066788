// The command history: all that happened to a ticket.
import { countsOf, historyLines, shortSpan, type TicketCounts } from '../../core/ticket/history-lines.ts'
import type { RecordedEvent } from '../../core/ticket/ticket-event.ts'
import { doubtsAbout } from '../../store/doubts.ts'
import type { Sql } from '../../store/engine/sql.ts'
import { eventsOf } from '../../store/events.ts'
import { messageById } from '../../store/messages.ts'
import { personNames } from '../../store/people.ts'
import { ticketById } from '../../store/tickets.ts'
import { ticketArgument } from '../command/arguments.ts'
import { expectArgs, type ReadCommand } from '../command/command.ts'
import { findOwnTicket } from '../command/find-ticket.ts'

const SAID = 120 // characters of what was written

/** `history HD-7`: who did what, when and through which channel. */
export const history: ReadCommand<{ ticket: number }> = {
  word: 'history',
  aliases: ['timeline'],
  usage: 'TICKET',
  about: 'ticket',
  summary: 'Shows everything that happened to a ticket: who, when, through which channel, and where time was lost.',
  body: 'none',
  parse(line, { prefixes }) {
    expectArgs(this, line, 1, 1)
    return { ticket: ticketArgument(line.args[0], prefixes) }
  },
  async reads(sql, call, { ticket: number }) {
    const ticket = await findOwnTicket(sql, number, call.prefixes)
    const events = await eventsOf(sql, ticket.id)
    const people = await personNames(sql, peopleIn(events))
    const person = (id: string | null) => (id === null ? 'The desk' : (people.get(id)?.name ?? 'somebody'))
    const refs = await refsIn(sql, events)
    const texts = await textsIn(sql, events)
    const doubts = await doubtsAbout(sql, [...texts.keys()])
    const lines = historyLines(events, {
      person,
      ticket: id => refs.get(id) ?? 'another ticket',
      desk: id => call.desks.find(each => each.id === id)?.name ?? id,
      textOf: id => texts.get(id ?? '') ?? '',
    })
    const counts = countsOf(events)
    const rows = lines.map(({ at, who, did, channel, said }, index) => {
      const doubt = doubtOf(events[index], doubts)
      const words = `${said ? `: ${said}` : ''}${doubt === null ? '' : ` [${doubt}]`}`
      return `${at.slice(0, 16).replace('T', ' ')}  ${who} ${did} [${channel}]${words}`
    })
    const circles = circlesInWords(counts, person)
    return {
      text: [
        `${ticket.ref}  ${ticket.subject}`,
        rows.join('\n'),
        ...(circles.length > 0 ? [circles.join('\n')] : []),
      ].join('\n\n'),
      data: {
        ref: ticket.ref,
        events: lines.map((line, index) => ({ ...line, doubt: doubtOf(events[index], doubts) })),
        counts: countsData(counts, id => people.get(id)?.handle ?? null),
      },
    }
  },
}

/** What speaks against the words of an event being of whom they name. */
function doubtOf(event: RecordedEvent | undefined, doubts: ReadonlyMap<string, string>): string | null {
  const id = event && 'message' in event.data ? event.data.message : undefined
  return doubts.get(id ?? '') ?? null
}

export function countsData(counts: TicketCounts, handleOf: (id: string) => string | null): object {
  const { reopened, passed, misrouted, spent } = counts
  return { reopened, passed, misrouted, spent: [...spent].map(([id, minutes]) => ({ agent: handleOf(id), minutes })) }
}

/** What it cost that it went in circles, and who worked how long. */
export function circlesInWords(
  { reopened, passed, misrouted, spent }: TicketCounts,
  person: (id: string) => string,
): string[] {
  const span = (minutes: number) =>
    shortSpan('2000-01-01T00:00:00Z', new Date(Date.UTC(2000, 0, 1) + minutes * 60_000).toISOString())
  const line = (what: string, { times, minutes }: { times: number; minutes: number }) =>
    times === 0 ? [] : [`${what} ${times === 1 ? 'once' : `${times} times`}, ${span(minutes)} lost`]
  return [
    ...line('reopened  ', reopened),
    ...line('passed on ', passed),
    ...line('misrouted ', misrouted),
    ...(spent.size > 0
      ? [`worked     ${[...spent].map(([id, minutes]) => `${person(id)} ${span(minutes)}`).join(', ')}`]
      : []),
  ]
}

const PEOPLE = ['requester', 'recordedBy', 'person', 'owner', 'to']

export function peopleIn(events: readonly RecordedEvent[]): string[] {
  const named = events.flatMap(({ actorId, data }) => [
    ...(actorId === null ? [] : [actorId]),
    ...Object.entries(data).flatMap(([key, value]) =>
      PEOPLE.includes(key) && typeof value === 'string' ? [value] : [],
    ),
  ])
  return [...new Set(named)]
}

/** References of the tickets that events name, and of their own, by their ids. */
export async function refsIn(sql: Sql, events: readonly RecordedEvent[]): Promise<Map<string, string>> {
  const refs = new Map<string, string>()
  for (const { ticketId, data } of events) {
    const { ticket, into, from, follows } = data as Record<string, unknown>
    for (const id of [ticketId, ticket, into, from, follows]) {
      if (typeof id !== 'string' || refs.has(id)) continue
      const named = await ticketById(sql, id)
      if (named) refs.set(id, named.ref)
    }
  }
  return refs
}

async function textsIn(sql: Sql, events: readonly RecordedEvent[]): Promise<Map<string, string>> {
  const texts = new Map<string, string>()
  for (const { data } of events) {
    const id = 'message' in data ? data.message : undefined
    const message = id === undefined ? undefined : await messageById(sql, id)
    const text = (message?.visible ?? message?.text ?? '').replace(/\s+/g, ' ').trim()
    if (id !== undefined) texts.set(id, text.length > SAID ? `${text.slice(0, SAID)}…` : text)
  }
  return texts
}
