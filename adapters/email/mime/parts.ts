// Reads the parts of a message.
import type { Readable } from 'node:stream'
import type { AttachmentStream, MailParserOptions, MessageText } from 'mailparser'
import { pack } from '../../../src/content.ts'
import { oneLine } from '../../../src/core/text/address.ts'
import { onlyText } from '../read/only-text.ts'
import { htmlOfParts, layOutTnef, type MimePart, textOfParts } from '../read/text.ts'
import { writtenAddresses } from './address-list.ts'
import { withoutArmor } from './armor.ts'
import { fileName, keepAttachment } from './attachment.ts'
import { decodeWords } from './encoded-words.ts'
import type { MailWithin, Parts } from './part.ts'
import { type Opening, takeProtected } from './protected.ts'
import { type Head, headCharset, openMail, type RawMessage, readHead, sourceOf } from './raw-head.ts'
import { type EncodedFile, withoutEncodedFiles } from './uuencoded.ts'

const MOST_PARTS = 2_000 // each costs a millisecond
const LONGEST_PREAMBLE = 256 * 1024
const LARGEST_WITHIN = 1024 * 1024 // of a larger mail within a mail, the head alone is read
const DEEPEST = 4 // messages within each other
const MOST_WITHIN = 30

/** In place of the head of a message that says it has parts and has none: all of it is text then. */
const AS_TEXT = Buffer.from('Content-Type: text/plain\r\n\r\n')

