// The commands swarm and leave: who helps with a ticket.
import { isDone } from '../../core/ticket/ticket-state.ts'
import { words } from '../../core/ticket/words.ts'
import { DeskError } from '../../errors.ts'
import { recordEvent } from '../../store/tickets.ts'
import { agentArgument } from '../command/arguments.ts'
import { notifyPeople } from '../command/internal-text.ts'
import { onTicketWith } from '../command/on-ticket.ts'

/** `swarm HD-7 @eve`: helpers come and go, and the owner stays one. */
export const swarm = onTicketWith<{ who: string[] }>({
  word: 'swarm',
  aliases: ['help-with'],
  usage: '[@AGENT...]',
  summary: 'Adds helpers, or yourself, to a ticket; its owner stays the same.',
  parse: who => ({ who: who.length > 0 ? who : ['me'] }),
  async writes(tx, call, ticket, change, { who }) {
    const agents = [...new Set(who.map(each => agentArgument(each, call)))]
    if (isDone(ticket.state))
      throw new DeskError('conflict', `${ticket.ref} is done: reopen it first (reopen ${ticket.ref}).`)
    const helping = words(ticket.helpers)
    const known = agents.find(each => each.id === ticket.ownerId || helping.includes(each.id))
    if (known) throw new DeskError('conflict', `${known.name} already works on ${ticket.ref}.`)
    let now = ticket
    for (const agent of agents)
      now = await recordEvent(tx, now, { type: 'helping', data: { person: agent.id } }, change)
    const note = `${call.actor.name} asks you to help with ${ticket.ref}; it stays with ${ticket.ownerName ?? 'whoever claims it'}.`
    await notifyPeople(
      tx,
      call,
      now,
      agents.map(each => each.id),
      note,
    )
    const names = agents.map(each => each.name).join(', ')
    return {
      text: `Helping with ${ticket.ref} now: ${names}.`,
      data: { ref: ticket.ref, helpers: agents.map(each => each.handle) },
    }
  },
})

export const leave = onTicketWith<{ who: string }>({
  word: 'leave',
  usage: '[@AGENT]',
  summary: 'Ends your help with a ticket, or that of another agent.',
  parse: ([who = 'me']) => ({ who }),
  async writes(tx, call, ticket, change, { who }) {
    const agent = agentArgument(who, call)
    if (!words(ticket.helpers).includes(agent.id)) {
      const owner = ticket.ownerId === agent.id ? ': as its owner, release it or hand it over' : ''
      throw new DeskError('conflict', `${agent.name} does not help with ${ticket.ref}${owner}.`)
    }
    await recordEvent(tx, ticket, { type: 'left', data: { person: agent.id } }, change)
    return { text: `${agent.name} no longer helps with ${ticket.ref}.`, data: { ref: ticket.ref } }
  },
})
