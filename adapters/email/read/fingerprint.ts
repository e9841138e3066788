// What two copies of one message have in common.
import { createHash } from 'node:crypto'
import type { InboundAttachment } from '../../../src/channel/message.ts'

const PIECE = 1024 * 1024

/** What two copies of one message have in common beside their text and files. */
export interface CopyIdentity {
  messageId: string
  /** Address of its writer. */
  sender: string
  /** Where they want to be answered, if elsewhere, and whom else it went to: whoever hands on a copy could change that. */
  answeredAt: string | null
  others: readonly string[]
}

/**
 * The same for all copies of a message, however they came. Blanks and line ends do not count, since a signature leaves
 * them open (RFC 6376 section 3.4.4). The text goes in by pieces: it may be too long for another copy.
 */
export function fingerprintOf(
  { messageId, sender, answeredAt, others }: CopyIdentity,
  text: string,
  attachments: readonly InboundAttachment[],
): string {
  const digests = attachments.map(each => each.content.sha256)
  const led = [answeredAt === sender ? null : answeredAt, [...new Set(others)].toSorted()]
  // JSON has no line end, so that where the text begins cannot be mistaken.
  const digest = createHash('sha256').update(`${JSON.stringify([messageId, sender, digests, ...led])}\n`)
  for (let at = 0; at < text.length; at += PIECE) {
    digest.update(text.slice(at, at + PIECE).replace(/\s+/g, ''), 'utf16le')
  }
  return digest.digest('hex')
}
