import type { SlowLink, SlowTicket, State } from '../reference-model.ts'
import { alsoDid, type Moment, type Rule, textOf } from './rule.ts'

/** What tickets are to each other: both say the same, a ticket has one parent, and what was merged is closed. */

const OTHER_WAY: Record<string, string> = {
  parent: 'child',
  child: 'parent',
  related: 'related',
  original: 'duplicate',
  duplicate: 'original',
}

const DAY_MS = 86_400_000

/** Whether the other ticket says the same the other way round. */
function bothSay(moment: Moment): boolean {
  const { event, ticket, data } = moment
  return alsoDid(
    moment,
    event.type,
    there =>
      there.ticketId === data.ticket &&
      there.data.ticket === ticket.id &&
      there.data.kind === OTHER_WAY[textOf(data, 'kind')],
  )
}

function linkOf({ ticket, data }: Moment): SlowLink {
  return { ticket: ticket.id, kind: textOf(data, 'kind'), other: textOf(data, 'ticket') }
}

const linked: Rule = {
  against: moment => [
    ['there is no such link', !(textOf(moment.data, 'kind') in OTHER_WAY)],
    ['there is no such ticket', !moment.world.tickets.has(textOf(moment.data, 'ticket'))],
    ['it is that ticket itself', moment.data.ticket === moment.ticket.id],
    ['they are linked like that already', moment.world.hasLink(linkOf(moment))],
    ['it has a parent', moment.data.kind === 'parent' && moment.world.parentOf(moment.ticket.id) !== undefined],
    ['the other does not say so', !bothSay(moment)],
  ],
  changes: moment => moment.world.link(linkOf(moment)),
}

const unlinked: Rule = {
  against: moment => [
    ['they are not linked like that', !moment.world.hasLink(linkOf(moment))],
    ['the other does not say so', !bothSay(moment)],
  ],
  changes: moment => moment.world.unlink(linkOf(moment)),
}

const merged: Rule = {
  against(moment) {
    const { world, ticket, data } = moment
    const into = world.tickets.get(textOf(data, 'into'))
    return [
      ['there is no such ticket', into === undefined],
      ['it is that ticket itself', into === ticket],
      ['that one is part of another', (into?.mergedInto ?? null) !== null],
      ['the other does not say so', !alsoDid(moment, 'absorbed', answers(ticket, data.into))],
    ]
  },
  changes({ ticket, data, event }) {
    ticket.beforeMerge = { state: ticket.state, resumeAt: ticket.resumeAt, at: event.at }
    ticket.state = 'closed'
    ticket.closedAt ??= event.at
    ticket.mergedInto = textOf(data, 'into')
    ticket.resumeAt = null
    ticket.offer = null
  },
}

const unmerged: Rule = {
  against(moment) {
    const { ticket, data, event } = moment
    const before = ticket.beforeMerge
    return [
      ['it is part of no other', ticket.mergedInto === null || before === null],
      ['it is part of another than that', ticket.mergedInto !== data.from],
      ['it was something else before', before?.state !== data.state],
      ['that is too long ago', Date.parse(event.at) - Date.parse(before?.at ?? '') > DAY_MS],
      ['the other does not say so', !alsoDid(moment, 'restored', answers(ticket, data.from))],
    ]
  },
  changes({ ticket, data }) {
    ticket.state = data.state as State
    ticket.resumeAt = ticket.beforeMerge?.resumeAt ?? null
    if (ticket.state !== 'closed') ticket.closedAt = null
    ticket.mergedInto = null
    ticket.beforeMerge = null
  },
}

/** The event of the other ticket that tells of this one. */
function answers(ticket: SlowTicket, other: unknown) {
  return (event: { ticketId: string; data: Record<string, unknown> }) =>
    event.ticketId === other && event.data.ticket === ticket.id
}

const absorbed: Rule = {
  against: moment => [
    [
      'the other does not say so',
      !alsoDid(
        moment,
        'merged',
        ({ ticketId, data }) => ticketId === moment.data.ticket && data.into === moment.ticket.id,
      ),
    ],
  ],
  changes: () => undefined,
}

const restored: Rule = {
  against: moment => [
    [
      'the other does not say so',
      !alsoDid(
        moment,
        'unmerged',
        ({ ticketId, data }) => ticketId === moment.data.ticket && data.from === moment.ticket.id,
      ),
    ],
  ],
  changes: () => undefined,
}

export const RELATION_RULES: Record<string, Rule> = { linked, unlinked, merged, unmerged, absorbed, restored }
