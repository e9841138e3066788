// Files that leave, without tokens of ours in them.
import { setImmediate as turn } from 'node:timers/promises'
import type { TokenKey } from '../../core/ticket/token.ts'
import { findTokens, LONGEST_SPAN, type TokenSpan } from '../../core/ticket/token-search.ts'

const LARGEST_SEARCH = 4 * 1024 * 1024 // bytes; a larger file is searched if it seems to hold a token as it is
const WINDOW = 64 * 1024 // bytes that are searched in one go, so that nobody waits for a large file
const OVERLAP = 8 * 1024 // bytes of a window that the next one begins with: more than a token in base64 in base64 takes
const LOOK = 8 * 1024
const SPOILED = 12 // signs of a token at least that are overwritten, half of them where they are written longer

/**
 * The bytes of a file in which tokens of ours are worth nothing any more: some of their signs are overwritten, so that
 * nothing in it moves. Looks into text of any encoding, and into base64 within it; not into what is packed.
 */
export async function spoilTokens(bytes: Uint8Array, keys: readonly TokenKey[]): Promise<Uint8Array> {
  const whole = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const seems = keys.some(({ id }) => whole.includes(`-${id}-`) || whole.includes(`-${id}-`, 0, 'utf16le'))
  if (!seems && (whole.length > LARGEST_SEARCH || isBinary(whole))) return bytes
  const spans = await tokensIn(whole, keys)
  if (spans.length === 0) return bytes
  const spoiled = Buffer.from(whole)
  for (const { start, end } of spans) {
    let remaining = Math.max(SPOILED, Math.floor((end - start) / 2))
    for (let at = end - 1; at >= start && remaining > 0 && end - at <= LONGEST_SPAN; at -= 1) {
      if (!/[a-z0-9]/i.test(String.fromCharCode(whole[at] ?? 0))) continue
      spoiled[at] = 0x78
      remaining -= 1
    }
  }
  return spoiled
}

/** Where tokens stand, in bytes; one that two windows hold is named twice. */
async function tokensIn(whole: Buffer, keys: readonly TokenKey[]): Promise<TokenSpan[]> {
  const spans: TokenSpan[] = []
  for (let from = 0; from < whole.length; from += WINDOW - OVERLAP) {
    const found = findTokens(whole.toString('latin1', from, from + WINDOW), keys)
    spans.push(...found.map(span => ({ ...span, start: span.start + from, end: span.end + from })))
    await turn()
  }
  return spans
}

/** Text has no NUL, or one beside each letter (UTF-16). */
function isBinary(bytes: Buffer): boolean {
  const start = bytes.subarray(0, LOOK)
  const nuls = start.reduce((sum, byte) => sum + (byte === 0 ? 1 : 0), 0)
  return nuls > 0 && nuls < start.length / 3
}
