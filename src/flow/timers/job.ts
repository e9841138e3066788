// What the clock brings about: a job is done again and again, and each part of it fails alone.

/** A job of the clock. */
export interface Job {
  /** What it is about, as an alarm says it: `tickets that come back`. */
  name: string
  /** Does what is due now; gives how much that was. */
  run(pass: Pass): Promise<number>
}

/** One run of a job. */
export interface Pass {
  /**
   * Works at each part, one after the other and until there is no more. What fails is left for a later run and holds up
   * nothing else. Gives how much was done.
   */
  each<T>(parts: Parts<T>): Promise<number>
}

/** What a job is made of: tickets, messages. */
export interface Parts<T> {
  /** The first that are due, so many at least if there are; the same ones first each time. */
  find(limit: number): Promise<readonly T[]>
  /** Whether there was something to do. */
  work(one: T): Promise<boolean>
  /** What people know one by, and no other. */
  nameOf(one: T): string
}
