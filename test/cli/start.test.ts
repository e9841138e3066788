// Starting a desk: once for a state folder, with the secrets that its channels need, and ending when it is told to.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { freePort } from '../support/ports.ts'
import { cleanEnvironment, makeRoom, type Room } from '../support/relaydesk-process.ts'

let room: Room

beforeEach(async () => {
  room = await makeRoom()
})

afterEach(() => room.remove())

test('a second start on a state folder is refused, until the first has ended in whatever way', async () => {
  const first = await room.start()
  const second = await room.run('start')
  expect(second.code).toBe(69)
  expect(second.stderr).toBe(
    `relaydesk: Another desk is already running on the state folder ${room.state}: stop it first, or choose another folder with --state.\n`,
  )
  expect((await room.run('list')).code).toBe(0)
  first.child.kill('SIGKILL')
  await first.ended
  const third = await room.start()
  third.child.kill('SIGTERM')
  expect((await third.ended).code).toBe(0)
})

test('a signal to the start script ends the desk, and leaves none behind', async () => {
  const { scripts } = (await import('../../package.json', { with: { type: 'json' } })).default
  const command = scripts.start.replace('bin/relaydesk.js', `${process.cwd()}/bin/relaydesk.js`)
  const child = spawn('sh', ['-c', command], { cwd: room.folder, env: cleanEnvironment() })
  room.adopt(child)
  let said = ''
  child.stdout.on('data', chunk => {
    said += chunk
  })
  await eventually(() => said.includes('is ready'), 'the desk is ready')
  child.kill('SIGTERM')
  const [code] = await once(child, 'close')
  expect(code).toBe(0)
  await room.start()
})

test('a port that is taken is told in plain words; the desk runs on, and has the port once it is free', async () => {
  const other = createServer().listen(room.port, '127.0.0.1')
  await once(other, 'listening')
  const desk = await room.start()
  expect(desk.stdout()).toContain(
    `  The channel support is not running: listen.port: port ${room.port} on 127.0.0.1 is in use: stop the program that uses it (another Relaydesk?), or choose another port. The desk will try again within five minutes.\n`,
  )
  expect(desk.stdout()).toMatch(/^Relaydesk is ready, except for what is not running yet\./)
  expect((await room.run('list')).stderr).toContain('open alarm: The channel support is not running')
  other.close()
  await eventually(() => desk.stdout().includes('The channel support is running.\n'), 'the channel is up')
  expect((await room.run('list')).stderr).toBe('')
  desk.child.kill('SIGTERM')
  expect((await desk.ended).code).toBe(0)
})

test('a desk whose port is taken ends at once when it is told to', async () => {
  const other = createServer().listen(room.port, '127.0.0.1')
  await once(other, 'listening')
  const desk = await room.start()
  desk.child.kill('SIGTERM')
  expect((await desk.ended).code).toBe(0)
  other.close()
})

test('a web.port at which nothing is served is told of', async () => {
  const port = await freePort()
  await room.write('web.yaml', `${await readFile(room.path('relaydesk.yaml'), 'utf8')}web: { port: ${port} }\n`)
  const desk = room.launch('--config', 'web.yaml', 'start')
  await eventually(() => desk.stdout().includes('Nothing is served at web.port yet'), 'the sentence')
  desk.child.kill('SIGTERM')
  expect((await desk.ended).code).toBe(0)
})

describe('a secret that is not there', () => {
  test.each([
    ['env:NOT_SET', 'set the environment variable NOT_SET.'],
    ['file:/nowhere', 'put the secret into the file /nowhere.'],
  ])('is asked for by whoever needs it, and by nobody else: %s', async (reference, mend) => {
    await room.write(
      'relaydesk.yaml',
      `state: var\nchannels:\n  - name: support\n    kind: email\n    address: help@desk.example\n    send: { smtp: { host: mx.example.com, user: help, password: "${reference}" } }\n`,
    )
    for (const verb of ['list', 'config', 'alarms']) expect((await room.run(verb)).code).toBe(0)
    const { code, stderr } = await room.run('start')
    expect(code).toBe(78)
    expect(stderr).toBe(`relaydesk: channels[0].send.smtp.password: the secret is missing: ${mend}\n`)
    const doctor = await room.run('doctor')
    expect(doctor.code).toBe(1)
    expect(doctor.stdout).toContain(`send.smtp.password: the secret is missing: ${mend}`)
  })
})
