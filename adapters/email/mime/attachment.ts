// Keeps the files of a message, each under a name that is safe.
import { readFile, rm } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import type { AttachmentStream } from 'mailparser'
import { pack } from '../../../src/content.ts'
import { holdsOwnMarker } from '../../../src/core/mail/reply/own-marker.ts'
import { oneLine } from '../../../src/core/text/address.ts'
import { safeFileName } from '../../../src/core/text/file-danger.ts'
import { ownEntry } from '../../../src/core/text/own-entry.ts'
import type { MimePart, PartHead } from '../read/text.ts'
import { decodeText } from './charset.ts'
import { type Gathered, gather, packed } from './collect.ts'
import type { Parts } from './part.ts'
import { type Opening, takeProtected } from './protected.ts'

const LARGEST_TNEF = 64 * 1024 * 1024
const LONGEST_NAME = 10_000
const LONGEST_HEAD = 64 * 1024
const LONGEST_QUOTE = 512 * 1024
const LONGEST_CALENDAR = 512 * 1024
const LAST_CALENDAR = 200 // files that stand behind more others are not looked into

/** RFC 3462 section 2: a report brings along the mail it is about, or its head alone. */
const RETURNED = /^(?:message\/(?:rfc822|global|partial)|message\/global-headers|text\/rfc822-headers)$/

/** Takes one file of a message, and what can be read of it as text. */
export async function keepAttachment(
  part: AttachmentStream,
  node: MimePart | undefined,
  parts: Parts,
  keeping: Opening,
): Promise<void> {
  const { spool } = keeping
  const described = node?.written
  const position = parts.attachments.length + 1
  const slot = parts.attachments.push(PLACEHOLDER) - 1 // files keep the order in which they stand
  const declared = mediaType(part.contentType || '')
  const gathered = await gather(part.content as Readable, `${spool}-${position}`)
  const { start } = gathered
  const statedName = described?.name || String(part.filename || '')
  const type = described?.type === 'text/calendar' ? 'text/calendar' : declared
  if (isTnef(type, statedName, start) && (await unpackTnef(gathered, parts, slot, node, keeping))) return
  parts.attachments.splice(slot, 1) // what is within it takes its place
  const name = statedName && fileName(statedName, type, position)
  if (await takeProtected({ type: described?.type ?? '', name, gathered, part: node }, parts, keeping)) return
  parts.attachments.splice(slot, 0, PLACEHOLDER)
  if (type === 'message/delivery-status' || type === 'message/global-delivery-status') {
    parts.deliveryStatus.push(start.toString('utf8'))
  }
  if (type === 'text/calendar' && position <= LAST_CALENDAR) await readCalendar(start, described, parts)
  let subject = ''
  if (RETURNED.test(type)) {
    const within = type === 'text/rfc822-headers' ? undefined : await keeping.readWithin(start)
    if (within) parts.within.push(within)
    parts.carried.push(
      ...new Set([...(within?.messageId ? [within.messageId] : []), ...idsIn(start.toString('latin1'))]),
    )
    subject = within?.subject ?? ''
  }
  parts.attachments[slot] = {
    name: fileName(statedName, type, position, subject),
    type: typeOf(type, start),
    contentId: part.cid && part.related ? oneLine(part.cid) : null,
    content: await packed(gathered.collected),
    ...(quotesUs(start) ? { quotesUs: true } : {}),
  }
}

const TNEF = Buffer.from('789f3e22', 'hex') // [MS-OXTNEF] section 2.1.3.2
const COMPOUND = Buffer.from('d0cf11e0a1b11ae1', 'hex') // [MS-CFB] section 2.2
const OF_OUTLOOK = Buffer.from('__substg1.0_', 'utf16le') // [MS-OXMSG] section 2.1.3

function isTnef(type: string, name: string, start: Buffer): boolean {
  return /^application\/(?:vnd\.)?ms-tnef$/.test(type) || /^winmail\.dat$/i.test(name) || begins(start, TNEF)
}

function begins(bytes: Buffer, signature: Buffer): boolean {
  return bytes.subarray(0, signature.length).equals(signature)
}

/** The type that a file says it has, or that of a mail where it is one. */
function typeOf(type: string, start: Buffer): string {
  if (begins(start, TNEF)) return 'application/ms-tnef'
  if (begins(start, COMPOUND) && start.includes(OF_OUTLOOK)) return 'application/vnd.ms-outlook'
  return /^(?:application\/octet-stream|text\/plain)$/.test(type) && isMailHead(start) ? 'message/rfc822' : type
}

/** Whether a file that is text holds a mail of ours. */
function quotesUs(start: Buffer): boolean {
  const text = start.subarray(0, LONGEST_QUOTE)
  if (!text.includes(0)) return holdsOwnMarker(text.toString('utf8'))
  return isWide(text) && holdsOwnMarker(text.toString('utf16le'))
}

