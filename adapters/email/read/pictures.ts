// Pictures that a text shows.
import type { InboundAttachment } from '../../../src/channel/message.ts'
import { unpack } from '../../../src/content.ts'

/** What browsers draw; a picture that is a document of its own (SVG) is none. */
const DRAWN = /^image\/(?:png|jpe?g|gif|webp|bmp)$/
const LARGEST = 5 * 1024 * 1024
const LARGEST_TOGETHER = 20 * 1024 * 1024

/** Pictures that came within a mail, as URLs that hold them, by Content-ID; what is too large is left out. */
export function picturesOf(attachments: readonly InboundAttachment[]): ReadonlyMap<string, string> {
  const pictures = new Map<string, string>()
  let remaining = LARGEST_TOGETHER
  for (const { contentId, type, content } of attachments) {
    const id = contentId?.replace(/^<|>$/g, '').toLowerCase()
    if (!id || pictures.has(id) || !DRAWN.test(type) || 'path' in content) continue
    if (content.size > Math.min(LARGEST, remaining)) continue
    remaining -= content.size
    const bytes = Buffer.from(unpack(content.encoding, content.bytes))
    pictures.set(id, `data:${type};base64,${bytes.toString('base64')}`)
  }
  return pictures
}
