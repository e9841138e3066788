import { type Draft, type OutboxRecipient, queue } from '../store/outbox.ts'
import type { Agent } from '../store/people.ts'
import type { Tx } from '../store/sql.ts'
import type { DeskFacts } from './command.ts'

/** Queues one notification for each agent, so that each has a token of their own. */
export async function tellAgents(tx: Tx, facts: DeskFacts, agents: readonly Agent[], draft: Draft): Promise<void> {
  for (const agent of agents) {
    const recipient: OutboxRecipient = { recipient: agent.email, name: agent.name, shown: 'to' }
    if (!facts.isOurs(agent.email)) await queue(tx, draft, [recipient], facts.at)
  }
}

/** Who must know of something on a ticket: its owner, or all agents while nobody owns it; never who caused it. */
export function concerned(facts: DeskFacts, ownerId: string | null, causedBy: string | null): Agent[] {
  const owner = facts.agents.filter(agent => agent.id === ownerId)
  return (owner.length > 0 ? owner : [...facts.agents]).filter(agent => agent.id !== causedBy)
}
