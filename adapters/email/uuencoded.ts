/** A file that stands in a text as `uuencode` of POSIX.1-2008 writes it. */
export interface EncodedFile {
  name: string
  bytes: Buffer
}

const MOST_FILES = 100
const BEGIN = /^begin [0-7]{3,4} (\S.{0,254})$/

/** The files of a text, and the text without them. One that does not end as it should stays where it is. */
export function withoutEncodedFiles(text: string): { text: string; files: EncodedFile[] } {
  if (!/^begin [0-7]{3,4} \S/m.test(text)) return { text, files: [] }
  const lines = text.split('\n')
  const kept: string[] = []
  const files: EncodedFile[] = []
  for (let at = 0; at < lines.length; at += 1) {
    const name = BEGIN.exec((lines[at] ?? '').trimEnd())?.[1]
    const end = name === undefined || files.length >= MOST_FILES ? -1 : endOf(lines, at + 1)
    if (name === undefined || end < 0) {
      kept.push(lines[at] ?? '')
      continue
    }
    files.push({ name, bytes: Buffer.concat(lines.slice(at + 1, end).map(decodeLine)) })
    at = end
  }
  return { text: kept.join('\n'), files }
}

/** The line `end` behind nothing but encoded lines; -1 if there is none. */
function endOf(lines: readonly string[], from: number): number {
  for (let at = from; at < lines.length; at += 1) {
    const line = (lines[at] ?? '').trimEnd()
    if (line === 'end') return at > from ? at : -1
    if (!/^[\x20-\x60]{0,90}$/.test(line)) return -1
  }
  return -1
}

/** A count of bytes, then four characters of six bits for every three of them. */
function decodeLine(line: string): Buffer {
  const count = ((line.charCodeAt(0) || 0x20) - 0x20) & 0x3f
  const bytes: number[] = []
  for (let at = 1; bytes.length < count; at += 4) {
    const [a, b, c, d] = [0, 1, 2, 3].map(offset => ((line.charCodeAt(at + offset) || 0x20) - 0x20) & 0x3f)
    if (a === undefined || b === undefined || c === undefined || d === undefined) break
    bytes.push(((a << 2) | (b >> 4)) & 0xff, ((b << 4) | (c >> 2)) & 0xff, ((c << 6) | d) & 0xff)
  }
  return Buffer.from(bytes.slice(0, count))
}
