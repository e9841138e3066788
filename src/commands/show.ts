import { fileDanger } from '../core/file-danger.ts'
import { senderDoubt, UNKNOWN } from '../core/sender.ts'
import { alertsOf, type StoredAlert } from '../store/alerts.ts'
import { arrivalsOf } from '../store/arrivals.ts'
import { bouncesOf } from '../store/bounces.ts'
import { doubtsAbout } from '../store/doubts.ts'
import { attachmentsOf, type Message, messagesOf, type StoredAttachment } from '../store/messages.ts'
import { deliveriesOf, type OutboxLine } from '../store/outbox.ts'
import type { Sql } from '../store/sql.ts'
import { type Call, expectArgs, findTicket, type ReadCommand, ticketArgument } from './command.ts'
import { kindInWords, whoInWords } from './recipients.ts'
import { aboutTicket, headData, headLines, moment } from './show-head.ts'

type TicketBounce = Awaited<ReturnType<typeof bouncesOf>>[number]

interface ShownMessage {
  message: Message
  /** The ticket that it came to, where that became part of this one. */
  ref: string | null
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
  usage: 'TICKET',
  options: { full: 'flag' },
  summary: 'Shows a ticket with all that was written; --full with what the mails quote.',
  body: 'none',
  parse(line, { prefixes }) {
    const args = line.args.filter(argument => !/^full$/i.test(argument))
    expectArgs(this, { args }, 1, 1)
    const full = line.options.has('full') || args.length < line.args.length
    return { ticket: ticketArgument(args[0], prefixes), full }
  },
  shows: ({ ticket }) => ticket,
  async reads(sql, call, { ticket: number, full }) {
    const ticket = await findTicket(sql, number, call.prefixes)
    const about = await aboutTicket(sql, call, ticket)
    const ids = [ticket.id, ...about.parts.map(each => each.id)]
    const ofAll = async <T>(read: (sql: Sql, id: string) => Promise<T[]>) =>
      (await Promise.all(ids.map(id => read(sql, id)))).flat()
    const deliveries = await ofAll(deliveriesOf)
    const bounces = await ofAll(bouncesOf)
    const alerts = await ofAll(alertsOf)
    const arrivals = new Map((await ofAll(arrivalsOf)).map(each => [each.messageId, each]))
    const messages = asTheyCame(await Promise.all(ids.map(id => messagesOf(sql, id))))
    const doubts = await doubtsAbout(
      sql,
      messages.map(each => each.id),
    )
    const refs = new Map([ticket, ...about.parts].map(each => [each.id, each.ref]))
    const shown = await Promise.all(
      messages.map(async message => ({
        message,
        ref: message.ticketId === ticket.id ? null : (refs.get(message.ticketId) ?? null),
        number: arrivals.get(message.id)?.number,
        doubt: doubts.get(message.id) ?? senderDoubt(arrivals.get(message.id)?.verdict?.authentication ?? UNKNOWN),
        bounces,
        attachments: await attachmentsOf(sql, message.id),
        deliveries: deliveries.filter(line => line.kind === 'reply' && line.messageId === message.id),
      })),
    )
    const acknowledged = deliveries.filter(line => line.kind === 'acknowledgement')
    const receipts = acknowledged.map(line => `receipt    ${deliveryState(line, bounces, call)}`)
    const head = headLines(ticket, about, { now: call.at, receipts, alerts: alerts.map(alertLine) })
    return {
      text: [head.join('\n'), ...(full ? shown.map(each => body(each, true, call)) : folded(shown, call))].join('\n\n'),
      data: { ...headData(ticket, about), ...dataOf(shown, acknowledged, { bounces, alerts }) },
    }
  },
}

/** The messages of several tickets by time; those of each stay in their order, whatever the clocks said. */
function asTheyCame(tickets: readonly Message[][]): Message[] {
  const timed = tickets.flatMap(messages => {
    let at = ''
    return messages.map(message => {
      if (message.storedAt > at) at = message.storedAt
      return { message, at }
    })
  })
  return timed.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0)).map(({ message }) => message)
}

/** What tells a chat's addresses from those of mail. */
type Kinds = Pick<Call, 'kindOf'>

interface Returned {
  bounces: TicketBounce[]
  alerts: StoredAlert[]
}

/** Repeats of an alert are counted, not shown: the first and the last of a row tell it all. */
function folded(shown: readonly ShownMessage[], kinds: Kinds): string[] {
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
    texts.push(body(each, false, kinds))
  }
  return texts
}

function alertLine({ count, lastAt, recoveredAt }: StoredAlert): string {
  const times = count === 1 ? 'came once' : `came ${count} times, last ${moment(lastAt)}`
  return `alert      ${times}${recoveredAt ? '; all is well again since then' : ''}`
}

