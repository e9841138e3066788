import { inspect } from 'node:util'
import { createEmulator, type Emulator } from 'emulate'
import { SMTPServer } from 'smtp-server'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { smtpSender } from '../../../../adapters/email/send/mail-sender.ts'
import type { OauthSettings } from '../../../../adapters/email/settings.ts'
import { type TokenMemory, tokenSource } from '../../../../adapters/email/sign-in/oauth.ts'
import { signIn } from '../../../../adapters/email/sign-in/oauth-sign-in.ts'
import { ManualClock } from '../../../../src/clock.ts'
import { eventually } from '../../../support/eventually.ts'
import { freePort } from '../../../support/ports.ts'
import { HttpTalk } from '../../../support/servers/http-talk.ts'
import { type OauthProvider, startOauthProvider } from '../../../support/servers/oauth-provider.ts'

const MINUTE = 60_000
/** The one that the emulated Microsoft has. */
const TENANT = '9188040d-6c67-4c5b-b112-36a304b66dad'
const SIGN_IN_AGAIN = /relaydesk login support\.$/

class Memory implements TokenMemory {
  readonly kept = new Map<string, string>()
  /** What happens before something is kept. */
  before: () => Promise<void> = async () => undefined

  async recall(key: string): Promise<string | undefined> {
    return this.kept.get(key)
  }

  async remember(key: string, value: string): Promise<void> {
    await this.before()
    this.kept.set(key, value)
  }

  get tokens(): { accessToken: string; refreshToken: string | null; expiresAt: string } {
    return JSON.parse(this.kept.get('oauth') ?? '{}')
  }
}

let provider: OauthProvider
let memory: Memory
let clock: ManualClock
let settings: OauthSettings

beforeEach(async () => {
  provider = await startOauthProvider()
  memory = new Memory()
  clock = new ManualClock(new Date())
  settings = {
    provider: 'microsoft',
    clientId: provider.clientId,
    clientSecret: undefined,
    tenant: 'desk.example',
    application: false,
    authority: provider.authority,
  }
})

afterEach(() => provider.close())

const now = () => clock.now()

function source() {
  return tokenSource(settings, memory, now, { channel: 'support' })
}

/** Signs in; `person` does in the browser what is to be done there. Gives what was said. */
async function signInAs(person: (said: string[]) => Promise<void>, patience?: number): Promise<string[]> {
  const said: string[] = []
  const options = {
    settings,
    memory,
    channel: 'support',
    user: 'help@desk.example',
    now,
    say: (s: string) => said.push(s),
  }
  await Promise.all([signIn({ ...options, ...(patience ? { patience } : {}) }), person(said)])
  return said
}

async function typeCode(yes = true): Promise<void> {
  const code = await eventually(() => provider.waitingCodes()[0], 'a code that waits')
  provider.decide(code, yes)
}

/** Opens the address that was said, as a browser does. Gives the page it ends at. */
async function openAddress(said: string[]): Promise<string> {
  const address = await eventually(() => said.find(each => each.startsWith('http')), 'an address to open')
  return (await fetch(address)).text()
}

async function thrown(work: Promise<unknown>): Promise<{ code: string; message: string }> {
  const error = await work.then(
    () => undefined,
    (each: unknown) => each as { code: string; message: string },
  )
  if (!error) throw new Error('This did not fail')
  return error
}

