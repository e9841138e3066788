// Signing in, once, by a person.
import type { Configuration } from 'openid-client'
import { DeskError } from '../../../src/errors.ts'
import type { OauthSettings } from '../settings.ts'
import { OauthClient, type Tokens } from './oauth-client.ts'
import { awaitRedirect } from './oauth-loopback.ts'
import { rememberTokens, type TokenMemory } from './oauth-memory.ts'

const MINUTE_MS = 60_000

/** How long a person may take where the provider does not say it itself. */
const PATIENCE_MS = 10 * MINUTE_MS

export interface SignInOptions {
  settings: OauthSettings
  /** Keeps what is obtained. */
  memory: TokenMemory
  /** Name of the channel, for the command in sentences. */
  channel: string
  /** Whose mailbox it is, for the sentence that says who is to sign in. */
  user?: string
  now(): Date
  /** Tells the person what to do. */
  say(sentence: string): void
  /** How long to wait for a person in their browser; milliseconds. */
  patience?: number
}

/**
 * Obtains the first tokens: Microsoft by device code, Google in the browser of this machine, because its device codes do
 * not give access to mail; an application only proves that it can. Rejects with a `DeskError` that says what to do.
 */
export async function signIn(options: SignInOptions): Promise<void> {
  const { settings, memory, channel, now, say } = options
  const client = new OauthClient(settings, channel, now)
  const tokens = await obtain(client, options).catch(error => {
    throw error instanceof DeskError ? error : client.deskError(client.failure(error))
  })
  await rememberTokens(memory, client.account, tokens)
  say(
    settings.application
      ? `${client.name} gave the application a token: the channel ${channel} can sign in.`
      : `Signed in at ${client.name}: from now on the channel ${channel} renews its token by itself.`,
  )
}

async function obtain(client: OauthClient, options: SignInOptions): Promise<Tokens> {
  const { application, provider } = client.settings
  if (application) return client.signInAsApplication()
  const tokens = provider === 'google' ? await byBrowser(client, options) : await byDeviceCode(client, options)
  if (tokens.refreshToken !== null) return tokens
  throw new DeskError(
    'config',
    `${client.name} gave a token that cannot be renewed: let the application have offline access, then run relaydesk login ${client.channel} again.`,
  )
}

/** RFC 8628: the person types a code into a browser, on whatever machine. */
async function byDeviceCode(client: OauthClient, { say, user }: SignInOptions): Promise<Tokens> {
  const library = await import('openid-client')
  const configuration = await client.configuration()
  const device = await library.initiateDeviceAuthorization(configuration, { scope: client.scope })
  const minutes = Math.max(1, Math.floor(device.expires_in / 60))
  say(`Open ${device.verification_uri} in a browser on any machine and enter the code ${device.user_code}.`)
  say(`Sign in ${whoever(user)}. The code is valid for ${minutes} minutes.`)
  const signal = AbortSignal.timeout(device.expires_in * 1000)
  for (;;) {
    try {
      return await client.ask(() => library.pollDeviceAuthorizationGrant(configuration, device, undefined, { signal }))
    } catch (error) {
      if (signal.aborted) throw client.deskError({ kind: 'expired', reason: '' })
      const failure = client.failure(error, device.device_code)
      // RFC 8628 section 3.5: a connection that fails is no answer. Each attempt begins with the provider's own pause.
      if (failure.kind !== 'temporary') throw client.deskError(codeUsedUp(failure))
    }
  }
}

/** Microsoft and others say of a device code that is gone what they say of any grant. */
function codeUsedUp(failure: ReturnType<OauthClient['failure']>): ReturnType<OauthClient['failure']> {
  return failure.kind === 'grant-refused' ? { ...failure, kind: 'expired' } : failure
}

/** RFC 8252 section 7.3, with PKCE: the browser brings the answer to a port of this machine. */
async function byBrowser(client: OauthClient, { say, user, patience }: SignInOptions): Promise<Tokens> {
  const library = await import('openid-client')
  const configuration = await client.configuration()
  const state = library.randomState()
  const verifier = library.randomPKCECodeVerifier()
  await using redirect = await awaitRedirect(state)
  const address = library.buildAuthorizationUrl(configuration, {
    redirect_uri: redirect.address,
    scope: client.scope,
    state,
    code_challenge: await library.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    access_type: 'offline',
    prompt: 'consent',
    ...(user === undefined ? {} : { login_hint: user }),
  })
  say(`Open this address in a browser on this machine, and sign in ${whoever(user)}:`)
  say(address.href)
  say(
    `If your browser is on another machine, it will end up at an address that begins with ${redirect.address} and cannot be opened. Copy that address and run on this machine: curl 'THAT ADDRESS'`,
  )
  const arrived = await redirect.arrival(patience ?? PATIENCE_MS)
  if (!arrived) throw client.deskError({ kind: 'expired', reason: '' })
  return exchange(client, library, configuration, { arrived, state, verifier })
}

async function exchange(
  client: OauthClient,
  library: typeof import('openid-client'),
  configuration: Configuration,
  { arrived, state, verifier }: { arrived: URL; state: string; verifier: string },
): Promise<Tokens> {
  let granted: string | undefined
  const checks = { expectedState: state, pkceCodeVerifier: verifier }
  const tokens = await client
    .ask(async () => {
      const response = await library.authorizationCodeGrant(configuration, arrived, checks)
      granted = response.scope
      return response
    })
    .catch(error => {
      throw client.deskError(client.failure(error, arrived.searchParams.get('code'), verifier))
    })
  // Google lets people leave out what was asked for.
  if (granted === undefined || granted.split(' ').includes(client.scope)) return tokens
  throw client.deskError({ kind: 'denied', reason: 'the box that gives access to mail was not ticked' })
}

function whoever(user: string | undefined): string {
  return user === undefined
    ? 'as the owner of the mailbox'
    : `as ${user}, or as somebody who is allowed to open that mailbox`
}
