import { settleAnswer } from '../commands/solved.ts'
import type { SolvedAnswer } from '../core/solved.ts'
import { stateInWords } from '../core/ticket-state.ts'
import { verifyToken } from '../core/token.ts'
import { DeskError } from '../errors.ts'
import { tokenKeys } from '../store/keys.ts'
import { outboxByNumber } from '../store/outbox.ts'
import type { Sql } from '../store/sql.ts'
import { currentTicket, type Ticket } from '../store/tickets.ts'
import { type Context, deskFacts } from './context.ts'
import { keepComment } from './solved.ts'

/** What the page of a signed link shows. */
export interface SolvedPage {
  ref: string
  subject: string
  state: string
  desk: string
  /** It is resolved, so that the question stands. */
  asks: boolean
  /** What was answered just now counts. */
  taken: boolean
}

/** Rejects with a `DeskError` of code `not-found` for a link that we did not sign. */
export async function readSolvedPage(context: Context, token: string): Promise<SolvedPage> {
  return pageOf(context, await ticketOfLink(context.store.read, token))
}

/** Takes what was pressed on the page; what is answered already stays as it is. */
export async function answerOnPage(context: Context, token: string, answer: SolvedAnswer): Promise<SolvedPage> {
  const found = await ticketOfLink(context.store.read, token)
  return context.store.transact(async tx => {
    await tx.lock([`ticket ${found.id}`])
    const ticket = await ticketOfLink(tx, token)
    // It became part of another while this waited for its turn.
    if (ticket.id !== found.id) await tx.lock([`ticket ${ticket.id}`])
    const facts = await deskFacts(context, tx)
    if (ticket.state !== 'resolved') return pageOf(context, ticket)
    const change = { at: facts.at, actorId: ticket.requesterId, channel: 'web' }
    const said = await keepComment(tx, ticket, change, answer.comment)
    const now = await settleAnswer(tx, facts, ticket, change, answer, { by: 'page', said })
    return { ...pageOf(context, now), taken: true }
  })
}

/** The link is the token of the mail that asked, which its recipient alone has. */
async function ticketOfLink(sql: Sql, token: string): Promise<Ticket> {
  const claim = verifyToken(await tokenKeys(sql), token)
  const sent = claim ? await outboxByNumber(sql, claim.number) : undefined
  const ticket = sent?.kind === 'ask-solved' && sent.ticketId ? await currentTicket(sql, sent.ticketId) : undefined
  if (ticket) return ticket
  throw new DeskError(
    'not-found',
    'This link is not one of ours: open it from the mail that we sent, or answer that mail.',
  )
}

function pageOf(context: Context, ticket: Ticket): SolvedPage {
  return {
    ref: ticket.ref,
    subject: ticket.subject,
    state: stateInWords(ticket.state),
    desk: context.desks.find(each => each.id === ticket.deskId)?.name ?? '',
    asks: ticket.state === 'resolved',
    taken: false,
  }
}
