// The parser of parts, on top of mailparser.
import { Transform, type TransformCallback } from 'node:stream'
import { MailParser, type MailParserOptions } from 'mailparser'
import type { MimePart, PartHead } from '../read/text.ts'
import { decodeText } from './charset.ts'
import { type HeadInTheMaking, readWithoutRuns, withoutLongBlanks, withoutPadding } from './mailparser-fixes.ts'
import { parametersOf, typeOf } from './parameters.ts'

const LONGEST_TEXT = 8 * 1024 * 1024 // encoded, all texts together; more than is ever shown
const LONGEST_HEADS = 512 * 1024 // of all parts together; after that only what describes their content is read

/** What mailparser's class has beside its types. */
interface Internals {
  /** Set once the first head was read. */
  tree: MimePart | false
  /** The part that is being read. */
  curnode: PartNode | undefined
  decoder: { decodeStream(label: string): Transform }
  splitter: {
    compareBoundary(line: Buffer, start: number, boundary: Buffer): 1 | 2 | false
    /** The part whose head is being read. */
    node: HeadInTheMaking
    newNode(parent?: HeadInTheMaking): void
  }
  processChunk(chunk: Chunk, done: () => void): void
  createNode(chunk: Node): PartNode
}

type PartNode = MimePart & { isAttachment?: boolean; charset?: string; encoding?: string }

interface Node {
  type: 'node'
  root: boolean
  contentType: string | false
  disposition: string | false
  filename: string | false
  charset: string | false
  encoding: string
  multipart: string | false
  _boundary: Buffer | false
  parentNode: { contentType: string | false } | false
  headers: { lines: HeadLine[]; getList(): HeadLine[] }
}

type Chunk = Node | { type: 'body'; value: Buffer } | { type: 'data' }

const Base = MailParser as unknown as new (options: MailParserOptions) => MailParser & Internals

interface HeadLine {
  /** Name of the field, lower case. */
  key: string
  /** The field as it came, a character a byte, folded. */
  line: string
}

const DECODED = /^(?:content-.*)$/

/** Texts that are shown in place though mailparser does not know them. */
const PLAIN =
  /^(?:text|plain|text\/+|text\/+plain\b.*|text\/+(?:enriched|richtext|markdown|x-markdown|english|ascii|unicode|x-plain)|application\/pgp)$/

/**
 * mailparser, with charsets read from the bytes, with nested messages as files of their own, and without what it would
 * hold in memory several times over.
 */
export class PartParser extends Base {
  #textLeft = LONGEST_TEXT
  #headLength = 0
  #hasText = false
  #hasStatus = false
  /** A text was announced as base64, and nothing of it was seen yet. */
  #unsure = false
  #asBase64: Base64Again | undefined
  #written: PartHead | undefined

  constructor(options: MailParserOptions) {
    super(options)
    this.decoder = { decodeStream: label => new CharsetDecoder(label) }
    const { splitter } = this
    const compare = splitter.compareBoundary.bind(splitter)
    splitter.compareBoundary = (line, start, boundary) =>
      compare(withoutPadding(line, start, boundary), start, boundary)
    const newNode = splitter.newNode.bind(splitter)
    splitter.newNode = parent => {
      newNode(parent)
      readWithoutRuns(splitter.node)
    }
    readWithoutRuns(splitter.node)
  }

  /** Whether a text that is shown in place began. */
  get showsText(): boolean {
    return this.#hasText
  }

