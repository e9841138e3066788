import type { Address, DeliveryFailure, InboundMessage, UnreadableMessage } from '../../src/channel.ts'

/** What a message says; what it is called and its raw bytes are put to it afterwards. */
export type Read<Message> = Omit<Message, 'id' | 'raw'>

/** A message as it was read, with what only `inspect` shows. */
export interface ParsedMail<Message = InboundMessage | UnreadableMessage> {
  message: Message
  /** The sender, the address as it is written. */
  from: Address | null
  bounced: DeliveryFailure[] | null
  /** HTML as it came, where it was asked for; else ''. */
  html: string
}

export type ReadMail = ParsedMail<Read<InboundMessage> | Read<UnreadableMessage>>

/** What there is to say of a message that could not be read. */
export function unreadable(quarantine: string, detail: string): ReadMail {
  return { message: { quarantine, detail }, from: null, bounced: null, html: '' }
}
