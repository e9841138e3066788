// Talks to a provider's sign-in service.
import type { Configuration, TokenEndpointResponse } from 'openid-client'
import { DeskError } from '../../../src/errors.ts'
import type { OauthSettings } from '../settings.ts'
import { failureOf, type OauthFailure } from './oauth-failure.ts'

/** Longest wait for one answer of the provider; seconds. */
const ANSWER_SECONDS = 10

/** What a provider that names no lifetime is taken to mean; seconds. */
const USUAL_LIFETIME = 3600

const PROVIDERS = {
  microsoft: {
    name: 'Microsoft',
    authority: 'https://login.microsoftonline.com',
    // learn.microsoft.com, "Authenticate an IMAP, POP or SMTP connection using OAuth"
    scope: 'https://outlook.office.com/IMAP.AccessAsUser.All https://outlook.office.com/SMTP.Send offline_access',
  },
  google: {
    name: 'Google',
    authority: 'https://accounts.google.com',
    // developers.google.com, "Gmail IMAP and SMTP: OAuth 2.0 mechanism"
    scope: 'https://mail.google.com/',
  },
} as const

const APPLICATION_SCOPE = 'https://outlook.office365.com/.default'

/** Names that stand for any organisation: a person says which one by signing in, an application cannot. */
const ANY_TENANT = ['organizations', 'common', 'consumers']

/** What a provider gave. */
export interface Tokens {
  accessToken: string
  /** ISO 8601 UTC. */
  expiresAt: string
  /** Null for an application, which needs none. */
  refreshToken: string | null
}

/** A registered application at its provider, as the settings describe it. */
export class OauthClient {
  readonly settings: OauthSettings
  /** The channel it signs in for. */
  readonly channel: string
  /** How the provider is called in sentences. */
  readonly name: string
  /** What is asked for. */
  readonly scope: string
  readonly #now: () => Date
  #configuration: Promise<Configuration> | undefined

  constructor(settings: OauthSettings, channel: string, now: () => Date) {
    const { name, scope } = PROVIDERS[settings.provider]
    this.settings = settings
    this.channel = channel
    this.name = name
    this.scope = settings.application ? APPLICATION_SCOPE : scope
    this.#now = now
  }

  /** Tells the tokens of this application and provider from those of an earlier configuration. */
  get account(): string {
    const { clientId, application, tenant } = this.settings
    return [this.#authority(), clientId, application ? `application ${tenant}` : 'person'].join(' ')
  }

  /** New tokens for a refresh token. Rejects with what openid-client throws. */
  async refresh(refreshToken: string): Promise<Tokens> {
    const scope = this.settings.provider === 'microsoft' ? { scope: this.scope } : undefined
    return this.ask(
      (library, configuration) => library.refreshTokenGrant(configuration, refreshToken, scope),
      refreshToken,
    )
  }

  /** A token for the application itself. Rejects with what openid-client throws. */
  async signInAsApplication(): Promise<Tokens> {
    if (ANY_TENANT.includes(this.settings.tenant)) {
      throw new DeskError(
        'config',
        `oauth.tenant of the channel ${this.channel}: write the id or the domain of your organisation, as an application belongs to one.`,
      )
    }
    return this.ask((library, configuration) =>
      library.clientCredentialsGrant(configuration, { scope: APPLICATION_SCOPE }),
    )
  }

  /** Asks the provider for tokens. Its addresses are looked up first, if they are not known. */
  async ask(
    grant: (library: typeof import('openid-client'), configuration: Configuration) => Promise<TokenEndpointResponse>,
    refreshToken: string | null = null,
  ): Promise<Tokens> {
    const library = await import('openid-client')
    const configuration = await this.configuration()
    const response = await grant(library, configuration)
    return {
      accessToken: response.access_token,
      expiresAt: new Date(this.#now().getTime() + (response.expires_in ?? USUAL_LIFETIME) * 1000).toISOString(),
      refreshToken: response.refresh_token ?? refreshToken,
    }
  }

  /** The provider's addresses, from its discovery document; looked up once. */
  configuration(): Promise<Configuration> {
    this.#configuration ??= this.#discover().catch(error => {
      this.#configuration = undefined
      throw error
    })
    return this.#configuration
  }

  /** What an error means, without anything that must stay secret. */
  failure(error: unknown, ...secrets: (string | null | undefined)[]): OauthFailure {
    return failureOf(error, [this.settings.clientSecret, ...secrets])
  }

  /** The error that people read. */
  deskError({ kind, reason }: OauthFailure): DeskError {
    const { name, channel } = this
    const login = `relaydesk login ${channel}`
    const sentences: Record<OauthFailure['kind'], string> = {
      temporary: `The sign-in service of ${name} (${this.#host()}) gives no token at the moment (${reason}). The desk will try again.`,
      'grant-refused': `${name} no longer accepts the sign-in of the channel ${channel} (${reason}): sign in again with ${login}.`,
      'client-refused': `${name} does not accept oauth.clientId or oauth.clientSecret of the channel ${channel} (${reason}): correct them, then run ${login}.`,
      denied: `The sign-in at ${name} was declined (${reason}): run ${login} again and accept, or ask the administrator of your organisation at ${name} to allow it.`,
      expired: `Nobody signed in at ${name} in time: run ${login} again.`,
      'address-wrong': `The sign-in service of ${name} is not at this address (${reason}): check oauth.tenant and oauth.authority of the channel ${channel}, then run ${login}.`,
      refused: `${name} refused (${reason}): check oauth of the channel ${channel} and what the application may do, then run ${login}.`,
    }
    return new DeskError(kind === 'temporary' ? 'temporary' : 'config', sentences[kind])
  }

  async #discover(): Promise<Configuration> {
    const { allowInsecureRequests, discovery } = await import('openid-client')
    const { clientId, clientSecret } = this.settings
    const server = this.#server()
    return discovery(server, clientId, clientSecret, undefined, {
      timeout: ANSWER_SECONDS,
      ...(server.protocol === 'http:' ? { execute: [allowInsecureRequests] } : {}),
    })
  }

  /** The issuer, below which the discovery document lies. */
  #server(): URL {
    const authority = this.#authority()
    const { provider, tenant } = this.settings
    const server = new URL(provider === 'microsoft' ? `${authority}/${encodeURIComponent(tenant)}/v2.0` : authority)
    const loopback = ['127.0.0.1', '[::1]', 'localhost'].includes(server.hostname)
    if (server.protocol === 'https:' || (server.protocol === 'http:' && loopback)) return server
    throw new DeskError(
      'config',
      `oauth.authority of the channel ${this.channel}: write an address that begins with https://, so that tokens cannot be read on the way.`,
    )
  }

  #authority(): string {
    const { provider, authority } = this.settings
    return (authority ?? PROVIDERS[provider].authority).replace(/\/+$/, '')
  }

  #host(): string {
    return new URL(this.#authority()).host
  }
}
