// Splits the head of a message into fields: the one reading for checks and parser.
import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { parametersOf } from './parameters.ts'

/** Raw messages: in memory, or in a spool file if they are large. */
export type RawMessage = { bytes: Uint8Array } | { path: string; size: number }

const LARGEST_HEAD = 256 * 1024 // a longer head is cut to the fields we read
const MOST_LINES = 3_000 // of a head that is checked: mailauth takes time by the square for folded lines
const LONGEST_SEARCH = 16 * 1024 * 1024 // what has no end of its head by here has none
const LONGEST_FIELD = 64 * 1024
const STEP = 256 * 1024

const WANTED =
  /^(from|sender|to|cc|bcc|reply-to|subject|date|message-id|in-reply-to|references|mime-version|content-.*|auto-submitted|precedence|list-.*|x-auto.*|x-failed-recipients|return-path|delivered-to|x-original-to|feedback-id)$/

/** A field without its folding, name in lower case, a character a byte. */
export interface Field {
  name: string
  value: string
}

export interface Head {
  /** Bytes of the head as it came, its empty line included. */
  length: number
  /** What to parse instead of it; undefined to parse it as it is. */
  instead: Buffer | undefined
  /** In their order. */
  fields: Field[]
  /** What other readers could understand in another way, a clause; null where it is read alike by everybody. */
  doubt: string | null
}

/** A message ready to be read: what is judged and what is read are split at the same place. */
export interface OpenMail {
  head: Head
  /** To be read. */
  raw: RawMessage
  /** The same as it was signed; differs in how lines of the text end, if at all, unless the head is doubtful. */
  signed: RawMessage
}

/** The one place where a message is split into fields and body, for who checks its sender and for who reads it. */
export async function openMail(raw: RawMessage): Promise<OpenMail> {
  const signed = withoutEnvelopeLine(raw)
  const lined = withLineEnds(signed)
  const head = await readHead(lined)
  const mended = 'bytes' in lined && 'bytes' in signed && !startsAlike(lined.bytes, signed.bytes, head.length)
  const doubt = mended ? 'its lines do not end as lines of mail do' : head.doubt
  return { head: { ...head, doubt }, raw: lined, signed }
}

/** The line that a local mailbox or pipe puts above a message (RFC 4155): it is none of it, and cannot be a field. */
const ENVELOPE_LINE = /^From [^\s:]{1,320} {1,3}(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) [^\r\n]{1,60}\r?\n/

function withoutEnvelopeLine(raw: RawMessage): RawMessage {
  if (!('bytes' in raw) || raw.bytes[0] !== 0x46) return raw
  const bytes = Buffer.from(raw.bytes.buffer, raw.bytes.byteOffset, raw.bytes.byteLength)
  const line = ENVELOPE_LINE.exec(bytes.toString('latin1', 0, 500))
  return line ? { bytes: bytes.subarray(line[0].length) } : raw
}

function startsAlike(one: Uint8Array, other: Uint8Array, length: number): boolean {
  return one === other || Buffer.compare(one.subarray(0, length), other.subarray(0, length)) === 0
}

/** What to parse: all at once where it is in memory, else as it is read. */
export function sourceOf(raw: RawMessage, { instead, length }: Head): Uint8Array | Readable {
  if ('bytes' in raw) return instead ? Buffer.concat([instead, raw.bytes.subarray(length)]) : raw.bytes
  if (!instead) return createReadStream(raw.path)
  const body = createReadStream(raw.path, { start: length })
  return Readable.from(
    (async function* () {
      yield instead
      yield* body
    })(),
    { objectMode: false },
  )
}

/** Reads the head of a message. It may be of any size: what is not needed of a gigantic one is left out. */
export async function readHead(raw: RawMessage): Promise<Head> {
  const start =
    'bytes' in raw
      ? Buffer.from(raw.bytes.buffer, raw.bytes.byteOffset, raw.bytes.byteLength)
      : await readStart(raw.path)
  const end = endOfHead(start)
  const strict = end > LARGEST_HEAD ? 'its head is too long' : strictFields(start.toString('latin1', 0, end))
  if (typeof strict !== 'string') return { length: end, instead: undefined, fields: strict, doubt: null }
  return { ...readLeniently(start, end), doubt: strict }
}

/**
 * The fields of a head that follows RFC 5322 to the letter (section 2.2; nothing of section 4), or why it does not. All
 * of its lines end with CR LF, or all with LF, as a mailbox keeps them.
 */
function strictFields(head: string): Field[] | string {
  const lines = head.split(head.includes('\r') ? '\r\n' : '\n')
  if (lines.length > MOST_LINES) return 'its head has too many lines'
  if (lines.pop() !== '' || lines.pop() !== '') return 'no empty line ends its head'
  const isSuspect = CONTROL_BESIDE_LINE_ENDS.test(head)
  const fields: Field[] = []
  for (const [index, line] of lines.entries()) {
    if (line.includes('\r') || line.includes('\n') || (isSuspect && CONTROL.test(line)))
      return `line ${index + 1} of its head holds a control character`
    const last = fields.at(-1)
    if (line.startsWith(' ') || line.startsWith('\t')) {
      const more = trimmed(line)
      if (!last || more === '') return `line ${index + 1} of its head goes on from nothing, or with nothing`
      last.value = last.value === '' ? more : `${last.value} ${more}`
    } else {
      const colon = line.indexOf(':')
      const name = line.slice(0, Math.max(0, colon))
      if (!NAME.test(name)) return `line ${index + 1} of its head is no field`
      fields.push({ name: name.toLowerCase(), value: trimmed(line.slice(colon + 1)) })
    }
  }
  return fields
}

const NAME = /^[!-9;-~]{1,200}$/
const CONTROL = /[\0-\x08\x0a-\x1f\x7f]/
const CONTROL_BESIDE_LINE_ENDS = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f]/

/** Without the blanks around it; a byte of a character may look like a blank of another kind. */
function trimmed(text: string): string {
  let start = 0
  let end = text.length
  while (start < end && isBlank(text.charCodeAt(start))) start += 1
  while (end > start && isBlank(text.charCodeAt(end - 1))) end -= 1
  return text.slice(start, end)
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09
}

/** As much as can be made of a head that breaks the rules. What is parsed says where it ends, too. */
function readLeniently(start: Buffer, empty: number): Omit<Head, 'doubt'> {
  const length = lastOfFields(start.subarray(0, Math.min(empty, LARGEST_HEAD))) ?? empty
  const fields = fieldsOf(start.subarray(0, Math.min(length, LONGEST_SEARCH)))
  let remaining = LARGEST_HEAD
  const headLines: string[] = []
  for (const { name, value } of fields) {
    const line = `${name}: ${value.slice(0, LONGEST_FIELD).replace(/[\r\n]+/g, ' ')}`
    if (!WANTED.test(name) || line.length > remaining) continue
    remaining -= line.length
    headLines.push(line)
  }
  return { length, instead: Buffer.from(`${headLines.join('\r\n')}\r\n\r\n`, 'latin1'), fields }
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
function withLineEnds(raw: RawMessage): RawMessage {
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
