import type { Step } from './order.ts'
import type { SlowTicket, SlowWorld } from './reference-model.ts'

/** What a ticket was for a while: between two changes. */
export interface Version {
  /** A copy; its sets are its own. */
  ticket: SlowTicket
  /** When it may have begun at the earliest, and ended at the latest; milliseconds. */
  from: number
  until: number
}

/** Something that the desk does by itself is in the store this long after the time that it bears, at the latest. */
const SLOWEST_MS = 10_000

/** All that each ticket was in the course of a run. */
export class Versions {
  readonly #byNumber = new Map<number, Version[]>()

  /** Takes down what the tickets of a step are after it. */
  note({ asked, events, by }: Step, world: SlowWorld): void {
    const ended = asked ? by : by + SLOWEST_MS
    for (const id of new Set(events.map(event => event.ticketId))) {
      const ticket = world.tickets.get(id)
      if (!ticket) continue
      const before = this.#byNumber.get(ticket.number) ?? []
      const last = before.at(-1)
      if (last) last.until = ended
      before.push({ ticket: copyOf(ticket), from: asked?.began ?? by, until: Number.POSITIVE_INFINITY })
      this.#byNumber.set(ticket.number, before)
    }
  }

  /** What a ticket may have been at some moment between two. */
  between(number: number, from: number, until: number): SlowTicket[] {
    const all = this.#byNumber.get(number) ?? []
    return all.filter(each => each.from <= until && each.until >= from).map(each => each.ticket)
  }
}

function copyOf(ticket: SlowTicket): SlowTicket {
  const { helpers, tags, fields } = ticket
  return { ...ticket, helpers: new Set(helpers), tags: new Set(tags), fields: new Map(fields) }
}
