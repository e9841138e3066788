import { displayAddress, plainName } from '../core/address.ts'
import { participantsOf } from '../store/participants.ts'
import type { Sql } from '../store/sql.ts'
import { mergedIn, type Ticket } from '../store/tickets.ts'
import type { DeskFacts } from './command.ts'

interface InChat {
  recipient: string
  name: string
  channel: string
  kind: string
}

type Facts = Pick<DeskFacts, 'kindOf' | 'isShared'>

/**
 * Others who asked in a chat, in tickets that became part of this one: each is answered where they asked last, or in
 * their own messages, if that is read by others and this one is not.
 */
export async function othersInChats(sql: Sql, facts: Facts, ticket: Ticket): Promise<InChat[]> {
  const isPrivate = !facts.isShared(ticket.channel, ticket.replyTo)
  const found = new Map<string, InChat>()
  for (const part of await mergedIn(sql, ticket.id)) {
    const { id, channel, replyTo, requesterId, requesterName: name } = part
    const kind = facts.kindOf(channel)
    if (kind === 'email' || requesterId === ticket.requesterId) continue
    const people = await participantsOf(sql, id)
    const own = people.find(each => each.role === 'requester' && each.kind === kind)?.address ?? null
    const recipient = isPrivate && facts.isShared(channel, replyTo) ? own : replyTo
    if (recipient !== null) found.set(requesterId, { recipient, name, channel, kind })
  }
  return [...found.values()]
}

/** Whom an answer on a ticket goes to, and how: `Ann <ann@example.com> and one person copied`, `Ann in Slack`. */
export async function answersTo(sql: Sql, facts: Facts, ticket: Ticket): Promise<string> {
  const kind = facts.kindOf(ticket.channel)
  const byMail = (await participantsOf(sql, ticket.id)).filter(each => each.role === 'copied' && each.kind === 'email')
  const copied = byMail.length + (await othersInChats(sql, facts, ticket)).length
  const others = copied === 0 ? '' : copied === 1 ? ' and one person copied' : ` and ${copied} people copied`
  const readers = facts.isShared(ticket.channel, ticket.replyTo) ? ' (others read it there)' : ''
  return whoInWords(kind, plainName(ticket.requesterName), ticket.replyTo ?? '') + readers + others
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
