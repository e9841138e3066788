import { displayAddress, plainName } from '../core/address.ts'
import { participantsOf } from '../store/participants.ts'
import type { Sql } from '../store/sql.ts'
import { mergedIn, type Ticket } from '../store/tickets.ts'
import type { DeskFacts } from './command.ts'

/** Others who asked in a chat, in tickets that became part of this one: each is answered there, where they asked last. */
export async function othersInChats(
  sql: Sql,
  { kindOf }: Pick<DeskFacts, 'kindOf'>,
  { id, requesterId }: Ticket,
): Promise<{ recipient: string; name: string; channel: string; kind: string }[]> {
  const found = new Map<string, { recipient: string; name: string; channel: string; kind: string }>()
  for (const part of await mergedIn(sql, id)) {
    const { channel, replyTo: recipient, requesterName: name } = part
    const kind = kindOf(channel)
    if (kind === 'email' || recipient === null || part.requesterId === requesterId) continue
    found.set(part.requesterId, { recipient, name, channel, kind })
  }
  return [...found.values()]
}

/** Whom an answer on a ticket goes to, and how: `Ann <ann@example.com> and one person copied`, `Ann in Slack`. */
export async function answersTo(sql: Sql, facts: Pick<DeskFacts, 'kindOf'>, ticket: Ticket): Promise<string> {
  const kind = facts.kindOf(ticket.channel)
  const byMail = (await participantsOf(sql, ticket.id)).filter(each => each.role === 'copied' && each.kind === 'email')
  const copied = byMail.length + (await othersInChats(sql, facts, ticket)).length
  const others = copied === 0 ? '' : copied === 1 ? ' and one person copied' : ` and ${copied} people copied`
  return whoInWords(kind, plainName(ticket.requesterName), ticket.replyTo ?? '') + others
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
