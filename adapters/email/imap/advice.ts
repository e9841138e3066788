// What to mend where a mailbox cannot be read, for the doctor.
import { DeskError } from '../../../src/errors.ts'
import type { ImapSettings, OauthSettings } from '../settings.ts'
import { providerOf } from '../sign-in/provider.ts'
import { isForAWhile, isRefused, serverReply } from './connect.ts'

/** What the sentences need to know of a channel. */
export interface Circumstances {
  channel: string
  oauth: OauthSettings | undefined
}

/** What to do when a mailbox does not let its user in, or in but not further. */
export function loginAdvice(error: unknown, mailbox: ImapSettings, more: Circumstances): string {
  if (error instanceof DeskError) return error.message
  const reply = serverReply(error)
  const mend = mendLogin(error, `${reply} ${codeFrom(error)}`, mailbox, more)
  return `the server says "${reply}": ${mend}`
}

function mendLogin(error: unknown, reply: string, mailbox: ImapSettings, more: Circumstances): string {
  const { host, user, password, security } = mailbox
  const provider = providerOf(host)
  if (/not connected/i.test(reply)) return notConnected(mailbox, more)
  if (/not enabled for imap|imap access is disabled|imap.{0,20}(disabled|not enabled)/i.test(reply)) {
    return provider === 'google'
      ? 'IMAP is switched off. An administrator ticks it in the Admin console: Apps > Google Workspace > Gmail > End user access > POP and IMAP access; the user in Gmail: Settings > See all settings > Forwarding and POP/IMAP > Enable IMAP.'
      : `IMAP is switched off for ${user}: ask the administrator of ${host} to allow it for this mailbox.`
  }
  if (/login is disabled|LOGINDISABLED|PRIVACYREQUIRED|plaintext auth/i.test(reply)) {
    return security === 'plain'
      ? 'it accepts passwords only over an encrypted connection: write security: starttls, or security: tls with port 993.'
      : 'it does not accept passwords: add oauth to the channel, or ask the administrator of the server for another way to sign in.'
  }
  if (/too many|simultaneous|\bLIMIT\b|ETHROTTLE/i.test(reply)) {
    return 'there are too many connections or attempts at the moment: close other programs that use this mailbox, or try again in a few minutes.'
  }
  if (isForAWhile(error)) return 'that is a temporary fault of the server: try again in a few minutes.'
  if (!isRefused(error)) return 'ask the administrator of the server.'
  if (/\bEXPIRED\b/.test(reply)) {
    return `the password of ${user} has expired: set a new one and write it as imap.password.`
  }
  if (password === undefined) return tokenRefused(mailbox, more)
  if (provider === 'google') {
    return `Google does not take the account's own password. Turn on 2-Step Verification for ${user}, make an app password at https://myaccount.google.com/apppasswords and write it as imap.password; or add oauth: { provider: google } and leave imap.password out.`
  }
  if (provider === 'microsoft') {
    return `Microsoft has switched off passwords for IMAP (basic authentication). Leave imap.password out, add oauth: { provider: microsoft } with the clientId of your app registration, and run relaydesk login ${more.channel}.`
  }
  const whole = user.includes('@') ? '' : ' Many servers want the whole address as the user name.'
  return `imap.user (${user}) or imap.password is wrong; some servers want an app password of their own for mail programs.${whole}`
}

function tokenRefused({ user }: ImapSettings, { channel, oauth }: Circumstances): string {
  if (oauth?.application) {
    return `the application has no access to the mailbox of ${user}. In the Entra admin centre, grant it IMAP.AccessAsApp of Office 365 Exchange Online (App registrations > API permissions > Grant admin consent); then in Exchange Online PowerShell run New-ServicePrincipal for it and Add-MailboxPermission -Identity ${user} -AccessRights FullAccess.`
  }
  const microsoft = ` If it is a shared mailbox, that person also needs Read and manage permissions for it (Microsoft 365 admin centre > Teams & groups > Shared mailboxes).`
  return `the sign-in is not valid for ${user}: run relaydesk login ${channel} and sign in as a person who may read that mailbox.${oauth?.provider === 'microsoft' ? microsoft : ''}`
}

/** Microsoft says so of a mailbox whose IMAP is off, and of one that belongs to somebody else. */
function notConnected({ user }: ImapSettings, { oauth }: Circumstances): string {
  const shared = oauth?.application
    ? ' Or the application has no FullAccess to it (Add-MailboxPermission in Exchange Online PowerShell).'
    : ' Or it is a shared mailbox, and the person who signed in may not read it: Teams & groups > Shared mailboxes > Read and manage permissions.'
  return `IMAP is switched off for ${user}. Tick it in the Microsoft 365 admin centre: Users > Active users > ${user} > Mail > Manage email apps > IMAP; it takes up to an hour.${shared}`
}

function codeFrom(error: unknown): string {
  const { serverResponseCode = '', code = '' } = error as { serverResponseCode?: string; code?: string }
  return `${serverResponseCode} ${code}`
}
