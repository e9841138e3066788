import type { DeskPlace } from './desk-process.ts'
import type { Timing, When } from './moment.ts'

/** What a run had acknowledged and had in hand when it was killed. */
export interface Killed {
  /** Positions of the mails that it said were stored. */
  answered: Set<number>
  /** Positions of mails that it had begun to take and said nothing about. */
  begun: number[]
}

/** One way for mail to come in, with how it is killed and carried on. */
export interface FaultPath {
  readonly name: string
  /** Takes all mail without a kill. */
  undisturbed(place: DeskPlace): Promise<Timing>
  /** Takes mail until it is killed. Rejects if the process ended in another way but well. */
  killed(place: DeskPlace, when: When): Promise<Killed>
  /** Restarts and takes what was not acknowledged. Rejects if that cannot be done. Gives how many mails it stored. */
  carryOn(place: DeskPlace, killed: Killed): Promise<number>
}

/** Outcomes that store a message in a ticket. */
export function isStored(outcome: string): boolean {
  return outcome === 'opened' || outcome === 'appended'
}
