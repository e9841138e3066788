import { createHash, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A provider's sign-in service, over HTTP, as strict as one may be: refresh tokens rotate and work once. */
export interface OauthProvider {
  /** For `oauth.authority`. */
  authority: string
  /** What an introspecting server asks: POST `token=`, GET `?token=`, or GET with a bearer token. */
  introspectionUrl: string
  clientId: string
  clientSecret: string
  /** Who signs in where nobody else is named, and whose token an application gets. */
  person: string
  /** Of access tokens given from now on; seconds. */
  lifetime: number
  /** Whether a refresh token is replaced when it is used. */
  rotates: boolean
  /** Whether the application may do without its secret. */
  publicClient: boolean
  /** What the person in the browser does. */
  declines: boolean
  /** Given instead of what was asked for. */
  grantedScope: string | undefined
  /** Every request to the token endpoint is answered with this status. */
  failing: number | undefined
  /** Every request to the token endpoint is answered with this error. */
  refusing: { error: string; description: string } | undefined
  /** The form of each request to the token endpoint, in order. */
  readonly requests: Record<string, string>[]
  /** What browsers asked the authorization endpoint for. */
  readonly visits: URLSearchParams[]
  /** Answers of the token endpoint wait for what this gives. */
  hold: () => Promise<unknown>
  /** Device codes nobody has decided on, as people type them. */
  waitingCodes(): string[]
  /** The person types in the code, and says yes or no. */
  decide(userCode: string, yes: boolean): void
  /** Device codes end now. */
  expireCodes(): void
  /** Tokens for somebody, without any signing in. */
  issue(user?: string): { accessToken: string; refreshToken: string; expiresAt: string }
  /** Nothing that was given works any more. */
  revoke(): void
  /** Access tokens that were given do not work any more; refresh tokens do. */
  revokeAccess(): void
  /** Whose token this is; undefined if it does not work (any more). */
  whose(accessToken: string): string | undefined
  close(): Promise<void>
}

interface Device {
  userCode: string
  scope: string
  state: 'waiting' | 'allowed' | 'declined' | 'expired'
}

interface Code {
  user: string
  challenge: string
  redirect: string
  scope: string
}

type Answer = { status: number; body: object } | { location: string }

const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code'

export async function startOauthProvider(options: { port?: number; person?: string } = {}): Promise<OauthProvider> {
  const access = new Map<string, { user: string; scope: string; until: number }>()
  const refresh = new Map<string, { user: string; scope: string }>()
  const devices = new Map<string, Device>()
  const codes = new Map<string, Code>()

  const give = (user: string, scope: string, renewable: boolean) => {
    const accessToken = `access-${randomUUID()}`
    access.set(accessToken, { user, scope, until: Date.now() + provider.lifetime * 1000 })
    const refreshToken = renewable ? `refresh-${randomUUID()}` : undefined
    if (refreshToken) refresh.set(refreshToken, { user, scope })
    return {
      access_token: accessToken,
      token_type: 'Bearer',
      expires_in: provider.lifetime,
      scope: provider.grantedScope ?? scope,
      ...(refreshToken ? { refresh_token: refreshToken } : {}),
    }
  }

  const token = (form: Record<string, string>): Answer => {
    if (provider.refusing) return refusal(provider.refusing.error, provider.refusing.description)
    const secretOk = form.client_secret === provider.clientSecret
    if (form.client_id !== provider.clientId) return refusal('unauthorized_client', 'The application is not known.')
    if (!secretOk && !(provider.publicClient && form.client_secret === undefined)) {
      return refusal('invalid_client', 'The client secret is wrong.\r\nTrace ID: 1', 401)
    }
    switch (form.grant_type) {
      case 'client_credentials':
        return { status: 200, body: give(provider.person, form.scope ?? '', false) }
      case 'refresh_token': {
        const used = refresh.get(form.refresh_token ?? '')
        if (!used) return refusal('invalid_grant', `The token ${form.refresh_token} has expired or was revoked.`)
        if (provider.rotates) refresh.delete(form.refresh_token ?? '')
        return { status: 200, body: give(used.user, used.scope, provider.rotates) }
      }
      case 'authorization_code': {
        const code = codes.get(form.code ?? '')
        codes.delete(form.code ?? '')
        const challenge = createHash('sha256')
          .update(form.code_verifier ?? '')
          .digest('base64url')
        if (code?.challenge !== challenge || code.redirect !== form.redirect_uri) {
          return refusal('invalid_grant', 'The code is wrong.')
        }
        return { status: 200, body: give(code.user, code.scope, true) }
      }
      case DEVICE_GRANT: {
        const device = devices.get(form.device_code ?? '')
        if (!device || device.state === 'expired') return refusal('expired_token', 'The code has expired.')
        if (device.state === 'waiting') return refusal('authorization_pending', 'Nobody has signed in yet.')
        if (device.state === 'declined') return refusal('authorization_declined', 'The person declined.')
        devices.delete(form.device_code ?? '')
        return { status: 200, body: give(provider.person, device.scope, true) }
      }
      default:
        return refusal('unsupported_grant_type', 'There is no such grant.')
    }
  }

  const authorize = (query: URLSearchParams): Answer => {
    provider.visits.push(query)
    const redirect = query.get('redirect_uri') ?? ''
    const location = new URL(redirect)
    location.searchParams.set('state', query.get('state') ?? '')
    if (provider.declines) location.searchParams.set('error', 'access_denied')
    else {
      const code = randomUUID()
      const challenge = query.get('code_challenge') ?? ''
      codes.set(code, { user: provider.person, challenge, redirect, scope: query.get('scope') ?? '' })
      location.searchParams.set('code', code)
    }
    return { location: location.href }
  }

  const startDevice = (form: Record<string, string>): Answer => {
    if (form.client_id !== provider.clientId) return refusal('unauthorized_client', 'The application is not known.')
    const deviceCode = randomUUID()
    const userCode = randomUUID().slice(0, 8).toUpperCase()
    devices.set(deviceCode, { userCode, scope: form.scope ?? '', state: 'waiting' })
    const body = {
      device_code: deviceCode,
      user_code: userCode,
      verification_uri: `${provider.authority}/device`,
      expires_in: 900,
      interval: 0.02,
    }
    return { status: 200, body }
  }

  const introspect = (accessToken: string): Answer => {
    const user = provider.whose(accessToken)
    const scope = access.get(accessToken)?.scope
    const body =
      user === undefined ? { active: false } : { active: true, username: user, email: user, sub: user, scope }
    return { status: 200, body }
  }

  const discover = (issuerPath: string): Answer => {
    const at = (path: string) => `${provider.authority}/${path}`
    const body = {
      issuer: `${provider.authority}${issuerPath}`,
      authorization_endpoint: at('authorize'),
      token_endpoint: at('token'),
      device_authorization_endpoint: at('devicecode'),
      introspection_endpoint: at('introspect'),
      response_types_supported: ['code'],
      code_challenge_methods_supported: ['S256'],
    }
    return { status: 200, body }
  }

  const answer = async (request: IncomingMessage): Promise<Answer> => {
    const { pathname, searchParams } = new URL(request.url ?? '/', provider.authority)
    const form = request.method === 'POST' ? await readForm(request) : {}
    const wellKnown = pathname.endsWith('/.well-known/openid-configuration')
    if (wellKnown && pathname.startsWith('/unknown/')) return refusal('invalid_tenant', 'There is no such tenant.')
    if (wellKnown) return discover(pathname.replace('/.well-known/openid-configuration', ''))
    switch (pathname) {
      case '/token':
        provider.requests.push(form)
        await provider.hold()
        return provider.failing ? { status: provider.failing, body: {} } : token(form)
      case '/devicecode':
        return startDevice(form)
      case '/authorize':
        return authorize(searchParams)
      case '/introspect': {
        const bearer = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1]
        return introspect(form.token ?? searchParams.get('token') ?? bearer ?? '')
      }
      default:
        return { status: 404, body: {} }
    }
  }

  const server = createServer((request, response) => {
    answer(request).then(
      each => reply(response, each),
      () => reply(response, { status: 500, body: {} }),
    )
  })
  server.listen(options.port ?? 0, '127.0.0.1')
  await once(server, 'listening')
  const authority = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

  const provider: OauthProvider = {
    authority,
    introspectionUrl: `${authority}/introspect`,
    clientId: 'relaydesk',
    clientSecret: 'the-client-secret',
    person: options.person ?? 'help@desk.example',
    lifetime: 3600,
    rotates: true,
    publicClient: true,
    declines: false,
    grantedScope: undefined,
    failing: undefined,
    refusing: undefined,
    requests: [],
    visits: [],
    hold: async () => undefined,
    waitingCodes: () => [...devices.values()].filter(each => each.state === 'waiting').map(each => each.userCode),
    decide(userCode, yes) {
      const device = [...devices.values()].find(each => each.userCode === userCode)
      if (!device) throw new Error(`No device waits with the code ${userCode}`)
      device.state = yes ? 'allowed' : 'declined'
    },
    expireCodes() {
      for (const device of devices.values()) device.state = 'expired'
    },
    issue(user = provider.person) {
      const given = give(user, 'mail', true)
      const expiresAt = new Date(Date.now() + provider.lifetime * 1000).toISOString()
      return { accessToken: given.access_token, refreshToken: given.refresh_token ?? '', expiresAt }
    },
    revoke() {
      access.clear()
      refresh.clear()
    },
    revokeAccess: () => access.clear(),
    whose(accessToken) {
      const known = access.get(accessToken)
      return known && known.until > Date.now() ? known.user : undefined
    },
    async close() {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    },
  }
  return provider
}

/** RFC 6749 section 5.2. */
function refusal(error: string, description: string, status = 400): Answer {
  return { status, body: { error, error_description: description } }
}

async function readForm(request: IncomingMessage): Promise<Record<string, string>> {
  let text = ''
  for await (const chunk of request.setEncoding('utf8')) text += chunk
  return Object.fromEntries(new URLSearchParams(text))
}

function reply(response: ServerResponse, answer: Answer): void {
  if ('location' in answer) {
    response.writeHead(302, { location: answer.location }).end()
    return
  }
  response.writeHead(answer.status, { 'content-type': 'application/json', 'cache-control': 'no-store' })
  response.end(JSON.stringify(answer.body))
}
