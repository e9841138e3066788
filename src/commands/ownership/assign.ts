// The commands assign, handover, accept and decline.
import type { Action } from '../../channel/surface.ts'
import { mayGiveAway, mayMove } from '../../core/ticket/ticket.ts'
import { DeskError } from '../../errors.ts'
import { absenceOf } from '../../store/absences.ts'
import { recordEvent } from '../../store/tickets.ts'
import { agentArgument } from '../command/arguments.ts'
import { notifyPeople, storeInternalText } from '../command/internal-text.ts'
import { onTicketWith } from '../command/on-ticket.ts'

interface Assignment {
  to: string
  why: string
}

function parseAssignment(word: string): (words: string[]) => Assignment {
  return ([to, ...why]) => {
    if (to === undefined) throw new DeskError('usage', `Say to whom: ${word} TICKET @AGENT`)
    return { to, why: why.join(' ') }
  }
}

/** `assign HD-7 @bob "he knows that printer"`: the ticket is theirs at once. */
export const assign = onTicketWith<Assignment>({
  word: 'assign',
  usage: '@AGENT ["WHY"]',
  summary: 'Makes an agent the owner at once, whoever it was before, and tells them.',
  body: 'optional',
  parse: parseAssignment('assign'),
  async writes(tx, call, ticket, change, { to, why }) {
    const agent = agentArgument(to, call)
    if (ticket.ownerId === agent.id) throw new DeskError('conflict', `${ticket.ref} already belongs to ${agent.name}.`)
    mayMove(ticket, 'take')
    const away = await absenceOf(tx, agent.id, call.at)
    const reason = await storeInternalText(tx, ticket, change, call.actor, why || call.body, 'reason')
    const data = { owner: agent.id, how: 'assign' as const, ...reason }
    const now = await recordEvent(tx, ticket, { type: 'assigned', data }, change)
    await notifyPeople(tx, call, now, [agent.id], `${call.actor.name} assigned ${ticket.ref} to you.`, reason)
    await notifyPeople(
      tx,
      call,
      now,
      [ticket.ownerId],
      `${call.actor.name} assigned ${ticket.ref} to ${agent.name}.`,
      reason,
    )
    const warning = away ? ` They are away until ${away.until.slice(0, 16).replace('T', ' ')}.` : ''
    return {
      text: `${ticket.ref} now belongs to ${agent.name}.${warning}`,
      data: { ref: ticket.ref, owner: agent.handle },
    }
  },
})

/** `handover HD-7 @bob "why"`: it stays with its owner until Bob accepts. */
export const handover = onTicketWith<Assignment>({
  word: 'handover',
  aliases: ['hand'],
  usage: '@AGENT ["WHY"]',
  summary: 'Offers your ticket to another agent; it stays yours until they accept.',
  body: 'optional',
  parse: parseAssignment('handover'),
  async writes(tx, call, ticket, change, { to, why }) {
    const agent = agentArgument(to, call)
    mayGiveAway(ticket, call.actor.id, 'hand it over')
    mayMove(ticket, 'take')
    if (agent.id === call.actor.id) throw new DeskError('conflict', `${ticket.ref} is already yours.`)
    const away = await absenceOf(tx, agent.id, call.at)
    if (away) {
      const until = away.until.slice(0, 16).replace('T', ' ')
      throw new DeskError(
        'conflict',
        `${agent.name} is away until ${until}${away.deputy ? `: @${away.deputy} stands in` : ''}.`,
      )
    }
    const reason = await storeInternalText(tx, ticket, change, call.actor, why || call.body, 'reason')
    const until = new Date(Date.parse(call.at) + call.policy.handoverWithin).toISOString()
    const now = await recordEvent(tx, ticket, { type: 'offered', data: { to: agent.id, until, ...reason } }, change)
    const how = `reply with !accept, or with !decline and why. After ${until.slice(0, 16).replace('T', ' ')} UTC the offer ends.`
    await notifyPeople(
      tx,
      call,
      now,
      [agent.id],
      `${call.actor.name} wants to hand ${ticket.ref} over to you: ${how}`,
      reason,
    )
    return {
      text: `${ticket.ref} is offered to ${agent.name}; it stays yours until they accept.`,
      data: { ref: ticket.ref, offeredTo: agent.handle, until },
    }
  },
})

export const accept = onTicketWith<null>({
  word: 'accept',
  usage: '',
  summary: 'Accepts a ticket that was offered to you.',
  parse: () => null,
  async writes(tx, call, ticket, change) {
    if (ticket.offeredTo !== call.actor.id) {
      throw new DeskError('conflict', `${ticket.ref} was not offered to you: claim or assign it instead.`)
    }
    const data = { owner: call.actor.id, how: 'handover' as const }
    const now = await recordEvent(tx, ticket, { type: 'assigned', data }, change)
    await notifyPeople(tx, call, now, [ticket.ownerId], `${call.actor.name} took ${ticket.ref} over.`)
    return { text: `${ticket.ref} is yours: ${ticket.subject}`, data: { ref: ticket.ref, owner: call.actor.handle } }
  },
})

export const decline = onTicketWith<{ why: string }>({
  word: 'decline',
  usage: '["WHY"]',
  summary: 'Declines a ticket that was offered to you; its owner can use it to take back the offer.',
  body: 'optional',
  parse: words => ({ why: words.join(' ') }),
  async writes(tx, call, ticket, change, { why }) {
    const { offeredTo } = ticket
    if (offeredTo === null || (offeredTo !== call.actor.id && ticket.ownerId !== call.actor.id)) {
      throw new DeskError('conflict', `${ticket.ref} was not offered to you, so there is nothing to decline.`)
    }
    const how = offeredTo === call.actor.id ? ('declined' as const) : ('withdrawn' as const)
    const reason = await storeInternalText(tx, ticket, change, call.actor, why || call.body, 'reason')
    const now = await recordEvent(tx, ticket, { type: 'offer-ended', data: { to: offeredTo, how, ...reason } }, change)
    const did = how === 'declined' ? 'declined to take over' : 'no longer hands over'
    await notifyPeople(tx, call, now, [ticket.ownerId, offeredTo], `${call.actor.name} ${did} ${ticket.ref}.`, reason)
    return {
      text: `${ticket.ref} stays with ${ticket.ownerName}.`,
      data: { ref: ticket.ref, owner: ticket.ownerHandle },
    }
  },
})

/** What an agent can press about a ticket that is offered to them. */
export function offerActions(ref: string): Action[] {
  return [
    { label: 'Take it over', style: 'primary', line: `${accept.word} ${ref}` },
    { label: 'Decline', line: `${decline.word} ${ref}` },
  ]
}
