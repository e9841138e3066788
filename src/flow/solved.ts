import type { DeskFacts } from '../commands/command.ts'
import { concerned, tellAgents } from '../commands/notify.ts'
import { keepSaid } from '../commands/said.ts'
import { type SolvedAnswer, solvedAnswer } from '../core/solved.ts'
import { tokensIn, verifyToken } from '../core/token.ts'
import { outboxByNumber } from '../store/outbox.ts'
import { personById } from '../store/people.ts'
import type { Tx } from '../store/sql.ts'
import { type Change, currentTicket, recordEvent, type Ticket } from '../store/tickets.ts'
import type { Entry } from './entry.ts'

const MOST_TOKENS = 10

/** Takes a reply to the question whether it is solved for an answer, if it is one; undefined if it is not. */
export async function takeAnswer(
  tx: Tx,
  { message, intake, change }: Entry,
  ticket: Ticket,
  messageId: string,
  content: string,
): Promise<Ticket | undefined> {
  if (ticket.state !== 'resolved' && ticket.state !== 'closed') return undefined
  const answer = solvedAnswer(message.visible)
  if (!answer) return undefined
  const tokens = [...message.references, ...message.addressedTo].flatMap(tokensIn).slice(0, MOST_TOKENS)
  for (const token of tokens) {
    const claim = verifyToken(intake.keys, token)
    const sent = claim ? await outboxByNumber(tx, claim.number) : undefined
    if (sent?.kind !== 'ask-solved' || !sent.ticketId) continue
    if ((await currentTicket(tx, sent.ticketId))?.id !== ticket.id) continue
    return settleAnswer(tx, intake.facts, ticket, change, answer, {
      by: 'reply',
      said: { message: messageId, content },
    })
  }
  return undefined
}

/** Yes closes it, no opens it again; both are kept with the mark, and told to whoever worked on it. */
export async function settleAnswer(
  tx: Tx,
  facts: DeskFacts,
  ticket: Ticket,
  change: Change,
  { solved, score }: Pick<SolvedAnswer, 'solved' | 'score'>,
  { by, said }: { by: 'reply' | 'page'; said: { message?: string; content?: string } },
): Promise<Ticket> {
  let now = await recordEvent(tx, ticket, { type: 'rated', data: { solved, score, by, ...said } }, change)
  if (solved && now.state === 'resolved')
    now = await recordEvent(tx, now, { type: 'closed', data: { by: 'requester' } }, change)
  if (!solved && (now.state === 'resolved' || now.state === 'closed')) {
    now = await recordEvent(tx, now, { type: 'reopened', data: { by: 'requester' } }, change)
  }
  const mark = score === null ? '' : `, ${score} of 5`
  const note = solved
    ? `${ticket.requesterName} says that ${ticket.ref} is solved${mark}.`
    : `${ticket.requesterName} says that ${ticket.ref} is not solved; it is open again.`
  await tellAgents(tx, facts, concerned(facts, ticket.ownerId, change.actorId), {
    kind: 'notify-change',
    purpose: solved ? 'internal' : 'answer',
    channel: ticket.channel,
    ticketId: ticket.id,
    note,
    ...(said.message ? { messageId: said.message } : {}),
  })
  return now
}

/** What a requester wrote beside the buttons of the page. */
export async function keepComment(tx: Tx, ticket: Ticket, change: Change, comment: string) {
  const author = await personById(tx, ticket.requesterId)
  return author ? keepSaid(tx, ticket, change, author, comment, 'comment') : {}
}
