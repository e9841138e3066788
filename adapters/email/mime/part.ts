// What a message is made of, once it is read.
import type { Address, InboundAttachment } from '../../../src/channel/message.ts'

/** A message within the message: forwarded as a file, or returned by a mail system. */
export interface MailWithin {
  from: Address | null
  to: string
  date: string
  subject: string
  messageId: string | null
  text: string
}

/** What stands in the parts of a message. */
export interface Parts {
  /** With `MARKS` where HTML told what is quoted. */
  text: string
  /** The text, or some of it, is a file that is shown in place: somebody else may have written it. */
  isFile: boolean
  /** HTML as it came, all of it in one; '' where there is none. Read only where it is asked for. */
  html: string
  attachments: InboundAttachment[]
  deliveryStatus: string[]
  /** Message-IDs of mails that this one carries, as a report does of the mail it is about. */
  carried: string[]
  within: MailWithin[]
  /** Invitations as a person reads them. */
  calendars: string[]
  /** Parts that only their recipient can open, and signed ones that nobody can. */
  sealed: ('smime' | 'pgp' | 'rights' | 'unreadable')[]
  /** How many parts were opened that were signed with their text inside. */
  opened: number
  /** What a winmail.dat says. */
  tnef: { text: string; html: string } | null
}
