// Limits how many connections one address has.
import type { Socket } from 'node:net'
import { networkOf } from '../../../src/network.ts'

const MOST_STRANGERS = 100 // connections at once
const MOST_OF_ONE = 20 // connections at once of one address; mail servers open fewer
const MOST_OF_OURS = 100 // connections at once of one server of ours: strangers take no place of theirs

/** Knows who is connected, so that nobody takes the places of everybody else. */
export class Doorkeeper {
  readonly #isOurs: (address: string) => boolean
  /** How many are connected, by where from. */
  readonly #places = new Map<string, number>()
  #strangers = 0

  /** `isOurs` tells which addresses no limit of one address counts for. */
  constructor(isOurs: (address: string) => boolean) {
    this.#isOurs = isOurs
  }

  /** Lets a connection in, which has its place until it is closed; or tells it why not, and ends it. */
  admits(socket: Socket): boolean {
    const address = socket.remoteAddress ?? ''
    const ours = this.#isOurs(address)
    const from = networkOf(address)
    const here = this.#places.get(from) ?? 0
    const refusal =
      here >= (ours ? MOST_OF_OURS : MOST_OF_ONE)
        ? `4.7.0 There are already ${here} connections from your address: use those, or try again later`
        : !ours && this.#strangers >= MOST_STRANGERS
          ? '4.3.2 The desk is busy: try again later'
          : null
    if (refusal !== null) {
      socket.on('error', () => undefined) // whoever is refused may be gone
      socket.end(`421 ${refusal}\r\n`, () => socket.destroy())
      return false
    }
    this.#places.set(from, here + 1)
    if (!ours) this.#strangers += 1
    socket.once('close', () => {
      const remaining = (this.#places.get(from) ?? 1) - 1
      if (remaining > 0) this.#places.set(from, remaining)
      else this.#places.delete(from)
      if (!ours) this.#strangers -= 1
    })
    return true
  }
}
