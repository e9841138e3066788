// Takes a reply for an answer to "is it solved?", where it is one.
import { storeInternalText } from '../../commands/command/internal-text.ts'
import { settleAnswer } from '../../commands/life/solved.ts'
import { solvedAnswer } from '../../core/ticket/solved-answer.ts'
import type { Sql, Tx } from '../../store/engine/sql.ts'
import { newestQuestion, type OutboxEntry } from '../../store/outbox.ts'
import { personById } from '../../store/people.ts'
import type { Change, Ticket } from '../../store/tickets.ts'
import type { IncomingMessage } from './incoming-message.ts'

/** Takes a reply to the question whether it is solved for an answer, if it is one; undefined if it is not. */
export async function takeAnswer(
  tx: Tx,
  { message, answered, intake, change, sender }: IncomingMessage,
  ticket: Ticket,
  messageId: string,
  content: string,
): Promise<Ticket | undefined> {
  if (ticket.state !== 'resolved' && ticket.state !== 'closed') return undefined
  const answer = solvedAnswer(message.visible)
  if (!answer) return undefined
  for (const { sent } of answered) {
    if (sent.kind !== 'ask-solved' || !(await isStanding(tx, sent, ticket))) continue
    return settleAnswer(tx, intake.facts, ticket, change, answer, {
      by: 'reply',
      comment: { message: messageId, content },
      who: sender.id === ticket.requesterId ? ticket.requesterName : sender.name,
    })
  }
  return undefined
}

/** Whether this is what a ticket waits for an answer to: the newest question, about how it was resolved last. */
export async function isStanding(sql: Sql, question: OutboxEntry, ticket: Ticket): Promise<boolean> {
  if (question.ticketId !== ticket.id || ticket.resolvedAt === null) return false
  return question.queuedAt >= ticket.resolvedAt && (await newestQuestion(sql, ticket.id)) === question.number
}

/** What a requester wrote beside the buttons of the page. */
export async function keepComment(tx: Tx, ticket: Ticket, change: Change, comment: string) {
  const author = await personById(tx, ticket.requesterId)
  return author ? storeInternalText(tx, ticket, change, author, comment, 'comment') : {}
}
