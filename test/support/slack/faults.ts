/** Something that goes wrong with calls. Without `status`, `error`, `delay` or `hangs`: the connection breaks. */
export interface Fault {
  /** `chat.postMessage`; `upload`, `files-pri` and `response_url` for what is no method. All, if left out. */
  method?: string
  /** Only calls about this conversation, by its id. */
  channel?: string
  /** How many calls; one, if left out. */
  times?: number
  /** How many are let through first. */
  after?: number
  /** HTTP status of the answer. */
  status?: number
  /** Seconds; of a 429. */
  retryAfter?: number
  /** Answered with `ok: false` and this. */
  error?: string
  /** The call is carried out all the same: only its answer is lost or replaced. */
  afterDoing?: boolean
  /** Milliseconds before the answer, which is the right one if nothing else is said. */
  delay?: number
  /** No answer ever comes. */
  hangs?: boolean
}

interface Planned extends Fault {
  left: number
  skip: number
}

/** The faults that tests asked for. */
export class Faults {
  readonly #planned: Planned[] = []

  add(fault: Fault): void {
    this.#planned.push({ ...fault, left: fault.times ?? 1, skip: fault.after ?? 0 })
  }

  clear(): void {
    this.#planned.length = 0
  }

  /** What happens to this call, if anything. */
  next(method: string, channel: unknown): Fault | undefined {
    for (const fault of this.#planned) {
      if (fault.left === 0 || (fault.method ?? method) !== method) continue
      if (fault.channel !== undefined && fault.channel !== channel) continue
      if (fault.skip > 0) {
        fault.skip -= 1
        continue
      }
      fault.left -= 1
      return fault
    }
    return undefined
  }
}

/** So many messages a second in each channel, and no more. https://docs.slack.dev/apis/web-api/rate-limits */
export class RateLimit {
  #perSecond = Number.POSITIVE_INFINITY
  #now = () => performance.now()
  readonly #taken = new Map<string, number[]>()

  /** `now` in milliseconds, on a clock of its own. */
  set(perSecond: number, now = () => performance.now()): void {
    this.#perSecond = perSecond
    this.#now = now
    this.#taken.clear()
  }

  /** Seconds to wait, where it is too soon for another; else it counts. */
  take(channel: string): number | undefined {
    if (this.#perSecond === Number.POSITIVE_INFINITY) return undefined
    const now = this.#now()
    const recent = (this.#taken.get(channel) ?? []).filter(each => each > now - 1_000)
    this.#taken.set(channel, recent)
    if (recent.length >= this.#perSecond) return 1
    recent.push(now)
    return undefined
  }
}
