// The command note.
import type { InboundAttachment, MessageKind } from '../../channel/message.ts'
import { isDone } from '../../core/ticket/ticket-state.ts'
import { DeskError } from '../../errors.ts'
import { keepDoubt } from '../../store/doubts.ts'
import { newId } from '../../store/engine/id.ts'
import type { Tx } from '../../store/engine/sql.ts'
import { insertMessage, prepareMessage } from '../../store/messages.ts'
import type { Person } from '../../store/people.ts'
import { type Change, recordEvent, type Ticket } from '../../store/tickets.ts'
import type { DeskFacts } from '../command/command.ts'
import { textForm } from '../command/forms.ts'
import { agentsToNotify, notifyAgents } from '../command/notify-agents.ts'
import { onTicket } from '../command/on-ticket.ts'

export const note = onTicket({
  word: 'note',
  summary: 'Adds a note for agents only; it is never sent to the requester.',
  body: 'required',
  button: {
    rank: 50,
    of({ ticket: { ref, state } }) {
      const form = textForm(`Note on ${ref}`, 'Keep', 'Only agents see it.')
      return isDone(state) ? [] : [{ label: 'Note', line: `note ${ref}`, form }]
    },
  },
  async writes(tx, call, ticket, change) {
    const { actor, body, attachments } = call
    if (!body.trim()) throw new DeskError('usage', `Write what to note: note ${ticket.ref} followed by your text.`)
    await addNote(tx, call, ticket, change, { author: actor, text: body, attachments, kind: 'person' })
    return { text: `Noted on ${ticket.ref}; only agents see it.`, data: { ref: ticket.ref } }
  },
})

export interface Note {
  author: Person
  text: string
  attachments: readonly InboundAttachment[]
  kind: MessageKind
  raw?: string
  externalId?: string | null
  /** What speaks against it being of its author. */
  doubt?: string | null
}

/** Stores what agents say to each other, and tells the owner. Gives the id of the message. */
export async function addNote(tx: Tx, facts: DeskFacts, ticket: Ticket, change: Change, note: Note): Promise<string> {
  const message = {
    id: newId(),
    ticketId: ticket.id,
    direction: 'internal' as const,
    authorId: note.author.id,
    authorName: note.author.name,
    authorAddress: null,
    channel: change.channel,
    externalId: note.externalId ?? null,
    subject: ticket.subject,
    text: note.text,
    visible: null,
    kind: note.kind,
    sentAt: change.at,
    storedAt: change.at,
    raw: note.raw ?? null,
  }
  const prepared = prepareMessage(message, note.attachments)
  await insertMessage(tx, prepared)
  await keepDoubt(tx, message.id, note.doubt ?? null)
  await recordEvent(tx, ticket, { type: 'noted', data: { message: message.id, content: prepared.content } }, change)
  const owner = ticket.ownerId ? agentsToNotify(facts, ticket.ownerId, note.author.id) : []
  await notifyAgents(tx, facts, note.kind === 'person' ? owner : [], {
    kind: 'notify-note',
    purpose: 'internal',
    channel: ticket.channel,
    ticketId: ticket.id,
    messageId: message.id,
  })
  return message.id
}
