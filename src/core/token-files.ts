import type { TokenKey } from './token.ts'
import { findTokens, LONGEST_SPAN } from './token-search.ts'

const LARGEST_SEARCH = 4 * 1024 * 1024 // bytes; a larger file is searched if it seems to hold a token as it is
const LOOK = 8 * 1024
const SPOILED = 12 // signs of a token at least that are overwritten, half of them where they are written longer
/**
 * The bytes of a file in which tokens of ours are worth nothing any more: some of their signs are overwritten, so that
 * nothing in it moves. Looks into text of any encoding, and into base64 within it; not into what is packed.
 */
export function spoilTokens(bytes: Uint8Array, keys: readonly TokenKey[]): Uint8Array {
  const whole = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const seems = keys.some(({ id }) => whole.includes(`-${id}-`) || whole.includes(`-${id}-`, 0, 'utf16le'))
  if (!seems && (whole.length > LARGEST_SEARCH || isBinary(whole))) return bytes
  const text = whole.toString('latin1')
  const spans = findTokens(text, keys)
  if (spans.length === 0) return bytes
  const spoiled = Buffer.from(whole)
  for (const { start, end } of spans) {
    let left = Math.max(SPOILED, Math.floor((end - start) / 2))
    for (let at = end - 1; at >= start && left > 0 && end - at <= LONGEST_SPAN; at -= 1) {
      if (!/[a-z0-9]/i.test(text[at] ?? '')) continue
      spoiled[at] = 0x78
      left -= 1
    }
  }
  return spoiled
}

/** Text has no NUL, or one beside each letter (UTF-16). */
function isBinary(bytes: Buffer): boolean {
  const start = bytes.subarray(0, LOOK)
  const nuls = start.reduce((sum, byte) => sum + (byte === 0 ? 1 : 0), 0)
  return nuls > 0 && nuls < start.length / 3
}
