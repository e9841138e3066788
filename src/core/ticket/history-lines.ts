// The history of a ticket as a story.
import { momentInWords, shortMoment } from '../text/time-expressions.ts'
import { COLUMN_NAMES, factInWords, NAMED_COLUMNS, type TicketFacts } from './columns.ts'
import { applyEvent } from './ticket.ts'
import type { Classification, RecordedEvent } from './ticket-event.ts'
import { isDone, stateInWords } from './ticket-state.ts'

/** What names stand for in a story. */
export interface HistoryNames {
  person(id: string | null): string
  ticket(id: string): string
  desk(id: string): string
  /** What was written with it, in a line; '' if nothing was. */
  textOf(messageId: string | undefined): string
}

export interface HistoryLine {
  seq: number
  at: string
  who: string
  channel: string
  type: string
  /** A sentence without its subject: `took it`. */
  did: string
  said: string
  /** What changed, by field. */
  before: Record<string, unknown>
  after: Record<string, unknown>
}

/** What happened to a ticket, in order. */
export function historyLines(events: readonly RecordedEvent[], names: HistoryNames): HistoryLine[] {
  const lines: HistoryLine[] = []
  let facts: TicketFacts | undefined
  for (const event of events) {
    const next = applyEvent(facts, event)
    const changed = COLUMN_NAMES.filter(
      name => name !== 'updatedAt' && facts !== undefined && facts[name] !== next[name],
    )
    const pick = (from: TicketFacts) => Object.fromEntries(changed.map(name => [name, from[name]]))
    const { seq, at, channel, type } = event
    const message = 'message' in event.data ? event.data.message : undefined
    lines.push({
      seq,
      at,
      channel,
      type,
      who: names.person(event.actorId),
      did: deedOf(event, facts, names),
      said: names.textOf(message),
      before: facts ? pick(facts) : {},
      after: pick(next),
    })
    facts = next
  }
  return lines
}

function deedOf(event: RecordedEvent, before: TicketFacts | undefined, names: HistoryNames): string {
  const { person, ticket, desk } = names
  switch (event.type) {
    case 'opened': {
      const { recordedBy, requester, follows } = event.data
      const whose = recordedBy ? ` for ${person(requester)}` : ''
      return `opened it${whose}${follows ? `, after ${ticket(follows)}` : ''}`
    }
    case 'received':
      return event.data.kind === 'person' ? 'wrote' : `sent an automatic message (${event.data.kind})`
    case 'replied':
      return before?.firstResponseAt ? 'answered' : 'answered for the first time'
    case 'noted':
      return (
        {
          call: 'kept what was said on the phone',
          tried: 'tried without success',
          unsent: 'wrote an answer that was not sent',
        }[event.data.what ?? ''] ?? 'noted'
      )
    case 'revised':
      return event.data.deleted ? 'took a message back' : 'changed a message'
    case 'joined':
      return `let ${person(event.data.person)} in`
    case 'uninvited':
      return `took ${person(event.data.person)} off it`
    case 'claimed':
      return event.data.owner === event.actorId ? 'took it' : `made ${person(event.data.owner)} its owner`
    case 'assigned': {
      const from = before?.ownerId ? `, from ${person(before.ownerId)}` : ''
      if (event.data.how === 'handover') return `took it over${from}`
      return `${event.data.how === 'escalate' ? 'escalated' : 'gave'} it to ${person(event.data.owner)}${from}`
    }
    case 'released':
      return event.data.owner === event.actorId ? 'gave it up' : `took it from ${person(event.data.owner)}`
    case 'offered':
      return `offered it to ${person(event.data.to)}, until ${shortMoment(event.data.until)}`
    case 'offer-ended':
      return {
        declined: 'declined to take it over',
        withdrawn: `took back the offer to ${person(event.data.to)}`,
        late: `ended the offer, which ${person(event.data.to)} did not take in time`,
      }[event.data.how]
    case 'helping':
      return event.data.person === event.actorId ? 'began to help' : `asked ${person(event.data.person)} to help`
    case 'left':
      return event.data.person === event.actorId ? 'stopped helping' : `ended the help of ${person(event.data.person)}`
    case 'escalated':
      return `escalated it to ${person(event.data.to)}`
    case 'moved':
      return `moved it from ${desk(before?.deskId ?? '')} to ${desk(event.data.desk)}`
    case 'waiting': {
      const until = event.data.until ? ` until ${shortMoment(event.data.until)}` : ''
      return `waits for ${event.data.on === 'requester' ? 'the requester' : 'a third party'}${until}`
    }
    case 'scheduled':
      return `put it off until ${shortMoment(event.data.until)}`
    case 'resumed':
      return {
        command: 'went on with it',
        message: 'went on with it, because of the message',
        time: 'brought it back, as it was time',
      }[event.data.by]
    case 'resolved':
      return event.data.how === 'workaround' ? 'resolved it by a workaround' : 'resolved it'
    case 'asked':
      return 'asked the requester whether it is solved'
    case 'rated': {
      const { solved, score, by } = event.data
      return `said that it is ${solved ? 'solved' : 'not solved'}${score === null ? '' : `, ${score} of 5`}${by === 'page' ? ', on the page' : by === 'button' ? ', with a button' : ''}`
    }
    case 'closed':
      return `closed it${{ recovery: ', as the machine is well again', spam: ' as spam', requester: ', as the requester is content', silence: ', as nobody said no', duplicate: ' as a duplicate' }[event.data.by as string] ?? ''}`
    case 'reopened':
      return `opened it again, ${shortSpan(before?.resolvedAt ?? before?.closedAt ?? event.at, event.at)} after it was ${stateInWords(before?.state ?? 'closed')}`
    case 'tagged': {
      const { add, remove } = event.data
      return [
        ...(add.length > 0 ? [`tagged it ${add.join(', ')}`] : []),
        ...(remove.length > 0 ? [`took away the tag ${remove.join(', ')}`] : []),
      ].join(' and ')
    }
    case 'filled':
      return event.data.value === '' ? `emptied ${event.data.field}` : `set ${event.data.field} to ${event.data.value}`
    case 'expected':
      return event.data.at === null
        ? 'expects nothing any more'
        : `expects it ${momentInWords(event.data.at)}${event.data.told ? ', and the requester was told' : ''}`
    case 'spent':
      return `spent ${event.data.minutes} minutes on it`
    case 'linked':
      return `linked ${ticket(event.data.ticket)} (${event.data.kind})`
    case 'unlinked':
      return `took away the link to ${ticket(event.data.ticket)} (${event.data.kind})`
    case 'merged':
      return `made ${ticket(event.ticketId)} part of ${ticket(event.data.into)}`
    case 'absorbed':
      return `made ${ticket(event.data.ticket)} part of it`
    case 'unmerged':
      return `took ${ticket(event.ticketId)} out of ${ticket(event.data.from)} again`
    case 'restored':
      return `took ${ticket(event.data.ticket)} out of it again`
    case 'split':
      return `split a message off to ${ticket(event.data.into)}`
    case 'undelivered':
      return 'could not deliver a message'
    case 'bounced':
      return event.data.kind === 'delayed' ? 'learned that a message is late' : 'learned that a message did not arrive'
    default:
      return setColumns(event.data, before)
  }
}

