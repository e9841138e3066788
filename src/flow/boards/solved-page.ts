// The page behind a signed link, where a requester says whether a ticket is solved.
import { settleAnswer } from '../../commands/life/solved.ts'
import type { SolvedAnswer } from '../../core/ticket/solved-answer.ts'
import { stateInWords } from '../../core/ticket/ticket-state.ts'
import { verifyLink } from '../../core/ticket/token.ts'
import { DeskError } from '../../errors.ts'
import type { Sql } from '../../store/engine/sql.ts'
import { tokenKeys } from '../../store/keys.ts'
import { outboxByNumber } from '../../store/outbox.ts'
import { type Ticket, ticketById } from '../../store/tickets.ts'
import { type Context, deskFacts } from '../context.ts'
import { isStanding, keepComment } from '../intake/solved-reply.ts'
import { redacted } from '../outgoing/redact.ts'

/** What the page of a signed link shows. */
export interface SolvedPage {
  ref: string
  subject: string
  state: string
  desk: string
  /** It is resolved, so that the question stands. */
  asks: boolean
  /** It belongs to a question that is over: it went on since, or was asked anew. */
  over: boolean
  /** What was answered just now counts. */
  taken: boolean
}

/** Rejects with a `DeskError` of code `not-found` for a link that we did not sign. */
export async function readSolvedPage(context: Context, token: string): Promise<SolvedPage> {
  const { ticket, stands } = await questionOf(context.store.read, token)
  return pageOf(context, context.store.read, ticket, stands)
}

/** Takes what was pressed on the page; what is answered already stays as it is. */
export async function answerOnPage(context: Context, token: string, answer: SolvedAnswer): Promise<SolvedPage> {
  const found = await questionOf(context.store.read, token)
  return context.store.transact(async tx => {
    await tx.lock([`ticket ${found.ticket.id}`])
    const { ticket, stands } = await questionOf(tx, token)
    const facts = await deskFacts(context, tx)
    if (ticket.state !== 'resolved' || !stands) return pageOf(context, tx, ticket, stands)
    const change = { at: facts.at, actorId: ticket.requesterId, channel: 'web' }
    const comment = await keepComment(tx, ticket, change, answer.comment)
    const now = await settleAnswer(tx, facts, ticket, change, answer, { by: 'page', comment })
    return { ...(await pageOf(context, tx, now, true)), taken: true }
  })
}

/** The question that a link belongs to: of the mail that asked, which its recipient alone has. */
async function questionOf(sql: Sql, link: string): Promise<{ ticket: Ticket; stands: boolean }> {
  const number = verifyLink(await tokenKeys(sql), link)
  const sent = number === null ? undefined : await outboxByNumber(sql, number)
  const ticket = sent?.kind === 'ask-solved' && sent.ticketId ? await ticketById(sql, sent.ticketId) : undefined
  if (sent && ticket) return { ticket, stands: await isStanding(sql, sent, ticket) }
  throw new DeskError(
    'not-found',
    'This link does not work. Please use the link in our newest email, or reply to that email.',
  )
}

function pageOf(context: Context, sql: Sql, ticket: Ticket, stands: boolean): Promise<SolvedPage> {
  return redacted(sql, {
    ref: ticket.ref,
    subject: ticket.subject,
    state: stateInWords(ticket.state),
    desk: context.desks.find(each => each.id === ticket.deskId)?.name ?? '',
    asks: ticket.state === 'resolved' && stands,
    over: !stands,
    taken: false,
  })
}
