// What mailparser takes time by the square for, put so that it does not: senders decide how long a run is.

/** The head of a part while it is read. */
export interface HeadInTheMaking {
  addHeaderChunk(line: Buffer | false): void
}

/** Has runs of CR within a line of a head read as one. */
export function readWithoutRuns(head: HeadInTheMaking): void {
  const add = head.addHeaderChunk.bind(head)
  head.addHeaderChunk = line => {
    const text = line ? line.toString('latin1') : ''
    add(text.includes('\r\r') ? Buffer.from(text.replace(/\r+/g, '\r'), 'latin1') : line)
  }
}

/** Quoted-printable with long runs of blanks partly encoded; whoever decodes it looks where each run ends. */
export function withoutLongBlanks(bytes: Buffer): Buffer {
  const text = bytes.toString('latin1')
  const shorter = text.replace(/[ \t]{100}/g, run => `${run.slice(1)}${run[0] === '\t' ? '=09' : '=20'}`)
  return shorter.length === text.length ? bytes : Buffer.from(shorter, 'latin1')
}

/** Blanks may stand between a boundary and the end of its line (RFC 2046 section 5.1.1). */
export function withoutPadding(line: Buffer, start: number, boundary: Buffer): Buffer {
  if (line[start] !== 0x2d || line[start + 1] !== 0x2d || line.length < start + boundary.length + 3) return line
  let end = line.length
  while (end > 0 && (line[end - 1] === 0x0a || line[end - 1] === 0x0d)) end -= 1
  let trimmedEnd = end
  while (trimmedEnd > start && (line[trimmedEnd - 1] === 0x20 || line[trimmedEnd - 1] === 0x09)) trimmedEnd -= 1
  return trimmedEnd === end ? line : Buffer.concat([line.subarray(0, trimmedEnd), line.subarray(end)])
}
