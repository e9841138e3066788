// Records on a ticket that a mail of ours did not arrive.
import type { DeliveryFailure } from '../../channel/message.ts'
import { agentsToNotify, notifyAgents } from '../../commands/command/notify-agents.ts'
import { displayAddress } from '../../core/text/address.ts'
import { addBounce } from '../../store/bounces.ts'
import type { Tx } from '../../store/engine/sql.ts'
import { messageById } from '../../store/messages.ts'
import { type OutboxEntry, type OutboxRecipient, recipientsOf } from '../../store/outbox.ts'
import { countRate } from '../../store/rates.ts'
import { recordEvent, type Ticket } from '../../store/tickets.ts'
import { raise } from '../alarm.ts'
import type { IncomingMessage } from './incoming-message.ts'

const DAY_MS = 24 * 60 * 60 * 1000

/** What a report is worth that bears no token of ours. */
const UNCONFIRMED_REPORT =
  'This could not be confirmed: the report names none of our mails, so anybody could have written it. We will keep sending to the address.'

interface ReturnedDelivery extends DeliveryFailure {
  recipient: OutboxRecipient
}

/** Notes on a ticket whom a bounce says we did not reach, and tells whoever must act; gives the ticket after it. */
export async function recordBounce(tx: Tx, entry: IncomingMessage, ticket: Ticket, messageId: string): Promise<Ticket> {
  const { bounced, message, change } = entry
  if (!bounced || (!bounced.confirmed && !message.mail.nullSender)) return ticket
  const { sent, confirmed } = bounced
  const returned = returnedOf(message.mail.failures, await recipientsOf(tx, sent.id))
  let now = ticket
  for (const { recipient, address, status, reason, hard, delayed } of returned) {
    // No address counts as dead for what anybody may have written.
    const kind = delayed ? 'delayed' : hard && confirmed ? 'hard' : 'soft'
    const row = {
      messageId,
      recipient: recipient.recipient,
      outboxId: sent.id,
      ticketId: ticket.id,
      address,
      status,
      reason,
    }
    await addBounce(tx, { ...row, kind, bouncedAt: change.at, confirmed: confirmed ? 1 : 0 })
    now = await recordEvent(tx, now, { type: 'bounced', data: { outbox: sent.id, bounce: messageId, kind } }, change)
  }
  const lost = returned.filter(each => !each.delayed)
  if (lost.length === 0 || entry.old) return now
  await (confirmed ? tell(tx, entry, now, sent, lost) : tellOfRumour(tx, entry, now, sent, lost))
  return now
}

/** Whom each failure is about: where a mailbox goes on elsewhere, the address that failed is none we wrote to. */
function returnedOf(failures: readonly DeliveryFailure[], recipients: readonly OutboxRecipient[]): ReturnedDelivery[] {
  const [only, ...others] = recipients
  const reportedFailures =
    failures.length > 0 ? failures : [{ address: only?.recipient ?? '', status: '', hard: false, reason: '' }]
  const byRecipient = new Map<string, ReturnedDelivery>()
  for (const failure of reportedFailures) {
    const named = recipients.find(each => each.recipient === failure.address)
    const recipient = named ?? (others.length === 0 ? only : undefined)
    if (recipient && !byRecipient.has(recipient.recipient))
      byRecipient.set(recipient.recipient, { ...failure, recipient })
  }
  return [...byRecipient.values()]
}

async function tell(
  tx: Tx,
  { intake }: IncomingMessage,
  ticket: Ticket,
  sent: OutboxEntry,
  lost: ReturnedDelivery[],
): Promise<void> {
  const sentences = lost.map(each => sentenceFor(each, sent)).join('\n')
  if (sent.purpose !== 'requester') {
    const code = `undelivered ${lost.map(each => each.recipient.recipient).join(', ')}`
    // Nobody is told by mail, which might come back in turn.
    await raise(tx, intake.facts, { channel: sent.channel, code, sentence: sentences }, { agents: [] })
    return
  }
  // Nobody needs to act on an acknowledgement that came back, but for an address that will get no answer either.
  if (sent.kind === 'acknowledgement' && !lost.some(each => each.hard)) return
  const author = sent.messageId && sent.kind === 'reply' ? (await messageById(tx, sent.messageId))?.authorId : undefined
  await notifyAgents(tx, intake.facts, agentsToNotify(intake.facts, ticket.ownerId ?? author ?? null, null), {
    kind: 'notify-undelivered',
    purpose: 'internal',
    channel: ticket.channel,
    ticketId: ticket.id,
    note: sentences,
  })
}

/** Somebody says so; whoever would have to act learns what that is worth, once a day for a ticket. */
async function tellOfRumour(
  tx: Tx,
  { intake, change }: IncomingMessage,
  ticket: Ticket,
  sent: OutboxEntry,
  lost: ReturnedDelivery[],
): Promise<void> {
  if ((await countRate(tx, `told of unconfirmed reports on ${ticket.id}`, change.at, DAY_MS)) > 1) return
  const author = sent.messageId && sent.kind === 'reply' ? (await messageById(tx, sent.messageId))?.authorId : undefined
  const claims = lost.map(each => sentenceFor(each, sent)).join('\n')
  await notifyAgents(tx, intake.facts, agentsToNotify(intake.facts, ticket.ownerId ?? author ?? null, null), {
    kind: 'notify-change',
    purpose: 'internal',
    channel: ticket.channel,
    ticketId: ticket.id,
    note: `We got a report that says: ${claims}\n${UNCONFIRMED_REPORT}`,
  })
}

/** `Ann Ode <ann@example.com> has not received your answer: the mailbox is full (5.2.2).` */
function sentenceFor({ recipient, address, reason, status }: ReturnedDelivery, sent: OutboxEntry): string {
  const who = displayAddress({ name: recipient.name, address: recipient.recipient })
  const what = { reply: 'your answer', acknowledgement: 'our acknowledgement' }[sent.kind as string] ?? 'a notification'
  const elsewhere = address === recipient.recipient || address === '' ? '' : ` (which forwards mail to ${address})`
  const why = reason ? `: ${reason}` : ''
  return `${who}${elsewhere} has not received ${what}${why}${status ? ` (${status})` : ''}.`
}
