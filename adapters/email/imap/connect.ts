// Connects to a mailbox and signs in.
import { readFileSync } from 'node:fs'
import { codeOf, DeskError, sentenceOf } from '../../../src/errors.ts'
import type { ImapSettings } from '../settings.ts'
import type { TokenSource } from '../sign-in/oauth.ts'
import { BoundedImap } from './bounded-client.ts'

const CONNECT_MS = 15_000

/** How long a server may say nothing before it is asked, or given up; milliseconds. */
export function patience(settings: ImapSettings): number {
  return Math.min(60_000, Math.max(3_000, settings.poll))
}

/**
 * A connection that is signed in. imapflow's objects are for one connection; whoever asked closes it, or lets `stop` close
 * it, while it is made as well. Rejects with what the server or the network said.
 */
export async function connectImap(
  settings: ImapSettings,
  tokens: TokenSource | undefined,
  stop?: AbortSignal,
): Promise<BoundedImap> {
  const { host, port, security, user, password, ca } = settings
  const accessToken = password === undefined ? await tokens?.accessToken() : undefined
  if (password === undefined && accessToken === undefined) {
    throw new DeskError('config', `imap: ${user} has neither a password nor oauth: add one of them.`)
  }
  const client = new BoundedImap({
    host,
    port,
    secure: security === 'tls',
    doSTARTTLS: security === 'starttls',
    auth: accessToken === undefined ? { user, pass: password ?? '' } : { user, accessToken },
    ...(ca === undefined ? {} : { tls: { ca: readFileSync(ca) } }),
    clientInfo: { name: 'Relaydesk' },
    disableAutoIdle: true,
    connectionTimeout: CONNECT_MS,
    greetingTimeout: CONNECT_MS,
    socketTimeout: patience(settings),
  })
  // Without a listener an error that comes between two commands would end the process; whoever waits hears of the close.
  client.on('error', () => undefined)
  const close = () => client.close()
  stop?.addEventListener('abort', close)
  client.on('close', () => stop?.removeEventListener('abort', close))
  try {
    await client.connect()
    return client
  } catch (error) {
    client.close()
    if (accessToken !== undefined && isRefused(error)) tokens?.refused(accessToken)
    throw error
  }
}

/** What servers say with a code (RFC 5530 section 3): who we are is wrong, or it is nothing that we could mend. */
const FOR_GOOD = /^(AUTHENTICATIONFAILED|AUTHORIZATIONFAILED|EXPIRED|PRIVACYREQUIRED|NOPERM)$/
const FOR_A_WHILE =
  /\b(UNAVAILABLE|SERVERBUG|INUSE|LIMIT|CORRUPTION)\b|temporar|internal error|\blater\b|too many|simultaneous|number of connections|throttled|timed? ?out|not responding/i

/** The server lets nobody in for now, or not so many at once. */
export function isForAWhile(error: unknown): boolean {
  const { serverResponseCode = '' } = error as ServerError
  if (FOR_GOOD.test(serverResponseCode)) return false
  return FOR_A_WHILE.test(`${serverResponseCode} ${serverReply(error)}`)
}

/**
 * The server refused who we are, not what we asked, and will again. imapflow says so of whatever ends a sign-in, also of
 * a connection that was lost: only what the server says itself counts, and what passes by itself does not.
 */
export function isRefused(error: unknown): boolean {
  const { authenticationFailed, code } = error as ServerError
  return authenticationFailed === true && code === undefined && !isForAWhile(error)
}

interface ServerError {
  authenticationFailed?: boolean
  /** Of the connection; undefined where the server answered. */
  code?: string
  /** RFC 5530. */
  serverResponseCode?: string
}

/** Its certificate is not trusted, or is somebody else's: that does not pass by itself. */
export function isDistrusted(error: unknown): boolean {
  return /CERT|SELF_SIGNED|UNABLE_TO_VERIFY/.test(codeOf(error))
}

/** What the server said, without anything of ours. */
export function serverReply(error: unknown): string {
  const { responseText, reason, code } = error as { responseText?: string; reason?: string; code?: string }
  return responseText || reason || (code ? `${sentenceOf(error)} (${code})` : sentenceOf(error))
}
