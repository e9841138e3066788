// What comes out of the reading of a mail.
import type { Address, DeliveryFailure, InboundMessage, UnreadableMessage } from '../../../src/channel/message.ts'
import type { ListMail } from '../../../src/core/mail/list-mail.ts'
import type { SafeHtml } from '../../../src/core/mail/safe-html.ts'
import type { QuarantineReason } from '../../../src/outcome.ts'

/** What a message says; what it is called and its raw bytes are put to it afterwards. */
export type Read<Message> = Omit<Message, 'id' | 'raw'>

/** A message as it was read, with what only `inspect` shows. */
export interface ParsedMail<Message = InboundMessage | UnreadableMessage> {
  message: Message
  /** The sender, the address as it is written. */
  from: Address | null
  /**
   * The address in From, which is what can be checked, what lists have to do with it, whether it was checked, and
   * whether it bears signatures by which it could be.
   */
  head: { from: string | null; list: ListMail; checked: boolean; signed: boolean } | null
  bounced: DeliveryFailure[] | null
  /** Its layout, where it was asked for and there is one. */
  html: SafeHtml | null
}

export type ReadMail = ParsedMail<Read<InboundMessage> | Read<UnreadableMessage>>

/** What there is to say of a message that could not be read. */
export function unreadable(quarantine: QuarantineReason, detail: string): ReadMail {
  return { message: { quarantine, detail }, from: null, head: null, bounced: null, html: null }
}
