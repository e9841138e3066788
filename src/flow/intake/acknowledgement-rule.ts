// Loop brake: whether a message is acknowledged, and why not.
import { queueAcknowledgement } from '../../commands/command/acknowledge.ts'
import { countedAs } from '../../core/intake/sender-trust.ts'
import type { Tx } from '../../store/engine/sql.ts'
import { countRate } from '../../store/rates.ts'
import type { Ticket } from '../../store/tickets.ts'
import { type IncomingMessage, trustIn } from './incoming-message.ts'

const MOST_ACKNOWLEDGEMENTS = 10 // to one address
const BRAKE_MS = 60 * 60 * 1000
const ECHO_MS = 3 * 60 * 1000
const DAY_MS = 24 * 60 * 60 * 1000
const MOST_ALIKE = 3 // under one subject on one day

/** Queues the acknowledgement, or gives the reason for none. */
export async function acknowledge(tx: Tx, entry: IncomingMessage, ticket: Ticket, messageId: string): Promise<string> {
  const { message, old, sender } = entry
  if (message.kind !== 'person') return `none:${message.kind}`
  if (old) return 'none:old'
  if (!ticket.replyTo) return 'none:no-address'
  const chat = message.chat?.thread !== undefined || entry.origin.kind !== 'email'
  // RFC 3834 section 2: who did not write must not be written to.
  if (message.authentication.result === 'fail') return 'none:unconfirmed'
  const cause = trustIn(entry)
  const name = countedAs(ticket.replyTo, cause)
  if (!chat && (await isEcho(tx, entry, name))) return 'none:echo'
  // Two machines that answer each other without saying so fall silent here; a person never gets this far.
  const recentCount = await countRate(tx, `acknowledged ${name}`, entry.change.at, BRAKE_MS)
  if (recentCount > MOST_ACKNOWLEDGEMENTS) return 'none:too-many'
  const first = { id: messageId, externalId: message.messageId }
  await queueAcknowledgement(tx, ticket, first, message.from?.name || sender.name, entry.change.at, cause)
  return 'queued'
}

/**
 * Whether this may be the answer of a machine that says nothing of itself: under the same subject, numbers aside, as
 * the last one, and within minutes, or time and again on one day. A person who writes so has got one already.
 */
async function isEcho(tx: Tx, { message, change }: IncomingMessage, name: string): Promise<boolean> {
  const subject = message.subject.toLowerCase().replace(/\d+/g, '0').replace(/\s+/g, ' ').trim()
  const soon = await countRate(tx, `acknowledged ${name} ${subject}`, change.at, ECHO_MS)
  const today = await countRate(tx, `acknowledged ${name} ${subject} in a day`, change.at, DAY_MS)
  return soon > 1 || today > MOST_ALIKE
}
