import { CATEGORY_FIELDS, CLOSE_AFTER_MS, KIND_FIELDS } from '../fixtures.ts'
import type { SlowTicket } from '../reference-model.ts'
import { type Happening, isOver, nextState } from '../state-table.ts'
import { alsoDid, laterThan, type Moment, type Objection, type Rule, textOf, textOrNull } from './rule.ts'

/** How a ticket goes from new to closed, and what is said on the way. */

function cannot({ ticket }: Moment, happening: Happening): Objection {
  return [`what is ${ticket.state} cannot do that`, nextState(ticket.state, happening) === undefined]
}

function go(ticket: SlowTicket, happening: Happening): void {
  ticket.state = nextState(ticket.state, happening) ?? ticket.state
}

function endsWaiting(ticket: SlowTicket): void {
  ticket.resumeAt = null
  ticket.offer = null
}

function unowned({ ticket }: Moment): Objection {
  return ['whoever takes it up owns it', ticket.owner === null]
}

function notToCome({ data, event }: Moment, name: string): Objection {
  return ['the time is not to come', !laterThan(textOrNull(data, name), event.at)]
}

const replied: Rule = {
  against: ({ data }) => [['there is no answer', !textOf(data, 'message')]],
  changes({ ticket, event }) {
    go(ticket, 'answered')
    ticket.firstResponseAt ??= event.at
  },
}

const noted: Rule = {
  against: ({ data }) => [['there is no note', !textOf(data, 'message')]],
  changes: () => undefined,
}

function waitsFor({ data }: Moment): Happening {
  return data.on === 'requester' ? 'waits' : 'waits-3rd'
}

const waiting: Rule = {
  against: moment => [
    cannot(moment, waitsFor(moment)),
    unowned(moment),
    ['it waits for nobody', !['requester', 'third-party'].includes(textOf(moment.data, 'on'))],
    ['the time is not to come', moment.data.until !== null && notToCome(moment, 'until')[1]],
  ],
  changes(moment) {
    go(moment.ticket, waitsFor(moment))
    moment.ticket.resumeAt = textOrNull(moment.data, 'until')
  },
}

const scheduled: Rule = {
  against: moment => [cannot(moment, 'put-off'), unowned(moment), notToCome(moment, 'until')],
  changes({ ticket, data }) {
    go(ticket, 'put-off')
    ticket.resumeAt = textOf(data, 'until')
  },
}

const resumed: Rule = {
  against(moment) {
    const { ticket, data, actor, event } = moment
    const byTime = data.by === 'time'
    return [
      cannot(moment, 'goes-on'),
      ['nobody goes on like that', !byTime && data.by !== 'command'],
      ['the desk alone goes by the time', byTime !== (actor === '')],
      ['it comes back at no time', byTime && ticket.resumeAt === null],
      ['its time has not come', byTime && laterThan(ticket.resumeAt, event.at)],
    ]
  },
  changes({ ticket }) {
    go(ticket, 'goes-on')
    ticket.resumeAt = null
  },
}

/** Names of the fields that must be filled before it is resolved, and are not. */
function gapsOf({ kind, category, fields }: SlowTicket): string[] {
  const asked = [...(KIND_FIELDS[kind ?? ''] ?? []), ...(CATEGORY_FIELDS[category ?? ''] ?? [])]
  return asked.filter(({ name, required }) => required && !fields.has(name)).map(({ name }) => name)
}

const resolved: Rule = {
  against(moment) {
    const { ticket, data } = moment
    const gaps = gapsOf(ticket)
    return [
      cannot(moment, 'solved'),
      unowned(moment),
      ['it has no category', ticket.category === null],
      [`${gaps.join(', ')} is not filled in`, gaps.length > 0],
      ['nobody says what solved it', !textOf(data, 'message')],
      ['nobody told the requester', data.told !== 'told' && ticket.firstResponseAt === null],
      ['nothing is resolved like that', data.how !== 'solution' && data.how !== 'workaround'],
    ]
  },
  changes({ ticket, event }) {
    go(ticket, 'solved')
    endsWaiting(ticket)
    ticket.resolvedAt = event.at
  },
}

const asked: Rule = {
  against: moment => [
    ['only the desk asks', moment.actor !== ''],
    ['nothing was resolved', !alsoDid(moment, 'resolved', ({ ticketId }) => ticketId === moment.ticket.id)],
  ],
  changes: () => undefined,
}

const closed: Rule = {
  against(moment) {
    const { ticket, data, actor, event } = moment
    const silence = data.by === 'silence'
    const silentUntil = Date.parse(ticket.resolvedAt ?? '') + CLOSE_AFTER_MS
    const isDuplicate = alsoDid(moment, 'linked', ({ data: link }) => link.kind === 'original')
    return [
      cannot(moment, 'ends'),
      ['nobody closes like that', ![undefined, 'silence', 'duplicate'].includes(data.by as string | undefined)],
      ['the desk alone closes for silence', silence !== (actor === '')],
      ['it is not resolved', silence && ticket.state !== 'resolved'],
      ['the requester may still say no', silence && !(Date.parse(event.at) >= silentUntil)],
      ['it is the duplicate of nothing', data.by === 'duplicate' && !isDuplicate && !hasOriginal(moment)],
    ]
  },
  changes({ ticket, event }) {
    go(ticket, 'ends')
    endsWaiting(ticket)
    ticket.closedAt = event.at
  },
}

function hasOriginal({ world, ticket }: Moment): boolean {
  return world.linksOf(ticket.id).some(({ kind }) => kind === 'original')
}

const reopened: Rule = {
  against: moment => [
    cannot(moment, 'again'),
    ['nobody reopens like that', moment.data.by !== 'command'],
    ['the desk reopens nothing', moment.actor === ''],
  ],
  changes({ ticket }) {
    go(ticket, 'again')
    ticket.resolvedAt = null
    ticket.closedAt = null
  },
}

const expected: Rule = {
  against: moment => [
    ['it is done', isOver(moment.ticket.state)],
    ['that is so already', moment.ticket.expectedAt === textOrNull(moment.data, 'at')],
    ['the time is not to come', moment.data.at !== null && notToCome(moment, 'at')[1]],
  ],
  changes({ ticket, data }) {
    ticket.expectedAt = textOrNull(data, 'at')
  },
}

const spent: Rule = {
  against: ({ data, actor }) => [
    ['nobody works for somebody else', textOf(data, 'person') !== actor],
    ['that is no time', !Number.isInteger(data.minutes) || Number(data.minutes) < 1],
  ],
  changes: () => undefined,
}

export const COURSE_RULES: Record<string, Rule> = {
  replied,
  noted,
  waiting,
  scheduled,
  resumed,
  resolved,
  asked,
  closed,
  reopened,
  expected,
  spent,
}
