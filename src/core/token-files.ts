import type { TokenKey } from './token.ts'
import { findTokens, LONGEST_SPAN } from './token-search.ts'

const LARGEST_SEARCH = 4 * 1024 * 1024 // bytes; a larger file is searched if it seems to hold a token as it is
const LOOK = 8 * 1024
const SPOILED = 12 // signs of a token that are overwritten
/** Base64 over one line or several (RFC 4648), as in the parts of a mail. */
const BASE64 = /(?:[A-Za-z0-9+/]{20,1000}={0,2}\r?\n?){1,200000}/g

/**
 * The bytes of a file in which tokens of ours are worth nothing any more: some of their signs are overwritten, so that
 * nothing in it moves. Looks into text of any encoding, and into base64 within it; not into what is packed.
 */
export function spoilTokens(bytes: Uint8Array, keys: readonly TokenKey[]): Uint8Array {
  const whole = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const seems = keys.some(({ id }) => whole.includes(`-${id}-`) || whole.includes(`-${id}-`, 0, 'utf16le'))
  if (!seems && (whole.length > LARGEST_SEARCH || isBinary(whole))) return bytes
  const text = whole.toString('latin1')
  const spoiled = Buffer.from(whole)
  let found = spoil(spoiled, text, keys)
  for (const block of isBinary(whole) ? [] : text.matchAll(BASE64)) {
    const packed = block[0].replace(/\s+/g, '')
    const inner = Buffer.from(packed, 'base64')
    if (!spoil(inner, inner.toString('latin1'), keys)) continue
    found = true
    const again = inner.toString('base64')
    let at = block.index
    for (const sign of again) {
      while (/\s/.test(text[at] ?? 'x')) at += 1
      spoiled[at] = sign.charCodeAt(0)
      at += 1
    }
  }
  return found ? spoiled : bytes
}

function spoil(bytes: Buffer, text: string, keys: readonly TokenKey[]): boolean {
  const spans = findTokens(text, keys)
  for (const { start, end } of spans) {
    let left = SPOILED
    for (let at = end - 1; at >= start && left > 0 && end - at <= LONGEST_SPAN; at -= 1) {
      if (!/[a-z0-9]/i.test(text[at] ?? '')) continue
      bytes[at] = 0x78
      left -= 1
    }
  }
  return spans.length > 0
}

/** Text has no NUL, or one beside each letter (UTF-16). */
function isBinary(bytes: Buffer): boolean {
  const start = bytes.subarray(0, LOOK)
  const nuls = start.reduce((sum, byte) => sum + (byte === 0 ? 1 : 0), 0)
  return nuls > 0 && nuls < start.length / 3
}
