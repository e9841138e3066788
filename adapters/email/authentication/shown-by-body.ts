// Whether a signed text shows what the unsigned fields say of it.
import { isUtf8 } from 'node:buffer'
import { open } from 'node:fs/promises'
import { ownEntry } from '../../../src/core/text/own-entry.ts'
import { parametersOf, typeOf } from '../mime/parameters.ts'
import type { OpenMail, RawMessage } from '../mime/raw-head.ts'

// Google signs no Content-Type, Microsoft no Content-Transfer-Encoding. Whoever puts others in their place makes other
// words of the same signed text: a boundary that is quoted in it, HTML of what was plain, an encoding undone.

const LOOKED_AT = 4_096 // bytes of the text of a large message: enough for its first line
const LONGEST_CHECKED = 4 * 1024 * 1024

/** Whether the signed text shows by itself that it is what the fields outside the signature say it is. */
export async function isShownByBody({ head, signed }: OpenMail, covers: ReadonlySet<string>): Promise<boolean> {
  const value = (name: string) => head.fields.find(field => field.name === name)?.value ?? ''
  const disposition = value('content-disposition')
  if (!covers.has('content-disposition') && !/^(?:inline)?$/i.test(disposition)) return false
  const declared = value('content-type')
  const type = declared === '' ? 'text/plain' : typeOf(declared)
  const typed = covers.has('content-type')
  if (typed && covers.has('content-transfer-encoding')) return true
  if (!typed && !isPlainlyWritten(declared)) return false
  if (type.startsWith('multipart/')) {
    return typed || isOfParts(type, declared, (await startOf(signed, head.length)).toString('latin1'))
  }
  const text = wholeText(signed, head.length)
  const encoding = value('content-transfer-encoding').toLowerCase()
  if (text === null || (!covers.has('content-transfer-encoding') && !isEncoded(text, encoding))) return false
  return typed || isOfType(type, declared, decoded(text, encoding))
}

const VALUE = /[\w!#$%&'*+./:=?^`{|}~-]{1,200}|"[^"\\]{0,200}"/
const PLAINLY = new RegExp(`^[a-z]+/[a-z0-9.+-]+(?:[ \\t]{0,8};[ \\t]{0,8}[a-z-]+=(?:${VALUE.source}))*;?$`, 'i')

/** Whether everybody reads the same in a Content-Type (RFC 2045 section 5.1): each parameter once, nothing continued. */
function isPlainlyWritten(declared: string): boolean {
  const names = [...declared.replace(/"[^"]*"/g, '').matchAll(/;\s*([^=;]*)=/g)].map(([, name = '']) =>
    name.toLowerCase(),
  )
  return declared === '' || (PLAINLY.test(declared) && new Set(names).size === names.length)
}

/** What programs write above their parts, for those that know none; nobody writes so above what they quote. */
const PREAMBLE =
  /^this (?:is an? |message )[a-z-][a-z /-]{0,60}\b(?:mime|multi-?part)\b(?: [a-z() 0-9]{1,60})?\.{0,3}(?=\r?\n)/i

/** Its first line is the boundary; some programs say above it that there are parts. */
function isOfParts(type: string, declared: string, text: string): boolean {
  if (!/^multipart\/(?:alternative|mixed|related|signed)$/.test(type)) return false
  const [first = ''] = text
    .replace(PREAMBLE, '')
    .replace(/^[\r\n]*/, '')
    .split(/\r?\n/, 1)
  const parameters = parametersOf(declared)
  const boundary = parameters.get('boundary') ?? ''
  const names = [...parameters.keys()]
  if (names.some(name => !/^(?:boundary|charset|type|start|differences|protocol|micalg)$/.test(name))) return false
  return boundary !== '' && first.trimEnd() === `--${boundary}`
}

const TAG = /<(?:!doctype|html|head|body|div|p|br|span|table|style|pre|meta|font|center|li|td|a\s)\b/i

/** No text holds these, C1 in UTF-8 among them: it is a file then. */
const CONTROL = /[\0-\x08\x0b\x0e-\x1f\x7f]|\xc2[\x80-\x9f]/

/** What makes no other words of a text: how its lines end, and what Windows Live Mail answers. */
const HARMLESS = { charset: /^[\w-]+$/, format: /^(?:flowed|fixed)$/i, 'reply-type': /^[a-z]+$/i }

function isOfType(type: string, declared: string, text: string): boolean {
  const parameters = parametersOf(declared)
  if ([...parameters].some(([name, value]) => !ownEntry(HARMLESS, name)?.test(value))) return false
  // UTF-8 shows itself, and plain ASCII is the same in all of these.
  const charset = parameters.get('charset') ?? ''
  const ascii = !/[\x80-\xff]/.test(text) && /^(?:iso-8859-\d{1,2}|windows-125\d)$/i.test(charset)
  if (!ascii && !(/^(?:utf-8|us-ascii|)$/i.test(charset) && isUtf8(Buffer.from(text, 'latin1')))) return false
  const start = text.slice(0, LOOKED_AT).trimStart()
  if (type === 'text/html') return start.startsWith('<') && TAG.exec(start)?.index === 0
  return type === 'text/plain' && !CONTROL.test(text) && !start.startsWith('--') && !TAG.test(text) && !hasParts(text)
}

/** Whether a text is written in parts, whatever its head says. */
function hasParts(text: string): boolean {
  if (/^--\S[^\r\n]{0,70}\r?\ncontent-[a-z-]{1,40}[ \t]{0,8}:/im.test(text)) return true
  const [, boundary] = /^--([^\r\n]{0,69}[^-\s])--\r?$/m.exec(text) ?? []
  return boundary !== undefined && text.split('\n').some(line => line.trimEnd() === `--${boundary}`)
}

/** A line of base64 (RFC 2045 section 6.8): no more than that may be a code that somebody was asked to send. */
const LONGEST_WORD = 76

/** Whether a text was encoded so: read in another way, lines would begin where none does. */
function isEncoded(text: string, encoding: string): boolean {
  const inBase64 = text.length > LONGEST_WORD && /^[A-Za-z0-9+/=\r\n]*$/.test(text)
  if (encoding === 'base64') return inBase64
  if (encoding === 'quoted-printable') return !/=(?![89A-F][0-9A-F]|3D|20|09|\r?\n)/.test(text)
  return /^(?:7bit|8bit|binary|)$/.test(encoding) && !inBase64 && !/[^=\s]=\r?\n/.test(text)
}

function decoded(text: string, encoding: string): string {
  if (encoding === 'base64') return Buffer.from(text, 'base64').toString('latin1')
  if (encoding !== 'quoted-printable') return text
  return text
    .replace(/=\r?\n/g, '')
    .replace(/=([0-9A-F]{2})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
}

function wholeText(raw: RawMessage, from: number): string | null {
  if (!('bytes' in raw) || raw.bytes.length > LONGEST_CHECKED) return null
  return Buffer.from(raw.bytes.buffer, raw.bytes.byteOffset + from, raw.bytes.byteLength - from).toString('latin1')
}

async function startOf(raw: RawMessage, from: number): Promise<Buffer> {
  if ('bytes' in raw) return Buffer.from(raw.bytes.subarray(from, from + LOOKED_AT))
  const file = await open(raw.path)
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(LOOKED_AT), 0, LOOKED_AT, from)
    return buffer.subarray(0, bytesRead)
  } finally {
    await file.close()
  }
}
