// A ticket as its card shows it.
import type { Card, CardEntry } from '../../channel/surface.ts'
import type { DeskFacts } from '../../commands/command/command.ts'
import { readersOf } from '../../commands/command/recipients.ts'
import { ticketActions } from '../../commands/command/ticket-actions.ts'
import { refsIn } from '../../commands/look/history.ts'
import { isUnsent } from '../../commands/talk/unseen.ts'
import { oneLine } from '../../core/text/address.ts'
import { age } from '../../core/text/table.ts'
import { historyLines } from '../../core/ticket/history-lines.ts'
import type { RecordedEvent } from '../../core/ticket/ticket-event.ts'
import { isDone, stateInWords } from '../../core/ticket/ticket-state.ts'
import { doubtAbout } from '../../store/doubts.ts'
import type { Sql } from '../../store/engine/sql.ts'
import { attachmentsOf, latestFromRequester, type Message, messageById } from '../../store/messages.ts'
import { chatAddressesOf, personNames } from '../../store/people.ts'
import { type Ticket, ticketById } from '../../store/tickets.ts'
import { redacted } from '../outgoing/redact.ts'

const LATEST = 600 // characters

/** A ticket at a glance, for whoever works on it. */
export async function cardFor(sql: Sql, facts: DeskFacts, ticket: Ticket): Promise<Card> {
  const latest = await latestFromRequester(sql, ticket.id)
  const into = ticket.mergedInto === null ? undefined : await ticketById(sql, ticket.mergedInto)
  const state = into ? `part of ${into.ref}` : stateInWords(ticket.state)
  const doubt = latest ? await doubtAbout(sql, latest.id) : null
  return redacted(sql, {
    ref: ticket.ref,
    subject: oneLine(ticket.subject),
    facts: [
      { label: 'State', value: state },
      { label: 'Owner', value: ticket.ownerName ?? 'nobody' },
      ...(ticket.priority === null ? [] : [{ label: 'Priority', value: ticket.priority }]),
      { label: 'From', value: ticket.requesterName },
      {
        label: 'Since',
        value: `${age(ticket.openedAt, facts.at)} (${ticket.openedAt.slice(0, 16).replace('T', ' ')} UTC)`,
      },
    ],
    latest: latest
      ? {
          author: latest.authorName,
          text: withDoubt(doubt, (latest.visible ?? latest.text ?? '(erased)').slice(0, LATEST)),
          at: latest.storedAt,
        }
      : null,
    actions: ticketActions(facts, ticket, await readersOf(sql, facts, ticket)),
    done: isDone(ticket.state),
  })
}

/** A text below what speaks against it being of whom it names. */
function withDoubt(doubt: string | null, text: string): string {
  return doubt === null ? text : `[${doubt}]\n${text}`
}

/** Events that the card itself shows, or that say nothing beside another. */
const SILENT: ReadonlySet<RecordedEvent['type']> = new Set(['asked', 'joined', 'opened', 'tagged', 'spent', 'absorbed'])

/**
 * What is told below the card of one event; undefined where it shows already, because it was written there or is
 * nothing to be told. `kind`: of the addresses on the channel of the card.
 */
export async function entryFor(
  sql: Sql,
  facts: DeskFacts,
  ticket: Ticket,
  { events, at, channel }: { events: readonly RecordedEvent[]; at: number; channel: string },
): Promise<Omit<CardEntry, 'attempt'> | undefined> {
  const event = events[at]
  if (!event || SILENT.has(event.type)) return undefined
  const messageId = 'message' in event.data ? (event.data.message as string | undefined) : undefined
  const message = messageId === undefined ? undefined : await messageById(sql, messageId)
  // Written in the room itself.
  if (message?.direction === 'internal' && message.raw !== null && message.channel === channel) return undefined
  const people = await personNames(sql, [event.actorId ?? '', ticket.requesterId].filter(Boolean))
  const line = await lineOf(sql, events, at)
  const asks = event.type === 'received' || event.type === 'revised' || event.type === 'reopened'
  const doubt = message ? await doubtAbout(sql, message.id) : null
  return redacted(sql, {
    id: `${ticket.id} ${event.seq}`,
    from: isUnsent(event) ? 'event' : entryFrom(event, message?.direction),
    author: message?.authorName || people.get(event.actorId ?? '')?.name || line.who,
    text: withDoubt(doubt, textOf(event, message, line)),
    files: message ? (await attachmentsOf(sql, message.id)).map(({ name, size }) => ({ name, size })) : [],
    mentions: asks && ticket.ownerId !== null ? await chatAddressesOf(sql, ticket.ownerId, facts.kindOf(channel)) : [],
    actions: [],
  })
}

/** What somebody wrote, and not with something that they did. */
const WRITTEN: ReadonlySet<RecordedEvent['type']> = new Set(['received', 'replied', 'noted', 'revised'])

function entryFrom({ type }: RecordedEvent, direction: string | undefined): CardEntry['from'] {
  if (direction === undefined || !WRITTEN.has(type)) return 'event'
  if (direction === 'in') return 'requester'
  return direction === 'out' ? 'answer' : 'note'
}

function textOf(event: RecordedEvent, message: Message | undefined, { did }: { did: string }): string {
  const text = message ? (message.visible ?? message.text ?? '(erased)') : ''
  const alone = WRITTEN.has(event.type) && event.type !== 'revised' && !isUnsent(event)
  return alone ? text : `${did}${text ? `: ${text}` : ''}`
}

async function lineOf(sql: Sql, events: readonly RecordedEvent[], at: number): Promise<{ who: string; did: string }> {
  const ids = events.flatMap(({ actorId, data }) => [
    ...(actorId === null ? [] : [actorId]),
    ...Object.values(data).filter((value): value is string => typeof value === 'string' && value.length > 20),
  ])
  const people = await personNames(sql, [...new Set(ids)])
  const refs = await refsIn(sql, events.slice(at, at + 1))
  const lines = historyLines(events.slice(0, at + 1), {
    person: id => (id === null ? 'The desk' : (people.get(id)?.name ?? 'somebody')),
    ticket: id => refs.get(id) ?? 'another ticket',
    desk: id => id,
    textOf: () => '',
  })
  const { who = 'The desk', did = '' } = lines.at(-1) ?? {}
  return { who, did }
}