/** A head with the boundary that the body has, where the head names another or none; undefined if it has none. */
function withOtherBoundary(raw: RawMessage, { length }: Head): Buffer | undefined {
  if (!('bytes' in raw)) return undefined
  const body = Buffer.from(raw.bytes.subarray(length)).toString('latin1')
  const boundary = /^--([^\s"]{1,70})[ \t]*\r?$/m.exec(body.slice(0, LONGEST_PREAMBLE))?.[1]
  if (boundary === undefined || !body.includes(`--${boundary}--`)) return undefined
  return Buffer.from(`Content-Type: multipart/mixed; boundary="${boundary}"\r\n\r\n`, 'latin1')
}

export interface PartsOptions {
  /** Folder and prefix for spool files. */
  spool: string
  /** How many messages this one is within. */
  depth?: number
  /** Whether HTML is wanted as it came. */
  html?: boolean
}

/** Reads texts and files; what gets large goes to files whose names begin with `spool`. */
export async function readParts(raw: RawMessage, head: Head, { spool, depth = 0, html }: PartsOptions): Promise<Parts> {
  const parts: Parts = {
    text: '',
    isFile: false,
    html: '',
    attachments: [],
    deliveryStatus: [],
    carried: [],
    within: [],
    calendars: [],
    sealed: [],
    opened: 0,
    tnef: null,
  }
  const more = { spool: depth === 0 ? spool : `${spool}-within`, depth }
  const tree = await readTree(raw, head, parts, more)
  const partText = tree ? textOfParts(tree) : ''
  const unarmored = withoutArmor(partText.trim() || !parts.tnef ? partText : layOutTnef(parts.tnef))
  const { text, files } = withoutEncodedFiles(unarmored.text)
  parts.text = text
  parts.isFile = tree !== false && isFile(tree)
  for (const block of unarmored.encrypted) {
    parts.sealed.push(block.kind)
    addFile(parts, { name: 'encrypted.asc', bytes: Buffer.from(block.text) })
  }
  for (const file of files) {
    const gathered = { collected: { bytes: file.bytes }, start: file.bytes }
    const opening = openingOf(parts, more, () => true)
    if (await takeProtected({ type: '', name: file.name, gathered, part: undefined }, parts, opening)) continue
    addFile(parts, file)
  }
  if (html) parts.html = (tree && htmlOfParts(tree)) || parts.tnef?.html || ''
  return parts
}

function isFile({ textContent, written, children }: MimePart): boolean {
  return (textContent !== undefined && (written?.name ?? '') !== '') || children.some(isFile)
}

/** A file that stood in a text. */
function addFile(parts: Parts, { name, bytes }: EncodedFile): void {
  const type = 'application/octet-stream'
  const named = fileName(name, type, parts.attachments.length + 1)
  parts.attachments.push({ name: named, type, contentId: null, content: pack(bytes) })
}

/** The parts of a message, or of what stands in the place of one of its parts. */
async function readTree(raw: RawMessage, head: Head, parts: Parts, more: Place): Promise<MimePart | false> {
  const tree = onlyText(raw, head) ?? (await parse(raw, head, parts, more))
  if (!tree || tree.children.length > 0 || !/^multipart\//.test(String(tree.contentType))) return tree
  return parse(raw, { ...head, instead: withOtherBoundary(raw, head) ?? AS_TEXT }, parts, more)
}

function openingOf(parts: Parts, place: Place, spoken: () => boolean): Opening {
  return {
    spool: place.spool,
    largest: place.depth === 0 ? Number.POSITIVE_INFINITY : LARGEST_WITHIN,
    readEntity: (raw, options) => readEntity(raw, options, parts, place),
    readWithin: async bytes => {
      if (place.depth >= DEEPEST || parts.within.length >= MOST_WITHIN) return undefined
      return readWithin(bytes.subarray(0, LARGEST_WITHIN), place.spool, place.depth + 1)
    },
    spoken,
  }
}

/** What was signed: a MIME entity, or a text without a head. */
async function readEntity(
  raw: RawMessage,
  { asText }: { asText: boolean },
  parts: Parts,
  more: Place,
): Promise<MimePart | false> {
  if (asText) return readTree(raw, { length: 0, instead: AS_TEXT, fields: [], doubt: null }, parts, more)
  const { raw: lined, head } = await openMail(raw)
  return readTree(lined, head, parts, more)
}

interface Place {
  /** Folder and prefix for spool files. */
  spool: string
  depth: number
}

async function parse(raw: RawMessage, head: Head, parts: Parts, place: Place): Promise<MimePart | false> {
  const { PartParser } = await import('./mime-parser.ts') // half of what reading loads, and most mails need none of it
  const parser = new PartParser({
    skipImageLinks: true,
    skipTextToHtml: true,
    skipHtmlToText: true,
    keepDeliveryStatus: true,
    maxChildNodes: MOST_PARTS,
    ignoreEmbedded: true,
  } as MailParserOptions)
  const contents: Readable[] = []
  const keeping: Promise<void>[] = []
  const source = sourceOf(raw, head)
  const more = openingOf(parts, place, () => parser.showsText)
  try {
    await new Promise<void>((resolve, reject) => {
      parser.on('error', reject)
      parser.on('data', (part: AttachmentStream | MessageText) => {
        if (part.type !== 'attachment') return
        contents.push(part.content as Readable)
        const stored = keepAttachment(part, parser.curnode, parts, more).then(() => part.release())
        keeping.push(stored)
        stored.catch(reject)
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
  return parser.tree
}

/** A message within the message; of one that cannot be read, nothing but that it is there. */
async function readWithin(bytes: Buffer, spool: string, depth: number): Promise<MailWithin> {
  const raw = { bytes }
  const head = await readHead(raw)
  const parts = await readParts(raw, head, { spool, depth }).catch(() => undefined)
  const value = (name: string) => head.fields.find(field => field.name === name)?.value ?? ''
  const hint = headCharset(head)
  const [from = null] = writtenAddresses(value('from'), hint)
  return {
    from,
    to: oneLine(decodeWords(value('to'), hint), 500),
    date: oneLine(value('date'), 100),
    subject: oneLine(decodeWords(value('subject'), hint), 500),
    messageId: /<[^<>\s]{1,990}>/.exec(value('message-id'))?.[0] ?? null,
    text: [parts?.text ?? '', ...(parts?.calendars ?? [])].filter(text => text.trim()).join('\n\n'),
  }
}
