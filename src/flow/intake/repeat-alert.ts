// Counts alerts of machines that come again.
import { alertKey, countAlert } from '../../store/alerts.ts'
import type { Tx } from '../../store/engine/sql.ts'
import { recordEvent, type Ticket } from '../../store/tickets.ts'
import type { IncomingMessage } from './incoming-message.ts'

/** Counts an alert on its ticket, and closes that if the machine says that all is well and the desk wants it so. */
export async function recordAlert(
  tx: Tx,
  { message, origin, change, intake }: IncomingMessage,
  ticket: Ticket,
): Promise<Ticket> {
  const { alert } = message
  if (!alert) return ticket
  const { recovered } = alert
  await countAlert(tx, { key: alertKey(origin.channel, message), ticketId: ticket.id, at: change.at, recovered })
  const closes = recovered && intake.context.machines.recovery === 'close' && ticket.state !== 'closed'
  return closes ? recordEvent(tx, ticket, { type: 'closed', data: { by: 'recovery' } }, change) : ticket
}
