/** A file that stands in a text as `uuencode` of POSIX.1-2008 writes it. */
export interface EncodedFile {
  name: string
  bytes: Buffer
}

const MOST_FILES = 100
const BEGIN = /^begin [0-7]{3,4} (\S[^\n]{0,254})(?:\n|$)/gm

/** The files of a text, and the text without them. One that does not end as it should stays where it is. */
export function withoutEncodedFiles(text: string): { text: string; files: EncodedFile[] } {
  const textParts: string[] = []
  const files: EncodedFile[] = []
  let from = 0
  for (const found of text.matchAll(BEGIN)) {
    if (found.index < from) continue
    if (files.length >= MOST_FILES) break
    const encoded = encodedLines(text, found.index + found[0].length)
    if (!encoded) continue
    files.push({ name: (found[1] ?? '').trimEnd(), bytes: Buffer.concat(encoded.lines.map(decodeLine)) })
    textParts.push(text.slice(from, found.index))
    from = encoded.end
  }
  return files.length === 0 ? { text, files } : { text: textParts.join('') + text.slice(from), files }
}

/** Nothing but encoded lines up to the line `end`, and where the text goes on; undefined if there is another line. */
function encodedLines(text: string, from: number): { lines: string[]; end: number } | undefined {
  const lines: string[] = []
  for (let at = from; at < text.length; ) {
    const found = text.indexOf('\n', at)
    const next = found < 0 ? text.length : found
    const line = text.slice(at, next).trimEnd()
    at = next + 1
    if (line === 'end') return lines.length > 0 ? { lines, end: Math.min(at, text.length) } : undefined
    if (!/^[\x20-\x60]{0,90}$/.test(line)) return undefined
    lines.push(line)
  }
  return undefined
}

/** A count of bytes, then four characters of six bits for every three of them. */
function decodeLine(line: string): Buffer {
  const count = ((line.charCodeAt(0) || 0x20) - 0x20) & 0x3f
  const bytes = Buffer.alloc(Math.ceil(count / 3) * 3)
  const bits = (at: number) => ((line.charCodeAt(at) || 0x20) - 0x20) & 0x3f
  for (let at = 1, to = 0; to < count; at += 4, to += 3) {
    bytes[to] = (bits(at) << 2) | (bits(at + 1) >> 4)
    bytes[to + 1] = (bits(at + 1) << 4) | (bits(at + 2) >> 2)
    bytes[to + 2] = (bits(at + 2) << 6) | bits(at + 3)
  }
  return bytes.subarray(0, count)
}
