// The commands spam and notspam.
import { countedAs, trustOf } from '../../core/intake/sender-trust.ts'
import { DeskError } from '../../errors.ts'
import { firstArrival } from '../../store/arrivals.ts'
import type { Tx } from '../../store/engine/sql.ts'
import { firstMessage } from '../../store/messages.ts'
import { deliveriesOf, dropAcknowledgements } from '../../store/outbox.ts'
import { participantsOf } from '../../store/participants.ts'
import { judgeSenderAs, type SenderVerdict } from '../../store/senders.ts'
import { recordEvent, type Ticket } from '../../store/tickets.ts'
import { queueAcknowledgement } from '../command/acknowledge.ts'
import type { Call } from '../command/command.ts'
import { onTicket } from '../command/on-ticket.ts'

export const spam = onTicket({
  word: 'spam',
  summary: 'Closes a ticket as spam; further mail from its sender will be held.',
  async writes(tx, call, ticket, change) {
    const senders = await judge(tx, call, ticket, 'spam')
    await dropAcknowledgements(tx, ticket.id, call.at, 'the ticket was marked as spam')
    if (ticket.state !== 'closed') await recordEvent(tx, ticket, { type: 'closed', data: { by: 'spam' } }, change)
    const text = `${ticket.ref} is closed as spam; from now on, mail from ${senders.join(', ')} is held (notspam ${ticket.ref} undoes this).`
    return { text, data: { ref: ticket.ref, state: 'closed', senders } }
  },
})

export const notSpam = onTicket({
  word: 'notspam',
  aliases: ['ham'],
  summary: 'Undoes spam: reopens the ticket, and sends the acknowledgement if none was sent.',
  async writes(tx, call, ticket, change) {
    const senders = await judge(tx, call, ticket, 'wanted')
    if (ticket.state === 'closed') await recordEvent(tx, ticket, { type: 'reopened', data: { by: 'command' } }, change)
    const acknowledged = await acknowledgeLate(tx, call, ticket)
    const also = acknowledged ? `, and ${ticket.replyTo} gets the acknowledgement` : ''
    return {
      text: `${ticket.ref} is not spam; mail from ${senders.join(', ')} is accepted again${also}.`,
      data: { ref: ticket.ref, senders, acknowledged },
    }
  },
})

/** Whoever asked on a ticket; never an agent, whose mail would be held, and never the desk. */
async function judge(tx: Tx, call: Call, ticket: Ticket, verdict: SenderVerdict): Promise<string[]> {
  const requesters = (await participantsOf(tx, ticket.id)).filter(each => each.role === 'requester')
  const senders = requesters.filter(
    each => !call.isOurs(each.address) && !call.agents.some(agent => agent.id === each.personId),
  )
  if (senders.length === 0) {
    throw new DeskError('conflict', `${ticket.ref} has no mail sender to judge: use close instead.`)
  }
  // Whoever else wrote in their name is judged, and not they.
  const first = await firstArrival(tx, ticket.id)
  const trust = first ? trustOf(first.verdict?.authentication?.result ?? 'none') : 'confirmed'
  for (const { kind, address } of senders) {
    const sender = { kind, address: countedAs(address, trust), verdict, decidedBy: call.actor.id }
    await judgeSenderAs(tx, sender, call.at)
  }
  return senders.map(each => each.address)
}

/** The receipt that was held back because the ticket was marked as spam. */
async function acknowledgeLate(tx: Tx, call: Call, ticket: Ticket): Promise<boolean> {
  const first = await firstMessage(tx, ticket.id)
  const wasNotified = (await deliveriesOf(tx, ticket.id)).some(each => each.state === 'sent' || each.state === 'queued')
  if (wasNotified || first?.kind !== 'person') return false
  return queueAcknowledgement(tx, ticket, first, ticket.requesterName, call.at)
}
