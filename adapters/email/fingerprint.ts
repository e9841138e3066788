import { createHash } from 'node:crypto'
import type { InboundAttachment } from '../../src/channel.ts'

const PIECE = 1024 * 1024

/** What two copies of one message have in common. The text goes in by pieces: it may be too long for another copy. */
export function fingerprintOf(
  messageId: string,
  sender: string,
  text: string,
  attachments: readonly InboundAttachment[],
): string {
  const digests = attachments.map(each => each.content.sha256)
  // JSON has no line end, so that where the text begins cannot be mistaken.
  const digest = createHash('sha256').update(`${JSON.stringify([messageId, sender, digests])}\n`)
  for (let at = 0; at < text.length; at += PIECE) digest.update(text.slice(at, at + PIECE), 'utf16le')
  return digest.digest('hex')
}
