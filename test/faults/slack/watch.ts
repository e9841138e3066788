import { setTimeout as pause } from 'node:timers/promises'
import { deadlineIn } from '../../support/patience.ts'
import type { DeskView } from '../imap/view.ts'

const LOOK_EVERY_MS = 60
/** Transactions side by side commit in another order than they were counted in. */
const BESIDE = 500

export interface SeenTicket {
  id: string
  number: number
  state: string
  owner: string | null
  /** Of its card. */
  place: string | null
  /** Whether its acknowledgement has left. */
  acknowledged: boolean
}

interface Arrived {
  number: number
  id: string
  outcome: string
  ticket: string | null
}

/** Follows what the desk has stored, for as long as it runs, dies and runs again. */
export class DeskWatch {
  readonly view: DeskView
  /** By the id that it came with. */
  readonly #arrived = new Map<string, Arrived>()
  #tickets = new Map<string, SeenTicket>()
  readonly #running: Promise<void>
  #last = 0
  #over = false

  constructor(view: DeskView) {
    this.view = view
    this.#running = this.#run()
  }

  /** Whether it has come and waits for nothing. */
  has(id: string): boolean {
    const arrived = this.#arrived.get(id)
    return arrived !== undefined && arrived.outcome !== 'held'
  }

  /** The ticket that a message is in. */
  ticketOf(id: string): SeenTicket | undefined {
    const ticket = this.has(id) ? this.#arrived.get(id)?.ticket : undefined
    return ticket ? this.#tickets.get(ticket) : undefined
  }

  /** Whether it comes about within so many milliseconds of a quiet machine. */
  async until(met: () => boolean | Promise<boolean>, within: number): Promise<boolean> {
    for (const isOver = deadlineIn(within); !(await met()); await pause(LOOK_EVERY_MS)) {
      if (isOver() || this.#over) return false
    }
    return true
  }

  async stop(): Promise<void> {
    this.#over = true
    await this.#running
    await this.view.close()
  }

  async #run(): Promise<void> {
    for (; !this.#over; await pause(LOOK_EVERY_MS)) {
      await this.#lookAtTickets()
      await this.#lookAtArrivals()
    }
  }

  async #lookAtTickets(): Promise<void> {
    const rows = await this.view.rows<Omit<SeenTicket, 'acknowledged'> & { acknowledged: string | null }>(
      `SELECT t.id AS id, t.number AS number, t.state AS state, p.handle AS owner, c.place AS place,
              (SELECT min(r.state) FROM outbox o JOIN outbox_recipients r ON r.outbox_id = o.id
               WHERE o.ticket_id = t.id AND o.kind = 'acknowledgement') AS acknowledged
       FROM tickets t LEFT JOIN cards c ON c.ticket_id = t.id LEFT JOIN people p ON p.id = t.owner_id`,
    )
    const seen = rows?.map(({ acknowledged, ...row }) => {
      return { ...row, number: Number(row.number), acknowledged: acknowledged === 'sent' }
    })
    if (seen) this.#tickets = new Map(seen.map(each => [each.id, each]))
  }

  async #lookAtArrivals(): Promise<void> {
    const held = [...this.#arrived.values()].filter(each => each.outcome === 'held').map(each => each.number)
    const rows = await this.view.rows<Arrived>(
      `SELECT number, external_id AS id, outcome, ticket_id AS ticket FROM arrivals
       WHERE number > ${this.#last - BESIDE} OR number IN (${[0, ...held].join(', ')}) ORDER BY number`,
    )
    for (const row of rows ?? []) {
      this.#arrived.set(row.id, { ...row, number: Number(row.number) })
      this.#last = Math.max(this.#last, Number(row.number))
    }
  }
}
