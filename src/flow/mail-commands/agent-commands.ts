// The commands in a message, if an agent gave them, and what that makes of the decision.
import type { InboundMessage } from '../../channel/message.ts'
import { wordOf } from '../../core/text/typed-line.ts'
import { referenceAt } from '../../core/ticket/reference.ts'
import type { Decision } from '../../core/ticket/threading.ts'
import { may } from '../../people/access.ts'
import type { Tx } from '../../store/engine/sql.ts'
import type { OutboxEntry } from '../../store/outbox.ts'
import type { Person } from '../../store/people.ts'
import { ticketById } from '../../store/tickets.ts'
import { type Intake, knownPerson, type Origin } from '../context.ts'
import { beyondProof, proofOf } from '../intake/proof.ts'
import type { MailCommands } from './mail-command.ts'
import { commandLinesOf } from './own-text.ts'
import { readMailCommands, refuseBelowNote } from './read-mail-commands.ts'

/** What an agent asks for in a mail. */
export interface AgentCommands {
  orders: MailCommands | null
  /** The agent; null where the sender is none. */
  actor: Person | null
  /** There are commands, and nothing says that the agent gave them. */
  unconfirmed: boolean
}

export const NO_COMMANDS: AgentCommands = { orders: null, actor: null, unconfirmed: false }

/**
 * The commands in an agent's mail, and what that makes of the decision. They are taken from an agent whose address is
 * confirmed, or who answers a mail that the desk sent to that very address alone: that stands for its own ticket.
 */
export async function findAgentCommands(
  tx: Tx,
  intake: Intake,
  origin: Origin,
  message: InboundMessage,
  decision: Decision,
): Promise<AgentCommands & { decision: Decision }> {
  const { from, kind, sentByHand } = message
  const sender =
    from && kind === 'person' && !sentByHand ? await knownPerson(tx, intake, origin.kind, from.address) : null
  const actor = sender && may(sender, 'work', 'installation') ? sender : null
  const { lines, text } = actor ? commandLinesOf(intake.keys, message) : { lines: [], text: '' }
  if (!actor || lines.length === 0 || decision.action === 'hold')
    return { decision, orders: null, actor, unconfirmed: false }
  const proof = await proofOf(tx, intake.keys, message)
  // A token that went to others as well, such as that of an answer with the agent on Cc, says nothing of who sends it.
  const isNobodys = !proof || (proof.by === 'token' && proof.alone.length === 0)
  if (isNobodys) {
    const held: Decision = { action: 'hold', ticketId: null, reason: 'commands' }
    return { decision: decision.action === 'open' && !text ? held : decision, orders: null, actor, unconfirmed: true }
  }
  const ticket = decision.action === 'append' ? await ticketById(tx, decision.ticketId) : undefined
  const orders = await readMailCommands(tx, intake, message, ticket)
  if (orders && proof.by === 'token') await confine(tx, orders, proof.alone)
  if (orders && decision.action === 'append' && decision.direction === 'out') refuseBelowNote(message, orders)
  if (decision.action === 'append' || !orders) return { decision, orders, actor, unconfirmed: false }
  // A forward has a ticket of its own as soon as it is opened; its commands are read then.
  if (decision.action === 'open' && decision.forwarded) return { decision, orders: null, actor, unconfirmed: false }
  // Somebody who asks for something may begin with what only looks like a command.
  if (decision.action === 'open' && orders.text && orders.mistakes.length > 0 && !isMeant(intake, lines)) {
    return { decision, orders: null, actor, unconfirmed: false }
  }
  return { decision: { action: 'ignore', rule: 'commands' }, orders, actor, unconfirmed: false }
}

/** Of commands that are more than the answered mail confirms, none is done. */
async function confine(tx: Tx, orders: MailCommands, alone: readonly OutboxEntry[]): Promise<void> {
  for (const step of orders.steps) {
    const refusal = await beyondProof(tx, alone, step)
    if (refusal !== null) orders.mistakes.push(`!${step.line}: ${refusal}`)
  }
}

/** Whether lines that cannot be understood were meant as commands: a word near to one, or a ticket that is named. */
function isMeant({ context, facts }: Intake, lines: readonly string[]): boolean {
  return lines.some(line => {
    const about = line.replace(/^\S+/, '')
    const reference = referenceAt(about, facts.prefixes, { numbers: about.trimStart().startsWith('#') })
    return context.commands.isNear(wordOf(line)) || reference?.isAlone === true
  })
}
