// The commands merge and unmerge.
import type { TicketFacts } from '../../core/ticket/columns.ts'
import { replay } from '../../core/ticket/ticket.ts'
import { stateInWords } from '../../core/ticket/ticket-state.ts'
import { DeskError } from '../../errors.ts'
import type { Tx } from '../../store/engine/sql.ts'
import { eventsOf, lastEventOf } from '../../store/events.ts'
import { addParticipant, keepOff, participantsOf, removeParticipants } from '../../store/participants.ts'
import { type Change, recordEvent, type Ticket, ticketById } from '../../store/tickets.ts'
import { ticketArgument } from '../command/arguments.ts'
import { findTicket } from '../command/find-ticket.ts'
import { onTicket, onTicketWith } from '../command/on-ticket.ts'
import { readersInWords, readersOf } from '../command/recipients.ts'
import { refuseSame } from './link.ts'

const UNDO_MS = 24 * 60 * 60 * 1000

/** `merge HD-2 into HD-1`: both references lead to HD-1, and all who took part in either take part in it. */
export const merge = onTicketWith<{ into: number }>({
  word: 'merge',
  usage: 'into TICKET',
  options: { anyway: 'flag' },
  summary:
    'Makes it part of another ticket: both references lead there and everyone takes part; unmerge undoes it for a day.',
  parse(words, facts) {
    const reference = /^(?:into|with|in|to)$/i.test(words[0] ?? '') ? words.slice(1) : words
    if (reference.length === 0) throw new DeskError('usage', 'Say into which: merge TICKET into TICKET')
    return { into: ticketArgument(reference.join(' '), facts.prefixes) }
  },
  others: ({ into }) => [into],
  async writes(tx, call, ticket, change, { into: number }) {
    const into = await findTicket(tx, number, call.prefixes)
    refuseSame(ticket, into)
    const isPublic = call.isShared(into.channel, into.replyTo)
    if (isPublic && !call.options.has('anyway') && !call.isShared(ticket.channel, ticket.replyTo))
      throw askBeforePublic(ticket, into)
    const merged = await mergeInto(tx, ticket, into, change)
    const readers = readersInWords(await readersOf(tx, call, merged))
    return {
      text: `${ticket.ref} is now part of ${into.ref}; answers go to ${readers}. Within a day you can undo this: unmerge ${ticket.ref}`,
      data: { ref: into.ref, merged: ticket.ref },
    }
  },
})

/** What was asked in private would be answered where others read it. */
function askBeforePublic(ticket: Ticket, into: Ticket): DeskError {
  const line = `merge ${ticket.ref} into ${into.ref} --anyway`
  return new DeskError(
    'conflict',
    `Nothing was merged: ${ticket.ref} was asked in private, but others read the answers to ${into.ref} in its channel. If nothing in ${ticket.ref} is confidential, write: ${line}. Or merge the other way round: merge ${into.ref} into ${ticket.ref}`,
    { actions: [{ label: 'Merge anyway', style: 'danger', line }] },
  )
}

/** Makes a ticket part of another. Gives the other after it. */
export async function mergeInto(tx: Tx, ticket: Ticket, into: Ticket, change: Change): Promise<Ticket> {
  const joined: string[] = []
  for (const each of await participantsOf(tx, ticket.id)) {
    const added = await addParticipant(tx, into.id, { ...each, role: 'copied' }, change.at)
    if (added) joined.push(`${each.kind} ${each.address}`)
  }
  joined.push(...(await keepOff(tx, ticket.id, into.id, change.at)))
  await recordEvent(tx, ticket, { type: 'merged', data: { into: into.id } }, change)
  return recordEvent(tx, into, { type: 'absorbed', data: { ticket: ticket.id, joined } }, change)
}

export const unmerge = onTicket({
  word: 'unmerge',
  summary: 'Undoes a merge of the last day; name the ticket that was merged into another.',
  merged: true,
  async writes(tx, call, ticket, change) {
    const into = ticket.mergedInto === null ? undefined : await ticketById(tx, ticket.mergedInto)
    const merged = await lastEventOf(tx, ticket.id, 'merged')
    if (!into || !merged) throw new DeskError('conflict', `${ticket.ref} is not part of another ticket.`)
    if (Date.parse(call.at) - Date.parse(merged.at) > UNDO_MS) {
      throw new DeskError(
        'conflict',
        `${ticket.ref} was merged into ${into.ref} more than a day ago: use split for its messages instead.`,
      )
    }
    const { state: before, resumeAt: until } = await factsBefore(tx, ticket, merged.seq)
    const absorbed = await lastEventOf(tx, into.id, 'absorbed', data => data.ticket === ticket.id)
    const joined = (absorbed?.data as { joined?: string[] } | undefined)?.joined ?? []
    const removedPeople = await removeParticipants(tx, into.id, joined)
    await recordEvent(tx, ticket, { type: 'unmerged', data: { from: into.id, state: before, until } }, change)
    await recordEvent(tx, into, { type: 'restored', data: { ticket: ticket.id, left: removedPeople } }, change)
    return {
      text: `${ticket.ref} is a separate ticket again, ${stateInWords(before)}.`,
      data: { ref: ticket.ref, from: into.ref, state: before },
    }
  },
})

async function factsBefore(tx: Tx, ticket: Ticket, seq: number): Promise<TicketFacts> {
  return replay((await eventsOf(tx, ticket.id)).filter(event => event.seq < seq))
}
