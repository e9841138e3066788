import { concerned, tellAgents } from '../../commands/command/notify.ts'
import { stateInWords } from '../../core/ticket/ticket-state.ts'
import { type DueTicket, dueTickets } from '../../store/due.ts'
import type { Tx } from '../../store/engine/sql.ts'
import { recordEvent, type Ticket, ticketById } from '../../store/tickets.ts'
import { type Context, deskFacts } from '../context.ts'

const EVERY_MS = 15_000
const BATCH = 100

/** Does what was put off until a time: what waits comes back, offers end, resolved tickets close. */
export class Timekeeper {
  readonly #context: Context
  #timer: NodeJS.Timeout | undefined
  #stopped = false
  #pass: Promise<unknown> = Promise.resolve()
  /** What else is put off until a time; gives how much was done. */
  alsoDue: () => Promise<number> = async () => 0
  /** Called after something was queued. */
  onCommit: () => void = () => undefined

  constructor(context: Context) {
    this.#context = context
  }

  start(): void {
    this.#stopped = false
    const run = () => {
      this.#pass = this.pass().catch(error => {
        this.#context.log.error({ err: error }, 'what is due could not be done; it is tried again in a moment')
      })
    }
    this.#timer = setInterval(run, EVERY_MS)
    run()
  }

  /** Finishes the ticket in hand; the others are due at the next start. */
  async stop(): Promise<void> {
    this.#stopped = true
    clearInterval(this.#timer)
    await this.#pass
  }

  /** Does all that is due now; gives how much that was. */
  async pass(): Promise<number> {
    const { store, clock, policy } = this.#context
    let done = 0
    for (;;) {
      const now = clock.now().toISOString()
      const resolvedBefore = new Date(Date.parse(now) - policy.closeAfter).toISOString()
      const due = await dueTickets(store.read, { now, resolvedBefore, limit: BATCH })
      let settled = 0
      for (const each of due) {
        if (!this.#stopped) settled += (await this.#settle(each)) ? 1 : 0
      }
      done += settled
      if (due.length < BATCH || settled === 0) break
    }
    done += await this.alsoDue()
    if (done > 0) this.onCommit()
    return done
  }

  #settle({ id }: DueTicket): Promise<boolean> {
    return this.#context.store.transact(async tx => {
      await tx.lock([`ticket ${id}`])
      const ticket = await ticketById(tx, id)
      return ticket ? settleDue(tx, this.#context, ticket) : false
    })
  }
}

/** False if there is nothing to do any more, because somebody was faster. */
async function settleDue(tx: Tx, context: Context, ticket: Ticket): Promise<boolean> {
  const facts = await deskFacts(context, tx)
  const { at } = facts
  const change = { at, actorId: null, channel: 'desk' }
  let now = ticket
  const tell = (ownerId: string | null, note: string) =>
    tellAgents(tx, facts, concerned(facts, ownerId, null), {
      kind: 'notify-change',
      purpose: 'internal',
      channel: ticket.channel,
      ticketId: ticket.id,
      note,
    })
  if (now.offeredTo !== null && now.offeredUntil !== null && now.offeredUntil <= at) {
    now = await recordEvent(tx, now, { type: 'offer-ended', data: { to: now.offeredTo, how: 'late' } }, change)
    await tell(now.ownerId, `Nobody took ${ticket.ref} over in time: it stays with you.`)
  }
  if (now.resumeAt !== null && now.resumeAt <= at) {
    now = await recordEvent(tx, now, { type: 'resumed', data: { by: 'time' } }, change)
    await tell(now.ownerId, `${ticket.ref} comes back: it was ${stateInWords(ticket.state)} until now.`)
  }
  if (now.state === 'resolved' && Date.parse(now.resolvedAt ?? at) + context.policy.closeAfter <= Date.parse(at)) {
    now = await recordEvent(tx, now, { type: 'closed', data: { by: 'silence' } }, change)
  }
  return now !== ticket
}
