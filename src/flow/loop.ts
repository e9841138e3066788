// Work that is done again and again: at once while there is more of it, else when something may be due.
import { setTimeout as pause, setImmediate as turn } from 'node:timers/promises'

const AFTER_TROUBLE_MS = 1_000

/** Runs a pass, waits as long as it says or until somebody wakes it, and runs it again. Others have their turn between. */
export class Loop {
  readonly #pass: () => Promise<number>
  readonly #failed: (error: unknown) => void
  #wake: () => void = () => undefined
  #woken = false
  #stopped = true
  #running: Promise<void> | undefined

  /** `pass` gives how many milliseconds may go by until the next; if it rejects, `failed` is told and it runs again. */
  constructor(pass: () => Promise<number>, failed: (error: unknown) => void) {
    this.#pass = pass
    this.#failed = failed
  }

  start(): void {
    this.#stopped = false
    this.#running = this.#run()
  }

  /** Finishes the pass in hand, or leaves it to itself when so many milliseconds are over. */
  async stop(withinMs?: number): Promise<void> {
    this.#stopped = true
    this.wake()
    if (withinMs === undefined) return this.#running
    const late = new AbortController()
    const end = pause(withinMs, undefined, { signal: late.signal }).catch(() => undefined) // it was over before
    await Promise.race([this.#running, end])
    late.abort()
  }

  /** Something may be due. */
  wake(): void {
    this.#woken = true
    this.#wake()
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      this.#woken = false
      const wait = await this.#pass().catch(error => {
        if (!this.#stopped) this.#failed(error) // what was left to itself finds nothing any more
        return AFTER_TROUBLE_MS
      })
      if (wait <= 0 || this.#woken) await turn()
      else if (!this.#stopped) await this.#sleep(wait)
    }
  }

  #sleep(milliseconds: number): Promise<void> {
    return new Promise(resolve => {
      const timer = setTimeout(resolve, milliseconds)
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}