describe('the token', () => {
  beforeEach(() => signInAs(() => typeCode()))

  test('is the one of the sign-in until less than five minutes remain, then a new one', async () => {
    const tokens = source()
    const first = await tokens.accessToken()
    clock.advance(54 * MINUTE)
    expect(await tokens.accessToken()).toBe(first)
    expect(provider.requests.filter(each => each.grant_type === 'refresh_token')).toEqual([])
    clock.advance(2 * MINUTE)
    const second = await tokens.accessToken()
    expect(second).not.toBe(first)
    expect(provider.whose(second)).toBe('help@desk.example')
    expect(await tokens.accessToken()).toBe(second)
    expect(provider.requests.at(-1)).toMatchObject({ scope: expect.stringContaining('SMTP.Send offline_access') })
  })

  test('is handed out only once the new refresh token is stored', async () => {
    clock.advance(56 * MINUTE)
    const used = memory.tokens.refreshToken
    const { promise: stored, resolve: store } = Promise.withResolvers<void>()
    let storing = false
    memory.before = () => {
      storing = true
      return stored
    }
    let handedOut: string | undefined
    const asked = source()
      .accessToken()
      .then(token => {
        handedOut = token
      })
    await eventually(() => storing || undefined, 'the new token is being stored')
    expect(handedOut).toBeUndefined()
    store()
    await asked
    expect(memory.tokens).toMatchObject({ accessToken: handedOut })
    expect(memory.tokens.refreshToken).not.toBe(used)
  })

  test('is not lost when it could not be stored at once', async () => {
    clock.advance(56 * MINUTE)
    memory.before = () => Promise.reject(new Error('the disk is full'))
    const tokens = source()
    expect(await thrown(tokens.accessToken())).toMatchObject({ code: 'temporary' })
    memory.before = async () => undefined
    const token = await tokens.accessToken()
    expect(provider.whose(token)).toBe('help@desk.example')
    expect(memory.tokens.accessToken).toBe(token)
    expect(provider.requests.filter(each => each.grant_type === 'refresh_token')).toHaveLength(1)
  })

  test('is renewed once for all who ask', async () => {
    clock.advance(56 * MINUTE)
    const tokens = source()
    const given = await Promise.all(Array.from({ length: 20 }, () => tokens.accessToken()))
    expect(new Set(given).size).toBe(1)
    expect(provider.requests.filter(each => each.grant_type === 'refresh_token')).toHaveLength(1)
  })

  test('is taken from another process that renewed it first', async () => {
    clock.advance(56 * MINUTE)
    const [here, there] = [source(), source()]
    // Both use the one refresh token: one of them is refused, and finds what the other one stored.
    const [one, other] = await Promise.all([here.accessToken(), there.accessToken()])
    expect(one).toBe(other)
    expect(provider.requests.filter(each => each.grant_type === 'refresh_token')).toHaveLength(2)
  })

  test('leaves alone what somebody signed in with meanwhile', async () => {
    clock.advance(56 * MINUTE)
    const tokens = source()
    const { promise: signedIn, resolve: goOn } = Promise.withResolvers<void>()
    provider.hold = () => signedIn
    const asked = tokens.accessToken()
    await eventually(() => provider.requests.find(each => each.grant_type === 'refresh_token'), 'a renewal')
    provider.hold = async () => undefined
    provider.person = 'another@desk.example'
    await signInAs(() => typeCode())
    goOn()
    await asked
    expect(provider.whose(await tokens.accessToken())).toBe('another@desk.example')
  })

  test('is renewed when the mail server refuses it, and not once more for whoever says so late', async () => {
    const tokens = source()
    const first = await tokens.accessToken()
    tokens.refused(first)
    const second = await tokens.accessToken()
    expect(second).not.toBe(first)
    tokens.refused(first)
    expect(await tokens.accessToken()).toBe(second)
  })

  test('that nobody gives any more is an error that names the command, and signing in mends it', async () => {
    clock.advance(56 * MINUTE)
    const tokens = source()
    const { refreshToken } = memory.tokens
    provider.revoke()
    const error = await thrown(tokens.accessToken())
    expect(error).toMatchObject({ code: 'config', message: expect.stringMatching(SIGN_IN_AGAIN) })
    expect(error.message).toContain('Microsoft no longer accepts the sign-in of the channel support')
    expect(inspect(error, { depth: 10, showHidden: true })).not.toContain(refreshToken) // the provider repeats it
    await signInAs(() => typeCode())
    expect(provider.whose(await tokens.accessToken())).toBe('help@desk.example')
  })

  test.each([500, 503, 429])('waits while the provider answers %i', async status => {
    clock.advance(56 * MINUTE)
    const tokens = source()
    provider.failing = status
    expect(await thrown(tokens.accessToken())).toMatchObject({
      code: 'temporary',
      message: expect.stringContaining(`it answered ${status}`),
    })
    provider.failing = undefined
    expect(provider.whose(await tokens.accessToken())).toBe('help@desk.example')
  })

  test.each([
    ['temporarily_unavailable', 'temporary', 'gives no token at the moment (The service says so)'],
    ['interaction_required', 'config', 'no longer accepts the sign-in of the channel support'],
    ['unauthorized_client', 'config', 'oauth.clientId'],
    ['invalid_scope', 'config', 'Microsoft refused (The service says so)'],
  ])('that is refused with %s is %s', async (error, code, sentence) => {
    clock.advance(56 * MINUTE)
    provider.refusing = { error, description: 'The service says so. Trace ID: 0 Correlation ID: 0' }
    const said = await thrown(source().accessToken())
    expect(said).toMatchObject({ code, message: expect.stringContaining(sentence) })
    expect(said.message).not.toContain('Trace')
  })

  test('waits while nothing answers', async () => {
    clock.advance(56 * MINUTE)
    const port = Number(new URL(provider.authority).port)
    await provider.close()
    const tokens = source()
    expect(await thrown(tokens.accessToken())).toMatchObject({
      code: 'temporary',
      message: expect.stringContaining('gives no token at the moment'),
    })
    provider = await startOauthProvider({ port })
    const { accessToken } = provider.issue()
    memory.kept.set('oauth', JSON.stringify({ ...memory.tokens, ...provider.issue(), expiresAt: now().toISOString() }))
    expect(await tokens.accessToken()).not.toBe(accessToken)
  })

  test('says which setting is wrong when the secret has run out', async () => {
    clock.advance(56 * MINUTE)
    settings = { ...settings, clientSecret: 'an-old-secret' }
    const error = await thrown(source().accessToken())
    expect(error).toMatchObject({ code: 'config', message: expect.stringMatching(SIGN_IN_AGAIN) })
    expect(error.message).toContain('oauth.clientSecret of the channel support (The client secret is wrong)')
    expect(error.message).not.toContain('an-old-secret')
  })

  test('of an earlier configuration is not used', async () => {
    settings = { ...settings, clientId: 'another-application' }
    expect(await thrown(source().accessToken())).toMatchObject({
      code: 'config',
      message: 'Nobody has signed in at Microsoft for the channel support yet: run relaydesk login support.',
    })
  })
})

