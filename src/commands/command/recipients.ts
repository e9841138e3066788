/** Who reads an answer on a ticket: worked out here for whoever sends one, and named for whoever writes one. */
import { displayAddress, plainName } from '../../core/text/address.ts'
import { readersDigest, type ShownState } from '../../core/ticket/shown.ts'
import type { Sql } from '../../store/engine/sql.ts'
import { answeredMessage } from '../../store/messages.ts'
import type { OutboxRecipient } from '../../store/outbox.ts'
import { type PresentParticipant, participantsOf } from '../../store/participants.ts'
import { mergedIn, type Ticket } from '../../store/tickets.ts'
import type { DeskFacts } from './command.ts'

const MOST_NAMED = 20

/** Somebody who gets an answer, and through which channel. */
export interface Recipient extends OutboxRecipient {
  channel: string
  kind: string
}

/** Who would read an answer on a ticket as it is now. */
export interface Readers {
  recipients: Recipient[]
  /** Where the requester is answered, others read it, too: in the channel of a chat. */
  isShared: boolean
  /** Who takes part, and was left off the message that is answered. */
  leftOff: PresentParticipant[]
}

export type ReaderFacts = Pick<DeskFacts, 'kindOf' | 'isShared' | 'isOurs' | 'mailChannel'>

/**
 * The requester where the question came in, and whoever is on the message that is answered, as with "reply to all" of
 * a mail program: its writer, and those it was copied to, as far as they take part. Beside them whoever was let in
 * since, and whoever asked in a ticket that became part of this one. Whoever takes part in a chat reads the answer in
 * the conversation itself. `only`: the requester alone, in private.
 */
export async function readersOf(
  sql: Sql,
  facts: ReaderFacts,
  ticket: Ticket,
  { only = false }: { only?: boolean } = {},
): Promise<Readers> {
  const kind = facts.kindOf(ticket.channel)
  const participants = await participantsOf(sql, ticket.id)
  const requester = participants.find(each => each.role === 'requester' && each.kind === kind)
  const answered = ticket.replyTo && !facts.isOurs(ticket.replyTo) ? ticket.replyTo : requester?.address
  const inPublic = answered !== undefined && facts.isShared(ticket.channel, answered)
  const to = only && inPublic ? requester?.address : answered
  const mainRecipients: Recipient[] = to
    ? [{ recipient: to, name: ticket.requesterName, shown: 'to', channel: ticket.channel, kind }]
    : []
  if (only) return { recipients: mainRecipients, isShared: false, leftOff: [] }
  const parts = await mergedIn(sql, ticket.id)
  const others = participants.filter(
    each =>
      each.role === 'copied' &&
      each.address !== to &&
      !facts.isOurs(each.address) &&
      (each.kind === 'email' || !to || kind === 'email'),
  )
  const isOn = await readsAnswers(sql, ticket, new Set(parts.map(each => each.requesterId)))
  const copied = others.filter(isOn).flatMap<Recipient>(each => {
    const channel =
      each.kind === kind ? ticket.channel : each.kind === 'email' ? facts.mailChannel(ticket.deskId) : undefined
    if (channel === undefined) return []
    return [{ recipient: each.address, name: each.name, shown: 'cc', channel, kind: each.kind }]
  })
  const inChats = (await othersInChats(sql, facts, ticket, parts)).filter(each => each.recipient !== to)
  return {
    recipients: [...mainRecipients, ...copied, ...inChats],
    isShared: inPublic,
    leftOff: others.filter(each => !isOn(each)),
  }
}

/** Whether somebody who takes part is on the message that an answer answers, or came in since. */
async function readsAnswers(
  sql: Sql,
  ticket: Ticket,
  otherRequesters: ReadonlySet<string>,
): Promise<(participant: PresentParticipant) => boolean> {
  const answered = await answeredMessage(sql, ticket.id)
  if (!answered?.copied) return () => true
  const on = new Set([...answered.copied, answered.authorAddress])
  return ({ address, joinedSeq, personId }) =>
    on.has(address) || joinedSeq >= answered.seq || otherRequesters.has(personId)
}

/**
 * Others who asked in a chat, in tickets that became part of this one: each is answered where they asked last, or in
 * their own messages, if that is read by others and this one is not.
 */
async function othersInChats(
  sql: Sql,
  facts: ReaderFacts,
  ticket: Ticket,
  parts: readonly Ticket[],
): Promise<Recipient[]> {
  const isPrivate = !facts.isShared(ticket.channel, ticket.replyTo)
  const found = new Map<string, Recipient>()
  for (const { id, channel, replyTo, requesterId, requesterName: name } of parts) {
    const kind = facts.kindOf(channel)
    if (kind === 'email' || requesterId === ticket.requesterId) continue
    const people = await participantsOf(sql, id)
    const requesterAddress = people.find(each => each.role === 'requester' && each.kind === kind)?.address ?? null
    const recipient = isPrivate && facts.isShared(channel, replyTo) ? requesterAddress : replyTo
    if (recipient !== null) found.set(requesterId, { recipient, name, channel, kind, shown: 'cc' })
  }
  return [...found.values()]
}

/** Whom an answer goes to, each of them by name: `Ann <ann@example.com> and Carl in Slack (others read it there)`. */
export function readersInWords({ recipients, isShared }: Pick<Readers, 'recipients' | 'isShared'>): string {
  const named = recipients.map(({ kind, name, recipient }, index) => {
    const others = index === 0 && isShared ? ' (others read it there)' : ''
    return `${whoInWords(kind, plainName(name), recipient)}${others}`
  })
  const last = named.length > 1 ? named.pop() : undefined
  const first = named.join(', ')
  return last === undefined ? first || 'nobody' : `${first} and ${last}`
}

/** Who takes part and does not get it, and how they do; '' where there is nobody. */
export function leftOffInWords({ leftOff }: Pick<Readers, 'leftOff'>, ref: string): string {
  const [first] = leftOff
  if (!first) return ''
  const names = leftOff
    .slice(0, MOST_NAMED)
    .map(({ kind, name, address }) => whoInWords(kind, plainName(name), address))
  const more = leftOff.length > names.length ? ` and ${leftOff.length - names.length} more` : ''
  return `Not on the last message, so they will not get your answer: ${names.join(', ')}${more}. To include them again, write: invite ${ref} ${first.address} (in a mail: !invite ${first.address})`
}

/** What is shown of a ticket with these readers. */
export function shownWith({ eventSeq }: Pick<Ticket, 'eventSeq'>, { recipients, isShared }: Readers): ShownState {
  return { seq: eventSeq, readers: readersDigest(recipients, isShared) }
}

/** An address that people know, or whom a chat's conversation is with. */
export function whoInWords(kind: string, name: string, address: string): string {
  if (kind === 'email') return name ? displayAddress({ name, address }) : address
  return `${name} in ${kindInWords(kind)}`
}

/** `Slack`. */
export function kindInWords(kind: string): string {
  return `${kind[0]?.toUpperCase() ?? ''}${kind.slice(1)}`
}
