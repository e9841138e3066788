import { misfits, namesAnother } from './expected-events.ts'
import { judge } from './judge.ts'
import type { Step } from './order.ts'
import type { Asked } from './recorded-command.ts'
import type { SlowTicket, SlowWorld } from './reference-model.ts'
import { Versions } from './versions.ts'

/** Two that are this near to each other may have happened in either order; milliseconds. */
const NEAR_MS = 50

/** A sentence that may turn out to be wrong once what happened at the same time is known. */
interface Doubt {
  until: number
  failure: string
  stands(): boolean
}

/**
 * Goes through all that was done, one step after the other, in a slow world of its own. What overlapped and shares no
 * ticket may have been done in another order than it is gone through here, so a circle of parents, and a reference that
 * led elsewhere, are failures only if nothing at the same time explains them.
 */
export class Follower {
  readonly failures: string[] = []
  /** Commands on a ticket that their reference led to only by another order. */
  excused = 0
  readonly versions = new Versions()
  readonly #world: SlowWorld
  readonly #byNumber = new Map<number, SlowTicket>()
  readonly #redirections: Asked[]
  #doubts: Doubt[] = []

  constructor(world: SlowWorld, asked: readonly Asked[]) {
    this.#world = world
    this.#redirections = asked.filter(({ word, outcome }) => /merge/.test(word) && outcome === 'taken')
  }

  follow(steps: readonly Step[]): void {
    for (const step of steps) {
      this.#settleDoubts(step.asked?.began ?? Number.NEGATIVE_INFINITY)
      if (step.asked) this.#checkCommand(step.asked, step)
      for (const event of step.events) this.failures.push(...judge(this.#world, event, step.events))
      this.versions.note(step, this.#world)
      this.#noteOpened(step)
      this.#doubtCircles(step)
    }
    this.#settleDoubts(Number.POSITIVE_INFINITY)
  }

  #noteOpened({ events }: Step): void {
    for (const { type, ticketId } of events) {
      const ticket = type === 'opened' ? this.#world.tickets.get(ticketId) : undefined
      if (ticket) this.#byNumber.set(ticket.number, ticket)
    }
  }

  #checkCommand(asked: Asked, { events }: Step): void {
    const fail = (why: string) => this.failures.push(`${commandInWords(asked)}: ${why}`)
    if (asked.outcome !== 'taken') fail(`it was refused, and left ${events.map(each => each.type).join(', ')}`)
    const own = this.#carriedOutOn(asked, new Set(events.map(event => event.ticketId)))
    if (own === undefined) {
      if (this.#isRedirected(asked)) this.excused += 1
      else fail('it changed a ticket that its reference does not lead to')
      return
    }
    const { handles } = this.#world.staff
    for (const each of misfits(asked, events, own, handles.get(asked.handle) ?? '')) fail(each)
    if (asked.to !== undefined && namesAnother(events, handles.get(asked.to) ?? '')) fail('it was about another agent')
  }

  /** The ticket that was named, or the one that it is part of; undefined if that was not changed. */
  #carriedOutOn({ ticket: number, other: second, word }: Asked, changed: ReadonlySet<string>): string | undefined {
    const leadsTo = (named: number | undefined) => {
      const ticket = this.#byNumber.get(named ?? 0)
      if (!ticket || word === 'unmerge') return ticket?.id
      const end = this.#world.endOf(ticket)
      return end === 'circle' ? undefined : end.id
    }
    const own = leadsTo(number)
    if (own === undefined || !changed.has(own)) return undefined
    if (second === undefined || changed.size === 1) return own
    // What was linked before it became part of another is taken away from that very ticket.
    const others = [leadsTo(second), ...(word === 'unlink' ? [this.#byNumber.get(second)?.id] : [])]
    return others.some(other => other !== undefined && changed.has(other)) ? own : undefined
  }

  #isRedirected({ began, ended, index }: Asked): boolean {
    return this.#redirections.some(
      each => each.index !== index && each.began < ended + NEAR_MS && each.ended > began - NEAR_MS,
    )
  }

  #doubtCircles({ asked, events }: Step): void {
    for (const { type, ticketId, data } of events) {
      if (type !== 'linked' || data.kind !== 'parent' || !this.#world.isInCircle(ticketId)) continue
      const number = this.#world.tickets.get(ticketId)?.number
      this.#doubts.push({
        until: (asked?.ended ?? 0) + NEAR_MS,
        failure: `ticket ${number}: it is above itself since ${asked ? commandInWords(asked) : 'an event of the desk'}`,
        stands: () => this.#world.isInCircle(ticketId),
      })
    }
  }

  #settleDoubts(now: number): void {
    const due = this.#doubts.filter(doubt => doubt.until < now)
    if (due.length === 0) return
    this.#doubts = this.#doubts.filter(doubt => doubt.until >= now)
    this.failures.push(...due.filter(doubt => doubt.stands()).map(doubt => doubt.failure))
  }
}

export function commandInWords({ index, handle, line, outcome, sentence }: Asked): string {
  return `line ${index}, "${line}" of ${handle}, ${outcome}${sentence ? ` (${sentence})` : ''}`
}