describe('signing in at Microsoft', () => {
  test('says where to go and what to type', async () => {
    const said = await signInAs(() => typeCode())
    expect(said[0]).toMatch(/^Open http:\/\/127\.0\.0\.1:\d+\/device in a browser on any machine and enter the code /)
    expect(said[1]).toContain('Sign in as help@desk.example')
    expect(said.at(-1)).toContain('Signed in at Microsoft')
    expect(provider.whose(memory.tokens.accessToken)).toBe('help@desk.example')
    expect(provider.requests.at(-1)).not.toHaveProperty('client_secret')
  })

  test('survives a provider in trouble while it waits', async () => {
    await signInAs(async () => {
      await eventually(() => provider.waitingCodes()[0], 'a code')
      provider.failing = 500
      const before = provider.requests.length
      await eventually(() => provider.requests.length > before + 2 || undefined, 'answers of 500')
      provider.failing = undefined
      await typeCode()
    })
    expect(provider.whose(memory.tokens.accessToken)).toBe('help@desk.example')
  })

  test('tells declined from too late', async () => {
    const declined = await thrown(signInAs(() => typeCode(false)))
    expect(declined).toMatchObject({ code: 'config', message: expect.stringContaining('was declined') })
    const late = signInAs(async () => {
      await eventually(() => provider.waitingCodes()[0], 'a code')
      provider.expireCodes()
    })
    expect((await thrown(late)).message).toBe(
      'Nobody signed in at Microsoft in time: run relaydesk login support again.',
    )
    expect(memory.kept.size).toBe(0)
  })

  test.each([
    ['the id of the application', { clientId: 'unknown' }, 'oauth.clientId'],
    ['the organisation', { tenant: 'unknown' }, 'check oauth.tenant and oauth.authority'],
    ['the address', { authority: 'http://login.example.com' }, 'begins with https://'],
  ])('says that %s is wrong', async (_what, wrong, sentence) => {
    settings = { ...settings, ...wrong }
    const error = await thrown(signInAs(async () => undefined))
    expect(error).toMatchObject({ code: 'config', message: expect.stringContaining(sentence) })
  })

  test('works as an application, which renews by asking again', async () => {
    settings = { ...settings, application: true, clientSecret: provider.clientSecret }
    const said = await signInAs(async () => undefined)
    expect(said).toEqual(['Microsoft gave the application a token: the channel support can sign in.'])
    const tokens = source()
    const first = await tokens.accessToken()
    expect(first).toBe(memory.tokens.accessToken)
    clock.advance(56 * MINUTE)
    expect(await tokens.accessToken()).not.toBe(first)
    expect(provider.requests.map(each => each.scope)).toEqual(Array(2).fill('https://outlook.office365.com/.default'))
  })

  test('as an application needs no sign-in, but one organisation', async () => {
    settings = { ...settings, application: true, clientSecret: provider.clientSecret }
    expect(provider.whose(await source().accessToken())).toBe('help@desk.example')
    settings = { ...settings, tenant: 'organizations' }
    memory.kept.clear()
    expect(await thrown(source().accessToken())).toMatchObject({
      code: 'config',
      message: expect.stringContaining('oauth.tenant'),
    })
  })
})

