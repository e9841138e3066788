// Reads winmail.dat (MS-OXTNEF).
import { decodeText } from './charset.ts'
import { readRtf } from './rtf.ts'

// MS-OXTNEF, the format of winmail.dat: attributes one after the other, those of a file following the one that begins it.

const SIGNATURE = 0x223e9f78
const MOST_ATTRIBUTES = 20_000
const MOST_PROPERTIES = 20_000
const MOST_FILES = 1_000
const DEEPEST = 5
const LARGEST_INNER = 1024 * 1024 // characters of HTML within

/** Attributes by id (section 2.1.3.2). */
const ATTRIBUTE = {
  codepage: 0x9007,
  body: 0x800c,
  messageProperties: 0x9003,
  beginsFile: 0x9002,
  fileData: 0x800f,
  fileTitle: 0x8010,
  fileProperties: 0x9005,
} as const

/** MAPI properties by id (MS-OXPROPS). */
const PROPERTY = {
  body: 0x1000,
  compressedRtf: 0x1009,
  html: 0x1013,
  subject: 0x0037,
  fileData: 0x3701,
  fileName: 0x3704,
  longFileName: 0x3707,
  displayName: 0x3001,
  mimeTag: 0x370e,
  contentId: 0x3712,
} as const

/** An embedded message begins with the id of the interface it is read by (section 2.1.3.4.2). */
const MESSAGE_INTERFACE = Buffer.from('0703020000000000c000000000000046', 'hex')

export interface TnefFile {
  name: string
  /** Media type, '' where none is said. */
  type: string
  contentId: string
  bytes: Buffer
}

export interface TnefContent {
  /** What the message says, as plain text or as HTML; '' for what there is not. */
  text: string
  html: string
  files: TnefFile[]
  /** It ends before what it announces. */
  damaged: boolean
}

interface Draft {
  title: string
  bytes: Buffer | undefined
  properties: Map<number, Buffer>
}

/** What a winmail.dat holds; null if it is none. What is damaged is read as far as it goes. */
export function readTnef(bytes: Buffer, depth = 0): TnefContent | null {
  if (bytes.length < 6 || bytes.readUInt32LE(0) !== SIGNATURE) return null
  let charset = 'windows-1252'
  let body: Buffer | undefined
  let message = new Map<number, Buffer>()
  const drafts: Draft[] = []
  let damaged = false
  for (const { id, value, whole } of attributes(bytes)) {
    if (!whole) damaged = true
    const file = drafts.at(-1)
    if (id === ATTRIBUTE.codepage && value.length >= 4) charset = charsetOf(value.readUInt32LE(0))
    else if (id === ATTRIBUTE.body) body = value
    else if (id === ATTRIBUTE.messageProperties) message = properties(value, charset)
    else if (id === ATTRIBUTE.beginsFile && drafts.length < MOST_FILES) {
      drafts.push({ title: '', bytes: undefined, properties: new Map() })
    } else if (!file) continue
    else if (id === ATTRIBUTE.fileTitle) file.title = plainText(value, charset)
    else if (id === ATTRIBUTE.fileData) file.bytes = value
    else if (id === ATTRIBUTE.fileProperties) file.properties = properties(value, charset)
  }
  const content = textsOf(message, body, charset)
  for (const draft of drafts) addFile(content, draft, depth)
  content.damaged = damaged
  return content.text || content.html || content.files.length > 0 ? content : null
}

/** Level, id and type, length, value, checksum (section 2.1.3.1); a wrong checksum is no reason to lose what is there. */
function* attributes(bytes: Buffer): Generator<{ id: number; value: Buffer; whole: boolean }> {
  let at = 6
  for (let count = 0; count < MOST_ATTRIBUTES && at + 9 <= bytes.length; count += 1) {
    const level = bytes[at]
    if (level !== 1 && level !== 2) return
    const id = bytes.readUInt32LE(at + 1) & 0xffff
    const length = bytes.readUInt32LE(at + 5)
    const value = bytes.subarray(at + 9, at + 9 + length)
    yield { id, value, whole: value.length === length }
    at += 9 + length + 2
  }
}

/** Width of the values of a type in bytes; 0 for those that say their own length. */
function widthOf(type: number): number {
  switch (type) {
    case 0x0002:
    case 0x0003:
    case 0x0004:
    case 0x000a:
    case 0x000b:
      return 4
    case 0x0005:
    case 0x0006:
    case 0x0007:
    case 0x0014:
    case 0x0040:
      return 8
    case 0x0048:
      return 16
    default:
      return 0
  }
}

