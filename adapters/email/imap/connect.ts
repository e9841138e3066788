import { readFileSync } from 'node:fs'
import { ImapFlow } from 'imapflow'
import { codeOf, DeskError, sentenceOf } from '../../../src/errors.ts'
import type { TokenSource } from '../oauth.ts'
import type { ImapSettings } from '../settings.ts'

const CONNECT_MS = 15_000
const LONGEST_LINE = 64 * 1024 * 1024 // of a response, without the messages in it

/** How long a server may say nothing before it is asked, or given up; milliseconds. */
export function patience(settings: ImapSettings): number {
  return Math.min(60_000, Math.max(3_000, settings.poll))
}

/**
 * A connection that is signed in. imapflow's objects are for one connection; whoever asked closes it. Rejects with what
 * the server or the network said.
 */
export async function connectImap(settings: ImapSettings, tokens: TokenSource | undefined): Promise<ImapFlow> {
  const { host, port, security, user, password, ca } = settings
  const accessToken = password === undefined ? await tokens?.accessToken() : undefined
  if (password === undefined && accessToken === undefined) {
    throw new DeskError('config', `imap: ${user} has neither a password nor oauth: add one of them.`)
  }
  const client = new ImapFlow({
    host,
    port,
    secure: security === 'tls',
    doSTARTTLS: security === 'starttls',
    auth: accessToken === undefined ? { user, pass: password ?? '' } : { user, accessToken },
    ...(ca === undefined ? {} : { tls: { ca: readFileSync(ca) } }),
    clientInfo: { name: 'Relaydesk' },
    logger: false,
    disableAutoIdle: true,
    connectionTimeout: CONNECT_MS,
    greetingTimeout: CONNECT_MS,
    socketTimeout: patience(settings),
    maxLineLength: LONGEST_LINE,
  })
  // Without a listener an error that comes between two commands would end the process; whoever waits hears of the close.
  client.on('error', () => undefined)
  try {
    await client.connect()
    return client
  } catch (error) {
    client.close()
    if (accessToken !== undefined && isRefused(error)) tokens?.refused(accessToken)
    throw error
  }
}

/** The server refused who we are, not what we asked. */
export function isRefused(error: unknown): boolean {
  return (error as { authenticationFailed?: boolean }).authenticationFailed === true
}

/** Its certificate is not trusted, or is somebody else's: that does not pass by itself. */
export function isDistrusted(error: unknown): boolean {
  return /CERT|SELF_SIGNED|UNABLE_TO_VERIFY/.test(codeOf(error))
}

/** What the server said, without anything of ours. */
export function whatItSaid(error: unknown): string {
  const { responseText, reason, code } = error as { responseText?: string; reason?: string; code?: string }
  return responseText || reason || (code ? `${sentenceOf(error)} (${code})` : sentenceOf(error))
}
