// Does once what is told of several times.
import { LruCache } from './lru-cache.ts'

const MOST_KNOWN = 10_000

/** Work that is told of several times and done once. */
export class RunOnce {
  readonly #inHand = new Map<string, Promise<void>>()
  readonly #done: LruCache<true>

  constructor(now: () => Date) {
    this.#done = new LruCache({ most: MOST_KNOWN, now })
  }

  /** It was done in another way. */
  did(key: string): void {
    this.#done.set(key, true)
  }

  /** Does it, unless it was done; who asks meanwhile waits for the same. What failed is done anew. */
  do(key: string, work: () => Promise<void>): Promise<void> {
    if (this.#done.has(key)) return Promise.resolve()
    const inHand = this.#inHand.get(key)
    if (inHand) return inHand
    const run = work()
      .then(() => this.#done.set(key, true))
      .finally(() => this.#inHand.delete(key))
    this.#inHand.set(key, run)
    return run
  }
}