/** MAPI properties by id (section 2.1.3.4). Texts are given as UTF-8. */
function properties(bytes: Buffer, charset: string): Map<number, Buffer> {
  const found = new Map<number, Buffer>()
  if (bytes.length < 4) return found
  const count = Math.min(bytes.readUInt32LE(0), MOST_PROPERTIES)
  let at = 4
  const padded = (length: number) => Math.ceil(length / 4) * 4 // no bits: lengths may have 32 of them
  for (let index = 0; index < count && at + 4 <= bytes.length; index += 1) {
    const type = bytes.readUInt16LE(at)
    const id = bytes.readUInt16LE(at + 2)
    at += 4
    if (id >= 0x8000) at = behindName(bytes, at)
    const single = type & 0xefff
    const width = widthOf(single)
    let values = 1
    if ((type & 0x1000) !== 0 || width === 0) {
      if (at + 4 > bytes.length) break
      values = bytes.readUInt32LE(at)
      at += 4
    }
    for (let position = 0; position < values && at < bytes.length; position += 1) {
      let length = width
      if (width === 0) {
        if (at + 4 > bytes.length) return found
        length = bytes.readUInt32LE(at)
        at += 4
      }
      const value = bytes.subarray(at, at + length)
      if (position === 0)
        found.set(id, single === 0x1f || single === 0x1e ? Buffer.from(textOf(value, single, charset)) : value)
      at += padded(length)
    }
  }
  return found
}

/** Named properties say whose name they are: a number, or a text. */
function behindName(bytes: Buffer, start: number): number {
  if (start + 24 > bytes.length) return bytes.length
  const kind = bytes.readUInt32LE(start + 16)
  if (kind === 0) return start + 24
  return start + 24 + Math.ceil(bytes.readUInt32LE(start + 20) / 4) * 4
}

function textOf(value: Buffer, type: number, charset: string): string {
  return type === 0x1f ? withoutNul(value.toString('utf16le')) : plainText(value, charset)
}

function plainText(value: Buffer, charset: string): string {
  const end = value.indexOf(0)
  return decodeText(end < 0 ? value : value.subarray(0, end), charset)
}

function withoutNul(text: string): string {
  return text.replace(/\0.*$/s, '')
}

function charsetOf(codepage: number): string {
  const named: Record<number, string> = { 932: 'shift_jis', 936: 'gb18030', 949: 'euc-kr', 950: 'big5', 65001: 'utf-8' }
  return named[codepage] ?? (codepage === 20127 ? 'us-ascii' : `windows-${codepage}`)
}

function textsOf(message: Map<number, Buffer>, body: Buffer | undefined, charset: string): TnefContent {
  const content: TnefContent = { text: '', html: '', files: [], damaged: false }
  content.text = message.get(PROPERTY.body)?.toString() || (body ? plainText(body, charset) : '')
  const html = message.get(PROPERTY.html)
  if (html) content.html = decodeText(html, '', true)
  const rtf = message.get(PROPERTY.compressedRtf)
  if (!content.text && !content.html && rtf) Object.assign(content, readRtf(rtf))
  return content
}

function addFile(content: TnefContent, draft: Draft, depth: number): void {
  const { properties } = draft
  const textOf = (id: number) => withoutNul(properties.get(id)?.toString() ?? '').trim()
  const embedded = properties.get(PROPERTY.fileData)
  const name = textOf(PROPERTY.longFileName) || textOf(PROPERTY.fileName) || textOf(PROPERTY.displayName) || draft.title
  if (embedded?.subarray(0, 16).equals(MESSAGE_INTERFACE)) {
    // A message within the message: what it says and holds is shown with this one's.
    const inner = depth < DEEPEST ? readTnef(embedded.subarray(16), depth + 1) : null
    if (inner) {
      content.files.push(...inner.files.slice(0, MOST_FILES - content.files.length))
      // Its type says that it is a message: what agents get as one is never sent on.
      const text = inner.text || inner.html.slice(0, LARGEST_INNER).replace(/<[^<>]{0,1000}>/g, ' ')
      content.files.push({
        name: `${name || 'message'}.txt`,
        type: 'message/x-outlook',
        contentId: '',
        bytes: Buffer.from(text),
      })
      return
    }
  }
  const bytes = draft.bytes ?? embedded
  if (bytes)
    content.files.push({
      name,
      type: textOf(PROPERTY.mimeTag).toLowerCase(),
      contentId: textOf(PROPERTY.contentId),
      bytes,
    })
}
