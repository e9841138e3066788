import { afterEach, beforeEach, expect, test } from 'vitest'
import { makeRoom, type Room } from '../support/relaydesk-process.ts'

interface Setting {
  path: string
  value: string
  from: string
  sentence: string
}

const SECRET = 'correct-horse-battery'

let room: Room

beforeEach(async () => {
  room = await makeRoom()
})

afterEach(() => room.remove())

async function settings(...before: string[]): Promise<Map<string, Setting>> {
  const { code, stdout, stderr } = await room.run(...before, 'config', '--json')
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  return new Map((JSON.parse(stdout) as Setting[]).map(setting => [setting.path, setting]))
}

function withRelay(password: string, more = ''): string {
  return `${more}channels:
  - name: support
    kind: email
    address: help@example.com
    send: { smtp: { host: mx.example.com, user: desk, password: "${password}" } }
`
}

test('config shows every setting with its value, where it came from and what it is for', async () => {
  await room.write('relaydesk.yaml', withRelay('x', 'log: warn\n'))
  const shown = await settings()
  expect(shown.get('log')).toMatchObject({ value: '"warn"', from: 'relaydesk.yaml' })
  expect(shown.get('limits.message')).toMatchObject({ from: 'default' })
  expect(shown.get('desks[0].prefix')).toMatchObject({ value: '"HD"', from: 'default' })
  expect(shown.get('channels[0].name')).toMatchObject({ value: '"support"', from: 'relaydesk.yaml' })
  expect(shown.get('channels[0].send.smtp.host')).toMatchObject({ value: '"mx.example.com"', from: 'relaydesk.yaml' })
  expect(shown.get('channels[0].send.smtp.port')).toMatchObject({ value: '587', from: 'default' })
  for (const { path, sentence } of shown.values()) expect(sentence, path).toMatch(/^([A-Z0-9]|sqlite).*\.$/)
  const { stdout } = await room.run('config')
  for (const path of shown.keys()) expect(stdout).toContain(path)
  expect(stdout).toContain('How much is written to the log.')
  expect(shown.get('web.publicUrl')).toMatchObject({ value: 'not set' })
})

test('config says who chose the state folder', async () => {
  expect((await settings()).get('state')).toMatchObject({ value: JSON.stringify(room.path('var')), from: 'default' })
  expect((await settings('--state', 'here')).get('state')).toMatchObject({
    value: JSON.stringify(room.path('here')),
    from: '--state',
  })
  const { stdout } = await room.runWith({ env: { RELAYDESK_STATE: room.path('there') } }, 'config', '--json')
  const state = (JSON.parse(stdout) as Setting[]).find(setting => setting.path === 'state')
  expect(state).toMatchObject({ value: JSON.stringify(room.path('there')), from: 'RELAYDESK_STATE' })
})

test('config finds a configuration by its option and by the environment', async () => {
  await room.write('elsewhere/other.yaml', 'log: error\nstate: data\n')
  const shown = await settings('--config', 'elsewhere/other.yaml')
  expect(shown.get('log')?.value).toBe('"error"')
  expect(shown.get('state')?.value).toBe(JSON.stringify(room.path('elsewhere', 'data')))
  const env = { RELAYDESK_CONFIG: room.path('elsewhere', 'other.yaml') }
  expect((await room.runWith({ env }, 'config')).stdout).toContain('"error"')
})

test.each([
  ['a password in the file', withRelay(SECRET)],
  ['a password from the environment', withRelay('env:DESK_PASSWORD')],
  ['a password from a file', withRelay('file:secret.txt')],
  ['a password of the database', withRelay('x', `database: postgres://desk:${SECRET}@db.example.com/desk\n`)],
  [
    'a password of the database with an @ in it',
    withRelay('x', `database: postgres://desk:a@${SECRET}@db.example.com/desk\n`),
  ],
  [
    'a password of the database as a parameter',
    withRelay('x', `database: "postgres://db.example.com/desk?user=desk&password=${SECRET}"\n`),
  ],
])('config never shows a secret: %s', async (_what, yaml) => {
  await room.write('relaydesk.yaml', yaml)
  await room.write('secret.txt', `${SECRET}\n`)
  const env = { DESK_PASSWORD: SECRET }
  for (const args of [['config'], ['config', '--json']]) {
    const { code, stdout, stderr } = await room.runWith({ env }, ...args)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toContain('(secret)')
    expect(stdout).not.toContain(SECRET)
  }
})

test('no other verb shows the password of a database that cannot be reached', async () => {
  const port = room.port // nothing listens there
  await room.write('relaydesk.yaml', withRelay('x', `database: postgres://desk:${SECRET}@127.0.0.1:${port}/desk\n`))
  for (const verb of ['list', 'doctor', 'start']) {
    const { code, stdout, stderr } = await room.run(verb)
    expect([69, 75, 78]).toContain(code)
    expect(stdout + stderr).not.toContain(SECRET)
    expect(stderr).toMatch(/^relaydesk: [^\n]+\n$/)
  }
})

test('durations and sizes are shown as they are written', async () => {
  const own = 'floods: { within: 90s }\nacknowledge: { within: 36h }\nlimits: { message: 64MiB, inFlight: 1500kB }\n'
  const imap = '    imap: [{ host: imap.example.com, user: help, password: y, poll: 5m }]\n'
  await room.write('relaydesk.yaml', `${withRelay('x', own)}${imap}`)
  const shown = await settings()
  const limits = ['limits.message', 'limits.inFlight']
  const values = ['floods.within', 'acknowledge.within', ...limits, 'tickets.closeAfter', 'channels[0].imap[0].poll']
  expect(values.map(path => shown.get(path)?.value)).toEqual(['"90s"', '"36h"', '"64MiB"', '"1500kB"', '"7d"', '"5m"'])
  const numbers = [...shown.values()].filter(({ value }) => /^\d{4,}$/.test(value)).map(({ path }) => path)
  expect(numbers.filter(path => !path.endsWith('port'))).toEqual([])
})
