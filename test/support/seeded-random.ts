import { createCipheriv, createHash } from 'node:crypto'

/** Chance that repeats itself: the same seed gives the same course of things. */
export class SeededRandom {
  readonly #key: Buffer
  readonly #numbers: () => number
  #streams = 0

  constructor(seed: number | string) {
    this.#key = createHash('sha256').update(`seed ${seed}`).digest()
    this.#numbers = xorshift(this.#key)
  }

  /** At least 0 and below 1. */
  share(): number {
    return this.#numbers()
  }

  /** A whole number, both ends included. */
  whole(from: number, to: number): number {
    return from + Math.floor(this.#numbers() * (to - from + 1))
  }

  pick<T>(values: readonly [T, ...T[]]): T {
    return values[Math.floor(this.#numbers() * values.length)] ?? values[0]
  }

  /** Bytes that no packing makes smaller. */
  bytes(size: number): Buffer {
    this.#streams += 1
    const start = Buffer.alloc(16)
    start.writeUInt32BE(this.#streams)
    return createCipheriv('aes-256-ctr', this.#key, start).update(Buffer.alloc(size))
  }
}

/** xorshift128 of Marsaglia, https://www.jstatsoft.org/article/view/v008i14 */
function xorshift(key: Buffer): () => number {
  let [x, y, z, w] = [0, 4, 8, 12].map(at => key.readUInt32LE(at)) as [number, number, number, number]
  return () => {
    const t = x ^ (x << 11)
    x = y
    y = z
    z = w
    w = (w ^ (w >>> 19) ^ t ^ (t >>> 8)) >>> 0
    return w / 2 ** 32
  }
}
