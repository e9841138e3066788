import { createReadStream } from 'node:fs'
import { Readable } from 'node:stream'
import { convert } from 'html-to-text'
import { type AttachmentStream, type Headers, MailParser, type MessageText } from 'mailparser'
import type { InboundAttachment } from '../../src/channel.ts'
import { oneLine } from '../../src/core/address.ts'
import { collect } from './collect.ts'
import type { Head, RawMessage } from './head.ts'
import { roughText } from './rough-text.ts'

const LONGEST_HTML = 1_000_000 // turning more into text costs seconds
const LONGEST_ROUGH = 4_000_000 // the text of the rest is in the raw message alone
const MOST_PARTS = 5_000

/** What mailparser makes of a message. */
export interface Parts {
  headers: Headers
  text: string | undefined
  html: string | undefined
  attachments: InboundAttachment[]
  deliveryStatus: string[]
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

/** Reads texts and attachments; what gets large goes to files whose names begin with `spool`. */
export async function readParts(raw: RawMessage, head: Head, spool: string): Promise<Parts> {
  const parts: Parts = { headers: new Map(), text: undefined, html: undefined, attachments: [], deliveryStatus: [] }
  const whole = await runParser(raw, head, { skipHtmlToText: false }, parts, part => keepAttachment(part, parts, spool))
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
  const contents: Readable[] = []
  const keeping: Promise<void>[] = []
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
        if (part.type === 'attachment') {
          contents.push(part.content as Readable)
          const kept = keep(part).then(() => part.release())
          keeping.push(kept)
          kept.catch(reject)
        } else Object.assign(parts, { text: part.text, html: typeof part.html === 'string' ? part.html : undefined })
      })
      parser.on('end', resolve)
      source.on('error', reject)
      source.pipe(parser)
    })
    // A mail that is nothing but one file ends before that file was kept.
    await Promise.all(keeping)
  } catch (error) {
    for (const content of contents) content.on('error', () => undefined).destroy()
    await Promise.allSettled(keeping)
    throw error
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
