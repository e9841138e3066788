// The command escalate: to an agent, another desk, or a lead.
import type { Form } from '../../channel/surface.ts'
import { mayMove } from '../../core/ticket/ticket.ts'
import { isDone } from '../../core/ticket/ticket-state.ts'
import { DeskError } from '../../errors.ts'
import type { Tx } from '../../store/engine/sql.ts'
import type { Agent } from '../../store/people.ts'
import { type Change, recordEvent, type Ticket, ticketById } from '../../store/tickets.ts'
import { agentArgument } from '../command/arguments.ts'
import type { Call } from '../command/command.ts'
import { notifyPeople, storeInternalText } from '../command/internal-text.ts'
import { onTicketWith } from '../command/on-ticket.ts'

/** `escalate HD-7 it "needs a server change"`, `escalate HD-7 @eve "..."`, `escalate HD-7 lead "..."`. */
export const escalate = onTicketWith<{ to: string; why: string }>({
  word: 'escalate',
  usage: '@AGENT|DESK|lead "WHY"',
  summary: 'Passes it on to another agent or desk, or tells a lead and leaves it with you.',
  body: 'optional',
  button: {
    rank: 80,
    of: ({ ticket: { ref, state } }) =>
      isDone(state) ? [] : [{ label: 'Escalate', line: `escalate ${ref} lead {why}`, form: whyForm(ref) }],
  },
  parse([to, ...why]) {
    if (to === undefined) throw new DeskError('usage', 'Say to whom and why: escalate TICKET @AGENT|DESK|lead "WHY"')
    return { to: to.replace(/^to$/i, ''), why: why.join(' ') }
  },
  async writes(tx, call, ticket, change, request) {
    const [to, why] = request.to === '' ? splitRecipient(request.why) : [request.to, request.why]
    const reason = why.trim() || call.body.trim()
    if (!reason) throw new DeskError('usage', `Say why: escalate ${ticket.ref} ${to} "WHY"`)
    mayMove(ticket, 'take')
    if (/^@?leads?$/i.test(to) && !call.agents.some(each => each.handle === 'lead')) {
      return toLead(tx, call, ticket, change, reason)
    }
    const desk = call.desks.find(each =>
      [each.id, each.name, each.prefix].some(name => name.toLowerCase() === to.toLowerCase()),
    )
    return desk
      ? toDesk(tx, call, ticket, change, desk, reason)
      : toAgent(tx, call, ticket, change, agentArgument(to, call), reason)
  },
})

function splitRecipient(text: string): [string, string] {
  const [to = '', ...rest] = text.split(' ')
  return [to, rest.join(' ')]
}

async function toAgent(tx: Tx, call: Call, ticket: Ticket, change: Change, agent: Agent, why: string) {
  if (ticket.ownerId === agent.id) throw new DeskError('conflict', `${ticket.ref} already belongs to ${agent.name}.`)
  const note = await storeInternalText(tx, ticket, change, call.actor, why, 'reason')
  const data = { owner: agent.id, how: 'escalate' as const, ...note }
  const now = await recordEvent(tx, ticket, { type: 'assigned', data }, change)
  await notifyPeople(
    tx,
    call,
    now,
    [agent.id],
    `${call.actor.name} escalated ${ticket.ref} to you; it is now yours.`,
    note,
  )
  await notifyPeople(
    tx,
    call,
    now,
    [ticket.ownerId],
    `${call.actor.name} escalated ${ticket.ref} to ${agent.name}.`,
    note,
  )
  return { text: `${ticket.ref} now belongs to ${agent.name}.`, data: { ref: ticket.ref, owner: agent.handle } }
}

async function toDesk(tx: Tx, call: Call, ticket: Ticket, change: Change, desk: Call['desks'][number], why: string) {
  if (ticket.deskId === desk.id) throw new DeskError('conflict', `${ticket.ref} is already with ${desk.name}.`)
  const note = await storeInternalText(tx, ticket, change, call.actor, why, 'reason')
  const { ownerId } = ticket
  const free = ownerId ? await recordEvent(tx, ticket, { type: 'released', data: { owner: ownerId } }, change) : ticket
  await recordEvent(tx, free, { type: 'moved', data: { desk: desk.id, ...note } }, change)
  const now = (await ticketById(tx, ticket.id)) ?? ticket
  const others = call.agents.map(each => each.id)
  await notifyPeople(
    tx,
    call,
    now,
    others,
    `${call.actor.name} escalated ${ticket.ref} to ${desk.name}, as ${now.ref}; nobody owns it yet.`,
    note,
  )
  return {
    text: `${ticket.ref} is now with ${desk.name}, as ${now.ref}; both references work.`,
    data: { ref: now.ref, desk: desk.id, owner: null },
  }
}

/** The lead knows of it and can act; it stays with whoever works on it. */
async function toLead(tx: Tx, call: Call, ticket: Ticket, change: Change, why: string) {
  const leads = call.agents.filter(each => call.policy.leads.includes(each.handle) && each.id !== call.actor.id)
  if (leads.length === 0) {
    throw new DeskError(
      'config',
      'No agent is a lead: set lead: true for an agent in the configuration, or name an agent.',
    )
  }
  const note = await storeInternalText(tx, ticket, change, call.actor, why, 'reason')
  let now = ticket
  for (const lead of leads)
    now = await recordEvent(tx, now, { type: 'escalated', data: { to: lead.id, ...note } }, change)
  const owner = ticket.ownerName ? `it stays with ${ticket.ownerName}` : 'nobody owns it'
  await notifyPeople(
    tx,
    call,
    now,
    [...leads.map(each => each.id), ticket.ownerId],
    `${call.actor.name} escalated ${ticket.ref} to ${leads.map(each => each.name).join(', ')}; ${owner}.`,
    note,
  )
  return {
    text: `Told ${leads.map(each => each.name).join(', ')} about ${ticket.ref}; ${owner}.`,
    data: { ref: ticket.ref, to: leads.map(each => each.handle) },
  }
}

function whyForm(ref: string): Form {
  return {
    title: `Escalate ${ref}`,
    submit: 'Escalate',
    fields: [{ name: 'why', label: 'Why? A lead will be told.', kind: 'line', required: true }],
  }
}
