/** Held bytes of a batch, let go with the last of its messages. */
export class Shared {
  readonly #release: () => void
  #left: number

  constructor(release: () => void, messages: number) {
    this.#release = release
    this.#left = messages
  }

  release(): void {
    this.#left -= 1
    if (this.#left === 0) this.#release()
  }

  releaseAll(): void {
    this.#left = 0
    this.#release()
  }
}
