// Tries the mailboxes of a channel.
import type { Finding } from '../../../src/channel/adapter.ts'
import type { Desk } from '../../../src/channel/desk.ts'
import type { Sent } from '../../../src/channel/outbound.ts'
import { checkMailbox } from '../imap/check-mailbox.ts'
import type { EmailSettings } from '../settings.ts'
import type { TokenSource } from '../sign-in/oauth.ts'
import { CANARY_KEY, type CanaryRecord } from './canary.ts'
import { testDelivery } from './delivery-test.ts'
import type { SelfMail } from './self-mail.ts'

export interface MailboxChecks {
  channel: string
  settings: EmailSettings
  tokens: TokenSource | undefined
  desk: Pick<Desk, 'recall'>
  /** How a mail leaves; undefined where it cannot, or goes into a Maildir. */
  send: ((mail: SelfMail) => Promise<Sent>) | undefined
  now(): Date
}

/** Tries each mailbox of a channel, and whether mail comes into those that can be read. */
export async function checkMailboxes(checks: MailboxChecks): Promise<Finding[]> {
  const { channel, settings, tokens, send, now } = checks
  const { imap, oauth } = settings
  const tried = await Promise.all(imap.map(mailbox => checkMailbox(mailbox, tokens, { channel, oauth, now })))
  const findings = tried.flat()
  const sound = imap.filter((_, index) => tried[index]?.every(({ ok }) => ok))
  if (send && sound.length > 0) {
    findings.push(...(await testDelivery({ settings, mailboxes: sound, tokens, send, now })))
  }
  return [...findings, ...(await lastCanary(checks))]
}

/** When it is late, an alarm stands, which is shown anyway. */
async function lastCanary({ settings, desk }: MailboxChecks): Promise<Finding[]> {
  if (settings.canary === undefined) return []
  if (!settings.send.smtp) {
    const advice = 'this only works through a relay: set send.smtp, or leave canary out.'
    return [{ what: 'the desk regularly sends itself a test mail (canary)', ok: false, advice }]
  }
  const stored = await desk.recall(CANARY_KEY)
  if (stored === undefined) return [{ what: 'no test mail (canary) has come back yet', ok: true }]
  const { at, roundTripMs } = JSON.parse(stored) as CanaryRecord
  const what = `a test mail (canary) came back on ${at}, after ${(roundTripMs / 1000).toFixed(1)} s`
  return [{ what, ok: true }]
}
