// What show tells of a ticket above its messages.
import { age } from '../../core/text/table.ts'
import { momentInWords, shortMoment } from '../../core/text/time-expressions.ts'
import { factInWords, factsInJson, NAMED_COLUMNS } from '../../core/ticket/columns.ts'
import { countsOf, type TicketCounts } from '../../core/ticket/history-lines.ts'
import { stateInWords } from '../../core/ticket/ticket-state.ts'
import { words } from '../../core/ticket/words.ts'
import type { Sql } from '../../store/engine/sql.ts'
import { eventsOf } from '../../store/events.ts'
import { linksOf, type ShownLink } from '../../store/links.ts'
import { type Participant, participantsOf } from '../../store/participants.ts'
import { type Person, personNames } from '../../store/people.ts'
import { mergedIn, type Ticket, ticketsOfRequester } from '../../store/tickets.ts'
import { type ReaderFacts, type Readers, readersInWords, readersOf, whoInWords } from '../command/recipients.ts'
import { inWords } from '../sort/link.ts'
import { describeClass } from '../sort/set.ts'
import { circlesInWords, countsData, peopleIn } from './history.ts'

const EARLIER = 5

/** What is shown of a ticket beside its messages. */
export interface About {
  participants: Participant[]
  readers: Readers
  people: Map<string, Person>
  links: ShownLink[]
  /** Tickets that became part of it. */
  parts: Ticket[]
  /** Others of its requester, newest first. */
  earlier: Ticket[]
  counts: TicketCounts
}

export async function aboutTicket(sql: Sql, facts: ReaderFacts, ticket: Ticket): Promise<About> {
  const events = await eventsOf(sql, ticket.id)
  const ids = [...peopleIn(events), ...words(ticket.helpers), ...(ticket.offeredTo ? [ticket.offeredTo] : [])]
  return {
    participants: await participantsOf(sql, ticket.id),
    readers: await readersOf(sql, facts, ticket),
    people: await personNames(sql, ids),
    links: await linksOf(sql, ticket.id),
    parts: await mergedIn(sql, ticket.id),
    earlier: await ticketsOfRequester(sql, ticket.requesterId, { except: ticket.id, limit: EARLIER }),
    counts: countsOf(events),
  }
}

/** The lines above the messages. `receipts` tells of acknowledgements, `alerts` of a machine's repeats. */
export function headLines(
  ticket: Ticket,
  { participants, readers, people, links, parts, earlier, counts }: About,
  { now, receipts, alerts }: { now: string; receipts: readonly string[]; alerts: readonly string[] },
): string[] {
  const copied = participants
    .filter(each => each.role === 'copied')
    .map(each => whoInWords(each.kind, each.name, each.address))
  const requester = participants.find(each => each.role === 'requester')
  const name = (id: string) => people.get(id)?.name ?? 'somebody'
  const until = ticket.resumeAt ? `, until ${momentInWords(ticket.resumeAt)}` : ''
  const offered = ticket.offeredTo ? `, offered to ${name(ticket.offeredTo)}` : ''
  return [
    `${ticket.ref}  ${ticket.subject}`,
    ...line('state', `${stateInWords(ticket.state)}${until}`),
    ...line('owner', `${ticket.ownerName ?? 'nobody yet'}${offered}`),
    ...line('helping', words(ticket.helpers).map(name).join(', ')),
    ...line(
      'requester',
      requester ? whoInWords(requester.kind, requester.name, requester.address) : ticket.requesterName,
    ),
    ...line('copied', copied.join(', ')),
    ...line('answers', isWorthSaying(readers, requester?.address) && `go to ${readersInWords(readers)}`),
    ...line('class', describeClass(ticket) === 'not classified' ? null : describeClass(ticket)),
    ...columnLines(ticket, COLUMNS_BEFORE_OPENING),
    ...line('opened', `${shortMoment(ticket.openedAt)} (${age(ticket.openedAt, now)}) through ${ticket.channel}`),
    ...line('recorded', ticket.recordedByName && `by ${ticket.recordedByName}`),
    ...alerts,
    ...columnLines(ticket, COLUMNS_SINCE_OPENING),
    ...receipts,
    ...links.flatMap(each =>
      line(
        'link',
        `${each.otherRef} is ${inWords(each.kind)} it: ${each.otherSubject} (${stateInWords(each.otherState as Ticket['state'])})`,
      ),
    ),
    ...parts.flatMap(each => line('part', `${each.ref} ${each.subject}`)),
    ...line('newest', `event ${ticket.eventSeq}`),
    ...circlesInWords(counts, name),
    ...earlier.flatMap((each, index) =>
      line(
        index === 0 ? 'earlier' : '',
        `${each.ref} ${each.subject} (${stateInWords(each.state)}, ${age(each.openedAt, now)})`,
      ),
    ),
  ]
}

function line(title: string, text: string | null | false | undefined): string[] {
  return text ? [`${title.padEnd(10)} ${text}`] : []
}

const OPENING = NAMED_COLUMNS.findIndex(each => each.name === 'openedAt')
const COLUMNS_BEFORE_OPENING = NAMED_COLUMNS.slice(0, OPENING)
const COLUMNS_SINCE_OPENING = NAMED_COLUMNS.slice(OPENING)

/** The lines that follow from the columns alone. */
function columnLines(ticket: Ticket, columns: typeof NAMED_COLUMNS): string[] {
  return columns.flatMap(each => (each.line ? line(each.line, factInWords(each, ticket[each.name])) : []))
}

/** Whom an answer goes to, where that is not plain from who takes part. */
function isWorthSaying({ recipients, leftOff, isShared }: Readers, requester: string | undefined): boolean {
  return leftOff.length > 0 || isShared || (requester !== undefined && recipients[0]?.recipient !== requester)
}

/** The same for programs. */
export function headData(
  ticket: Ticket,
  { participants, readers, people, links, parts, earlier, counts }: About,
): object {
  const handle = (id: string) => people.get(id)?.handle ?? null
  return {
    ref: ticket.ref,
    subject: ticket.subject,
    desk: ticket.deskId,
    owner: ticket.ownerHandle,
    offeredTo: ticket.offeredTo === null ? null : handle(ticket.offeredTo),
    helpers: words(ticket.helpers).map(handle),
    requester: ticket.requesterName,
    channel: ticket.channel,
    ...factsInJson(ticket, 'show'),
    recordedBy: ticket.recordedByName,
    event: ticket.eventSeq,
    answersTo: readers.recipients.map(({ recipient, name, kind }) => ({ address: recipient, name, kind })),
    participants: participants.map(({ address, name, role }) => ({ address, name, role })),
    links: links.map(({ kind, otherRef }) => ({ kind, ref: otherRef })),
    parts: parts.map(each => each.ref),
    earlier: earlier.map(({ ref, subject, state }) => ({ ref, subject, state })),
    counts: countsData(counts, handle),
  }
}
