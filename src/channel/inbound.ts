// Builds a message that comes in from what its channel knows of it.
import type { ChatDetails, InboundMessage, MailDetails } from './message.ts'

type Required = 'id' | 'from' | 'replyTo' | 'text' | 'authentication' | 'raw'

/** What a channel hands over: what every message has, with `mail` or `chat` beside it. */
export type MessageParts = Pick<InboundMessage, Required> &
  Partial<Omit<InboundMessage, Required | 'mail' | 'chat'>> & {
    mail?: Partial<MailDetails>
    chat?: ChatDetails | undefined
  }

/** Fills in what a channel has nothing to say of: a person wrote it, all of it is new, and it answers nothing. */
export function inboundMessage({ mail, chat, ...parts }: MessageParts): InboundMessage {
  return {
    subject: '',
    visible: parts.text,
    kind: 'person',
    kindReasons: [],
    bulk: null,
    alert: null,
    sentAt: null,
    reachedAt: null,
    messageId: null,
    fingerprint: null,
    spam: [],
    attachments: [],
    ...parts,
    mail: { to: [], cc: [], addressedTo: [], references: [], failures: [], forwarded: null, ...mail },
    ...(chat ? { chat } : {}),
  }
}