/** Of events that name columns and their values: `set priority to P1 (was P3)`. */
function setColumns(data: NamedValues, before: TicketFacts | undefined): string {
  const { raised, ...values } = data
  const changes = Object.entries(values).map(([name, value]) => {
    const column = NAMED_COLUMNS.find(each => each.name === name)
    const [old, now] = [column && before?.[column.name], value].map(each => factInWords(column, each))
    return `${name} to ${now || 'nothing'}${old ? ` (was ${old})` : ''}`
  })
  return `set ${changes.join(', ')}${raised ? '; a VIP’s urgency counts one higher' : ''}`
}

type NamedValues = Partial<Omit<TicketFacts, 'raised'>> & Pick<Classification, 'raised'>

/** `3 d 4 h`, `20 min`. */
export function shortSpan(from: string, to: string): string {
  const minutes = Math.max(0, Math.round((Date.parse(to) - Date.parse(from)) / 60_000))
  if (minutes < 60) return `${minutes} min`
  const hours = Math.floor(minutes / 60)
  return hours < 24 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} d ${hours % 24} h`
}

/** What went round in circles, and the minutes that it cost. */
export interface TicketCounts {
  /** Done, and then not: from resolved or closed until it was opened again. */
  reopened: { times: number; minutes: number }
  /** Passed from one owner to another: the time that the earlier ones had it. */
  passed: { times: number; minutes: number }
  /** Its category changed after work began: the time under the wrong one. */
  misrouted: { times: number; minutes: number }
  /** Minutes that people say they worked, by person id. */
  spent: Map<string, number>
}

/** Counts by the events alone. */
export function countsOf(events: readonly RecordedEvent[]): TicketCounts {
  const counts: TicketCounts = {
    reopened: { times: 0, minutes: 0 },
    passed: { times: 0, minutes: 0 },
    misrouted: { times: 0, minutes: 0 },
    spent: new Map(),
  }
  const lose = (what: { times: number; minutes: number }, from: string, to: string) => {
    what.times += 1
    what.minutes += Math.max(0, Math.round((Date.parse(to) - Date.parse(from)) / 60_000))
  }
  let facts: TicketFacts | undefined
  let owner: { id: string; since: string } | undefined
  let classifiedAt: string | undefined
  for (const event of events) {
    const next = applyEvent(facts, event)
    if (facts && event.type === 'reopened')
      lose(counts.reopened, facts.resolvedAt ?? facts.closedAt ?? event.at, event.at)
    if (next.ownerId !== null && next.ownerId !== owner?.id) {
      if (owner) lose(counts.passed, owner.since, event.at)
      owner = { id: next.ownerId, since: event.at }
    }
    if (facts && next.category !== facts.category) {
      const began = facts.ownerId !== null || facts.firstResponseAt !== null
      if (facts.category !== null && began) lose(counts.misrouted, classifiedAt ?? facts.openedAt, event.at)
      classifiedAt = event.at
    }
    if (event.type === 'spent') {
      counts.spent.set(event.data.person, (counts.spent.get(event.data.person) ?? 0) + event.data.minutes)
    }
    facts = next
  }
  return counts
}

/** Whether a ticket is done for so long that a message to it begins a new one. */
export function isOverFor(ticket: Pick<TicketFacts, 'state' | 'closedAt'>, now: string, within: number): boolean {
  return isDone(ticket.state) && ticket.closedAt !== null && Date.parse(now) - Date.parse(ticket.closedAt) > within
}
