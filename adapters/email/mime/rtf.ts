// Text of mail in RTF.
import iconv from 'iconv-lite'
import { deEncapsulateSync } from 'rtf-stream-parser'
import { decodeText } from './charset.ts'

const LARGEST = 2 * 1024 * 1024 // bytes of RTF, as long as they were before they were packed

/** The HTML or text that the RTF of a mail was made from (MS-OXRTFEX), or its words; nothing if it cannot be read. */
export function readRtf(packed: Buffer): { text?: string; html?: string } {
  const rtf = unpack(packed)
  if (!rtf) return {}
  try {
    const { mode, text } = deEncapsulateSync(rtf, { decode: iconv.decode, mode: 'either' })
    return mode === 'html' ? { html: String(text) } : { text: String(text) }
  } catch {
    return { text: roughRtf(rtf.toString('latin1')) }
  }
}

const HEADER = 16
const PACKED = 0x75465a4c
const PLAIN = 0x414c454d

/** What every packer and unpacker knows beforehand (MS-OXRTFCP section 2.1.2.1). */
const KNOWN = Buffer.from(
  '{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx',
  'latin1',
)

/** MS-OXRTFCP section 2.2: never more than is announced, however it is packed. */
function unpack(packed: Buffer): Buffer | undefined {
  if (packed.length < HEADER) return undefined
  const [size, sort] = [packed.readUInt32LE(4), packed.readUInt32LE(8)]
  if (size > LARGEST) return undefined
  if (sort === PLAIN) return packed.subarray(HEADER, HEADER + size)
  return sort === PACKED ? inflate(packed, size) : undefined
}

const WINDOW = 4096

/** Bytes as they are, or references into what was written last: eight of them behind a byte that says which is which. */
function inflate(packed: Buffer, size: number): Buffer {
  const end = KNOWN.length + size
  const written = Buffer.alloc(end)
  let to = KNOWN.copy(written)
  let from = HEADER
  while (to < end && from < packed.length) {
    const sorts = packed[from] ?? 0
    from += 1
    for (let bit = 0; bit < 8 && to < end && from < packed.length; bit += 1) {
      if ((sorts & (1 << bit)) === 0) {
        written[to] = packed[from] ?? 0
        to += 1
        from += 1
        continue
      }
      const reference = packed.readUInt16BE(Math.min(from, packed.length - 2)) // cut off, it may as well be wrong
      from += 2
      // How far back it stands in the window; a reference to where writing goes on says that this is the end.
      const back = (to - (reference >> 4)) & (WINDOW - 1)
      if (back === 0) return written.subarray(KNOWN.length, to)
      const until = Math.min(end, to + (reference & 15) + 2)
      for (; to < until; to += 1) written[to] = written[to - back] ?? 0
    }
  }
  return written.subarray(KNOWN.length, to)
}

/** RTF that was written as such: its words without what shapes them. */
function roughRtf(rtf: string): string {
  return rtf
    .replace(
      /\{\\(?:fonttbl|colortbl|stylesheet|info|\*)[^{}]{0,20000}(?:\{[^{}]{0,20000}\}[^{}]{0,20000}){0,200}\}/g,
      '',
    )
    .replace(/\r?\n/g, '')
    .replace(/\\(?:par|line)\b ?/g, '\n')
    .replace(/\\tab\b ?/g, '\t')
    .replace(/\\u(-?\d{1,6}) ?(?:\\'[0-9a-f]{2}|\?)?/gi, (_, code: string) =>
      String.fromCharCode(Number(code) & 0xffff),
    )
    .replace(/\\'([0-9a-f]{2})/gi, (_, code: string) =>
      decodeText(Buffer.from([Number.parseInt(code, 16)]), 'windows-1252'),
    )
    .replace(/\\[a-z]{1,32}-?\d{0,10} ?/gi, '')
    .replace(/\\([\\{}])/g, '$1')
    .replace(/[{}]/g, '')
    .trim()
}
