// Ids of rows, in the order in which they were made.
import { hash, randomFillSync } from 'node:crypto'
import { v7 } from 'uuid'

const pool = Buffer.alloc(16 * 1024)
let drawn = pool.length

/** Sixteen random bytes; drawn from a pool, because asking the system for each costs more than all the rest of an id. */
function randomBytes(): Uint8Array {
  if (drawn >= pool.length) {
    randomFillSync(pool)
    drawn = 0
  }
  drawn += 16
  return pool.subarray(drawn - 16, drawn)
}

let millisecond = Number.NEGATIVE_INFINITY
let counter = 0

/**
 * A new id. Those that a process makes later sort later, also within a millisecond and after its clock was set back
 * (RFC 9562 section 6.2, method 1): what is ordered by ids is in the order in which it was made.
 */
export function newId(): string {
  const random = randomBytes()
  const now = Date.now()
  if (now > millisecond) {
    millisecond = now
    counter = ((random[0] ?? 0) << 16) | ((random[1] ?? 0) << 8) | (random[2] ?? 0) // far from the 32 bits it may take
  } else {
    counter += 1
  }
  return v7({ random, msecs: millisecond, seq: counter })
}

/** A key from outside, of any length and content, as an index takes it. */
export function keyOf(...parts: string[]): string {
  return hash('sha256', parts.join('\0'), 'base64url')
}
