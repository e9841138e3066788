import { open } from 'node:fs/promises'

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
  const end = endOfHead(start)
  const head = start.subarray(0, Math.min(end, LONGEST_SEARCH))
  const fields = fieldsOf(head)
  if (head.length <= LARGEST_HEAD) return { length: end, instead: undefined, fields }
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
      const { bytesRead, buffer } = await file.read(Buffer.alloc(STEP), 0, STEP, position)
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