describe('signing in at Google', () => {
  beforeEach(() => {
    settings = { ...settings, provider: 'google', clientSecret: provider.clientSecret }
  })

  test('goes through the browser, and asks for mail with a token that can be renewed', async () => {
    let page = ''
    await signInAs(async said => {
      page = await openAddress(said)
    })
    expect(page).toContain('You can close this page')
    expect(provider.whose(memory.tokens.accessToken)).toBe('help@desk.example')
    expect(Object.fromEntries(provider.visits[0] ?? [])).toMatchObject({
      scope: 'https://mail.google.com/',
      access_type: 'offline',
      prompt: 'consent',
      login_hint: 'help@desk.example',
      code_challenge_method: 'S256',
    })
  })

  test('is not moved by answers that are not its own', async () => {
    await signInAs(async said => {
      const address = await eventually(() => said.find(each => each.startsWith('http')), 'an address')
      const redirect = new URL(address).searchParams.get('redirect_uri') ?? ''
      for (const stray of ['', '?code=x&state=y', '?error=access_denied', 'favicon.ico'])
        expect((await fetch(`${redirect}${stray}`)).status).toBe(400)
      const state = new URL(address).searchParams.get('state') ?? ''
      expect((await fetch(`${redirect}?code=x&state=${state}`, { method: 'POST', body: 'x' })).status).toBe(400)
      for (const target of ['//', '//[', 'http://[', '*', '/%', `/?${'a'.repeat(10_000)}`, `/x?state=${state}`, '?']) {
        const talk = await HttpTalk.open(Number(new URL(redirect).port))
        talk.send(`GET ${target} HTTP/1.1\r\nHost: [\r\n\r\n`)
        expect(await talk.status(), target).toBe(400)
        talk.end()
      }
      await openAddress(said)
    })
    expect(provider.whose(memory.tokens.accessToken)).toBe('help@desk.example')
  })

  test('tells declined, too late, and a box that was not ticked', async () => {
    provider.declines = true
    const declined = await thrown(signInAs(async said => void (await openAddress(said))))
    expect(declined).toMatchObject({ code: 'config', message: expect.stringContaining('at Google was declined') })
    expect((await thrown(signInAs(async () => undefined, 20))).message).toContain('in time')
    provider.declines = false
    provider.grantedScope = 'openid email'
    const unticked = await thrown(signInAs(async said => void (await openAddress(said))))
    expect(unticked.message).toContain('the box that gives access to mail was not ticked')
    expect(memory.kept.size).toBe(0)
  })

  test('keeps the refresh token where the provider gives no new one', async () => {
    await signInAs(async said => void (await openAddress(said)))
    provider.rotates = false
    const { refreshToken } = memory.tokens
    const tokens = source()
    for (let hour = 0; hour < 3; hour++) {
      clock.advance(60 * MINUTE)
      expect(provider.whose(await tokens.accessToken())).toBe('help@desk.example')
    }
    expect(memory.tokens.refreshToken).toBe(refreshToken)
  })
})

