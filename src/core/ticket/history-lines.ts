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
          call: 'recorded a phone call',
          tried: 'tried without success',
          unsent: 'wrote an answer that was not sent',
        }[event.data.what ?? ''] ?? 'noted'
      )
    case 'revised':
      return event.data.deleted ? 'deleted a message' : 'edited a message'
    case 'joined':
      return `added ${person(event.data.person)}`
    case 'uninvited':
      return `removed ${person(event.data.person)}`
    case 'claimed':
      return event.data.owner === event.actorId ? 'claimed it' : `made ${person(event.data.owner)} its owner`
    case 'assigned': {
      const from = before?.ownerId ? `, from ${person(before.ownerId)}` : ''
      if (event.data.how === 'handover') return `took it over${from}`
      return `${event.data.how === 'escalate' ? 'escalated' : 'assigned'} it to ${person(event.data.owner)}${from}`
    }
    case 'released':
      return event.data.owner === event.actorId ? 'released it' : `took it from ${person(event.data.owner)}`
    case 'offered':
      return `offered it to ${person(event.data.to)}, until ${shortMoment(event.data.until)}`
    case 'offer-ended':
      return {
        declined: 'declined to take it over',
        withdrawn: `took back the offer to ${person(event.data.to)}`,
        late: `ended the offer, as ${person(event.data.to)} did not accept in time`,
      }[event.data.how]
    case 'helping':
      return event.data.person === event.actorId ? 'started helping' : `asked ${person(event.data.person)} to help`
    case 'left':
      return event.data.person === event.actorId
        ? 'stopped helping'
        : `removed ${person(event.data.person)} as a helper`
    case 'escalated':
      return `escalated it to ${person(event.data.to)}`
    case 'moved':
      return `moved it from ${desk(before?.deskId ?? '')} to ${desk(event.data.desk)}`
    case 'waiting': {
      const until = event.data.until ? ` until ${shortMoment(event.data.until)}` : ''
      return `set it to wait for ${event.data.on === 'requester' ? 'the requester' : 'a third party'}${until}`
    }
    case 'scheduled':
      return `postponed it until ${shortMoment(event.data.until)}`
    case 'resumed':
      return {
        command: 'continued it',
        message: 'continued it because of the message',
        time: 'brought it back, as planned',
      }[event.data.by]
    case 'resolved':
      return event.data.how === 'workaround' ? 'resolved it with a workaround' : 'resolved it'
    case 'asked':
      return 'asked the requester whether it is solved'
    case 'rated': {
      const { solved, score, by } = event.data
      return `said that it is ${solved ? 'solved' : 'not solved'}${score === null ? '' : `, rating ${score} of 5`}${by === 'page' ? ', on the page' : by === 'button' ? ', with a button' : ''}`
    }
    case 'closed':
      return `closed it${{ recovery: ', as the alert cleared', spam: ' as spam', requester: ', as the requester confirmed', silence: ', as nobody objected', duplicate: ' as a duplicate' }[event.data.by as string] ?? ''}`
    case 'reopened':
      return `reopened it ${shortSpan(before?.resolvedAt ?? before?.closedAt ?? event.at, event.at)} after it was ${stateInWords(before?.state ?? 'closed')}`
    case 'tagged': {
      const { add, remove } = event.data
      return [
        ...(add.length > 0 ? [`tagged it ${add.join(', ')}`] : []),
        ...(remove.length > 0 ? [`removed the tag ${remove.join(', ')}`] : []),
      ].join(' and ')
    }
    case 'filled':
      return event.data.value === '' ? `cleared ${event.data.field}` : `set ${event.data.field} to ${event.data.value}`
    case 'expected':
      return event.data.at === null
        ? 'removed the expected time'
        : `expects to solve it by ${momentInWords(event.data.at)}${event.data.told ? ', and the requester was told' : ''}`
    case 'spent':
      return `spent ${event.data.minutes} minutes on it`
    case 'linked':
      return `linked ${ticket(event.data.ticket)} (${event.data.kind})`
    case 'unlinked':
      return `removed the link to ${ticket(event.data.ticket)} (${event.data.kind})`
    case 'merged':
      return `merged ${ticket(event.ticketId)} into ${ticket(event.data.into)}`
    case 'absorbed':
      return `merged ${ticket(event.data.ticket)} into it`
    case 'unmerged':
      return `separated ${ticket(event.ticketId)} from ${ticket(event.data.from)} again`
    case 'restored':
      return `separated ${ticket(event.data.ticket)} from it again`
    case 'split':
      return `split a message off to ${ticket(event.data.into)}`
    case 'undelivered':
      return 'could not deliver a message'
    case 'bounced':
      return event.data.kind === 'delayed'
        ? 'learned that a message is delayed'
        : 'learned that a message did not arrive'
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
