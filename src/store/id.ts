import { createHash } from 'node:crypto'
import { v7 } from 'uuid'

/** A new id; ids made later sort later, which keeps indexes compact (RFC 9562 section 5.7). */
export function newId(): string {
  return v7()
}

/** A key from outside, of any length and content, as an index takes it. */
export function keyOf(...parts: string[]): string {
  return createHash('sha256').update(parts.join('\0')).digest('base64url')
}
