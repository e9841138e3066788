import { eventInWords, type ReadEvent } from './event.ts'
import type { SlowTicket, SlowWorld } from './reference-model.ts'
import { CLASS_RULES, wrongClass } from './rules/class-rules.ts'
import { OWNER_RULES } from './rules/owner-rules.ts'
import { RELATION_RULES } from './rules/relation-rules.ts'
import { type Moment, type Objection, type Rule, textOf } from './rules/rule.ts'
import { COURSE_RULES } from './rules/state-rules.ts'
import { isOver, isPutOff } from './state-table.ts'

const RULES: Record<string, Rule> = { ...OWNER_RULES, ...COURSE_RULES, ...CLASS_RULES, ...RELATION_RULES }

/** A part of another ticket is spoken of in these events alone. */
const OF_PARTS = ['unmerged', 'restored', 'unlinked']

/** Lets an event happen in the slow world; gives what speaks against it. It happens in any case, as it did. */
export function judge(world: SlowWorld, event: ReadEvent, together: readonly ReadEvent[]): string[] {
  const name = (ticket: SlowTicket | undefined) => eventInWords(`ticket ${ticket?.number ?? event.ticketId}`, event)
  const ticket = world.tickets.get(event.ticketId)
  if (!ticket) {
    if (event.type !== 'opened') return [`${name(ticket)}: it comes before the opening`]
    const opened = openedBy(event)
    world.tickets.set(event.ticketId, opened)
    return invariantsOf(world, opened).map(each => `${name(opened)}: ${each}`)
  }
  const rule = RULES[event.type]
  if (!rule) return [`${name(ticket)}: no command of this run does that`]
  const moment: Moment = { world, ticket, event, data: event.data, actor: event.actorId ?? '', together }
  const objections: Objection[] = [
    ...rule.against(moment),
    ['it is part of another', ticket.mergedInto !== null && !OF_PARTS.includes(event.type)],
  ]
  rule.changes(moment)
  ticket.updatedAt = event.at
  const broken = [...objections.filter(([, isSo]) => isSo).map(([says]) => says), ...invariantsOf(world, ticket)]
  return broken.map(each => `${name(ticket)}: ${each}`)
}

function openedBy({ ticketId, at, data }: ReadEvent): SlowTicket {
  return {
    ...{ id: ticketId, number: Number(data.number), state: 'new' },
    ...{ desk: textOf(data, 'desk'), requester: textOf(data, 'requester') },
    ...{ owner: null, offer: null, helpers: new Set(), kind: null, category: null, impact: null, urgency: null },
    ...{ priority: null, raised: false, tags: new Set(), fields: new Map(), openedAt: at, updatedAt: at },
    ...{ firstResponseAt: null, resumeAt: null, expectedAt: null, resolvedAt: null, closedAt: null },
    ...{ mergedInto: null, beforeMerge: null },
  }
}

/** What must hold of a ticket after each event, whatever it was. */
function invariantsOf(world: SlowWorld, ticket: SlowTicket): string[] {
  const { state, owner, offer, helpers, resumeAt, resolvedAt, closedAt, mergedInto } = ticket
  const says: Objection[] = [
    ['its owner is no agent', owner !== null && !world.staff.agents.has(owner)],
    ['its owner helps, too', owner !== null && helpers.has(owner)],
    ['it is offered and nobody owns it', offer !== null && owner === null],
    ['it is offered to its owner', offer !== null && offer.to === owner],
    ['it is offered and done', offer !== null && isOver(state)],
    ['nobody took it and somebody owns it', state === 'new' && owner !== null],
    ['it comes back and is not put off', resumeAt !== null && !isPutOff(state)],
    ['it is scheduled for no time', state === 'scheduled' && resumeAt === null],
    ['it is resolved and nobody knows since when', state === 'resolved' && resolvedAt === null],
    ['it is not done and was resolved', !isOver(state) && resolvedAt !== null],
    ['it is closed, or not, and its time says otherwise', (state === 'closed') !== (closedAt !== null)],
    ['it is part of another and not closed', mergedInto !== null && state !== 'closed'],
    ['it is part of itself', world.endOf(ticket) === 'circle'],
    ...wrongClass(ticket, world.staff.vips.has(ticket.requester)),
  ]
  return says.filter(([, isSo]) => isSo).map(([text]) => text)
}
