// Who takes part in a ticket from a message on: its sender, those copied on it, and whom it names on lines of its own.
import type { Address } from '../../channel/message.ts'
import { takeOffTicket } from '../../commands/arrivals/join.ts'
import { peopleLines } from '../../core/text/add-line.ts'
import type { Tx } from '../../store/engine/sql.ts'
import { addParticipant, inviteParticipant, type Participant, participantsOf } from '../../store/participants.ts'
import type { Person } from '../../store/people.ts'
import { recordEvent, type Ticket } from '../../store/tickets.ts'
import { meet, type Origin } from '../context.ts'
import { type Append, type IncomingMessage, othersOn } from './incoming-message.ts'

/** The sender takes part from now on, because an agent said so. */
export function inviteSender(tx: Tx, entry: IncomingMessage, ticket: Ticket): Promise<Ticket> {
  const { message, origin, sender } = entry
  return letIn(tx, entry, ticket, message.from ? [participant(origin, message.from, sender, 'copied')] : [])
}

export async function letIn(
  tx: Tx,
  { change }: IncomingMessage,
  ticket: Ticket,
  people: readonly Participant[],
): Promise<Ticket> {
  let now = ticket
  for (const each of people) {
    if (!(await addParticipant(tx, ticket.id, each, change.at))) continue
    now = await recordEvent(tx, now, { type: 'joined', data: { person: each.personId, role: 'copied' } }, change)
  }
  return now
}

/**
 * It names the desk, or a group that is the desk. What was written to others alone, and reached the desk by whoever handed
 * it on, lets nobody in: its writer may not know of it. What says that a list passed it on, anybody can have put there.
 */
export function isWrittenTo({
  message: {
    mail: { to, cc },
  },
  intake,
}: IncomingMessage): boolean {
  return [...to, ...cc].some(each => intake.facts.isOurs(each.address))
}

/** Colleagues on To and Cc, who take part from now on. */
export async function copiedOn(tx: Tx, { message, intake, origin }: IncomingMessage): Promise<Participant[]> {
  const copied: Participant[] = []
  for (const other of othersOn(message, intake.facts)) {
    copied.push(participant(origin, other, await meet(tx, intake, { kind: origin.kind, ...other }), 'copied'))
  }
  return copied
}

/**
 * `add eve@example.com` on top of an answer: a colleague, whom the writer could as well have copied. `remove` takes one
 * off again; only whoever asked may do that, or bring back somebody who was taken off. Whoever only happens to be in
 * the channel of a chat does neither.
 */
export async function movePeople(tx: Tx, entry: IncomingMessage, ticket: Ticket, { allowed }: Append): Promise<Ticket> {
  const { message, intake, origin, sender, change } = entry
  if (allowed === 'present') return ticket
  const isRequester = sender.id === ticket.requesterId
  const { add, remove } = peopleLines(message.visible)
  const kind = 'email'
  let now = ticket
  for (const address of add.filter(each => !intake.facts.isOurs(each))) {
    const who = { address, name: '' }
    const added = participant({ ...origin, kind }, who, await meet(tx, intake, { kind, ...who }), 'copied')
    const isIn = await (isRequester ? inviteParticipant : addParticipant)(tx, ticket.id, added, change.at)
    if (isIn)
      now = await recordEvent(tx, now, { type: 'joined', data: { person: added.personId, role: 'copied' } }, change)
  }
  const others = isRequester && remove.length > 0 ? await participantsOf(tx, ticket.id) : []
  for (const each of others) {
    if (each.kind === kind && each.role === 'copied' && remove.includes(each.address))
      now = await takeOffTicket(tx, now, each, change)
  }
  return now
}

export function participant(origin: Origin, who: Address, person: Person, role: Participant['role']): Participant {
  return { kind: origin.kind, address: who.address, name: who.name || person.name, personId: person.id, role }
}
