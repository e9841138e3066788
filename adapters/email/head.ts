import { open } from 'node:fs/promises'
import { parametersOf } from './parameters.ts'

/** Raw messages: in memory, or in a spool file if they are large. */
export type RawMessage = { bytes: Uint8Array } | { path: string; size: number }

const LARGEST_HEAD = 256 * 1024 // a longer head is cut to the fields we read
const LONGEST_SEARCH = 16 * 1024 * 1024 // what has no end of its head by here has none
const LONGEST_FIELD = 64 * 1024
const STEP = 256 * 1024

const WANTED =
  /^(from|sender|to|cc|bcc|reply-to|subject|date|message-id|in-reply-to|references|mime-version|content-.*|auto-submitted|precedence|list-.*|x-auto.*|x-failed-recipients|return-path|delivered-to|x-original-to|feedback-id)$/

export interface Head {
  /** Bytes of the head as it came, its empty line included. */
  length: number
  /** What to parse instead of it; undefined to parse it as it is. */
  instead: Buffer | undefined
  /** Unfolded fields, names in lower case, in order. */
  fields: { name: string; value: string }[]
}

/** Reads the head of a message. It may be of any size: what is not needed of a gigantic one is left out. */
export async function readHead(raw: RawMessage): Promise<Head> {
  const start =
    'bytes' in raw
      ? Buffer.from(raw.bytes.buffer, raw.bytes.byteOffset, raw.bytes.byteLength)
      : await readStart(raw.path)
  const empty = endOfHead(start)
  const end = lastOfFields(start.subarray(0, Math.min(empty, LARGEST_HEAD))) ?? empty
  const head = start.subarray(0, Math.min(end, LONGEST_SEARCH))
  const fields = fieldsOf(head)
  if (head.length <= LARGEST_HEAD) {
    const instead = end === empty ? undefined : Buffer.concat([head, Buffer.from('\r\n')])
    return { length: end, instead, fields }
  }
  let left = LARGEST_HEAD
  const kept: string[] = []
  for (const { name, value } of fields) {
    const line = `${name}: ${value.slice(0, LONGEST_FIELD)}`
    if (!WANTED.test(name) || line.length > left) continue
    left -= line.length
    kept.push(line)
  }
  return { length: end, instead: Buffer.from(`${kept.join('\r\n')}\r\n\r\n`, 'latin1'), fields }
}

async function readStart(path: string): Promise<Buffer> {
  const file = await open(path)
  try {
    const chunks: Buffer[] = []
    for (let position = 0; position < LONGEST_SEARCH; ) {
      const step = Math.max(STEP, position) // as much again each time: what was read before is copied and looked at
      const { bytesRead, buffer } = await file.read(Buffer.alloc(step), 0, step, position)
      if (bytesRead === 0) break
      chunks.push(buffer.subarray(0, bytesRead))
      position += bytesRead
      const all = Buffer.concat(chunks)
      if (endOfHead(all) < all.length) return all
      if (chunks.length > 1) chunks.splice(0, chunks.length, all)
    }
    return Buffer.concat(chunks)
  } finally {
    await file.close()
  }
}

/** Where the body begins: behind the first empty line, whatever the line ends. */
function endOfHead(bytes: Buffer): number {
  for (let at = bytes.indexOf(0x0a); at >= 0; at = bytes.indexOf(0x0a, at + 1)) {
    if (bytes[at + 1] === 0x0a) return at + 2
    if (bytes[at + 1] === 0x0d && bytes[at + 2] === 0x0a) return at + 3
  }
  return bytes.length
}

const FIELD = /^[!-9;-~]{1,200}[ \t]*:/
const KNOWN =
  /^(?:from|to|cc|subject|date|message-id|mime-version|content-[a-z-]{2,30}|received|reply-to|return-path|in-reply-to|references|x-[a-z-]{1,60}|dkim-signature)[ \t]*:/i

/** Where the head ends though no empty line says so: at a line that is no field, with no field of a head behind it. */
function lastOfFields(head: Buffer): number | undefined {
  const lines = head.toString('latin1').split('\n')
  let at = 0
  for (const [index, line] of lines.entries()) {
    const text = line.replace(/\r$/, '')
    const belongs = text === '' || /^[ \t]/.test(text) || FIELD.test(text) || (index === 0 && /^>?From /.test(text))
    if (!belongs) return index > 0 && !lines.slice(index + 1).some(later => KNOWN.test(later)) ? at : undefined
    at += line.length + 1
  }
  return undefined
}

function fieldsOf(head: Buffer): Head['fields'] {
  const fields: Head['fields'] = []
  let parts: string[] = []
  const flush = () => {
    const found = /^([!-9;-~]{1,200})[ \t]*:(.*)$/s.exec(parts.join(''))
    if (found) fields.push({ name: (found[1] ?? '').toLowerCase(), value: (found[2] ?? '').trim() })
    parts = []
  }
  for (const line of head.toString('latin1').split(/\r?\n/)) {
    if (/^[ \t]/.test(line) && parts.length > 0) {
      parts.push(` ${line.trim()}`)
    } else {
      if (parts.length > 0) flush()
      parts = [line]
    }
  }
  if (parts.length > 0) flush()
  return fields
}

/** Charset that a message declares for its text, '' if none: also the likeliest one of bytes in its head. */
export function headCharset({ fields }: Head): string {
  return parametersOf(fields.find(({ name }) => name === 'content-type')?.value ?? '').get('charset') ?? ''
}

/** Lines that end with nothing but CR, as old programs write them, end as others do; none in front of the head. */
export function withLineEnds(raw: RawMessage): RawMessage {
  if (!('bytes' in raw)) return raw
  let start = 0
  while (raw.bytes[start] === 0x0a || (raw.bytes[start] === 0x0d && raw.bytes[start + 1] === 0x0a)) start += 1
  const { buffer, byteOffset, byteLength } = raw.bytes
  const bytes = Buffer.from(buffer, byteOffset + start, byteLength - start)
  const doubled = bytes.subarray(0, LONGEST_FIELD).includes('\r\r\n')
  if (doubled) return { bytes: Buffer.from(bytes.toString('latin1').replaceAll('\r\r\n', '\r\n'), 'latin1') }
  if (!bytes.includes(0x0d) || bytes.includes(0x0a)) return start === 0 ? raw : { bytes }
  return { bytes: Buffer.from(bytes.toString('latin1').replaceAll('\r', '\r\n'), 'latin1') }
}
