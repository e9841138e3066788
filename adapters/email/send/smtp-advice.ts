// What to do when the relay cannot be used.
import { codeOf, sentenceOf } from '../../../src/errors.ts'
import { fetchLine } from '../sign-in/certificate.ts'
import { providerOf } from '../sign-in/provider.ts'
import type { SmtpSettings } from './mail-sender.ts'

/** What to do when the relay cannot be used; `error` is nodemailer's. */
export function smtpAdvice(error: unknown, smtp: SmtpSettings, channel: string): string {
  const reply = (error as { response?: string }).response ?? brief(sentenceOf(error))
  return `${reply}: ${mend(error, reply, smtp, channel)}`
}

function mend(error: unknown, reply: string, smtp: SmtpSettings, channel: string): string {
  const { host, port, secure } = smtp
  const code = codeOf(error)
  if (code === 'EAUTH') return mendLogin(reply, smtp, channel)
  if (code === 'EDNS' || /ENOTFOUND/.test(reply)) {
    return `there is no host named ${host}: check the spelling of send.smtp.host.`
  }
  if (/wrong version number|packet length too long/i.test(reply)) {
    return 'this port does not use TLS from the start: write secure: false with port 587, or secure: true with port 465.'
  }
  if (/self.signed|unable to (get|verify)/i.test(reply)) {
    const shown = { host, port, ...(secure ? {} : { starttls: 'smtp' as const }) }
    return `this machine does not know who issued its certificate. To trust it, run ${fetchLine(shown)}, compare it with the administrator of the relay, and write send.smtp.ca: mail-server.pem.`
  }
  if (/altnames/i.test(reply)) return 'its certificate is for another name: write that name as send.smtp.host.'
  if (/certificate has expired/i.test(reply)) return 'the administrator of the relay must renew its certificate.'
  if (code === 'ETLS') {
    return 'the relay offers no encryption: write secure: true with port 465, or requireTls: false if you trust the network.'
  }
  if (/ECONNREFUSED/.test(reply))
    return `nothing listens on port ${port} of ${host}: write port 587, or 465 with secure: true.`
  if (code === 'ETIMEDOUT' && /greeting/i.test(reply)) {
    return 'something listens there but does not answer: write secure: true with port 465, or port 587 without it.'
  }
  if (['ESOCKET', 'ECONNECTION', 'ETIMEDOUT'].includes(code)) {
    return 'nothing answers there: check send.smtp.host and port, and the firewall.'
  }
  return 'check send.smtp.'
}

function mendLogin(reply: string, { host, user, password }: SmtpSettings, channel: string): string {
  const provider = providerOf(host)
  if (/SmtpClientAuthentication is disabled/i.test(reply)) {
    return /tenant/i.test(reply)
      ? 'SMTP is switched off for the whole organisation: in the Exchange admin centre, Settings > Mail flow, clear "Turn off SMTP AUTH protocol for your organization".'
      : `SMTP is switched off for ${user}. Tick it in the Microsoft 365 admin centre: Users > Active users > ${user} > Mail > Manage email apps > Authenticated SMTP; it takes up to an hour.`
  }
  if (password === undefined && user !== undefined) {
    return `the sign-in is not valid for ${user}: run relaydesk login ${channel} and sign in as somebody who may send from it.`
  }
  if (provider === 'google') {
    return 'Google wants an app password (https://myaccount.google.com/apppasswords) as send.smtp.password, or oauth and no password.'
  }
  if (provider === 'microsoft') {
    return `Microsoft no longer accepts passwords: leave send.smtp.password out, add oauth: { provider: microsoft }, and run relaydesk login ${channel}.`
  }
  return 'send.smtp.user or send.smtp.password is wrong, or the account is not allowed to send: ask the administrator of the relay.'
}

/** Without OpenSSL's places in its source, and Node's hints for programmers. */
function brief(sentence: string): string {
  const reason = /SSL routines:[^:]*:([^:]+)/.exec(sentence)?.[1] ?? sentence
  return reason.replace(/; if the root CA .*$/, '')
}
