import type { ReadEvent } from '../event.ts'
import type { SlowTicket, SlowWorld } from '../reference-model.ts'

/** An event in the moment it happens. */
export interface Moment {
  world: SlowWorld
  ticket: SlowTicket
  event: ReadEvent
  data: Record<string, unknown>
  /** Who did it; '' for the desk itself. */
  actor: string
  /** All events of the same command, this one included. */
  together: readonly ReadEvent[]
}

/** What is said against an event, and whether that is so. */
export type Objection = [says: string, isSo: boolean]

/** When an event may happen, and what it changes. */
export interface Rule {
  /** All that would speak against it. */
  against(moment: Moment): Objection[]
  changes(moment: Moment): void
}

/** What the data of an event holds as text; '' for anything else. */
export function textOf(data: Record<string, unknown>, name: string): string {
  const value = data[name]
  return typeof value === 'string' ? value : ''
}

export function textOrNull(data: Record<string, unknown>, name: string): string | null {
  return textOf(data, name) || null
}

/** Whether the same command also did this. */
export function alsoDid({ together }: Moment, type: string, fits: (event: ReadEvent) => boolean): boolean {
  return together.some(event => event.type === type && fits(event))
}

export function laterThan(time: string | null, at: string): boolean {
  return time !== null && Date.parse(time) > Date.parse(at)
}
