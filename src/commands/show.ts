import { displayAddress } from '../core/address.ts'
import { age } from '../core/table.ts'
import { attachmentsOf, type Message, messagesOf, type StoredAttachment } from '../store/messages.ts'
import { deliveriesOf, type OutboxLine } from '../store/outbox.ts'
import { type Participant, participantsOf } from '../store/participants.ts'
import type { Ticket } from '../store/tickets.ts'
import { expectArgs, findTicket, type ReadCommand, ticketArgument } from './command.ts'

interface ShownMessage {
  message: Message
  attachments: StoredAttachment[]
  deliveries: OutboxLine[]
}

export const show: ReadCommand<{ ticket: number; full: boolean }> = {
  word: 'show',
  usage: 'TICKET [--full]',
  summary: 'Shows a ticket with all that was written; --full with what the mails quote.',
  body: 'none',
  takes: 2,
  parse(line, { prefixes }) {
    const args = line.args.filter(argument => !/^(--)?full$/i.test(argument))
    expectArgs(this, { ...line, args }, 1, 1)
    return { ticket: ticketArgument(args[0], prefixes), full: args.length < line.args.length }
  },
  async reads(sql, call, { ticket: number, full }) {
    const ticket = await findTicket(sql, number, call.prefixes)
    const participants = await participantsOf(sql, ticket.id)
    const deliveries = await deliveriesOf(sql, ticket.id)
    const shown = await Promise.all(
      (await messagesOf(sql, ticket.id)).map(async message => ({
        message,
        attachments: await attachmentsOf(sql, message.id),
        deliveries: deliveries.filter(line => line.kind === 'reply' && line.messageId === message.id),
      })),
    )
    const acknowledged = deliveries.filter(line => line.kind === 'acknowledgement')
    return {
      text: [head(ticket, participants, acknowledged, call.at), ...shown.map(each => body(each, full))].join('\n\n'),
      data: dataOf(ticket, participants, shown, acknowledged),
    }
  },
}

function head(ticket: Ticket, participants: Participant[], acknowledged: OutboxLine[], now: string): string {
  const copied = participants.filter(each => each.role === 'copied').map(displayAddress)
  const requester = participants.find(each => each.role === 'requester')
  const lines = [
    `${ticket.ref}  ${ticket.subject}`,
    `state      ${ticket.state}`,
    `owner      ${ticket.ownerName ?? 'nobody yet'}`,
    `requester  ${requester ? displayAddress(requester) : ticket.requesterName}`,
    ...(copied.length > 0 ? [`copied     ${copied.join(', ')}`] : []),
    `opened     ${moment(ticket.openedAt)} (${age(ticket.openedAt, now)}) through ${ticket.channel}`,
    ...(ticket.firstResponseAt ? [`answered   ${moment(ticket.firstResponseAt)}`] : []),
    ...(ticket.closedAt ? [`closed     ${moment(ticket.closedAt)}`] : []),
    ...acknowledged.map(line => `receipt    ${deliveryState(line)}`),
  ]
  return lines.join('\n')
}

function body({ message, attachments, deliveries }: ShownMessage, full: boolean): string {
  const who = message.authorAddress
    ? displayAddress({ name: message.authorName, address: message.authorAddress })
    : message.authorName
  const role = { in: 'wrote', out: 'answered', internal: 'noted (internal)' }[message.direction]
  const kind = message.kind === 'person' ? '' : ` [${message.kind}]`
  const text = (full ? message.text : (message.visible ?? message.text)) ?? '(erased)'
  return [
    `--- ${moment(message.storedAt)}  ${who} ${role}${kind}`,
    text.trim() || '(no text)',
    ...attachments.map(file => `[file] ${file.name} (${file.type}, ${readableSize(file.size)})`),
    ...deliveries.map(line => `[${deliveryState(line)}]`),
  ].join('\n')
}

function deliveryState(line: OutboxLine): string {
  switch (line.state) {
    case 'sent':
      return `sent to ${line.recipient} ${moment(line.settledAt ?? line.queuedAt)}`
    case 'failed':
      return `NOT DELIVERED to ${line.recipient}: ${line.error ?? 'no reason given'}`
    case 'dropped':
      return `not sent to ${line.recipient}: ${line.error ?? 'dropped'}`
    default:
      return line.attempts === 0
        ? `queued for ${line.recipient}`
        : `not delivered to ${line.recipient} yet, next try ${moment(line.nextTryAt ?? '')}: ${line.error ?? 'no answer'}`
  }
}

function moment(time: string): string {
  return time.slice(0, 16).replace('T', ' ')
}

function readableSize(bytes: number): string {
  if (bytes < 1000) return `${bytes} bytes`
  return bytes < 1_000_000 ? `${Math.round(bytes / 1000)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`
}

function dataOf(
  ticket: Ticket,
  participants: Participant[],
  shown: ShownMessage[],
  acknowledged: OutboxLine[],
): unknown {
  const delivery = (line: OutboxLine) => ({
    recipient: line.recipient,
    state: line.state,
    attempts: line.attempts,
    nextTryAt: line.nextTryAt,
    error: line.error,
  })
  return {
    ref: ticket.ref,
    subject: ticket.subject,
    state: ticket.state,
    owner: ticket.ownerHandle,
    requester: ticket.requesterName,
    channel: ticket.channel,
    openedAt: ticket.openedAt,
    updatedAt: ticket.updatedAt,
    firstResponseAt: ticket.firstResponseAt,
    closedAt: ticket.closedAt,
    participants: participants.map(({ address, name, role }) => ({ address, name, role })),
    acknowledgement: acknowledged.map(delivery),
    messages: shown.map(({ message, attachments, deliveries }) => ({
      direction: message.direction,
      author: { name: message.authorName, address: message.authorAddress },
      kind: message.kind,
      subject: message.subject,
      text: message.text,
      visible: message.visible ?? message.text,
      messageId: message.externalId,
      at: message.storedAt,
      attachments: attachments.map(({ name, type, size, sha256 }) => ({ name, type, size, sha256 })),
      deliveries: deliveries.map(delivery),
    })),
  }
}
