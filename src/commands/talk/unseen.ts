/** What happened on a ticket that the writer of an answer has not seen, and who reads it by now. */

import { historyLines } from '../../core/ticket/history-lines.ts'
import type { ShownState } from '../../core/ticket/shown.ts'
import type { RecordedEvent } from '../../core/ticket/ticket-event.ts'
import { cardShows } from '../../store/cards.ts'
import type { Sql } from '../../store/engine/sql.ts'
import { eventsAfter, eventsBy, eventsOf } from '../../store/events.ts'
import { messageById } from '../../store/messages.ts'
import { newestShownTo } from '../../store/outbox.ts'
import { type Person, personNames } from '../../store/people.ts'
import { seenUpTo } from '../../store/seen-tickets.ts'
import type { Ticket } from '../../store/tickets.ts'
import type { DeskFacts } from '../command/command.ts'
import { type Readers, readersInWords, shownWith } from '../command/recipients.ts'
import { refsIn } from '../look/history.ts'

const MOST_SAID = 500 // characters of one message

/**
 * What an agent who types an answer can have seen of a ticket: what they were told last, what the card tells them, where
 * they looked, what they answered; if nothing is known of that, what they did first. Null if they did nothing either.
 */
export async function shownTo(sql: Sql, facts: DeskFacts, ticket: Ticket, author: Person): Promise<ShownState | null> {
  const agent = facts.agents.find(each => each.id === author.id)
  const reached = agent && facts.reach(agent, ticket.channel)
  const addresses = agent ? [agent.email, ...agent.chats.map(each => each.slice(each.indexOf(' ') + 1))] : []
  const ownEvents = (await eventsBy(sql, ticket.id, author.id)).filter(event => !isUnsent(event))
  const seen = [
    await newestShownTo(sql, ticket.id, addresses),
    reached?.seesCards ? await cardShows(sql, ticket.id, reached.channel) : null,
    await seenUpTo(sql, ticket.id, author.id),
    ownEvents.findLast(({ type }) => type === 'replied')?.seq ?? null,
  ].filter(seq => seq !== null)
  // Whoever did something else than to answer need not have looked at what came before it.
  const seq = seen.length > 0 ? Math.max(...seen) : ownEvents[0]?.seq
  return seq === undefined ? null : { seq, readers: null }
}

export function isUnsent(event: RecordedEvent): event is RecordedEvent & { type: 'noted' } {
  return event.type === 'noted' && event.data.what === 'unsent'
}

/** What an answer may contradict, or make superfluous. */
const WEIGHTY: ReadonlySet<RecordedEvent['type']> = new Set([
  ...(['received', 'replied', 'revised', 'rated', 'resolved', 'closed'] as const),
  ...(['merged', 'absorbed', 'unmerged', 'restored', 'split'] as const),
])

/** What changes who reads it: told of where its writer was not shown who does. */
const OF_READERS: ReadonlySet<RecordedEvent['type']> = new Set(['joined', 'uninvited'])

/**
 * What others did on a ticket since its writer looked, a paragraph each, and that others read it now than were shown.
 * Empty if an answer may leave.
 */
export async function unseenChanges(
  sql: Sql,
  ticket: Ticket,
  author: Person,
  shown: ShownState,
  readers: Readers,
): Promise<string[]> {
  const since = await eventsAfter(sql, ticket.id, shown.seq)
  const weighty = since.filter(
    event =>
      event.actorId !== author.id &&
      (event.type === 'received'
        ? event.data.kind === 'person'
        : WEIGHTY.has(event.type) || (shown.readers === null && OF_READERS.has(event.type))),
  )
  const changes = weighty.length > 0 ? await inWords(sql, await eventsOf(sql, ticket.id), weighty) : []
  const now = shownWith(ticket, readers)
  const others = shown.readers !== null && shown.readers !== now.readers
  return [
    ...changes,
    ...(others ? [`The recipients have changed since you looked. They are now: ${readersInWords(readers)}.`] : []),
  ]
}

async function inWords(
  sql: Sql,
  events: readonly RecordedEvent[],
  weighty: readonly RecordedEvent[],
): Promise<string[]> {
  const ids = events.flatMap(({ actorId, data }) => [actorId ?? '', 'person' in data ? String(data.person) : ''])
  const people = await personNames(sql, [...new Set(ids)].filter(Boolean))
  const texts = new Map<string, string>()
  for (const { data } of weighty) {
    const id = 'message' in data ? data.message : undefined
    const message = id === undefined ? undefined : await messageById(sql, id)
    const text = (message?.visible ?? message?.text ?? '').trim()
    if (id !== undefined) texts.set(id, text.length > MOST_SAID ? `${text.slice(0, MOST_SAID)}…` : text)
  }
  const refs = await refsIn(sql, weighty)
  const story = historyLines(events, {
    person: id => (id === null ? 'The desk' : (people.get(id)?.name ?? 'Somebody')),
    ticket: id => refs.get(id) ?? 'another ticket',
    desk: id => id,
    textOf: id => texts.get(id ?? '') ?? '',
  })
  const seqs = new Set(weighty.map(({ seq }) => seq))
  return story
    .filter(({ seq }) => seqs.has(seq))
    .map(
      ({ who, type, did, at, said }) =>
        `${who} ${type === 'replied' ? 'answered' : did} at ${at.slice(11, 16)} UTC${said ? `:\n\n${quoted(said)}` : '.'}`,
    )
}

export function quoted(text: string): string {
  return `> ${text.replaceAll('\n', '\n> ')}`
}
