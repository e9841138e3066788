// Texts that agents leave on a ticket for each other: notes, calls, what was tried.
import { withoutBlankEnds } from '../../core/text/plain-text.ts'
import { newId } from '../../store/engine/id.ts'
import type { Tx } from '../../store/engine/sql.ts'
import { insertMessage, type MessageFile, prepareMessage } from '../../store/messages.ts'
import type { Person } from '../../store/people.ts'
import { type Change, recordEvent, type Ticket } from '../../store/tickets.ts'
import type { Call } from './command.ts'
import { notifyAgents } from './notify-agents.ts'

/** What a text of agents is, beside a note. */
export type What = 'call' | 'visit' | 'tried' | 'reason' | 'solution' | 'workaround' | 'work' | 'comment' | 'unsent'

/** Keeps what somebody wrote with a change among agents; gives what the event says of it. */
export async function storeInternalText(
  tx: Tx,
  ticket: Ticket,
  change: Change,
  author: Person,
  text: string,
  what: What,
  attachments: readonly MessageFile[] = [],
  {
    raw,
    externalId,
    markdown,
  }: {
    raw?: string | undefined
    externalId?: string | null | undefined
    markdown?: string | null | undefined
  } = {},
): Promise<{ message?: string; content?: string }> {
  if (!text.trim() && attachments.length === 0) return {}
  const message = {
    id: newId(),
    ticketId: ticket.id,
    direction: 'internal' as const,
    authorId: author.id,
    authorName: author.name,
    authorAddress: null,
    channel: change.channel,
    externalId: externalId ?? null,
    subject: ticket.subject,
    text: withoutBlankEnds(text),
    markdown: markdown ?? null,
    visible: null,
    kind: 'person' as const,
    sentAt: change.at,
    storedAt: change.at,
    raw: raw ?? null,
    what,
  }
  const prepared = prepareMessage(message, attachments)
  await insertMessage(tx, prepared)
  return { message: message.id, content: prepared.content }
}

/** Whoever takes something up that nobody owns becomes its owner. */
export async function claimIfUnowned(tx: Tx, ticket: Ticket, change: Change): Promise<Ticket> {
  if (ticket.ownerId || change.actorId === null) return ticket
  return recordEvent(tx, ticket, { type: 'claimed', data: { owner: change.actorId } }, change)
}

/** Tells agents of a change, each but who made it; `message` is what was written with it. */
export async function notifyPeople(
  tx: Tx,
  call: Call,
  ticket: Ticket,
  people: readonly (string | null)[],
  note: string,
  options: { message?: string } = {},
): Promise<void> {
  const recipientIds = new Set(people.filter(id => id !== null && id !== call.actor.id))
  const agents = call.agents.filter(agent => recipientIds.has(agent.id))
  await notifyAgents(tx, call, agents, {
    kind: 'notify-change',
    purpose: 'internal',
    channel: ticket.channel,
    ticketId: ticket.id,
    note,
    ...(options.message ? { messageId: options.message } : {}),
  })
}
