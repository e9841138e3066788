// Sentences of alarms about mailboxes.
import { DeskError } from '../../../src/errors.ts'
import type { ImapSettings } from '../settings.ts'
import type { TokenSource } from '../sign-in/oauth.ts'
import { serverReply } from './connect.ts'

/** Whose mailbox it is, and how the desk signs in there. */
interface Access {
  channel: string
  tokens: TokenSource | undefined
  mailbox: ImapSettings
}

/** `user at host`, as people are told of a mailbox. */
export function nameOf({ user, host }: ImapSettings): string {
  return `${user} at ${host}`
}

/** The server will not let us in until somebody mends it. */
export function refusal(error: unknown, { channel, tokens, mailbox }: Access): string {
  if (error instanceof DeskError) return error.message
  const mend =
    tokens && mailbox.password === undefined
      ? `run relaydesk login ${channel}`
      : 'correct the password in the configuration and start the desk again'
  return `${mailbox.host} does not let ${mailbox.user} in (${serverReply(error)}): ${mend}. Until then mail waits there; nothing is lost.`
}

/** `since` in milliseconds; `trouble` is what was said last. */
export function unread(mailbox: ImapSettings, since: number, trouble: string): string {
  const at = new Date(since).toISOString()
  return `The mailbox of ${nameOf(mailbox)} has been unreadable since ${at}: ${trouble.replace(/\.$/, '')}. Mail waits there; run relaydesk doctor to find out what is wrong.`
}

/** The server asks for a pause, which ends at `until` in milliseconds. */
export function longWait({ user, host }: ImapSettings, until: number): string {
  return `${host} says that the mail of ${user} is fetched too often. The desk will try again at ${new Date(until).toISOString()}; mail waits there until then. If this happens again, close other programs that use this mailbox, or ask the administrator of the server.`
}
