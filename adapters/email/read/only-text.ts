// Reads a message of nothing but text, without the whole parser.
import { decodeText } from '../mime/charset.ts'
import { IN_MEMORY } from '../mime/collect.ts'
import type { Head, RawMessage } from '../mime/raw-head.ts'
import type { MimePart } from './text.ts'

/** A text that says of itself no more than its charset. */
const SIMPLE =
  /^text\/(plain|html)\s{0,4}(?:;\s{0,4}(?:charset=(?:"([\w.:-]{1,40})"|([\w.:-]{1,40}))|encoding=[\w-]{1,20})\s{0,4})?$/i

/**
 * A message that is one text, sent as it is: most are, and reading such a one part by part takes several times as long.
 * Undefined for any other.
 */
export function onlyText(raw: RawMessage, { instead, length, fields }: Head): MimePart | undefined {
  if (!('bytes' in raw) || instead || raw.bytes.length > IN_MEMORY) return undefined
  const described = fields.filter(({ name }) => name.startsWith('content-'))
  const values = new Map(described.map(({ name, value }) => [name, value]))
  const head = Buffer.from(raw.bytes.buffer, raw.bytes.byteOffset, length).toString('latin1')
  const written = head.match(/^[^\S\n]{0,8}content-[^\n:]{0,60}:/gim)?.length ?? 0
  if (values.size < described.length || described.length !== written) return undefined
  const [, type = '', quoted, token] = SIMPLE.exec(values.get('content-type') ?? 'text/plain') ?? []
  if (!type || !/^(?:7bit|8bit)?$/i.test(values.get('content-transfer-encoding') ?? '')) return undefined
  if (!/^(?:inline)?$/i.test(values.get('content-disposition') ?? '')) return undefined
  const html = type.toLowerCase() === 'html'
  const body = Buffer.from(raw.bytes.buffer, raw.bytes.byteOffset + length, raw.bytes.byteLength - length)
  const textContent = decodeText(body, quoted ?? token ?? '', html).replace(/\r\n/g, '\n')
  return { contentType: html ? 'text/html' : 'text/plain', textContent, children: [] }
}
