// Finds the message at which reading ends again and again.
const MOST_TRIES = 5 // of a message that the server does not give

/** Finds the message at which reading ends again and again. */
export class PoisonMessage {
  #last = 0
  #uid = 0
  #times = 0
  #tooLong: { uid: number; way: number; size: number } | undefined

  /** Messages from `first` to `last` were asked for together, and did not come. */
  failedAt(first: number, last: number): void {
    this.#last = Math.max(this.#last, last)
    if (first !== last) return
    this.#times = first === this.#uid ? this.#times + 1 : 1
    this.#uid = first
  }

  /** Up to the last of those that failed together, one is asked for at a time. */
  suspects(uid: number): boolean {
    return uid <= this.#last
  }

  isHopeless(uid: number): boolean {
    return uid === this.#uid && this.#times >= MOST_TRIES
  }

  /** More of a message came at once than is taken, when it was asked for in this way: 1 whole, 2 in parts, 3 its head. */
  tooLongAt(uid: number, way: 1 | 2 | 3, size: number): void {
    this.#tooLong = { uid, way, size }
  }

  /** The last way in which too much came, and how much; undefined for a message that was not tried yet. */
  tooLong(uid: number): { way: number; size: number } | undefined {
    return this.#tooLong?.uid === uid ? this.#tooLong : undefined
  }
}
