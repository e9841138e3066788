// Hands messages to the desk in the order of the folder, several at a time.
import { DeskError } from '../../../src/errors.ts'

/** Where something stands in the order in which it is handed to the desk. */
export interface Turn {
  before: Promise<void>
  handed: () => void
}

/** Keeps the order of what is read side by side. After the first that failed nothing more is handed over. */
export class OrderedPipeline {
  #handed = Promise.resolve()
  #settled = Promise.resolve()
  #failure: { error: unknown } | undefined
  #changed: () => void = () => undefined
  /** How many are under way. */
  waiting = 0

  add(take: (turn: Turn) => Promise<unknown>): void {
    const { promise, resolve } = Promise.withResolvers<void>()
    const turn = { before: this.#handed, handed: resolve }
    this.#handed = promise
    this.waiting += 1
    const taken = take(turn)
      .catch(async error => {
        await turn.before // what comes before it may yet be stored, or have failed first
        this.#failure ??= { error }
      })
      .then(() => {
        this.waiting -= 1
        resolve()
        this.#changed()
      })
    this.#settled = Promise.all([this.#settled, taken]).then(() => undefined)
  }

  /** Throws if something before this failed: called just before something is handed to the desk. */
  check(): void {
    if (!this.#failure) return
    throw new DeskError('temporary', 'An earlier message could not be stored.')
  }

  /** Resolves when at most this many are under way, or one has failed. */
  async room(most: number): Promise<void> {
    while (this.waiting > most && !this.#failure) {
      await new Promise<void>(resolve => {
        this.#changed = resolve
      })
    }
  }

  /** Resolves when everything is stored; rejects with the first failure. */
  async end(): Promise<void> {
    await this.#settled
    if (this.#failure) throw this.#failure.error
  }

  get failed(): boolean {
    return this.#failure !== undefined
  }
}