describe('with emulators of the providers', () => {
  let emulator: Emulator | undefined

  afterEach(async () => {
    await emulator?.close()
  })

  test('Microsoft gives an application its token', async () => {
    const client = { client_id: 'desk', client_secret: 'the-secret', name: 'Desk', redirect_uris: [] }
    emulator = await emulate('microsoft', { oauth_clients: [client] })
    settings = { ...settings, clientId: 'desk', clientSecret: 'the-secret', tenant: TENANT, application: true }
    settings = { ...settings, authority: emulator.url }
    expect(await source().accessToken()).toMatch(/^microsoft_/)
    memory.kept.clear()
    settings = { ...settings, clientSecret: 'wrong' }
    expect((await thrown(source().accessToken())).message).toContain('oauth.clientSecret')
  })

  test('Microsoft gives a new refresh token with each access token, until it is revoked', async () => {
    emulator = await emulate('microsoft', { users: [{ email: 'help@desk.example', name: 'Help' }] })
    const at = (path: string) => `${emulator?.url}/oauth2/v2.0/${path}`
    const redirect_uri = 'http://127.0.0.1/'
    const asked = { email: 'help@desk.example', redirect_uri, client_id: settings.clientId, scope: 'mail' }
    const body = new URLSearchParams(asked)
    const ended = await fetch(at('authorize/callback'), { method: 'POST', body, redirect: 'manual' })
    const code = new URL(ended.headers.get('location') ?? '').searchParams.get('code') ?? ''
    const grant = { grant_type: 'authorization_code', code, redirect_uri, client_id: settings.clientId }
    const answer = await fetch(at('token'), { method: 'POST', body: new URLSearchParams(grant) })
    const given = (await answer.json()) as { refresh_token: string }
    settings = { ...settings, tenant: TENANT, authority: emulator.url }
    const account = `${emulator.url} ${settings.clientId} person`
    const first = { account, accessToken: 'old', expiresAt: now().toISOString(), refreshToken: given.refresh_token }
    memory.kept.set('oauth', JSON.stringify(first))
    const tokens = source()
    const seen = new Set<string | null>([given.refresh_token])
    for (let hour = 0; hour < 3; hour++) {
      clock.advance(60 * MINUTE)
      expect(await tokens.accessToken()).toMatch(/^microsoft_/)
      seen.add(memory.tokens.refreshToken)
    }
    expect(seen.size).toBe(4)
    const revoked = new URLSearchParams({ token: memory.tokens.refreshToken ?? '' })
    await fetch(at('revoke'), { method: 'POST', body: revoked })
    clock.advance(60 * MINUTE)
    expect((await thrown(tokens.accessToken())).message).toMatch(SIGN_IN_AGAIN)
  })

  test('Google signs a person in by browser, and renews', async () => {
    emulator = await emulate('google', { users: [{ email: 'help@desk.example', name: 'Help' }] })
    settings = { ...settings, provider: 'google', clientSecret: 'any', authority: emulator.url }
    await signInAs(async said => {
      const page = await openAddress(said)
      const form = page.split('<form').find(each => each.includes('help@desk.example')) ?? ''
      const action = /action="([^"]+)"/.exec(form)?.[1] ?? ''
      const fields = [...form.matchAll(/<input[^>]*name="([^"]+)"[^>]*value="([^"]*)"/g)]
      const body = new URLSearchParams()
      for (const [, name = '', value = ''] of fields) body.set(name, value.replaceAll('&amp;', '&'))
      const ended = await fetch(new URL(action, emulator?.url), { method: 'POST', body })
      expect(await ended.text()).toContain('You can close this page')
    })
    const tokens = source()
    const first = await tokens.accessToken()
    expect(first).toMatch(/^google_/)
    clock.advance(60 * MINUTE)
    expect(await tokens.accessToken()).not.toBe(first)
  })

  async function emulate(service: 'microsoft' | 'google', seed: object): Promise<Emulator> {
    const port = await freePort()
    return createEmulator({ service, port, baseUrl: `http://127.0.0.1:${port}`, seed: { [service]: seed } })
  }
})

