// The command show: a ticket with its messages.
import { senderDoubt, UNKNOWN } from '../../core/intake/sender-trust.ts'
import { fileDanger } from '../../core/text/file-danger.ts'
import { shortMoment } from '../../core/text/time-expressions.ts'
import { DeskError } from '../../errors.ts'
import { alertsOf, type StoredAlert } from '../../store/alerts.ts'
import { arrivalsOfMessages } from '../../store/arrivals.ts'
import { bouncesOf } from '../../store/bounces.ts'
import { deliveriesOfMessages } from '../../store/deliveries.ts'
import { doubtsAbout } from '../../store/doubts.ts'
import type { Sql } from '../../store/engine/sql.ts'
import {
  attachmentsOfAll,
  countMessages,
  firstMessage,
  type Message,
  messagesByIds,
  newestMessages,
  type StoredAttachment,
} from '../../store/messages.ts'
import type { OutboxLine } from '../../store/outbox.ts'
import type { Ticket } from '../../store/tickets.ts'
import { ticketArgument } from '../command/arguments.ts'
import { type Call, expectArgs, type ReadCommand } from '../command/command.ts'
import { findTicket } from '../command/find-ticket.ts'
import { kindInWords, whoInWords } from '../command/recipients.ts'
import { aboutTicket, headData, headLines } from './show-head.ts'

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

const PAGE = 100 // messages

interface ShowRequest {
  ticket: number
  full: boolean
  page: number
}

export const show: ReadCommand<ShowRequest> = {
  word: 'show',
  usage: 'TICKET',
  about: 'ticket',
  options: { full: 'flag', page: 'number' },
  summary: `Shows a ticket and its newest ${PAGE} messages; --page 2 shows older ones, --full also shows quoted text.`,
  body: 'none',
  parse(line, { prefixes }) {
    const args = line.args.filter(argument => !/^full$/i.test(argument))
    expectArgs(this, { args }, 1, 1)
    const full = line.options.has('full') || args.length < line.args.length
    return { ticket: ticketArgument(args[0], prefixes), full, page: line.options.number('page') ?? 1 }
  },
  shows: ({ ticket, page }) => (page === 1 ? ticket : undefined),
  async reads(sql, call, { ticket: number, full, page }) {
    const ticket = await findTicket(sql, number, call.prefixes)
    const about = await aboutTicket(sql, call, ticket)
    const refs = new Map([ticket, ...about.parts].map(each => [each.id, each.ref]))
    const ids = [...refs.keys()]
    const ofAll = async <T>(read: (id: string) => Promise<T[]>) => (await Promise.all(ids.map(read))).flat()
    const bounces = await ofAll(id => bouncesOf(sql, id))
    const alerts = await ofAll(id => alertsOf(sql, id))
    const first = (await Promise.all(ids.map(id => firstMessage(sql, id)))).flatMap(each => each?.id ?? [])
    const acknowledged = (await deliveriesOfMessages(sql, first)).filter(line => line.kind === 'acknowledgement')
    const count = await countMessages(sql, ids)
    const messages = await messagesByIds(sql, await idsOnPage(sql, ids, pageOf(count, page, ticket.ref)))
    const shown = await withAll(sql, messages, { ticket, refs, bounces })
    const receipts = acknowledged.map(line => `receipt    ${deliveryState(line, bounces, call)}`)
    const head = headLines(ticket, about, { now: call.at, receipts, alerts: alerts.map(alertLine) })
    const texts = full ? shown.map(each => body(each, true, call)) : foldRepeats(shown, call)
    return {
      text: [head.join('\n'), ...olderLine(ticket.ref, count, { page, full }), ...texts].join('\n\n'),
      data: {
        ...headData(ticket, about),
        ...dataOf(shown, acknowledged, { bounces, alerts }),
        page,
        pages: pagesOf(count),
      },
    }
  },
}

function pagesOf(count: number): number {
  return Math.max(1, Math.ceil(count / PAGE))
}

/** How many messages, the newest of all, stand on a page and on those before it. Throws for a page that is not there. */
function pageOf(count: number, page: number, ref: string): { from: number; to: number } {
  const pages = pagesOf(count)
  if (page >= 1 && page <= pages) return { from: (page - 1) * PAGE, to: page * PAGE }
  const known = pages === 1 ? `is all on one page: show ${ref}` : `has ${pages} pages: show ${ref} --page ${pages}`
  throw new DeskError('not-found', `${ref} ${known}`)
}

/** Where there are older messages, how many and how they are shown. */
function olderLine(ref: string, count: number, { page, full }: Pick<ShowRequest, 'page' | 'full'>): string[] {
  const older = count - page * PAGE
  if (older <= 0) return []
  return [`--- ${older} older: show ${ref} --page ${page + 1}${full ? ' --full' : ''} (of ${pagesOf(count)})`]
}

/**
 * The messages of several tickets by time; those of each stay in their order, whatever the clocks said. Nothing is read
 * of what is older than the page.
 */
async function idsOnPage(
  sql: Sql,
  tickets: readonly string[],
  { from, to }: { from: number; to: number },
): Promise<string[]> {
  const newest = await Promise.all(tickets.map(id => newestMessages(sql, id, to)))
  const timed = newest.flatMap(messages => {
    let at = LAST
    return messages.map(({ id, storedAt }) => {
      if (storedAt < at) at = storedAt
      return { id, at }
    })
  })
  const newestFirst = timed.sort((a, b) => (a.at > b.at ? -1 : a.at < b.at ? 1 : 0))
  return newestFirst
    .slice(from, to)
    .map(each => each.id)
    .reverse()
}

