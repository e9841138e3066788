import { createReadStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { convert } from 'html-to-text'
import {
  type AddressObject,
  type AttachmentStream,
  type EmailAddress,
  type Headers,
  MailParser,
  type MessageText,
} from 'mailparser'
import type { Address, Content, InboundAttachment, InboundMessage, UnreadableMessage } from '../../src/channel.ts'
import { pack, packFile, sha256 } from '../../src/content.ts'
import { isOurs, normaliseAddress, oneLine } from '../../src/core/address.ts'
import { type BouncedRecipient, failedRecipients } from '../../src/core/delivery-status.ts'
import { classify, type Evidence } from '../../src/core/kind.ts'
import { visibleReply } from '../../src/core/visible.ts'
import { codeOf, sentenceOf } from '../../src/errors.ts'
import { collect } from './collect.ts'
import { FAULTS } from './faults.ts'
import { type Head, type RawMessage, readHead } from './head.ts'
import { roughText } from './rough-text.ts'

const LONGEST_HTML = 1_000_000 // turning more into text costs seconds
const LONGEST_ROUGH = 4_000_000 // the text of the rest is in the raw message alone
const LONGEST_TEXT = 1_000_000 // the rest of a longer text is in the raw message
const MOST_PARTS = 5_000
const LONGEST_SUBJECT = 1_000
const MOST_ADDRESSES = 200

export interface ParseOptions {
  /** Addresses of the desk, lower case. */
  own: readonly string[]
  /** Envelope, where the transport told; null where it did not. */
  envelope: { from: string; to: string[] } | null
  /** Folder and prefix for spool files. */
  spool: string
  /** Characters of text kept; 1,000,000 unless told otherwise. */
  longestText?: number
}

/** A message as it was read, with what only `inspect` shows. */
export interface ParsedMail {
  message: InboundMessage | UnreadableMessage
  /** The sender, the address as it is written. */
  from: Address | null
  bounced: BouncedRecipient[] | null
}

interface Parts {
  headers: Headers
  text: string | undefined
  html: string | undefined
  attachments: InboundAttachment[]
  deliveryStatus: string[]
}

/** Reads a raw message. Never rejects because of what is in it: such a message is unreadable, with the reason. */
export async function parseMail(raw: RawMessage, options: ParseOptions): Promise<ParsedMail> {
  let made: string[] = []
  try {
    const head = await readHead(raw)
    if (head.fields.length === 0) throw new Error('it has no header')
    const parts = await readParts(raw, head, options)
    made = parts.attachments.flatMap(({ content }) => ('path' in content ? [content.path] : []))
    const kept = await packRaw(raw)
    return assemble(kept, head, parts, options)
  } catch (error) {
    if (FAULTS.has(codeOf(error))) throw error // nothing is wrong with the message
    await Promise.all(made.map(path => rm(path, { force: true })))
    const kept = await packRaw(raw)
    const detail = `This is no mail we can read: ${sentenceOf(error)}.`
    return { message: { id: kept.sha256, raw: kept, quarantine: 'unparsable', detail }, from: null, bounced: null }
  }
}

function packRaw(raw: RawMessage): Promise<Content> | Content {
  return 'bytes' in raw ? pack(raw.bytes) : packFile(raw.path)
}

function sourceOf(raw: RawMessage, head: Head): Readable {
  if (!head.instead) {
    return 'bytes' in raw ? Readable.from([raw.bytes], { objectMode: false }) : createReadStream(raw.path)
  }
  const { instead, length } = head
  const body =
    'bytes' in raw ? Readable.from([raw.bytes.subarray(length)]) : createReadStream(raw.path, { start: length })
  return Readable.from(
    (async function* () {
      yield instead
      yield* body
    })(),
    { objectMode: false },
  )
}

async function readParts(raw: RawMessage, head: Head, options: ParseOptions): Promise<Parts> {
  const parts: Parts = { headers: new Map(), text: undefined, html: undefined, attachments: [], deliveryStatus: [] }
  const whole = await runParser(raw, head, { skipHtmlToText: false }, parts, part =>
    keepAttachment(part, parts, options.spool),
  )
  if (!whole) {
    // HTML too long to be laid out: once more for the HTML as it is, and its text by simpler means.
    await runParser(raw, head, { skipHtmlToText: true }, parts, async part => {
      ;(part.content as Readable).resume()
    })
    parts.text = parts.text?.trim() || roughText((parts.html ?? '').slice(0, LONGEST_ROUGH))
  } else if (!parts.text?.trim() && parts.html) {
    // mailparser lays out HTML only where it is the root or stands beside text.
    parts.text = textOfHtml(parts.html)
  }
  return parts
}

/** Reads headers and texts into `parts`. False if there was HTML too long to be laid out. */
async function runParser(
  raw: RawMessage,
  head: Head,
  how: { skipHtmlToText: boolean },
  parts: Parts,
  keep: (part: AttachmentStream) => Promise<void>,
): Promise<boolean> {
  const settings = {
    ...how,
    skipImageLinks: true,
    skipTextToHtml: true,
    keepDeliveryStatus: true,
    maxHtmlLengthToParse: LONGEST_HTML,
    maxChildNodes: MOST_PARTS,
  }
  const parser = new MailParser(settings)
  const source = sourceOf(raw, head)
  let whole = true
  try {
    await new Promise<void>((resolve, reject) => {
      parser.on('headers', headers => {
        parts.headers = headers
      })
      // HTML that is too long is reported as an error, and the reading goes on.
      parser.on('error', (error: Error) => {
        if (/HTML/.test(error.message)) whole = false
        else reject(error)
      })
      parser.on('data', (part: AttachmentStream | MessageText) => {
        if (part.type === 'attachment') keep(part).then(() => part.release(), reject)
        else Object.assign(parts, { text: part.text, html: typeof part.html === 'string' ? part.html : undefined })
      })
      parser.on('end', resolve)
      source.on('error', reject)
      source.pipe(parser)
    })
  } finally {
    source.destroy()
  }
  return whole
}

function textOfHtml(html: string): string {
  return html.length > LONGEST_HTML ? roughText(html.slice(0, LONGEST_ROUGH)) : convert(html)
}

async function keepAttachment(part: AttachmentStream, parts: Parts, spool: string): Promise<void> {
  const position = parts.attachments.length + 1
  const type = (part.contentType || 'application/octet-stream').toLowerCase().slice(0, 200)
  const { content, start } = await collect(part.content as Readable, `${spool}-${position}`)
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

function assemble(raw: Content, head: Head, parts: Parts, options: ParseOptions): ParsedMail {
  const { headers } = parts
  const values = (name: string) => head.fields.filter(field => field.name === name).map(field => field.value)
  const from = addressesOf(headers.get('from'))[0] ?? addressesOf(headers.get('sender'))[0] ?? null
  const to = addressesOf(headers.get('to'))
  const cc = addressesOf(headers.get('cc'))
  const contentType = contentTypeOf(headers.get('content-type'))
  const bounced = parts.deliveryStatus.flatMap(failedRecipients)
  const verdict = classify(evidenceOf(values, contentType, from, options))
  const whole = parts.text ?? ''
  const longest = options.longestText ?? LONGEST_TEXT
  const text =
    whole.length > longest
      ? `${whole.slice(0, longest).toWellFormed()}\n\n(cut here: the whole text is in the raw message)`
      : whole
  const messageId = messageIds(values('message-id').at(-1) ?? '')[0] ?? null
  const envelopeTo = [...(options.envelope?.to ?? []), ...values('delivered-to'), ...values('x-original-to')]
  const sentAt = timeOf(values('date')[0])
  return {
    message: {
      id: raw.sha256,
      replyTo: addressesOf(headers.get('reply-to'))[0]?.address ?? from?.address ?? null,
      from,
      to,
      cc,
      addressedTo: [
        ...new Set([...[...to, ...cc].map(each => each.address), ...envelopeTo.map(each => each.toLowerCase().trim())]),
      ].filter(address => isOurs(address, options.own)),
      subject: oneLine(String(headers.get('subject') ?? ''), LONGEST_SUBJECT),
      text,
      visible: visibleReply(text),
      kind: verdict.kind,
      kindReasons: verdict.reasons,
      sentAt,
      reachedAt: timeOf(values('received')[0]?.split(';').at(-1)) ?? sentAt,
      messageId,
      references: referencesOf(values),
      fingerprint:
        messageId === null || from === null
          ? null
          : sha256(
              JSON.stringify([messageId, from.address, whole, parts.attachments.map(each => each.content.sha256)]),
            ),
      raw,
      attachments: parts.attachments,
    },
    from: from && { ...from, address: writtenAddress(headers.get('from')) ?? from.address },
    bounced: verdict.kind === 'bounce' ? bounced : null,
  }
}

function evidenceOf(
  values: (name: string) => string[],
  contentType: { value: string; params: Record<string, string> },
  from: Address | null,
  options: ParseOptions,
): Evidence {
  const returnPath = values('return-path')[0]
  return {
    header: values,
    contentType: contentType.value,
    reportType: (contentType.params['report-type'] ?? '').toLowerCase(),
    fromAddress: from?.address ?? null,
    envelopeFrom: options.envelope?.from ?? (returnPath === undefined ? null : returnPath.replace(/[<>\s]/g, '')),
  }
}

function contentTypeOf(header: unknown): { value: string; params: Record<string, string> } {
  const { value = '', params = {} } = (header ?? {}) as { value?: string; params?: Record<string, string> }
  return { value: String(value).toLowerCase(), params }
}

/** Addresses of a header in order, groups taken apart, what is no address left out. */
function addressesOf(header: unknown): Address[] {
  const objects = (Array.isArray(header) ? header : header ? [header] : []) as AddressObject[]
  const flat = (list: EmailAddress[]): EmailAddress[] => list.flatMap(each => (each.group ? flat(each.group) : [each]))
  const addresses: Address[] = []
  for (const each of objects.flatMap(object => flat(object.value ?? []))) {
    const address = normaliseAddress(each.address ?? '')
    if (address && !addresses.some(known => known.address === address)) {
      addresses.push({ address, name: oneLine(each.name ?? '') })
    }
    if (addresses.length >= MOST_ADDRESSES) break
  }
  return addresses
}

function writtenAddress(header: unknown): string | undefined {
  const objects = (Array.isArray(header) ? header : header ? [header] : []) as AddressObject[]
  return objects[0]?.value?.[0]?.address
}

/** RFC 5322 section 3.6.4: In-Reply-To says what is answered; References lists the conversation, the newest last. */
function referencesOf(values: (name: string) => string[]): string[] {
  const answered = values('in-reply-to').flatMap(messageIds)
  const conversation = values('references').flatMap(messageIds)
  return [...new Set([...answered, ...conversation.toReversed()])]
}

function messageIds(value: string): string[] {
  const bracketed = value.match(/<[^<>\s]{1,990}>/g)
  if (bracketed) return bracketed
  const bare = value.trim()
  return /^[^<>\s@]{1,500}@[^<>\s@]{1,400}$/.test(bare) ? [`<${bare}>`] : []
}

/** RFC 5322 section 3.3, as machines write it; null for what is no date or cannot be true. */
function timeOf(value: string | undefined): string | null {
  if (!value) return null
  const time = Date.parse(value.replace(/\([^()]*\)/g, ' ').trim())
  if (Number.isNaN(time) || time < 0 || time > 4_102_444_800_000) return null
  return new Date(time).toISOString()
}
