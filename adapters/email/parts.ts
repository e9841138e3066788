import { createReadStream } from 'node:fs'
import { Readable } from 'node:stream'
import { type AttachmentStream, type Headers, MailParser, type MailParserOptions, type MessageText } from 'mailparser'
import type { InboundAttachment } from '../../src/channel.ts'
import { oneLine } from '../../src/core/address.ts'
import { collect } from './collect.ts'
import type { Head, RawMessage } from './head.ts'
import { type MimePart, textOfParts } from './text.ts'

const MOST_PARTS = 5_000
const LONGEST_TEXT = 8 * 1024 * 1024 // encoded, all texts together; more than is ever shown
const LONGEST_HEADS = 512 * 1024 // of all parts together; after that only what describes their content is read

/** What mailparser makes of a message. */
export interface Parts {
  headers: Headers
  /** With `MARKS` where HTML told what is quoted. */
  text: string
  attachments: InboundAttachment[]
  deliveryStatus: string[]
  /** Message-IDs of mails that this one carries, as a report does of the mail it is about. */
  carried: string[]
}

/** What to parse: all at once where it is in memory, else as it is read. */
function sourceOf(raw: RawMessage, { instead, length }: Head): Uint8Array | Readable {
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

/** Reads texts and attachments; what gets large goes to files whose names begin with `spool`. */
export async function readParts(raw: RawMessage, head: Head, spool: string): Promise<Parts> {
  const parts: Parts = { headers: new Map(), text: '', attachments: [], deliveryStatus: [], carried: [] }
  const parser = new PartParser({
    skipImageLinks: true,
    skipTextToHtml: true,
    skipHtmlToText: true,
    keepDeliveryStatus: true,
    maxChildNodes: MOST_PARTS,
  } as MailParserOptions)
  const contents: Readable[] = []
  const keeping: Promise<void>[] = []
  const source = sourceOf(raw, head)
  try {
    await new Promise<void>((resolve, reject) => {
      parser.on('headers', headers => {
        parts.headers = headers
      })
      parser.on('error', reject)
      parser.on('data', (part: AttachmentStream | MessageText) => {
        if (part.type !== 'attachment') return
        contents.push(part.content as Readable)
        const kept = keepAttachment(part, parts, spool).then(() => part.release())
        keeping.push(kept)
        kept.catch(reject)
      })
      parser.on('end', resolve)
      if (source instanceof Uint8Array) parser.end(source)
      else source.on('error', reject).pipe(parser)
    })
    // A mail that is nothing but one file ends before that file was kept.
    await Promise.all(keeping)
  } catch (error) {
    for (const content of contents) content.on('error', () => undefined).destroy()
    await Promise.allSettled(keeping)
    throw error
  } finally {
    if (!(source instanceof Uint8Array)) source.destroy()
  }
  const { tree } = parser
  parts.text = tree ? textOfParts(tree) : ''
  if (tree) parts.carried.push(...nestedIds(tree))
  return parts
}

/** What mailparser's class has beside its types. */
interface Internals {
  /** Set once the first head was read. */
  tree: MimePart | false
  /** The part that is being read. */
  curnode: { isAttachment?: boolean } | undefined
  processChunk(chunk: Chunk, done: () => void): void
}

type Chunk =
  | { type: 'node'; headers: { lines: HeadLine[]; getList(): HeadLine[] } }
  | { type: 'body'; value: Buffer }
  | { type: 'data' }

const Base = MailParser as unknown as new (options: MailParserOptions) => MailParser & Internals

interface HeadLine {
  /** Name of the field, lower case. */
  key: string
  line: string
}

const DECODED = /^(?:from|sender|to|cc|reply-to|subject|date|message-id|content-.*)$/

/** Has mailparser decode what is asked of it, and lets go what it would hold in memory several times over. */
class PartParser extends Base {
  #textLeft = LONGEST_TEXT
  #headLength = 0

  override processChunk(chunk: Chunk, done: () => void): void {
    if (chunk.type === 'body' && !this.curnode?.isAttachment) {
      if (this.#textLeft <= 0) return void setImmediate(done)
      chunk.value = chunk.value.subarray(0, this.#textLeft)
      this.#textLeft -= chunk.value.length
    }
    if (chunk.type === 'node') {
      chunk.headers.lines = chunk.headers.getList().filter(({ key, line }) => {
        if (!DECODED.test(key)) return false
        this.#headLength += line.length
        return this.#headLength <= LONGEST_HEADS || key.startsWith('content-')
      })
    }
    super.processChunk(chunk, done)
  }
}

/** RFC 3462 section 2: a report brings along the mail it is about, or its head alone. */
const RETURNED = /^(message\/rfc822|message\/global|text\/rfc822-headers)$/

function idsIn(head: string): string[] {
  return /^Message-ID:\s*(<[^<>\s]+>)/im.exec(head)?.slice(1) ?? []
}

function nestedIds(part: MimePart): string[] {
  const own = part.showMeta ? part.headers.get('message-id') : undefined
  return [...(typeof own === 'string' ? [own] : []), ...part.children.flatMap(nestedIds)]
}

async function keepAttachment(part: AttachmentStream, parts: Parts, spool: string): Promise<void> {
  const position = parts.attachments.length + 1
  const type = (part.contentType || 'application/octet-stream').toLowerCase().slice(0, 200)
  const { content, start } = await collect(part.content as Readable, `${spool}-${position}`)
  if (RETURNED.test(type)) parts.carried.push(...idsIn(start.toString('latin1')))
  if (type === 'message/delivery-status') parts.deliveryStatus.push(start.toString('utf8'))
  parts.attachments.push({
    name: fileName(part.filename, type, position),
    type,
    contentId: part.cid && part.related ? oneLine(part.cid) : null,
    content,
  })
}

/** The last part of a path, in one line; something sensible where the sender gave no name. */
function fileName(given: string | false | undefined, type: string, position: number): string {
  const name = oneLine(String(given || '').replace(/^.*[\\/]/s, ''))
  if (name && name !== '.' && name !== '..') return name
  const endings: Record<string, string> = {
    'message/rfc822': 'eml',
    'text/calendar': 'ics',
    'text/plain': 'txt',
    'text/html': 'html',
    'message/delivery-status': 'txt',
  }
  const ending = endings[type] ?? (/^(?:image|application|audio|video)\/([a-z0-9]{1,8})$/.exec(type)?.[1] || 'bin')
  return `attachment-${position}.${ending}`
}