const LAST = '9999'

/** Messages with all that is shown of them. */
async function withAll(
  sql: Sql,
  messages: readonly Message[],
  { ticket, refs, bounces }: { ticket: Ticket; refs: ReadonlyMap<string, string>; bounces: TicketBounce[] },
): Promise<ShownMessage[]> {
  const ids = messages.map(each => each.id)
  const found = await Promise.all([...refs.keys()].map(id => arrivalsOfMessages(sql, id, ids)))
  const arrivals = new Map(found.flat().map(each => [each.messageId, each]))
  const doubts = await doubtsAbout(sql, ids)
  const attachments = await attachmentsOfAll(sql, ids)
  const replies = (await deliveriesOfMessages(sql, ids)).filter(line => line.kind === 'reply')
  const deliveries = Map.groupBy(replies, line => line.messageId)
  return messages.map(message => ({
    message,
    ref: message.ticketId === ticket.id ? null : (refs.get(message.ticketId) ?? null),
    number: arrivals.get(message.id)?.number,
    doubt: doubts.get(message.id) ?? senderDoubt(arrivals.get(message.id)?.verdict?.authentication ?? UNKNOWN),
    bounces,
    attachments: attachments.get(message.id) ?? [],
    deliveries: deliveries.get(message.id) ?? [],
  }))
}

/** What tells a chat's addresses from those of mail. */
type Kinds = Pick<Call, 'kindOf'>

interface ReturnedMail {
  bounces: TicketBounce[]
  alerts: StoredAlert[]
}

/** Repeats of an alert are counted, not shown: the first and the last of a row tell it all. */
function foldRepeats(shown: readonly ShownMessage[], kinds: Kinds): string[] {
  const repeats = (at: number) => {
    const [before, current, next] = [shown[at - 1], shown[at], shown[at + 1]].map(each => each?.message)
    const same = (other: Message | undefined) => other?.kind === 'bulk' && other.authorId === current?.authorId
    return current?.kind === 'bulk' && same(before) && same(next)
  }
  const texts: string[] = []
  let omittedCount = 0
  for (const [at, each] of shown.entries()) {
    if (repeats(at)) {
      omittedCount += 1
      continue
    }
    if (omittedCount > 0) texts.push(`--- ${omittedCount} more like it (--full shows them)`)
    omittedCount = 0
    texts.push(body(each, false, kinds))
  }
  return texts
}

function alertLine({ count, lastAt, recoveredAt }: StoredAlert): string {
  const times = count === 1 ? 'came once' : `came ${count} times, last ${shortMoment(lastAt)}`
  return `alert      ${times}${recoveredAt ? '; all clear since then' : ''}`
}

const WHAT: Record<string, string> = {
  call: 'took a call (internal)',
  visit: 'had a visit (internal)',
  tried: 'tried something without success (internal)',
  reason: 'gave a reason (internal)',
  solution: 'solved it (internal)',
  workaround: 'found a workaround (internal)',
  work: 'recorded work (internal)',
  comment: 'gave feedback',
  unsent: 'wrote an answer that was NOT SENT (internal)',
  revision: 'edited their message',
  deletion: 'deleted their message',
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
    `--- ${shortMoment(message.storedAt)}  ${who} ${role}${kind}${number === undefined ? '' : ` (M-${number})`}${ref ? ` to ${ref}` : ''}`,
    ...(doubt ? [`[${doubt}]`] : []),
    text.trim() || (message.what === 'deletion' ? '(deleted)' : '(no text)'),
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
    const elsewhere = address === recipient || address === '' ? '' : `, which forwards mail to ${address}`
    const why = `${reason ? `: ${reason}` : ''}${status ? ` (${status})` : ''}`
    const rumour = returned.confirmed === 1 ? '' : ', according to an unconfirmed report'
    if (rumour)
      return `sent to ${to} ${shortMoment(line.settledAt ?? line.queuedAt)}; not received by ${recipient}${elsewhere}${why}${rumour}`
    if (kind === 'delayed') return `not delivered to ${recipient}${elsewhere} yet, its mail system keeps trying${why}`
    return `NOT RECEIVED by ${recipient}${elsewhere}${why}, came back ${shortMoment(bouncedAt)}`
  }
  switch (line.state) {
    case 'sent':
      return `sent to ${to} ${shortMoment(line.settledAt ?? line.queuedAt)}`
    case 'failed':
      return `NOT DELIVERED to ${to}: ${line.error ?? 'no reason given'}`
    case 'dropped':
      return `not sent to ${to}: ${line.error ?? 'dropped'}`
    default:
      return line.attempts === 0
        ? `queued for ${to}`
        : `not delivered to ${line.recipient} yet, next try ${shortMoment(line.nextTryAt ?? '')}: ${line.error ?? 'no answer'}`
  }
}

function readableSize(bytes: number): string {
  if (bytes < 1000) return `${bytes} bytes`
  return bytes < 1_000_000 ? `${Math.round(bytes / 1000)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`
}

function dataOf(shown: ShownMessage[], acknowledged: OutboxLine[], { bounces, alerts }: ReturnedMail): object {
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
