// Opens parts that are signed with their text inside, and tells those that are sealed.
import { readFile, rm, writeFile } from 'node:fs/promises'
import { pack, packFile } from '../../../src/content.ts'
import type { MimePart } from '../read/text.ts'
import { isArmored } from './armor.ts'
import type { CmsContent } from './cms.ts'
import { type Gathered, IN_MEMORY } from './collect.ts'
import { parametersOf, typeOf } from './parameters.ts'
import type { MailWithin, Parts } from './part.ts'
import { type RawMessage, readHead } from './raw-head.ts'

// Parts that S/MIME, OpenPGP and Microsoft's rights management put around a mail: signatures, what is signed with its text inside, what is encrypted.

const MOST_OPENED = 4 // of one mail, within each other or side by side: a triple wrap has two

/** A file of a message as it came. */
export interface ProtectedFile {
  /** Media type as it is written, lower case. */
  type: string
  /** '' where it has none. */
  name: string
  gathered: Gathered
  /** The part that it is or stands in; undefined for a file in a text. */
  part: MimePart | undefined
}

/** What opening a part needs of the message that it belongs to. */
export interface Opening {
  /** Folder and prefix for spool files. */
  spool: string
  /** Bytes of what is opened at most: what is within a mail within the mail goes to no file. */
  largest: number
  /** Reads a MIME entity as if it stood in the place of the part; its files go to those of the message. */
  readEntity(raw: RawMessage, options: { asText: boolean }): Promise<MimePart | false>
  /** Reads a message within the message; undefined where there are too many. */
  readWithin(bytes: Buffer): Promise<MailWithin | undefined>
  /** Whether a text of the message stands before this part. */
  spoken(): boolean
}

type Protection = 'signature' | 'version' | 'cms' | 'pgp' | 'rights' | undefined

/** Signed with its text inside, and what is encrypted (RFC 8551 section 3.2), as their names tell it, too. */
const CMS_TYPE = /^application\/(?:x-)?pkcs-?7-mime$/
const CMS_NAME = /\.p7[mz]$/i
const SIGNATURE_TYPE = /^application\/(?:pgp-signature|(?:x-)?pkcs-?7-signature)$/
/** The mail itself under a licence of use ([MS-OXORMMS] section 2.2.2.1), beside a text that says no more than that. */
const RIGHTS_TYPE = /^application\/x-microsoft-rpmsg-message$/
const RIGHTS_NAME = /\.rpmsg$/i
/** Documents that people signed, and signatures of documents, are files of theirs: `contract.pdf.p7m`. */
const OF_DOCUMENT = /\.[a-z0-9]{1,8}\.(?:p7[ms]|asc|sig|sign)$/i

/** A sequence that begins with the name of a type of content (RFC 5652 section 3), in DER or BER. */
const CMS_BEGINS =
  /^\x30(?:\x80|[\x01-\x7f]|[\x81-\x84][\s\S]{1,4})\x06(?:\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07|\x0b\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01)/

function isCms(start: Buffer): boolean {
  return CMS_BEGINS.test(start.subarray(0, 32).toString('latin1'))
}

/** What S/MIME or OpenPGP wants with a file; undefined if it is none of theirs. */
function protectionOf({ type, name, gathered: { start }, part }: ProtectedFile): Protection {
  if (type === 'multipart/signed') return 'cms' // as Outlook puts it into a winmail.dat (MS-OXOSMIME 2.1)
  if (RIGHTS_TYPE.test(type) || RIGHTS_NAME.test(name)) return 'rights'
  if (isArmored(start, 'PUBLIC KEY BLOCK')) return undefined
  if (isArmored(start, 'MESSAGE')) return 'pgp'
  if (type === 'application/pgp-encrypted') return /^\s*Version\s*:/i.test(start.toString('latin1')) ? 'version' : 'pgp'
  if (/\.(?:pgp|gpg)$/i.test(name)) return 'pgp'
  const signs = SIGNATURE_TYPE.test(type) || isArmored(start, 'SIGNATURE') || /\.p7s$/i.test(name)
  if (signs && !isAlone(part) && !OF_DOCUMENT.test(name)) return 'signature'
  return CMS_TYPE.test(type) || CMS_NAME.test(name) || isCms(start) ? 'cms' : undefined
}

/**
 * Takes a file that is a part of how its mail is protected. Signatures are left out. What is signed is read: in place
 * where it is what the mail says, as a mail within where the mail says something else. What is encrypted is noted as
 * sealed. Gives false for whatever stays a file.
 */
export async function takeProtected(file: ProtectedFile, parts: Parts, opening: Opening): Promise<boolean> {
  const protection = protectionOf(file)
  if (protection === undefined) return false
  if (protection === 'cms') return takeCms(file, parts, opening)
  if (protection !== 'signature') parts.sealed.push(protection === 'rights' ? 'rights' : 'pgp')
  if (protection === 'pgp' || protection === 'rights') return false
  await remove(file)
  return true
}

