// How much may be in memory at once.
import type { Budget } from './channel/adapter.ts'

/** Lets so many bytes through at once. More than that in one piece waits until it is alone. */
export class ByteBudget implements Budget {
  readonly #total: number
  #free: number
  readonly #waiting: { bytes: number; go(): void }[] = []

  constructor(total: number) {
    this.#total = total
    this.#free = total
  }

  take(bytes: number): Promise<() => void> {
    const reservedBytes = Math.min(bytes, this.#total)
    return new Promise(resolve => {
      this.#waiting.push({ bytes: reservedBytes, go: () => resolve(this.#releaseOnce(reservedBytes)) })
      this.#letIn()
    })
  }

  get isFull(): boolean {
    return this.#waiting.length > 0
  }

  #releaseOnce(bytes: number): () => void {
    let released = false
    return () => {
      if (released) return
      released = true
      this.#free += bytes
      this.#letIn()
    }
  }

  #letIn(): void {
    for (let first = this.#waiting[0]; first && first.bytes <= this.#free; first = this.#waiting[0]) {
      this.#waiting.shift()
      this.#free -= first.bytes
      first.go()
    }
  }
}