/** UTF-16, as Latin letters are written in it. */
function isWide(bytes: Buffer): boolean {
  const zeros = bytes.subarray(0, 200).filter(each => each === 0).length
  return zeros > 60
}

/** Whether bytes begin as a mail does that was saved from a mail program, whatever its file is called. */
function isMailHead(start: Buffer): boolean {
  const [fields = ''] = start
    .subarray(0, LONGEST_HEAD)
    .toString('latin1')
    .split(/\r?\n\r?\n/, 1)
  const named = (name: string) => new RegExp(`^${name}[ \\t]*:`, 'im').test(fields)
  return /^(?:From |[\w-]{1,100}:)/.test(fields) && named('from') && (named('message-id') || named('received'))
}

/** RFC 6838 section 4.2, lower case; what is none says nothing. */
function mediaType(written: string): string {
  const type = written.toLowerCase()
  return /^[\w!#$&^.+-]{1,127}\/[\w!#$&^.+-]{1,127}$/.test(type) ? type : 'application/octet-stream'
}

const PLACEHOLDER = { name: '', type: '', contentId: null, content: pack(Buffer.alloc(0)) }

/** The files of a winmail.dat in its place; false if it is none after all. */
async function unpackTnef(
  { collected, start }: Gathered,
  parts: Parts,
  slot: number,
  node: MimePart | undefined,
  keeping: Opening,
): Promise<boolean> {
  if ('path' in collected && collected.size > LARGEST_TNEF) return false
  const bytes = 'path' in collected ? await readFile(collected.path) : start
  const { readTnef } = await import('./tnef.ts')
  const content = readTnef(bytes)
  if (!content || content.damaged) return false
  if ('path' in collected) await rm(collected.path, { force: true })
  parts.tnef = { text: content.text, html: content.html }
  const spoken = () => keeping.spoken() || `${content.text}${content.html}`.trim() !== ''
  parts.attachments.splice(slot, 1)
  for (const { name, type, contentId, bytes } of content.files) {
    const facts = { name: fileName(name, type, parts.attachments.length + 1), type: mediaType(type) }
    const gathered = { collected: { bytes }, start: bytes }
    if (await takeProtected({ ...facts, gathered, part: node }, parts, { ...keeping, spoken })) continue
    parts.attachments.push({ ...facts, contentId: oneLine(contentId) || null, content: pack(bytes) })
  }
  return true
}

async function readCalendar(start: Buffer, described: PartHead | undefined, parts: Parts): Promise<void> {
  const { calendarText } = await import('../read/calendar.ts')
  const source = decodeText(start.subarray(0, LONGEST_CALENDAR), described?.parameters.get('charset') ?? '')
  const text = calendarText(source)
  if (text && !parts.calendars.includes(text)) parts.calendars.push(text)
}

function idsIn(head: string): string[] {
  const fields = (head.slice(0, LONGEST_HEAD).split(/\r?\n\r?\n/, 1)[0] ?? '').matchAll(
    /^(?:Message-ID|X-Relaydesk-Id):\s{0,20}(<[^<>\s]{1,990}>)/gim,
  )
  return [...fields].slice(0, 4).map(found => found[1] ?? '')
}

const ENDINGS: Readonly<Record<string, string>> = {
  'message/rfc822': 'eml',
  'message/global': 'eml',
  'text/calendar': 'ics',
  'text/plain': 'txt',
  'text/html': 'html',
  'text/csv': 'csv',
  'text/vcard': 'vcf',
  'text/x-vcard': 'vcf',
  'image/jpeg': 'jpg',
  'image/svg+xml': 'svg',
  'audio/mpeg': 'mp3',
  'message/delivery-status': 'txt',
  'message/disposition-notification': 'txt',
  'text/rfc822-headers': 'txt',
  'application/pgp-signature': 'asc',
  'application/pgp-keys': 'asc',
  'application/pgp-encrypted': 'txt',
  'application/pkcs7-mime': 'p7m',
  'application/x-pkcs7-mime': 'p7m',
  'application/pkcs7-signature': 'p7s',
  'application/x-pkcs7-signature': 'p7s',
}

/** The last part of a path, in one line; something sensible where the sender gave no name. */
export function fileName(statedName: string, type: string, position: number, subject = ''): string {
  const name = safeFileName(oneLine(statedName, LONGEST_NAME))
  if (name) return name
  const ending =
    ownEntry(ENDINGS, type) ?? (/^(?:image|application|audio|video)\/([a-z0-9]{1,8})$/.exec(type)?.[1] || 'bin')
  const titled = oneLine(subject.replace(/[\\/:*?"<>|]+/g, ' '), 100)
  return `${titled || `attachment-${position}`}.${ending}`
}
