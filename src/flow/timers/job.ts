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
   * Does `work` with each of what `find` gives, one after the other and until there is no more. What fails is left for
   * the next run and holds up nothing else. Gives how much was done. `find` gives at most `limit`, the same ones first;
   * `nameOf`: what people know one by, and no other.
   */
  each<T>(
    find: (limit: number) => Promise<readonly T[]>,
    work: (one: T) => Promise<boolean>,
    nameOf: (one: T) => string,
  ): Promise<number>
}
