// Which agents are told of something, and the notification for each.
import { raiseAlarm } from '../../store/alarms.ts'
import type { Tx } from '../../store/engine/sql.ts'
import { type Draft, type OutboxRecipient, queue } from '../../store/outbox.ts'
import type { Agent } from '../../store/people.ts'
import { ticketById } from '../../store/tickets.ts'
import type { DeskFacts, Reach } from './command.ts'
import { readersOf, shownWith } from './recipients.ts'

/** What the card of a ticket, and what is told below it, says as well. */
const ON_CARDS: ReadonlySet<string> = new Set(['notify-opened', 'notify-received', 'notify-note', 'notify-sent'])

/** Queues one notification for each agent, so that each has a token of their own. */
export async function notifyAgents(tx: Tx, facts: DeskFacts, agents: readonly Agent[], draft: Draft): Promise<void> {
  let shown: Draft['shown']
  for (const agent of agents) {
    const reached = await reachOf(tx, facts, agent, draft.channel)
    if (!reached || facts.isOurs(reached.recipient) || (reached.seesCards && ON_CARDS.has(draft.kind))) continue
    const { channel, recipient: address } = reached
    shown ??= await shownNow(tx, facts, draft)
    const recipient: OutboxRecipient = { recipient: address, name: agent.name, shown: 'to' }
    await queue(tx, { ...draft, channel, ...(shown ? { shown } : {}) }, [recipient], facts.at)
  }
}

/** Where an agent is told of what concerns a channel. That there is no such place is an alarm, and nobody is told. */
export async function reachOf(tx: Tx, facts: DeskFacts, agent: Agent, about: string): Promise<Reach | undefined> {
  const reached = facts.reach(agent, about)
  if (!reached) {
    const sentence = `@${agent.handle} cannot be told of anything: add a mail channel to the configuration, or have @${agent.handle} write one command where the desk reads chat.`
    await raiseAlarm(tx, { channel: about, code: `${UNREACHED}${agent.handle}`, sentence, raisedAt: facts.at })
  }
  return reached
}

/** What the code of an alarm begins with that says whom the desk cannot reach. */
export const UNREACHED = 'unreached '

/** How far the ticket is that agents are told of, and who reads an answer to it where the notification says so. */
async function shownNow(tx: Tx, facts: DeskFacts, { ticketId, purpose }: Draft): Promise<Draft['shown']> {
  const ticket = ticketId === undefined ? undefined : await ticketById(tx, ticketId)
  if (!ticket) return undefined
  if (purpose !== 'answer') return { seq: ticket.eventSeq, readers: null }
  return shownWith(ticket, await readersOf(tx, facts, ticket))
}

/**
 * Who must know of something on a ticket: its owner, whoever stands in while they are away, or all agents while nobody
 * does; never who caused it.
 */
export function agentsToNotify(facts: DeskFacts, ownerId: string | null, causedBy: string | null): Agent[] {
  const away = facts.absences.find(each => each.personId === ownerId)
  const answerable = away ? away.deputyId : ownerId
  const named = facts.agents.filter(agent => agent.id === answerable)
  const present = facts.agents.filter(agent => !facts.absences.some(each => each.personId === agent.id))
  const recipients = named.length > 0 ? named : present.length > 0 ? present : [...facts.agents]
  return recipients.filter(agent => agent.id !== causedBy)
}
