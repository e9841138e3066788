// The commands join, invite and uninvite: who takes part in a ticket.
import { typedAddress } from '../../core/text/address.ts'
import { DeskError } from '../../errors.ts'
import type { Tx } from '../../store/engine/sql.ts'
import { inviteParticipant, type Participant, participantsOf, takeOff } from '../../store/participants.ts'
import { ensurePerson } from '../../store/people.ts'
import { type Change, recordEvent, type Ticket } from '../../store/tickets.ts'
import { arrivalArgument, ticketArgument } from '../command/arguments.ts'
import { expectArgs, type SettleCommand } from '../command/command.ts'
import { onTicketWith } from '../command/on-ticket.ts'
import { readersInWords, readersOf } from '../command/recipients.ts'

/** `join M-3` and `join M-3 HD-12`: a message that is held joins a ticket, and its sender takes part from then on. */
export const joinMessage: SettleCommand<{ arrival: number; ticket: number | null }> = {
  word: 'join',
  usage: 'MESSAGE [TICKET]',
  about: 'message',
  summary: 'Adds a held message and its sender to the ticket it is held for, or to another one.',
  body: 'none',
  parse(line, { prefixes }) {
    expectArgs(this, line, 1, 3)
    const reference = line.args.slice(1).join(' ')
    const ticket = reference === '' ? null : ticketArgument(reference, prefixes)
    return { arrival: arrivalArgument(line.args[0]), ticket }
  },
  settles: ({ arrival, ticket }) => ({ arrivals: [arrival], decision: { action: 'join', ticket } }),
}

/** `invite HD-12 eve@example.com`: a person takes part from now on. */
export const invite = onTicketWith<string>({
  word: 'invite',
  changesReaders: true,
  usage: 'ADDRESS',
  summary: 'Adds a person to a ticket: from now on they get the answers and can write to it.',
  parse: addressIn,
  async writes(tx, call, ticket, change, address) {
    if (call.isOurs(address)) {
      throw new DeskError('usage', `${address} is an address of the desk itself: invite somebody else.`)
    }
    const { recipients } = await readersOf(tx, call, ticket)
    if (recipients.some(each => each.kind === 'email' && each.recipient === address)) {
      throw new DeskError('conflict', `${address} already takes part in ${ticket.ref} and gets the answers.`)
    }
    const person = await ensurePerson(tx, { kind: 'email', address, name: '' }, call.at)
    const participant = { kind: 'email', address, name: person.name, personId: person.id, role: 'copied' as const }
    await inviteParticipant(tx, ticket.id, participant, call.at)
    const now = await recordEvent(tx, ticket, { type: 'joined', data: { person: person.id, role: 'copied' } }, change)
    const readers = readersInWords(await readersOf(tx, call, now))
    return {
      text: `${address} now takes part in ${ticket.ref}; answers go to ${readers}.`,
      data: { ref: ticket.ref, address },
    }
  },
})

/** `uninvite HD-12 eve@example.com`: they get nothing more, and what they write waits for an agent's decision. */
export const uninvite = onTicketWith<string>({
  word: 'uninvite',
  changesReaders: true,
  usage: 'ADDRESS',
  summary: 'Removes a person from a ticket: they get no more answers, even if somebody copies them again.',
  parse: addressIn,
  async writes(tx, call, ticket, change, address) {
    const participants = await participantsOf(tx, ticket.id)
    const participant = participants.find(each => each.kind === 'email' && each.address === address)
    if (participant?.role === 'requester') {
      throw new DeskError('conflict', `${address} is the requester of ${ticket.ref} and cannot be removed.`)
    }
    if (!participant) {
      const others = participants.filter(each => each.role === 'copied').map(each => each.address)
      throw new DeskError(
        'not-found',
        `${address} does not take part in ${ticket.ref}${others.length > 0 ? `; besides the requester, these do: ${others.join(', ')}` : ''}.`,
      )
    }
    const now = await takeOffTicket(tx, ticket, participant, change)
    const readers = readersInWords(await readersOf(tx, call, now))
    return {
      text: `${address} no longer takes part in ${ticket.ref}; answers go to ${readers}.`,
      data: { ref: ticket.ref, address },
    }
  },
})

/** Somebody gets no more answers on a ticket. Gives the ticket after it. */
export async function takeOffTicket(tx: Tx, ticket: Ticket, participant: Participant, change: Change): Promise<Ticket> {
  if (!(await takeOff(tx, ticket.id, participant, change.at))) return ticket
  return recordEvent(tx, ticket, { type: 'uninvited', data: { person: participant.personId } }, change)
}

function addressIn(this: { word: string; usage: string }, words: string[]): string {
  const [text = ''] = words
  if (words.length !== 1) throw new DeskError('usage', `Write: ${this.word} TICKET ${this.usage}`)
  const address = typedAddress(text)
  if (!address) throw new DeskError('usage', `"${text}" is not a mail address: write it like eve@example.com.`)
  return address
}
