// The commands call and log: what did not come in writing.
import { oneLine, typedAddress } from '../../core/text/address.ts'
import { DeskError } from '../../errors.ts'
import { newId } from '../../store/engine/id.ts'
import type { Tx } from '../../store/engine/sql.ts'
import { prepareMessage } from '../../store/messages.ts'
import { addParticipant } from '../../store/participants.ts'
import { ensurePerson, mailAddressesOf, peopleNamed } from '../../store/people.ts'
import { openTicket, recordEvent } from '../../store/tickets.ts'
import type { Call, WriteCommand } from '../command/command.ts'
import { notifyRequester } from '../command/notify-requester.ts'

const HOW = new Map<string, 'call' | 'visit'>([
  ['call', 'call'],
  ['phone', 'call'],
  ['visit', 'visit'],
  ['desk', 'visit'],
])
const SUBJECT = 80

interface LogEntry {
  how: 'call' | 'visit'
  who: string
  text: string
}

/** `log call ann@example.com "cannot log in, token reset"`: what did not come in writing is a ticket like any other. */
export const log: WriteCommand<LogEntry> = {
  word: 'log',
  usage: 'call|visit PERSON TEXT',
  summary: 'Opens a ticket for somebody who called or came by; you own it, and they get the reference.',
  body: 'optional',
  parse(line) {
    const [way = '', who, ...text] = line.args
    const how = HOW.get(way.toLowerCase())
    if (!how || who === undefined) throw new DeskError('usage', 'Write: log call|visit PERSON TEXT')
    return { how, who, text: text.join(' ') }
  },
  tickets: () => [],
  async writes(tx, call, { how, who, text: inline }) {
    const text = inline.trim() || call.body.trim()
    if (!text) throw new DeskError('usage', `Write what it was about: log ${how} ${who} TEXT`)
    const [desk] = call.desks
    if (!desk) throw new DeskError('config', 'desks: list at least one desk.')
    const channel = call.mailChannel(desk.id)
    if (channel === undefined)
      throw new DeskError('config', `${desk.name} has no mail channel to answer through: add one.`)
    const address = await addressOf(tx, call, who)
    const requester = await ensurePerson(tx, { kind: 'email', address, name: '' }, call.at)
    const change = { at: call.at, actorId: call.actor.id, channel: call.channel }
    const opening = {
      id: newId(),
      number: await tx.number('ticket'),
      desk,
      channel,
      subject: oneLine(text.split('\n', 1)[0] ?? '', SUBJECT),
      replyTo: address,
      requester,
      recordedBy: call.actor,
      room: call.roomOf(desk.id),
    }
    const message = {
      id: newId(),
      ticketId: opening.id,
      direction: 'internal' as const,
      authorId: call.actor.id,
      authorName: call.actor.name,
      authorAddress: null,
      channel: call.channel,
      externalId: null,
      subject: opening.subject,
      text,
      visible: null,
      kind: 'person' as const,
      sentAt: call.at,
      storedAt: call.at,
      raw: null,
      what: how,
    }
    const prepared = prepareMessage(message, call.attachments)
    const data = {
      number: opening.number,
      desk: desk.id,
      requester: requester.id,
      copied: [],
      message: message.id,
      content: prepared.content,
      recordedBy: call.actor.id,
    }
    const ticket = await openTicket(tx, opening, prepared, { type: 'opened', data }, change)
    const person = { kind: 'email', address, name: requester.name, personId: requester.id, role: 'requester' as const }
    await addParticipant(tx, ticket.id, person, call.at)
    const owned = await recordEvent(tx, ticket, { type: 'claimed', data: { owner: call.actor.id } }, change)
    await notifyRequester(tx, call, owned, 'recorded', '')
    return {
      text: `${ticket.ref} is yours, for ${requester.name}: ${ticket.subject}`,
      data: { ref: ticket.ref, owner: call.actor.handle, requester: address },
    }
  },
}

/** Whom a name means: never a guess. */
async function addressOf(tx: Tx, call: Call, who: string): Promise<string> {
  const address = typedAddress(who)
  if (address && call.isOurs(address))
    throw new DeskError('usage', `${address} is an address of the desk itself: name the person who called.`)
  if (address) return address
  const people = await peopleNamed(tx, who.replace(/^@/, ''))
  const addresses = (await Promise.all(people.map(each => mailAddressesOf(tx, each.id))))
    .map(each => each[0])
    .filter(each => each !== undefined)
  const [only, second] = addresses
  if (only !== undefined && second === undefined) return only
  const choice =
    second === undefined ? 'nobody of that name has written yet' : `it may be ${addresses.slice(0, 5).join(' or ')}`
  throw new DeskError('usage', `"${who}" is not clear: ${choice}; write their address.`)
}
