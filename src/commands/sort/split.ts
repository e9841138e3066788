// The command split: a message becomes a ticket of its own.
import { oneLine, plainName } from '../../core/text/address.ts'
import { DeskError } from '../../errors.ts'
import { arrivalByNumber } from '../../store/arrivals.ts'
import { doubtAbout, keepDoubt } from '../../store/doubts.ts'
import { newId } from '../../store/engine/id.ts'
import { copyAttachments, messageById, prepareCopy } from '../../store/messages.ts'
import { addParticipant } from '../../store/participants.ts'
import { personById } from '../../store/people.ts'
import { currentTicket, openTicket, recordEvent } from '../../store/tickets.ts'
import { queueAcknowledgement } from '../command/acknowledge.ts'
import { arrivalArgument } from '../command/arguments.ts'
import { onTicketWith } from '../command/on-ticket.ts'
import { whoInWords } from '../command/recipients.ts'
import { linkBoth } from './link.ts'

/** `split HD-7 M-12 "The second printer"`: one message of a ticket becomes a ticket of its own. */
export const split = onTicketWith<{ arrival: number; subject: string }>({
  word: 'split',
  usage: 'MESSAGE ["SUBJECT"]',
  summary: 'Turns one of its messages, such as M-12, into a new ticket and tells its writer the new reference.',
  parse([message, ...subject]) {
    return { arrival: arrivalArgument(message), subject: subject.join(' ') }
  },
  async writes(tx, call, ticket, change, { arrival: number, subject }) {
    const arrival = await arrivalByNumber(tx, number)
    const message = arrival?.messageId ? await messageById(tx, arrival.messageId) : undefined
    const whole = message ? await currentTicket(tx, message.ticketId) : undefined
    if (!message || whole?.id !== ticket.id || message.direction !== 'in' || !message.authorAddress) {
      throw new DeskError(
        'not-found',
        `M-${number} is not a message that somebody wrote to ${ticket.ref}: show ${ticket.ref} gives their numbers.`,
      )
    }
    const author = await personById(tx, message.authorId)
    const desk = call.desks.find(each => each.id === ticket.deskId)
    if (!author || !desk) throw new DeskError('unsound', `The writer of M-${number} is not stored.`)
    const opening = {
      id: newId(),
      number: await tx.number('ticket'),
      desk,
      // Its writer is answered where they wrote it.
      channel: call.kindOf(message.channel) === call.kindOf(ticket.channel) ? ticket.channel : message.channel,
      subject: oneLine(subject || message.subject) || '(no subject)',
      replyTo: message.authorAddress,
      requester: author,
      recordedBy: call.actor,
      room: call.roomOf(desk.id),
    }
    const copy = await prepareCopy(tx, message, opening.id, call.at)
    const data = {
      number: opening.number,
      desk: desk.id,
      requester: author.id,
      copied: [],
      message: copy.message.id,
      content: copy.content,
      recordedBy: call.actor.id,
      follows: ticket.id,
    }
    const made = await openTicket(tx, opening, copy, { type: 'opened', data }, change)
    await copyAttachments(tx, message.id, copy.message.id)
    await keepDoubt(tx, copy.message.id, await doubtAbout(tx, message.id))
    const person = {
      kind: call.kindOf(message.channel),
      address: message.authorAddress,
      name: message.authorName,
      personId: author.id,
    }
    await addParticipant(tx, made.id, { ...person, role: 'requester' }, call.at)
    const linked = await linkBoth(tx, ticket, 'related', made, change)
    await recordEvent(tx, linked, { type: 'split', data: { original: message.id, into: made.id } }, change)
    const first = { id: copy.message.id, externalId: message.externalId }
    const isAcknowledged = await queueAcknowledgement(tx, made, first, plainName(message.authorName), call.at)
    return {
      text: `M-${number} is now ${made.ref}${isAcknowledged ? `; ${whoInWords(person.kind, person.name, person.address)} will be told` : ''}.`,
      data: { ref: ticket.ref, split: made.ref },
    }
  },
})
