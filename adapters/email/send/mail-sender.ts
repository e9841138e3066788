// Lets mail leave through a relay or into a Maildir.
import { readFileSync } from 'node:fs'
import { createTransport, type SendMailOptions, type Transporter } from 'nodemailer'
import { DeliveryError, type Sent } from '../../../src/channel/outbound.ts'
import { sentenceOf } from '../../../src/errors.ts'
import type { EmailSettings } from '../settings.ts'
import type { TokenSource } from '../sign-in/oauth.ts'
import type { Maildir } from './maildir.ts'

const CONNECTIONS = 6 // as many as a channel has places
const CONNECT_MS = 10_000
const SOCKET_MS = 40_000

/** How mail leaves. */
export interface MailSender {
  /** When `signal` aborts, its connection is closed. */
  send(id: string, mail: SendMailOptions, recipients: string[], signal?: AbortSignal): Promise<Sent>
  /** Rejects with what is wrong. */
  check(): Promise<void>
  close(): void
}

export type SmtpSettings = NonNullable<EmailSettings['send']['smtp']>

/** Through a relay, over a pool of connections. A user without a password signs in with the tokens, if there are any. */
export function smtpSender(settings: SmtpSettings, tokens?: TokenSource): MailSender {
  const byToken = settings.user !== undefined && settings.password === undefined ? tokens : undefined
  const transport = createTransport({
    pool: true,
    maxConnections: CONNECTIONS,
    host: settings.host,
    port: settings.port,
    secure: settings.secure,
    requireTLS: settings.requireTls && !settings.secure,
    ...authOf(settings, byToken !== undefined),
    ...(settings.ca ? { tls: { ca: readFileSync(settings.ca) } } : {}),
    connectionTimeout: CONNECT_MS,
    greetingTimeout: CONNECT_MS,
    socketTimeout: SOCKET_MS,
  })
  if (byToken) transport.set('oauth2_provision_cb', provisionFrom(byToken))
  return {
    send: (_id, mail, recipients, signal) =>
      sendThrough(transport, { ...mail, ...(signal ? { signal } : {}) }, recipients),
    check: async () => void (await transport.verify()),
    close: () => transport.close({ force: true }), // what is under way was waited for
  }
}

function authOf({ user, password }: SmtpSettings, byToken: boolean) {
  if (!user) return {}
  return { auth: byToken ? { type: 'OAuth2' as const, user } : { user, pass: password ?? '' } }
}

type Provision = (user: string, renew: boolean, done: (error: Error | null, token?: string) => void) => void

/** nodemailer asks once for each connection, and with `renew` when the relay refused what it got. */
function provisionFrom(tokens: TokenSource): Provision {
  let lastToken: string | undefined
  return (_user, renew, done) => {
    if (renew && lastToken !== undefined) tokens.refused(lastToken)
    tokens.accessToken().then(
      token => {
        lastToken = token
        done(null, token)
      },
      error => done(new Error(sentenceOf(error))), // nodemailer writes a code of its own on the error it is given
    )
  }
}

interface RecipientError {
  recipient?: string
  responseCode?: number
  response?: string
  message: string
}

/** What a failure of nodemailer tells. Only a reply of the server to this mail is final; all else may pass. */
interface SendFailure extends RecipientError {
  code?: string
  rejectedErrors?: RecipientError[]
}

/** nodemailer resolves when only some recipients were accepted, and throws one error for a mix of 451 and 550. */
async function sendThrough(transport: Transporter, mail: SendMailOptions, recipients: string[]): Promise<Sent> {
  try {
    const info = (await transport.sendMail(mail)) as { rejectedErrors?: RecipientError[] }
    const refused = refusals(info.rejectedErrors ?? [])
    const accepted = recipients.filter(recipient => !refused.some(each => each.recipient === recipient))
    return { accepted, refused }
  } catch (thrown) {
    const error = thrown as SendFailure
    const refused = refusals(error.rejectedErrors ?? [])
    if (refused.length > 0 && recipients.every(recipient => refused.some(each => each.recipient === recipient))) {
      return { accepted: [], refused }
    }
    const permanent = isPermanent(error) && error.code !== 'EAUTH' && error.code !== 'ETLS'
    throw new DeliveryError(error.response ?? sentenceOf(error), { permanent, cause: error })
  }
}

function refusals(errors: RecipientError[]): Sent['refused'] {
  return errors.map(error => ({
    recipient: error.recipient ?? '',
    permanent: isPermanent(error),
    reason: error.response ?? error.message,
  }))
}

/** RFC 5321 section 4.2.1: 5yz is a permanent negative completion. */
function isPermanent(error: RecipientError): boolean {
  return error.responseCode !== undefined && error.responseCode >= 500
}

/** Into a Maildir, one file for each recipient, named by the envelope. */
export function maildirSender(maildir: Maildir): MailSender {
  const compiler = createTransport({ streamTransport: true, buffer: true, newline: 'unix' })
  return {
    async send(id, mail, recipients) {
      const compiled = (await compiler.sendMail(mail)) as unknown as { message: Buffer }
      for (const [index, recipient] of recipients.entries()) {
        const head = Buffer.from(`Delivered-To: ${recipient}\n`)
        await maildir.deliver(`${id}.${index}`, Buffer.concat([head, compiled.message]))
      }
      return { accepted: recipients, refused: [] }
    },
    check: async () => void (await maildir.prepare()),
    close: () => undefined,
  }
}

/** A mail as it is written out. */
export async function compileMail(mail: SendMailOptions): Promise<Buffer> {
  const compiler = createTransport({ streamTransport: true, buffer: true })
  return ((await compiler.sendMail(mail)) as unknown as { message: Buffer }).message
}