async function takeCms(file: ProtectedFile, parts: Parts, opening: Opening): Promise<boolean> {
  const opened: CmsContent = file.type === 'multipart/signed' ? entityOf(file) : await openFile(file)
  const smimeType = file.part?.written?.parameters.get('smime-type')?.toLowerCase() ?? ''
  if (opened.holds === 'bare') return takeBare(file, smimeType)
  if (opened.holds !== 'content') {
    const isEncrypted = opened.holds === 'encrypted' || smimeType.includes('enveloped')
    parts.sealed.push(isEncrypted ? 'smime' : 'unreadable')
    return false
  }
  const { bytes } = opened
  const isMail = isEntity(bytes)
  if (!isMail && OF_DOCUMENT.test(file.name)) return false
  if (!isMail && (opening.spoken() || !isText(bytes))) {
    parts.sealed.push('unreadable')
    return false
  }
  parts.opened += 1
  if (parts.opened > MOST_OPENED || bytes.length > opening.largest) {
    parts.sealed.push('unreadable')
    return false
  }
  await remove(file)
  const path = `${opening.spool}-opened-${parts.opened}`
  if (opening.spoken()) await addWithin(file, bytes, path, parts, opening)
  else await readInPlace(file, bytes, path, !isMail, opening)
  return true
}

/** Certificates are a file; signatures of what stands beside them are none, whatever they are called. */
async function takeBare(file: ProtectedFile, smimeType: string): Promise<boolean> {
  const signs = CMS_NAME.test(file.name) && !OF_DOCUMENT.test(file.name) && smimeType !== 'certs-only'
  if (!signs || isAlone(file.part)) return false
  await remove(file)
  return true
}

/** The message is nothing but this part. */
function isAlone(part: MimePart | undefined): boolean {
  return part !== undefined && part.parent === undefined
}

/** A mail that came along as a file; kept as one that any program opens. */
async function addWithin(
  { name }: ProtectedFile,
  bytes: Buffer,
  path: string,
  parts: Parts,
  opening: Opening,
): Promise<void> {
  const within = await opening.readWithin(bytes)
  if (within) parts.within.push(within)
  if (bytes.length > IN_MEMORY) await writeFile(path, bytes)
  parts.attachments.push({
    name: `${name.replace(/\.p7[a-z]$/i, '') || 'message'}.eml`,
    type: 'message/rfc822',
    contentId: null,
    content: bytes.length > IN_MEMORY ? await packFile(path) : pack(bytes),
  })
}

async function readInPlace(
  { part }: ProtectedFile,
  bytes: Buffer,
  path: string,
  asText: boolean,
  opening: Opening,
): Promise<void> {
  const entity = await unwrapped(bytes)
  const isLarge = entity.length > IN_MEMORY
  if (isLarge) await writeFile(path, entity)
  try {
    const raw = isLarge ? { path, size: entity.length } : { bytes: entity }
    const tree = await opening.readEntity(raw, { asText })
    if (tree) part?.children.push(tree)
  } finally {
    if (isLarge) await rm(path, { force: true })
  }
}

/** RFC 8551 section 3.1: the mail itself, its head put under the signature as well. */
async function unwrapped(bytes: Buffer): Promise<Buffer> {
  const { fields, length } = await readHead({ bytes: bytes.subarray(0, LONGEST_HEAD) })
  const type = fields.find(({ name }) => name === 'content-type')?.value ?? ''
  const isWrapped = typeOf(type) === 'message/rfc822' && parametersOf(type).get('forwarded')?.toLowerCase() === 'no'
  return isWrapped ? bytes.subarray(length) : bytes
}

async function openFile({ gathered: { collected, start } }: ProtectedFile): Promise<CmsContent> {
  const { LARGEST_CMS, openCms } = await import('./cms.ts') // hardly any mail needs it
  if ('bytes' in collected) return openCms(start)
  return collected.size > LARGEST_CMS ? { holds: 'unreadable' } : openCms(await readFile(collected.path))
}

function entityOf({ gathered: { start } }: ProtectedFile): CmsContent {
  return { holds: 'content', bytes: start }
}

async function remove({ gathered: { collected } }: ProtectedFile): Promise<void> {
  if ('path' in collected) await rm(collected.path, { force: true })
}

const LONGEST_HEAD = 64 * 1024

/** Whether bytes begin with fields of which one says that it is MIME (RFC 2045 section 3). */
function isEntity(bytes: Buffer): boolean {
  const head = bytes
    .subarray(0, LONGEST_HEAD)
    .toString('latin1')
    .replace(/^(?:\r?\n)+/, '')
  const [fields = ''] = head.split(/\r?\n\r?\n/, 1)
  return (
    /^[\w-]{1,100}[ \t]*:/.test(fields) && /^(?:content-(?:type|transfer-encoding)|mime-version)[ \t]*:/im.test(fields)
  )
}

function isText(bytes: Buffer): boolean {
  return !/[\0-\x08\x0e-\x1a]/.test(bytes.subarray(0, LONGEST_HEAD).toString('latin1').replaceAll('\x1b', ''))
}
