/** Surrogates as Java and Oracle write them (CESU-8) as the characters they stand for. */
export function withoutSurrogates(bytes: Buffer): Buffer {
  if (!bytes.includes(0xed)) return bytes
  const made = Buffer.alloc(bytes.length) // six bytes become four
  let to = 0
  let from = 0
  for (let at = bytes.indexOf(0xed); at >= 0; at = bytes.indexOf(0xed, Math.max(from, at + 1))) {
    const point = surrogatesAt(bytes, at)
    if (point === undefined) continue
    to += bytes.copy(made, to, from, at)
    made[to] = 0xf0 | (point >> 18)
    made[to + 1] = 0x80 | ((point >> 12) & 0x3f)
    made[to + 2] = 0x80 | ((point >> 6) & 0x3f)
    made[to + 3] = 0x80 | (point & 0x3f)
    to += 4
    from = at + 6
  }
  to += bytes.copy(made, to, from)
  return made.subarray(0, to)
}

/** The character of two surrogates of three bytes each; undefined if there are none. */
function surrogatesAt(bytes: Buffer, at: number): number | undefined {
  if (bytes[at + 3] !== 0xed) return undefined
  const [a, b, c, d] = [bytes[at + 1] ?? 0, bytes[at + 2] ?? 0, bytes[at + 4] ?? 0, bytes[at + 5] ?? 0]
  if ((a & 0xf0) !== 0xa0 || (c & 0xf0) !== 0xb0 || (b & 0xc0) !== 0x80 || (d & 0xc0) !== 0x80) {
    return undefined
  }
  return 0x10000 + ((((a & 0x0f) << 6) | (b & 0x3f)) << 10) + (((c & 0x0f) << 6) | (d & 0x3f))
}
