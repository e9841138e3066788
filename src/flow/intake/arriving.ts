import type { InboundMessage, LostMessage, RevisedMessage, UnreadableMessage } from '../../channel.ts'

export type Arriving = InboundMessage | UnreadableMessage | LostMessage | RevisedMessage

/** All that is to be stored of what arrives. */
export function contentsOf(message: Arriving): InboundMessage['raw'][] {
  const attachments = 'attachments' in message ? message.attachments : []
  return [message.raw, ...attachments.map(attachment => attachment.content)]
}