  override processChunk(chunk: Chunk, done: () => void): void {
    if (chunk.type === 'body' && this.#unsure) {
      this.#unsure = false
      if (!isBase64(chunk.value)) this.#asBase64 = new Base64Again()
    }
    if (chunk.type === 'body' && !this.curnode?.isAttachment) {
      if (this.#textLeft <= 0) return void setImmediate(done)
      chunk.value = chunk.value.subarray(0, this.#textLeft)
      this.#textLeft -= chunk.value.length
      if (this.#asBase64) chunk.value = this.#asBase64.take(chunk.value)
    }
    if (chunk.type === 'body' && this.curnode?.encoding === 'base64' && !this.#asBase64) {
      chunk.value = withoutNoise(chunk.value)
    }
    if (chunk.type === 'body' && this.curnode?.encoding === 'quoted-printable') {
      chunk.value = withoutLongBlanks(chunk.value)
    }
    if (chunk.type !== 'body') this.#asBase64 = undefined
    if (chunk.type === 'node') this.#written = this.#readHead(chunk)
    super.processChunk(chunk, done)
  }

  /** Called by mailparser for each head, before anything of the part is handed out. */
  override createNode(chunk: Node): PartNode {
    const part = super.createNode(chunk)
    part.written = this.#written
    if (!part.isAttachment && /^text\//.test(String(part.contentType))) {
      part.charset = `${part.contentType === 'text/html' ? 'html' : 'text'}:${chunk.charset || ''}`
    }
    return part
  }

  #readHead(chunk: Node): PartHead {
    const lines = chunk.headers.getList()
    chunk.headers.lines = lines.filter(({ key, line }) => {
      if (!DECODED.test(key)) return false
      this.#headLength += line.length
      return this.#headLength <= LONGEST_HEADS || /^content-(?:type|disposition|transfer-encoding)$/.test(key)
    })
    const written = describe(chunk, lines, !this.#hasText)
    if (this.#hasText && !this.#hasStatus && isStatus(chunk, written)) chunk.contentType = 'message/delivery-status'
    if (STATUS.test(String(chunk.contentType))) this.#hasStatus = true
    this.#unsure = chunk.encoding === 'base64' && /^text\//.test(written.type)
    if (/^text\//.test(written.type) && chunk.disposition !== 'attachment') this.#hasText = true
    return written
  }
}

/** What the second part of a report is (RFC 3464, RFC 8098, RFC 5965). */
const STATUS = /^message\/(?:(?:global-)?delivery-status|disposition-notification|feedback-report)$/

/** RFC 6522 section 3: the second part of a report is the machine's, even where it is sent as some file or other. */
function isStatus({ parentNode }: Node, { type, name }: PartHead): boolean {
  if ((parentNode || undefined)?.contentType !== 'multipart/report') return false
  return type === 'application/octet-stream' || (type === 'text/plain' && name !== '')
}

/** `text/plain charset=utf-8`: the semicolon was forgotten. */
function charsetWithin(field: string): string {
  return /charset\s{0,4}=\s{0,4}["']?([\w.:-]{2,40})/i.exec(field)?.[1] ?? ''
}

/** What a part is, put right where it is missing or miswritten. */
function describe(node: Node, lines: readonly HeadLine[], first: boolean): PartHead {
  const field = (name: string) => {
    const found = lines.find(({ key }) => key === name)?.line ?? ''
    return found
      .slice(found.indexOf(':') + 1)
      .replace(/\r?\n(?=[ \t])/g, '')
      .trim()
  }
  const type = typeOf(field('content-type'))
  const typeParameters = parametersOf(field('content-type'))
  const disposition = parametersOf(field('content-disposition'))
  const declared = disposition.get('filename') ?? typeParameters.get('name') ?? ''
  if (node.parentNode && node.parentNode.contentType === 'multipart/digest' && type === '') {
    node.contentType = 'message/rfc822' // RFC 2046 section 5.1.5
  }
  const enriched = type === 'text/enriched' || type === 'text/richtext'
  if (type === 'html' || type === 'text/xhtml' || type === 'application/xhtml+xml') node.contentType = 'text/html'
  else if (PLAIN.test(type)) node.contentType = 'text/plain'
  else if (/^(?:text|multipart|message|image|application|audio|video)\/+[\w.+-]+$/.test(type)) {
    node.contentType = type.replace(/\/+/, '/')
  } else if (type !== '') node.contentType = node.parentNode ? 'application/octet-stream' : 'text/plain'
  const boundary = typeParameters.get('boundary')?.trimEnd() ?? ''
  if (type.startsWith('multipart/')) {
    node.multipart = boundary ? type.slice('multipart/'.length) : false
    node._boundary = boundary ? Buffer.from(boundary, 'latin1') : false
    if (!boundary && node.parentNode) node.contentType = 'text/plain'
    if (!/^(?:7bit|8bit|binary|)$/.test(node.encoding)) node.encoding = '' // RFC 2045 section 6.4
  }
  node.encoding = node.encoding.replace(/["'\s]/g, '').replace(/^x-base64$/, 'base64')
  if (!node.charset) node.charset = typeParameters.get('charset') ?? charsetWithin(field('content-type'))
  // A text with a name that stands behind another one is a file, whatever its sender wants with it (Apple Mail).
  if (declared && node.parentNode && !first && /^text\/(?!html)/.test(String(node.contentType)))
    node.disposition = 'attachment'
  if (declared) node.filename = declared
  return { type: String(node.contentType || ''), parameters: typeParameters, name: declared, enriched }
}

/** Whether bytes may be base64: words with blanks between them are not. */
function isBase64(bytes: Buffer): boolean {
  const [line = ''] = bytes.toString('latin1').trimStart().slice(0, 1_000).split(/\r?\n/)
  return (
    line.length === 0 || !/[^A-Za-z0-9+/=\s]/.test(line.replace(/[^A-Za-z0-9+/=]{1,2}$/, '')) || !/\S \S+ \S/.test(line)
  )
}

/** What stands behind the end of base64 is none of it: a footer that a list put below, words on the last line. */
function withoutNoise(bytes: Buffer): Buffer {
  if (!/[^A-Za-z0-9+/=\r\n]/.test(bytes.toString('latin1'))) return bytes
  const lines = bytes.toString('latin1').split('\n')
  const encodedLines = lines.map(line => /^[ \t]{0,8}([A-Za-z0-9+/]{0,998}={0,2})(?:[ \t\r]|$)/.exec(line)?.[1] ?? '')
  return Buffer.from(
    encodedLines
      .map((line, index) => (/\S\s+\S+\s+\S/.test(lines[index] ?? '') && !line.includes('=') ? '' : line))
      .join('\n'),
    'latin1',
  )
}

/** Encodes what was sent plain, for a decoder that expects otherwise. */
class Base64Again {
  #remainder = Buffer.alloc(0)

  take(bytes: Buffer): Buffer {
    const all = Buffer.concat([this.#remainder, bytes])
    const whole = all.length - (all.length % 3)
    this.#remainder = all.subarray(whole)
    return Buffer.from(all.subarray(0, whole).toString('base64'))
  }
}

/** Collects a text and decodes it in one go; `label` is what the bytes are, a colon and the charset declared. */
class CharsetDecoder extends Transform {
  readonly #label: string
  readonly #chunks: Buffer[] = []

  constructor(label: string) {
    super()
    this.#label = label
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.#chunks.push(chunk)
    done()
  }

  override _flush(done: TransformCallback): void {
    const colon = this.#label.indexOf(':')
    const [kind, declared] = [this.#label.slice(0, colon), this.#label.slice(colon + 1)]
    this.push(Buffer.from(decodeText(Buffer.concat(this.#chunks), declared, kind === 'html')))
    done()
  }
}
