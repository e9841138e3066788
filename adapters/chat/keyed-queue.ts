/** Work of one key, one after the other in the order of asking. Other keys wait for nothing. */
export class KeyedQueue {
  readonly #last = new Map<string, Promise<void>>()

  /** Settles as the work does, which is begun once all that was asked for before, under this key, is settled. */
  take<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(key) ?? Promise.resolve()
    const mine = before.then(work)
    const over = mine.then(nothing, nothing).then(() => {
      if (this.#last.get(key) === over) this.#last.delete(key)
    })
    this.#last.set(key, over)
    return mine
  }

  /** Whether work of this key is under way. */
  isBusy(key: string): boolean {
    return this.#last.has(key)
  }
}

function nothing(): void {}
