// How many deliveries may be under way at once in a channel, and which of those that wait come next.
import type { Candidate } from '../../store/outbox-turns.ts'

/** Deliveries at once in one channel. An adapter that keeps connections needs as many. */
export const PLACES = 6
/** Of them, what goes to one domain: whoever is slow there holds up nobody else. */
export const PLACES_OF_DOMAIN = 3
/** Of them, what was tried before. */
export const PLACES_AGAIN = 3

interface TakenPlace {
  domain: string
  repeated: boolean
}

/** The places of one channel. */
export class Places {
  readonly #takenPlaces = new Map<string, TakenPlace>()

  get free(): number {
    return PLACES - this.#takenPlaces.size
  }

  /** Whether what was tried before may be tried now. */
  get again(): boolean {
    return this.#count(each => each.repeated) < PLACES_AGAIN
  }

  /** Domains that have all the places they get. */
  get full(): string[] {
    const domains = new Set([...this.#takenPlaces.values()].map(each => each.domain))
    return [...domains].filter(domain => this.#ofDomain(domain) >= PLACES_OF_DOMAIN)
  }

  /** Gives places to those that come first and may have one, each message once. */
  give(candidates: readonly Candidate[]): string[] {
    const chosenIds: string[] = []
    for (const { outboxId, domain, repeated } of candidates) {
      if (this.free === 0) break
      if (this.#takenPlaces.has(outboxId) || this.#ofDomain(domain) >= PLACES_OF_DOMAIN || (repeated && !this.again))
        continue
      this.#takenPlaces.set(outboxId, { domain, repeated })
      chosenIds.push(outboxId)
    }
    return chosenIds
  }

  release(outboxId: string): void {
    this.#takenPlaces.delete(outboxId)
  }

  #ofDomain(domain: string): number {
    return this.#count(each => each.domain === domain)
  }

  #count(is: (taken: TakenPlace) => boolean): number {
    return [...this.#takenPlaces.values()].filter(is).length
  }
}
