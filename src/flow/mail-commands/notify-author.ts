// Tells an agent what became of the commands in their mail.
import { notifyAgents } from '../../commands/command/notify-agents.ts'
import type { Tx } from '../../store/engine/sql.ts'
import type { Person } from '../../store/people.ts'
import type { Ticket } from '../../store/tickets.ts'
import type { Intake, Origin } from '../context.ts'

/** Tells an agent what became of the commands in a mail. */
export async function notifyOfCommands(
  tx: Tx,
  intake: Intake,
  origin: Origin,
  actor: Person,
  ticket: Ticket | undefined,
  lines: readonly string[],
): Promise<void> {
  const self = intake.facts.agents.filter(agent => agent.id === actor.id)
  const about = ticket ? { ticketId: ticket.id } : {}
  const draft = { kind: 'notify-commands', purpose: 'internal', channel: ticket?.channel ?? origin.channel } as const
  await notifyAgents(tx, intake.facts, self, { ...draft, ...about, note: lines.join('\n') })
}
