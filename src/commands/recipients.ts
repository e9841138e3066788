import { displayAddress, plainName } from '../core/address.ts'
import { participantsOf } from '../store/participants.ts'
import type { Sql } from '../store/sql.ts'
import type { Ticket } from '../store/tickets.ts'
import type { DeskFacts } from './command.ts'

/** Whom an answer on a ticket goes to, and how: `Ann <ann@example.com> and one person copied`, `Ann in Slack`. */
export async function answersTo(sql: Sql, facts: Pick<DeskFacts, 'kindOf'>, ticket: Ticket): Promise<string> {
  const kind = facts.kindOf(ticket.channel)
  const copied = (await participantsOf(sql, ticket.id)).filter(
    each => each.role === 'copied' && (kind === 'email' || each.kind === 'email'),
  ).length
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
