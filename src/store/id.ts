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

/** A new id; ids made later sort later, which keeps indexes compact (RFC 9562 section 5.7). */
export function newId(): string {
  return v7({ random: randomBytes() })
}

/** A key from outside, of any length and content, as an index takes it. */
export function keyOf(...parts: string[]): string {
  return hash('sha256', parts.join('\0'), 'base64url')
}
