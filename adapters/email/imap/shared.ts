/** Held bytes of a batch, let go with the last of its messages. */
export class SharedBudget {
  readonly #release: () => void
  #remaining: number

  constructor(release: () => void, messages: number) {
    this.#release = release
    this.#remaining = messages
  }

  release(): void {
    this.#remaining -= 1
    if (this.#remaining === 0) this.#release()
  }

  releaseAll(): void {
    this.#remaining = 0
    this.#release()
  }
}
