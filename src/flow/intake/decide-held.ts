// Does with a message that waits what an agent decided.
import type { Reply } from '../../channel/desk.ts'
import type { InboundMessage, Receipt } from '../../channel/message.ts'
import type { Call, Settlement } from '../../commands/command/command.ts'
import { findTicket } from '../../commands/command/find-ticket.ts'
import { decidedAs } from '../../core/intake/decision.ts'
import { countedAs, isBelieved, trustOf, UNKNOWN } from '../../core/intake/sender-trust.ts'
import type { Situation } from '../../core/intake/situation.ts'
import type { Decision } from '../../core/intake/threading.ts'
import { DeskError } from '../../errors.ts'
import { type Arrival, discardArrival } from '../../store/arrivals.ts'
import type { Sql, Tx } from '../../store/engine/sql.ts'
import { judgeSenderAs } from '../../store/senders.ts'
import { type Intake, originOf } from '../context.ts'
import type { PendingCommands } from '../mail-commands/mail-command.ts'
import { admitWaiting } from './admit.ts'
import { decidable } from './waiting-message.ts'

/** What became of it, and the commands in it that are carried out next. */
export interface DecidedMessage {
  reply: Reply & { data: Receipt }
  pending: PendingCommands | null
}

/** Does with a waiting message what an agent decided; `reread` is the message unless it is discarded. */
export async function decideHeld(
  tx: Tx,
  intake: Intake,
  call: Call,
  number: number,
  decision: Settlement['decision'],
  reread: InboundMessage | undefined,
): Promise<DecidedMessage> {
  const waiting = await decidable(tx, number)
  if (decision.action === 'discard') return { reply: await discard(tx, call, waiting), pending: null }
  if (!reread) throw new DeskError('unavailable', `M-${number} cannot be read at the moment: see relaydesk inbox list.`)
  const ticketId = await targetOf(tx, call, waiting, decision)
  const origin = originOf(intake.context, waiting.channel)
  const isWritersChoice = waiting.outcome === 'held:unclear'
  const admitted = await admitWaiting(tx, intake, origin, waiting, reread, situation =>
    decidedAs(situation, decisionFor(situation, ticketId, isWritersChoice)),
  )
  if (!admitted) throw new DeskError('conflict', `Somebody else has just decided about M-${number}.`)
  const { receipt, pending } = admitted
  // A name that somebody else used is not theirs to be trusted for.
  const { result } = waiting.verdict?.authentication ?? UNKNOWN
  if (waiting.outcome === 'held:spam' && reread.from && isBelieved(result)) {
    const sender = {
      kind: origin.kind,
      address: countedAs(reread.from.address, trustOf(result)),
      verdict: 'wanted',
      decidedBy: call.actor.id,
    } as const
    await judgeSenderAs(tx, sender, call.at)
    intake.judged.delete(`${sender.kind} ${sender.address}`)
  }
  const did = { opened: 'opened', appended: 'joined' }[receipt.outcome as string]
  const text = did
    ? `M-${number} ${did} ${receipt.ref}.`
    : `M-${number} had already come in another way, so nothing was added.`
  return { reply: { text, data: receipt }, pending }
}

/**
 * A mail that names an agent as its writer stays among agents; one that an agent forwarded is its writer's.
 * `isWritersChoice`: its writer said where it belongs.
 */
function decisionFor(
  { sender, forwardsStranger }: Situation,
  ticketId: string | null,
  isWritersChoice: boolean,
): Decision {
  const byAgent = sender?.isAgent ?? false
  if (ticketId && isWritersChoice)
    return { action: 'append', ticketId, direction: 'in', rule: 'said', allowed: 'participant' }
  if (ticketId) {
    return { action: 'append', ticketId, direction: byAgent ? 'internal' : 'in', rule: 'agent', allowed: 'decided' }
  }
  return byAgent && forwardsStranger ? { action: 'open', forwarded: true } : { action: 'open' }
}

async function discard(tx: Tx, call: Call, waiting: Arrival): Promise<Reply & { data: Receipt }> {
  const { number } = waiting
  if (!waiting.outcome.startsWith('held:') || !(await discardArrival(tx, number, call.at))) {
    throw new DeskError(
      'conflict',
      `M-${number} is no longer held: relaydesk explain M-${number} says what happened to it.`,
    )
  }
  return {
    text: `M-${number} was discarded; open M-${number} brings it back.`,
    data: { outcome: 'ignored:discarded', ref: null },
  }
}

async function targetOf(
  sql: Sql,
  call: Call,
  waiting: Arrival,
  decision: Settlement['decision'],
): Promise<string | null> {
  if (decision.action !== 'join') return null
  if (decision.ticket !== null) return (await findTicket(sql, decision.ticket, call.prefixes)).id
  if (waiting.ticketId) return waiting.ticketId
  throw new DeskError(
    'usage',
    `M-${waiting.number} is not held for a ticket: write join M-${waiting.number} TICKET, or open M-${waiting.number}.`,
  )
}
