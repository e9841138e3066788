import { afterEach, beforeEach, expect, test } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { makeRoom, type Room, type Running } from '../support/relaydesk-process.ts'
import { type OauthProvider, startOauthProvider } from '../support/servers/oauth-provider.ts'

let provider: OauthProvider
let room: Room | undefined

beforeEach(async () => {
  provider = await startOauthProvider()
})

afterEach(async () => {
  await room?.remove()
  room = undefined
  await provider.close()
})

/** A folder whose channel signs in with the provider. */
async function roomAt(oauth: object): Promise<Room> {
  const settings = { clientId: provider.clientId, tenant: 'desk.example', authority: provider.authority, ...oauth }
  room = await makeRoom(`    oauth: ${JSON.stringify(settings)}\n`)
  return room
}

async function printed(running: Running, pattern: RegExp): Promise<string> {
  return eventually(() => pattern.exec(running.stdout())?.[1], `${pattern} to be printed`)
}

test('Microsoft: the code is printed, and typing it in signs the channel in', async () => {
  const { launch } = await roomAt({ provider: 'microsoft' })
  const login = launch('login', 'support')
  provider.decide(await printed(login, /enter the code (\S+)\./), true)
  const { code, stdout, stderr } = await login.ended
  expect(stderr).toBe('')
  expect(code).toBe(0)
  expect(stdout).toContain('Sign in as help@desk.localhost')
  expect(stdout).toContain('from now on the channel support renews its token by itself.')
  expect(stdout).not.toMatch(/access-|refresh-/)
})

test('Microsoft: who declines reads what to do, and the exit code says that it is for a person', async () => {
  const { launch } = await roomAt({ provider: 'microsoft' })
  const login = launch('login', 'support')
  provider.decide(await printed(login, /enter the code (\S+)\./), false)
  const { code, stderr } = await login.ended
  expect(code).toBe(78)
  expect(stderr).toMatch(/^relaydesk: The sign-in at Microsoft was declined .*run relaydesk login support again/)
})

test('Google: the address is printed, and the browser ends at a page that sends the person back', async () => {
  const { launch } = await roomAt({ provider: 'google', clientSecret: provider.clientSecret })
  const login = launch('login', 'support')
  const address = await printed(login, /^(http:\S+)$/m)
  expect(await (await fetch(address)).text()).toContain('go back to the terminal')
  const { code, stdout } = await login.ended
  expect(code).toBe(0)
  expect(stdout).toContain('Signed in at Google')
})

test('an application proves that it can, and a wrong secret is said', async () => {
  const oauth = { provider: 'microsoft', application: true, clientSecret: provider.clientSecret }
  expect(await (await roomAt(oauth)).run('login', 'support')).toMatchObject({
    code: 0,
    stdout: 'Microsoft gave the application a token: the channel support can sign in.\n',
  })
  await room?.remove()
  const { code, stderr } = await (await roomAt({ ...oauth, clientSecret: 'an-old-secret' })).run('login', 'support')
  expect(code).toBe(78)
  expect(stderr).toContain('oauth.clientSecret of the channel support (The client secret is wrong)')
})

test('a provider that does not answer is worth another try', async () => {
  const { run } = await roomAt({ provider: 'microsoft', authority: 'http://127.0.0.1:1' })
  const { code, stderr } = await run('login', 'support')
  expect(code).toBe(75)
  expect(stderr).toContain('The sign-in service of Microsoft (127.0.0.1:1) gives no token at the moment')
})

test('a channel that is not there, and one that has no oauth, are said', async () => {
  room = await makeRoom()
  expect(await room.run('login', 'suport')).toMatchObject({
    code: 64,
    stderr: 'relaydesk: There is no channel suport: write one of support.\n',
  })
  const { code, stderr } = await room.run('login', 'support')
  expect(code).toBe(78)
  expect(stderr).toMatch(/support/)
})
