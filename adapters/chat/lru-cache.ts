// Remembers what was used last, within a number and a time.
interface RecentOptions {
  most: number
  /** Milliseconds; for ever if left out. */
  lifetime?: number
  now(): Date
}

/** What was used last: at most so many entries, each no longer than so long. */
export class LruCache<Value> {
  readonly #entries = new Map<string, { value: Value; since: number }>()
  readonly #most: number
  readonly #lifetime: number
  readonly #now: () => Date

  constructor({ most, lifetime = Number.POSITIVE_INFINITY, now }: RecentOptions) {
    this.#most = most
    this.#lifetime = lifetime
    this.#now = now
  }

  get(key: string): Value | undefined {
    const entry = this.#entries.get(key)
    if (!entry) return undefined
    this.#entries.delete(key)
    if (this.#now().getTime() - entry.since >= this.#lifetime) return undefined
    this.#entries.set(key, entry)
    return entry.value
  }

  has(key: string): boolean {
    return this.get(key) !== undefined
  }

  set(key: string, value: Value): void {
    this.#entries.delete(key)
    this.#entries.set(key, { value, since: this.#now().getTime() })
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= this.#most) break
      this.#entries.delete(oldest)
    }
  }

  delete(key: string): void {
    this.#entries.delete(key)
  }
}
