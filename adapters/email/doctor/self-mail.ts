// A mail of the desk to itself.
import { randomBytes } from 'node:crypto'
import type { SendMailOptions } from 'nodemailer'
import { isOurs } from '../../../src/core/text/address.ts'
import type { EmailSettings, ImapSettings } from '../settings.ts'

/** A mail of the desk to itself, by which it is seen whether mail comes through. */
export interface SelfMail {
  /** Hard to guess; part of the Message-ID and of the subject, since some relays give mails another Message-ID. */
  mark: string
  messageId: string
  to: string
  mail: SendMailOptions
}

/** It says that a machine wrote it, so that no program answers it; from an address of its own, the desk ignores it. */
export function selfMail(purpose: 'canary' | 'doctor', from: string, to: string, at: Date): SelfMail {
  const mark = `${purpose}-${randomBytes(12).toString('hex')}`
  const messageId = `<${mark}@${from.slice(from.lastIndexOf('@') + 1)}>`
  const mail: SendMailOptions = {
    envelope: { from, to: [to] },
    from: { name: 'Relaydesk', address: from },
    to,
    subject: `Relaydesk test mail: ${mark}`,
    text: 'The desk sent this mail to itself to check that mail comes in. It opens no ticket, and you can delete it.\n',
    messageId,
    date: at,
    headers: { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All' },
  }
  return { mark, messageId, to, mail }
}

/** The mark in a Message-ID or a subject, if there is one. */
export function markIn(text: string): string | undefined {
  return /\b(?:canary|doctor)-[0-9a-f]{24}\b/.exec(text)?.[0]
}

/** Where to write so that a mailbox gets it: its user's address if that is the desk's, else the address of the desk. */
export function addressOf({ user }: ImapSettings, { address, aliases }: EmailSettings): string {
  const userAddress = user.toLowerCase()
  return isOurs(userAddress, [address, ...aliases]) ? userAddress : address
}