const WHAT: Record<string, string> = {
  call: 'took a call (internal)',
  visit: 'had a visit (internal)',
  tried: 'tried in vain (internal)',
  reason: 'gave a reason (internal)',
  solution: 'solved it (internal)',
  workaround: 'got around it (internal)',
  work: 'worked (internal)',
  comment: 'commented on how it was',
  unsent: 'wrote an answer that was NOT SENT (internal)',
  revision: 'changed what they wrote',
  deletion: 'took back what they wrote',
}

function body(
  { message, ref, number, doubt, attachments, deliveries, bounces }: ShownMessage,
  full: boolean,
  kinds: Kinds,
): string {
  const who = message.authorAddress
    ? whoInWords(kinds.kindOf(message.channel), message.authorName, message.authorAddress)
    : message.authorName
  const role =
    WHAT[message.what ?? ''] ?? { in: 'wrote', out: 'answered', internal: 'noted (internal)' }[message.direction]
  const kind = message.kind === 'person' ? '' : ` [${message.kind}]`
  const text = (full ? message.text : (message.visible ?? message.text)) ?? '(erased)'
  return [
    `--- ${moment(message.storedAt)}  ${who} ${role}${kind}${number === undefined ? '' : ` (M-${number})`}${ref ? ` to ${ref}` : ''}`,
    ...(doubt ? [`[${doubt}]`] : []),
    text.trim() || (message.what === 'deletion' ? '(taken back)' : '(no text)'),
    ...attachments.map(fileLine),
    ...deliveries.map(line => `[${deliveryState(line, bounces, kinds)}]`),
  ].join('\n')
}

function fileLine({ name, type, size }: StoredAttachment): string {
  const danger = fileDanger(name, type)
  return `[file] ${name} (${type}, ${readableSize(size)})${danger ? ` CAUTION: ${danger}` : ''}`
}

function deliveryState(line: OutboxLine, bounces: readonly TicketBounce[], kinds: Kinds): string {
  const kind = kinds.kindOf(line.channel)
  const to = kind === 'email' ? line.recipient : `the conversation in ${kindInWords(kind)}`
  const returned = bounces.findLast(each => each.outboxNumber === line.number && each.recipient === line.recipient)
  if (returned && line.state === 'sent') {
    const { kind, reason, status, address, recipient, bouncedAt } = returned
    const elsewhere = address === recipient || address === '' ? '' : `, whose mail goes on to ${address}`
    const why = `${reason ? `: ${reason}` : ''}${status ? ` (${status})` : ''}`
    const rumour = returned.confirmed === 1 ? '' : ', says a report that nothing confirms'
    if (rumour)
      return `sent to ${to} ${moment(line.settledAt ?? line.queuedAt)}; not received by ${recipient}${elsewhere}${why}${rumour}`
    if (kind === 'delayed') return `not at ${recipient}${elsewhere} yet, its mail system keeps trying${why}`
    return `NOT RECEIVED by ${recipient}${elsewhere}${why}, came back ${moment(bouncedAt)}`
  }
  switch (line.state) {
    case 'sent':
      return `sent to ${to} ${moment(line.settledAt ?? line.queuedAt)}`
    case 'failed':
      return `NOT DELIVERED to ${to}: ${line.error ?? 'no reason given'}`
    case 'dropped':
      return `not sent to ${to}: ${line.error ?? 'dropped'}`
    default:
      return line.attempts === 0
        ? `queued for ${to}`
        : `not delivered to ${line.recipient} yet, next try ${moment(line.nextTryAt ?? '')}: ${line.error ?? 'no answer'}`
  }
}

function readableSize(bytes: number): string {
  if (bytes < 1000) return `${bytes} bytes`
  return bytes < 1_000_000 ? `${Math.round(bytes / 1000)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`
}

function dataOf(shown: ShownMessage[], acknowledged: OutboxLine[], { bounces, alerts }: Returned): object {
  const delivery = (line: OutboxLine) => ({
    recipient: line.recipient,
    state: line.state,
    attempts: line.attempts,
    nextTryAt: line.nextTryAt,
    error: line.error,
  })
  return {
    acknowledgement: acknowledged.map(delivery),
    alerts: alerts.map(({ count, firstAt, lastAt, recoveredAt }) => ({ count, firstAt, lastAt, recoveredAt })),
    bounces: bounces.map(({ recipient, address, status, reason, kind, bouncedAt, confirmed }) => ({
      recipient,
      address,
      status,
      reason,
      kind,
      bouncedAt,
      confirmed: confirmed === 1,
    })),
    messages: shown.map(({ message, ref, number, doubt, attachments, deliveries }) => ({
      number: number === undefined ? null : `M-${number}`,
      direction: message.direction,
      what: message.what,
      ref,
      author: { name: message.authorName, address: message.authorAddress },
      kind: message.kind,
      subject: message.subject,
      text: message.text,
      visible: message.visible ?? message.text,
      messageId: message.externalId?.startsWith('<') ? message.externalId : null, // one of ours is a secret
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
