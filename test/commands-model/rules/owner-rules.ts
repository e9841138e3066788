import { HANDOVER_WITHIN_MS } from '../fixtures.ts'
import { isOver, nextState } from '../state-table.ts'
import { alsoDid, laterThan, type Moment, type Objection, type Rule, textOf } from './rule.ts'

/** One person owns a ticket, or nobody; only they give it away, and it is offered to one at a time. */

function whileDone({ ticket }: Moment): Objection {
  return ['it is done', isOver(ticket.state)]
}

function noAgent({ world }: Moment, who: string): Objection {
  return [`${who || 'nobody'} is no agent`, !world.staff.agents.has(who)]
}

function giveTo({ ticket }: Moment, owner: string): void {
  ticket.owner = owner
  ticket.offer = null
  ticket.helpers.delete(owner)
  ticket.state = nextState(ticket.state, 'taken') ?? ticket.state
}

const claimed: Rule = {
  against: moment => [
    whileDone(moment),
    noAgent(moment, moment.actor),
    ['somebody owns it', moment.ticket.owner !== null],
    ['nobody claims for somebody else', textOf(moment.data, 'owner') !== moment.actor],
  ],
  changes: moment => giveTo(moment, moment.actor),
}

const assigned: Rule = {
  against(moment) {
    const { ticket, data, actor } = moment
    const owner = textOf(data, 'owner')
    const how = textOf(data, 'how')
    const accepts = how === 'handover'
    return [
      whileDone(moment),
      noAgent(moment, actor),
      noAgent(moment, owner),
      ['it is theirs already', ticket.owner === owner],
      ['nobody gives like that', !['assign', 'handover', 'escalate'].includes(how)],
      ['it was not offered', accepts && ticket.offer === null],
      ['it was offered to somebody else', accepts && (ticket.offer?.to !== owner || actor !== owner)],
      ['an escalation says why', how === 'escalate' && !textOf(data, 'message')],
    ]
  },
  changes: moment => giveTo(moment, textOf(moment.data, 'owner')),
}

const released: Rule = {
  against(moment) {
    const { ticket, data, actor } = moment
    const goesElsewhere = alsoDid(moment, 'moved', event => event.ticketId === ticket.id)
    return [
      ['nobody owns it', ticket.owner === null],
      ['its owner is another', ticket.owner !== textOf(data, 'owner')],
      ['only its owner releases it', actor !== ticket.owner && !goesElsewhere],
    ]
  },
  changes({ ticket }) {
    ticket.owner = null
    ticket.offer = null
  },
}

const offered: Rule = {
  against(moment) {
    const { ticket, data, actor, event } = moment
    const to = textOf(data, 'to')
    const late = Date.parse(event.at) + HANDOVER_WITHIN_MS
    return [
      whileDone(moment),
      noAgent(moment, to),
      ['only its owner hands it over', ticket.owner === null || ticket.owner !== actor],
      ['it is theirs already', ticket.owner === to],
      ['the time to accept is another', Date.parse(textOf(data, 'until')) !== late],
    ]
  },
  changes({ ticket, data }) {
    ticket.offer = { to: textOf(data, 'to'), until: textOf(data, 'until') }
  },
}

const offerEnded: Rule = {
  against({ ticket, data, actor, event }) {
    const to = textOf(data, 'to')
    const how = textOf(data, 'how')
    return [
      ['it was not offered', ticket.offer === null],
      ['it was offered to somebody else', ticket.offer?.to !== to],
      ['no offer ends like that', !['declined', 'withdrawn', 'late'].includes(how)],
      ['only who was asked declines', how === 'declined' && actor !== to],
      ['only its owner withdraws', how === 'withdrawn' && actor !== ticket.owner],
      ['the desk alone ends it for being late', (how === 'late') !== (actor === '')],
      ['it is not late', how === 'late' && laterThan(ticket.offer?.until ?? null, event.at)],
    ]
  },
  changes({ ticket }) {
    ticket.offer = null
  },
}

const helping: Rule = {
  against(moment) {
    const person = textOf(moment.data, 'person')
    return [
      whileDone(moment),
      noAgent(moment, person),
      ['they own it', moment.ticket.owner === person],
      ['they help already', moment.ticket.helpers.has(person)],
    ]
  },
  changes: ({ ticket, data }) => void ticket.helpers.add(textOf(data, 'person')),
}

const left: Rule = {
  against: ({ ticket, data }) => [['they do not help', !ticket.helpers.has(textOf(data, 'person'))]],
  changes: ({ ticket, data }) => void ticket.helpers.delete(textOf(data, 'person')),
}

const escalated: Rule = {
  against: moment => [
    whileDone(moment),
    ['that is no lead', !moment.world.staff.leads.has(textOf(moment.data, 'to'))],
    ['nobody escalates to themselves', textOf(moment.data, 'to') === moment.actor],
    ['an escalation says why', !textOf(moment.data, 'message')],
  ],
  changes: () => undefined,
}

const moved: Rule = {
  against: moment => [
    whileDone(moment),
    ['it is with that desk already', moment.ticket.desk === textOf(moment.data, 'desk')],
    ['somebody of the desk before still owns it', moment.ticket.owner !== null],
    ['an escalation says why', !textOf(moment.data, 'message')],
  ],
  changes({ ticket, data }) {
    ticket.desk = textOf(data, 'desk')
  },
}

export const OWNER_RULES: Record<string, Rule> = {
  claimed,
  assigned,
  released,
  offered,
  'offer-ended': offerEnded,
  helping,
  left,
  escalated,
  moved,
}
