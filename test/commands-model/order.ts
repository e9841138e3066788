import type { ReadEvent } from './event.ts'
import { type Asked, channelOf } from './recorded-command.ts'

/** What was stored in one go. */
export interface Step {
  /** The command that did it; undefined for the desk itself, and for mail. */
  asked: Asked | undefined
  /** Of one ticket in their order. */
  events: ReadEvent[]
  /** When it was done at the latest, as far as is known; milliseconds. */
  by: number
}

/**
 * One order of all that was done, which is the order of events in each ticket: nothing that ended before another thing
 * began comes after it. `circles` are steps that are each before the other, so that no order explains them.
 */
export function inOrder(events: readonly ReadEvent[], asked: readonly Asked[]): { steps: Step[]; circles: Step[] } {
  const byEvent = stepsOf(events, asked)
  const before = new Map<Step, Set<Step>>()
  for (const chain of Map.groupBy(events, event => event.ticketId).values()) {
    let last: Step | undefined
    for (const event of chain.toSorted((a, b) => a.seq - b.seq)) {
      const step = byEvent.get(event)
      if (step && last && step !== last) before.set(step, (before.get(step) ?? new Set()).add(last))
      last = step
    }
  }
  return sorted([...new Set(byEvent.values())], before)
}

function stepsOf(events: readonly ReadEvent[], asked: readonly Asked[]): Map<ReadEvent, Step> {
  const commands = new Map(asked.map(each => [channelOf(each), each]))
  const steps = new Map<string, Step>()
  const byEvent = new Map<ReadEvent, Step>()
  for (const event of events) {
    const command = commands.get(event.channel)
    const key = command ? event.channel : `${event.ticketId} ${event.seq}`
    const step = steps.get(key) ?? { asked: command, events: [], by: command?.ended ?? Date.parse(event.at) }
    step.events.push(event)
    steps.set(key, step)
    byEvent.set(event, step)
  }
  return byEvent
}

function sorted(all: Step[], before: ReadonlyMap<Step, ReadonlySet<Step>>): { steps: Step[]; circles: Step[] } {
  const steps: Step[] = []
  const circles: Step[] = []
  const seen = new Map<Step, 'begun' | 'placed'>()
  const place = (step: Step): void => {
    if (seen.get(step) === 'begun') circles.push(step)
    if (seen.has(step)) return
    seen.set(step, 'begun')
    for (const earlier of before.get(step) ?? []) place(earlier)
    seen.set(step, 'placed')
    steps.push(step)
  }
  for (const step of all.toSorted((a, b) => a.by - b.by)) place(step)
  return { steps, circles }
}
