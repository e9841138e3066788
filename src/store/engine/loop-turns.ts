// Tells how long this turn of the event loop has lasted. Statements of SQLite resolve within the turn they began in, so
// that a loop of them would let nobody else in: what asks here first goes on in the next turn once this one is long.

const LONG_MS = 10 // others are served within 50 ms, and what is begun at its end takes some of them

/** The turns of the event loop in which a store is used. */
export class LoopTurns {
  #began: number | undefined
  #next: Promise<void> = Promise.resolve()
  /** Grows with each turn. */
  #number = 0

  /** Which turn this is: another number means that the event loop has gone round meanwhile. */
  get number(): number {
    this.#enter()
    return this.#number
  }

  /** Whether others are to come first now. */
  get isLong(): boolean {
    return performance.now() - this.#enter() > LONG_MS
  }

  /** Resolves in a later turn. */
  next(): Promise<void> {
    this.#enter()
    return this.#next
  }

  #enter(): number {
    if (this.#began !== undefined) return this.#began
    this.#began = performance.now()
    this.#next = new Promise(resolve => {
      setImmediate(() => {
        this.#began = undefined
        this.#number += 1
        resolve()
      })
    })
    return this.#began
  }
}
