import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import Database from 'better-sqlite3'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { mail } from '../support/mail/cli-mail.ts'
import { freePort } from '../support/ports.ts'
import { cleanEnvironment, type Ended, launch, run as runProgram, untilReady } from '../support/relaydesk-process.ts'

const CHECKOUT = fileURLToPath(new URL('../..', import.meta.url))
const INSTALLED = 'node_modules/relaydesk'

/** Where the package is installed, with nothing of the checkout around it. */
let place: string
let packed: string[]

beforeAll(async () => {
  place = await mkdtemp(join(tmpdir(), 'relaydesk-package-'))
  const source = join(place, 'source')
  await copyCheckout(source)
  const [{ filename, files }] = JSON.parse(await npm(source, 'pack', '--json')) as [
    { filename: string; files: { path: string }[] },
  ]
  packed = files.map(file => file.path)
  await mkdir(join(place, 'desk'))
  await writeFile(join(place, 'desk', 'package.json'), '{ "name": "a-desk", "private": true }')
  await npm(join(place, 'desk'), 'install', '--prefer-offline', '--no-audit', '--no-fund', join(source, filename))
})

afterAll(() => rm(place, { recursive: true, force: true }))

/** What is in the repository, without what was made from it; packing builds, and that must not touch the checkout. */
async function copyCheckout(target: string): Promise<void> {
  const made = new Set(['node_modules', '.git', 'dist', 'var', 'test'])
  await mkdir(target)
  for (const name of await readdir(CHECKOUT)) {
    if (!made.has(name)) await cp(join(CHECKOUT, name), join(target, name), { recursive: true })
  }
  await symlink(join(CHECKOUT, 'node_modules'), join(target, 'node_modules'))
}

async function npm(cwd: string, ...args: string[]): Promise<string> {
  const env = cleanEnvironment({ npm_config_loglevel: 'error', npm_config_update_notifier: 'false' })
  const child = spawn('npm', args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', chunk => {
    stdout += chunk
  })
  child.stderr.setEncoding('utf8').on('data', chunk => {
    stderr += chunk
  })
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error(`npm ${args[0]} ended with ${code}: ${stderr}${stdout}`)
  return stdout.slice(stdout.search(/^\[/m)) // what scripts print comes before the JSON
}

const options = () => ({ cwd: join(place, 'desk'), launcher: join(place, 'desk', INSTALLED, 'bin', 'relaydesk.js') })

function relaydesk(...args: string[]): Promise<Ended> {
  return runProgram(args, options())
}

test('the package holds what runs, and neither sources nor tests', () => {
  expect(packed).toEqual(expect.arrayContaining(['bin/relaydesk.js', 'dist/src/cli.js', 'package.json', 'LICENSE']))
  expect(packed).toContain('dist/adapters/email/read/worker.js')
  expect(packed).toContain('src/store/migrations/001.sql')
  expect(packed).toContain('templates/mail/acknowledgement.liquid')
  expect(packed.filter(path => /\.ts$|^test\/|^var\/|^node_modules\/|^src\/.*\.md$/.test(path))).toEqual([])
})

test('the command is installed and says its version and its verbs', async () => {
  const { version } = JSON.parse(await readFile(join(CHECKOUT, 'package.json'), 'utf8')) as { version: string }
  expect(await relaydesk('--version')).toMatchObject({ code: 0, stdout: `${version}\n`, stderr: '' })
  expect((await relaydesk('--help')).stdout).toContain('receive')
  expect(await readdir(join(place, 'desk', 'node_modules', '.bin'))).toContain('relaydesk')
})

test('the installed desk makes its database, reads a mail in a thread of its own, and verifies', async () => {
  await writeFile(join(place, 'desk', 'a.eml'), mail('=?utf-8?q?Gr=C3=BC=C3=9Fe?='))
  const state = ['--state', 'state']
  const received = await relaydesk(...state, 'receive', '--json', 'a.eml')
  expect(received).toMatchObject({ code: 0, stderr: '' })
  expect(JSON.parse(received.stdout)).toEqual({ file: 'a.eml', outcome: 'opened', ref: 'HD-1' })
  expect((await relaydesk(...state, 'list')).stdout).toContain('Grüße')
  expect((await relaydesk(...state, 'verify')).stdout).toContain('All is well.')
  const database = new Database(join(place, 'desk', 'state', 'relaydesk.db'), { readonly: true })
  expect(database.pragma('user_version', { simple: true })).toBeGreaterThan(0)
  database.close()
})

test('the installed desk runs, acknowledges a mail by the template that ships, and answers', async () => {
  const port = await freePort()
  const config = [
    'channels:',
    '  - name: support',
    '    kind: email',
    '    address: help@desk.localhost',
    `    listen: { port: ${port} }`,
    '    send: { maildir: mail }',
  ]
  await writeFile(join(place, 'desk', 'relaydesk.yaml'), `${config.join('\n')}\n`)
  const desk = launch(['start'], options())
  try {
    await untilReady(desk)
    const sent = await relaydesk('send', '--from', 'ann@example.com', '--subject', 'Printer', 'It burns.')
    expect(sent).toMatchObject({ code: 0, stdout: 'The desk answered: opened HD-1\n', stderr: '' })
    await eventually(
      async () => (await relaydesk('mailbox', 'ann@example.com')).stdout.includes('thank you for writing'),
      'Ann has the acknowledgement',
    )
    const { stdout } = await relaydesk('mailbox', 'ann@example.com')
    expect(stdout).toContain('Subject: [HD-1] Printer')
    expect((await relaydesk('reply', '1', 'We come.')).code).toBe(0)
  } finally {
    desk.child.kill('SIGINT')
  }
  expect(await desk.ended).toMatchObject({ code: 0, stderr: '' })
})