describe('mail leaves with a token', () => {
  let server: SMTPServer
  let port: number
  const seen: string[] = []

  beforeEach(async () => {
    seen.length = 0
    await signInAs(() => typeCode())
    server = new SMTPServer({
      authMethods: ['XOAUTH2'],
      allowInsecureAuth: true,
      disabledCommands: ['STARTTLS'],
      onAuth({ username, accessToken = '' }, _session, done) {
        seen.push(accessToken)
        done(null, provider.whose(accessToken) === username ? { user: username ?? '' } : {})
      },
      onData(stream, _session, done) {
        stream.resume().on('end', () => done())
      },
    })
    port = await freePort()
    await new Promise<void>(resolve => server.listen(port, '127.0.0.1', resolve))
  })

  afterEach(() => new Promise<void>(resolve => server.close(resolve)))

  const smtp = () => ({ host: '127.0.0.1', port, secure: false, requireTls: false, user: 'help@desk.example' })
  const mail = { from: 'help@desk.example', to: 'ann@example.com', subject: 'Hello', text: 'It works.' }
  const to = ['ann@example.com']

  test('of the source, and with another one where that is refused', async () => {
    const sender = smtpSender(smtp(), source())
    expect(await sender.send('1', mail, to)).toEqual({ accepted: to, refused: [] })
    sender.close()
    provider.revokeAccess()
    const later = smtpSender(smtp(), source())
    expect(await later.send('2', mail, to)).toEqual({ accepted: to, refused: [] })
    await later.check()
    later.close()
    const [first, refused, renewed, checked] = seen
    expect(refused).toBe(first)
    expect(renewed).not.toBe(refused)
    expect(checked).toBe(renewed)
  })

  test('and waits with the sentence while nobody gives one', async () => {
    provider.revoke()
    const sender = smtpSender(smtp(), source())
    const error = await thrown(sender.send('1', mail, to))
    expect(error).toMatchObject({ permanent: false, message: expect.stringMatching(SIGN_IN_AGAIN) })
    await signInAs(() => typeCode())
    expect(await sender.send('1', mail, to)).toEqual({ accepted: to, refused: [] })
    sender.close()
  })

  test('and waits while the relay refuses every token', async () => {
    const sender = smtpSender({ ...smtp(), user: 'another@desk.example' }, source())
    expect(await thrown(sender.send('1', mail, to))).toMatchObject({ permanent: false })
    expect(seen).toHaveLength(2)
    expect(seen[1]).not.toBe(seen[0])
    sender.close()
  })
})
