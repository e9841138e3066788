// All that a channel may hand over.
import type { InboundMessage, LostMessage, RevisedMessage, UnreadableMessage } from '../../channel/message.ts'

export type InboundItem = InboundMessage | UnreadableMessage | LostMessage | RevisedMessage

/** All that is to be stored of what arrives. */
export function contentsOf(message: InboundItem): InboundMessage['raw'][] {
  const attachments = 'attachments' in message ? message.attachments : []
  return [message.raw, ...attachments.map(attachment => attachment.content)]
}
