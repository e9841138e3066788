import { normaliseAddress } from '../core/address.ts'
import { DeskError } from '../errors.ts'
import { addParticipant } from '../store/participants.ts'
import { ensurePerson } from '../store/people.ts'
import { recordEvent } from '../store/tickets.ts'
import {
  arrivalArgument,
  expectArgs,
  findTicket,
  type SettleCommand,
  ticketArgument,
  type WriteCommand,
} from './command.ts'

/** `join M-3` and `join M-3 HD-12`: a message that is held joins a ticket, and its sender takes part from then on. */
export const joinMessage: SettleCommand<{ arrival: number; ticket: number | null }> = {
  word: 'join',
  usage: 'MESSAGE [TICKET]',
  summary: 'Lets a held message and its sender into the ticket it is held for, or into another one.',
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
export const invite: WriteCommand<{ ticket: number; address: string }> = {
  word: 'invite',
  usage: 'TICKET ADDRESS',
  summary: 'Lets a person into a ticket: they get the answers and may write to it.',
  body: 'none',
  parse(line, { prefixes }) {
    expectArgs(this, line, 2, 2)
    const address = normaliseAddress(line.args[1] ?? '')
    if (!address) throw new DeskError('usage', `"${line.args[1]}" is no mail address: write it like eve@example.com.`)
    return { ticket: ticketArgument(line.args[0], prefixes), address }
  },
  tickets: args => [args.ticket],
  async writes(tx, call, args) {
    const ticket = await findTicket(tx, args.ticket, call.prefixes)
    if (call.isOurs(args.address)) {
      throw new DeskError('usage', `${args.address} is an address of the desk itself: invite somebody else.`)
    }
    const person = await ensurePerson(tx, { kind: 'email', address: args.address, name: '' }, call.at)
    const participant = {
      kind: 'email',
      address: args.address,
      name: person.name,
      personId: person.id,
      role: 'copied' as const,
    }
    if (!(await addParticipant(tx, ticket.id, participant, call.at))) {
      throw new DeskError('conflict', `${args.address} takes part in ${ticket.ref} already.`)
    }
    const change = { at: call.at, actorId: call.actor.id, channel: call.channel }
    await recordEvent(tx, ticket, { type: 'joined', data: { person: person.id, role: 'copied' } }, change)
    return {
      text: `${args.address} takes part in ${ticket.ref} now.`,
      data: { ref: ticket.ref, address: args.address },
    }
  },
}
