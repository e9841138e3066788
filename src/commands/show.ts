import { displayAddress } from '../core/address.ts'
import { fileDanger } from '../core/file-danger.ts'
import { senderDoubt, UNKNOWN } from '../core/sender.ts'
import { age } from '../core/table.ts'
import { alertsOf, type StoredAlert } from '../store/alerts.ts'
import { arrivalsOf } from '../store/arrivals.ts'
import { bouncesOf } from '../store/bounces.ts'
import { attachmentsOf, type Message, messagesOf, type StoredAttachment } from '../store/messages.ts'
import { deliveriesOf, type OutboxLine } from '../store/outbox.ts'
import { type Participant, participantsOf } from '../store/participants.ts'
import type { Ticket } from '../store/tickets.ts'
import { expectArgs, findTicket, type ReadCommand, ticketArgument } from './command.ts'

type TicketBounce = Awaited<ReturnType<typeof bouncesOf>>[number]

interface ShownMessage {
  message: Message
  /** What agents call it where it came in: M-12. */
  number: number | undefined
  /** What speaks against its sender. */
  doubt: string | null
  attachments: StoredAttachment[]
  deliveries: OutboxLine[]
  /** Of what it is about, what came back. */
  bounces: TicketBounce[]
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
    const bounces = await bouncesOf(sql, ticket.id)
    const alerts = await alertsOf(sql, ticket.id)
    const arrivals = new Map((await arrivalsOf(sql, ticket.id)).map(each => [each.messageId, each]))
    const shown = await Promise.all(
      (await messagesOf(sql, ticket.id)).map(async message => ({
        message,
        number: arrivals.get(message.id)?.number,
        doubt: senderDoubt(arrivals.get(message.id)?.verdict?.authentication ?? UNKNOWN),
        bounces,
        attachments: await attachmentsOf(sql, message.id),
        deliveries: deliveries.filter(line => line.kind === 'reply' && line.messageId === message.id),
      })),
    )
    const acknowledged = deliveries.filter(line => line.kind === 'acknowledgement')
    return {
      text: [
        head(ticket, participants, acknowledged, { now: call.at, bounces, alerts }),
        ...(full ? shown.map(each => body(each, true)) : folded(shown)),
      ].join('\n\n'),
      data: dataOf(ticket, participants, shown, acknowledged, { bounces, alerts }),
    }
  },
}

interface About {
  bounces: TicketBounce[]
  alerts: StoredAlert[]
}

/** Repeats of an alert are counted, not shown: the first and the last of a row tell it all. */
function folded(shown: readonly ShownMessage[]): string[] {
  const repeats = (at: number) => {
    const [before, own, next] = [shown[at - 1], shown[at], shown[at + 1]].map(each => each?.message)
    const same = (other: Message | undefined) => other?.kind === 'bulk' && other.authorId === own?.authorId
    return own?.kind === 'bulk' && same(before) && same(next)
  }
  const texts: string[] = []
  let left = 0
  for (const [at, each] of shown.entries()) {
    if (repeats(at)) {
      left += 1
      continue
    }
    if (left > 0) texts.push(`--- ${left} more like it (--full shows them)`)
    left = 0
    texts.push(body(each, false))
  }
  return texts
}

function head(
  ticket: Ticket,
  participants: Participant[],
  acknowledged: OutboxLine[],
  { now, bounces, alerts }: About & { now: string },
): string {
  const copied = participants.filter(each => each.role === 'copied').map(displayAddress)
  const requester = participants.find(each => each.role === 'requester')
  const lines = [
    `${ticket.ref}  ${ticket.subject}`,
    `state      ${ticket.state}`,
    `owner      ${ticket.ownerName ?? 'nobody yet'}`,
    `requester  ${requester ? displayAddress(requester) : ticket.requesterName}`,
    ...(copied.length > 0 ? [`copied     ${copied.join(', ')}`] : []),
    `opened     ${moment(ticket.openedAt)} (${age(ticket.openedAt, now)}) through ${ticket.channel}`,
    ...(ticket.recordedByName ? [`recorded   by ${ticket.recordedByName}, who forwarded it`] : []),
    ...alerts.map(alertLine),
    ...(ticket.firstResponseAt ? [`answered   ${moment(ticket.firstResponseAt)}`] : []),
    ...(ticket.closedAt ? [`closed     ${moment(ticket.closedAt)}`] : []),
    ...acknowledged.map(line => `receipt    ${deliveryState(line, bounces)}`),
  ]
  return lines.join('\n')
}

function alertLine({ count, lastAt, recoveredAt }: StoredAlert): string {
  const times = count === 1 ? 'came once' : `came ${count} times, last ${moment(lastAt)}`
  return `alert      ${times}${recoveredAt ? '; all is well again since then' : ''}`
}

function body({ message, number, doubt, attachments, deliveries, bounces }: ShownMessage, full: boolean): string {
  const who = message.authorAddress
    ? displayAddress({ name: message.authorName, address: message.authorAddress })
    : message.authorName
  const role = { in: 'wrote', out: 'answered', internal: 'noted (internal)' }[message.direction]
  const kind = message.kind === 'person' ? '' : ` [${message.kind}]`
  const text = (full ? message.text : (message.visible ?? message.text)) ?? '(erased)'
  return [
    `--- ${moment(message.storedAt)}  ${who} ${role}${kind}${number === undefined ? '' : ` (M-${number})`}`,
    ...(doubt ? [`[${doubt}]`] : []),
    text.trim() || '(no text)',
    ...attachments.map(fileLine),
    ...deliveries.map(line => `[${deliveryState(line, bounces)}]`),
  ].join('\n')
}

function fileLine({ name, type, size }: StoredAttachment): string {
  const danger = fileDanger(name, type)
  return `[file] ${name} (${type}, ${readableSize(size)})${danger ? ` CAUTION: ${danger}` : ''}`
}

function deliveryState(line: OutboxLine, bounces: readonly TicketBounce[]): string {
  const returned = bounces.findLast(each => each.outboxNumber === line.number && each.recipient === line.recipient)
  if (returned && line.state === 'sent') {
    const { kind, reason, status, address, recipient, bouncedAt } = returned
    const elsewhere = address === recipient || address === '' ? '' : `, whose mail goes on to ${address}`
    const why = `${reason ? `: ${reason}` : ''}${status ? ` (${status})` : ''}`
    if (kind === 'delayed') return `not at ${recipient}${elsewhere} yet, its mail system keeps trying${why}`
    return `NOT RECEIVED by ${recipient}${elsewhere}${why}, came back ${moment(bouncedAt)}`
  }
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
  { bounces, alerts }: About,
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
    recordedBy: ticket.recordedByName,
    alerts: alerts.map(({ count, firstAt, lastAt, recoveredAt }) => ({ count, firstAt, lastAt, recoveredAt })),
    bounces: bounces.map(({ recipient, address, status, reason, kind, bouncedAt }) => ({
      recipient,
      address,
      status,
      reason,
      kind,
      bouncedAt,
    })),
    messages: shown.map(({ message, number, doubt, attachments, deliveries }) => ({
      number: number === undefined ? null : `M-${number}`,
      direction: message.direction,
      author: { name: message.authorName, address: message.authorAddress },
      kind: message.kind,
      subject: message.subject,
      text: message.text,
      visible: message.visible ?? message.text,
      messageId: message.externalId,
      at: message.storedAt,
      doubt,
      attachments: attachments.map(({ name, type, size, sha256 }) => ({
        name,
        type,
        size,
        sha256,
        danger: fileDanger(name, type),
      })),
      deliveries: deliveries.map(delivery),
    })),
  }
}
