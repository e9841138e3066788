// Hashes the text of a message as signatures do.
import { createHash, type Hash } from 'node:crypto'

/** Of the text of a message, as a signature hashes it (RFC 6376 sections 3.4.3, 3.4.4 and 3.7). */
interface Digest {
  /** In base64. */
  hash: string
  /** Bytes that were hashed; less than the whole text where a signature ends before it (`l=`). */
  hashed: number
  /** Bytes of the whole text in this form. */
  total: number
}

const CR = 0x0d
const LF = 0x0a
const BLANK = 0x20
const TAB = 0x09
const STEP = 64 * 1024

/**
 * The text of a message in one of its two forms, hashed once however many signatures end within it: where one does, the
 * hash is copied. Takes the text in pieces, in memory that does not grow with it, and in time that is linear in its
 * length whatever its lines are. Lines may end with CR LF or with LF alone, as a mailbox keeps them.
 */
export class BodyHash {
  readonly #relaxed: boolean
  readonly #hash: Hash
  readonly #ends = new Map<number, Hash>()
  #pendingLengths: number[] = []
  readonly #out = Buffer.allocUnsafe(STEP)
  #filled = 0
  #total = 0
  /** What was read and may yet be left out: a CR that may end a line, ends of lines and blanks that may be the last. */
  #cr = false
  #breaks = 0
  #blank = false

  constructor(form: 'simple' | 'relaxed', algorithm: string) {
    this.#relaxed = form === 'relaxed'
    this.#hash = createHash(algorithm)
  }

  /** A signature ends after so many bytes. To be said before the text comes. */
  endsAt(length: number): void {
    this.#pendingLengths = [...new Set([...this.#pendingLengths, length])].sort((a, b) => a - b)
  }

  update(piece: Uint8Array): void {
    for (let at = 0; at < piece.length; at += 1) {
      const byte = piece[at] as number
      if (byte === LF) {
        this.#cr = false
        this.#blank = false
        this.#breaks += 1
        continue
      }
      if (this.#cr) {
        this.#cr = false
        this.#put(CR)
      }
      if (byte === CR) this.#cr = true
      else if (this.#relaxed && (byte === BLANK || byte === TAB)) this.#blank = true
      else this.#put(byte)
    }
  }

  /** Ends the text; afterwards `digest` tells. */
  end(): void {
    if (this.#cr) this.#put(CR)
    this.#cr = false
    if (!this.#relaxed || this.#total + this.#filled > 0) this.#write(CR, LF)
    this.#flush()
    for (const end of this.#pendingLengths) this.#ends.set(end, this.#hash.copy())
  }

  digest(end: number | undefined): Digest {
    const total = this.#total
    const hashed = end === undefined ? total : Math.min(end, total)
    const hash = (end === undefined ? undefined : this.#ends.get(end)) ?? this.#hash
    return { hash: hash.copy().digest('base64'), hashed, total }
  }

  /** A byte that counts, and before it what was held back. */
  #put(byte: number): void {
    for (; this.#breaks > 0; this.#breaks -= 1) this.#write(CR, LF)
    if (this.#blank) {
      this.#blank = false
      this.#write(BLANK)
    }
    this.#write(byte)
  }

  #write(byte: number, next?: number): void {
    if (this.#filled >= STEP - 1) this.#flush()
    this.#out[this.#filled] = byte
    this.#filled += 1
    if (next === undefined) return
    this.#out[this.#filled] = next
    this.#filled += 1
  }

  #flush(): void {
    let from = 0
    for (
      let end = this.#pendingLengths[0];
      end !== undefined && end <= this.#total + this.#filled;
      end = this.#pendingLengths[0]
    ) {
      this.#pendingLengths.shift()
      this.#hash.update(this.#out.subarray(from, end - this.#total))
      from = end - this.#total
      this.#ends.set(end, this.#hash.copy())
    }
    this.#hash.update(this.#out.subarray(from, this.#filled))
    this.#total += this.#filled
    this.#filled = 0
  }
}
