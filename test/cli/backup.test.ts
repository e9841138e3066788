import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { buffer } from 'node:stream/consumers'
import Database from 'better-sqlite3'
import { createTransport } from 'nodemailer'
import { pack } from 'tar-stream'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { mail, mailWithFile, subjects, verified } from '../support/mail/cli-mail.ts'
import { makeRoom, type Room } from '../support/relaydesk-process.ts'

/** More than the database takes: a file of its own. */
const LARGE = createHash('shake256', { outputLength: 600_000 }).update('a file').digest()

let room: Room

beforeEach(async () => {
  room = await makeRoom()
})

afterEach(() => room.remove())

/** A desk with three tickets, a large file and an answer. */
async function makeDesk(): Promise<void> {
  await room.write('in/1.eml', mail('one'))
  await room.write('in/2.eml', mail('two'))
  await room.write('in/3.eml', mailWithFile('three', LARGE))
  await room.run('receive', 'in')
  await room.run('reply', 'HD-2', 'We have seen it.')
}

async function show(state: string): Promise<string[]> {
  const shown = await Promise.all(
    ['HD-1', 'HD-2', 'HD-3'].map(ref => room.run('--state', state, 'show', ref, '--json')),
  )
  for (const { code } of shown) expect(code).toBe(0)
  return shown.map(({ stdout }) => stdout)
}

async function verifiedAt(state: string): Promise<void> {
  const { code, stdout, stderr } = await room.run('--state', state, 'verify')
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(stdout).toMatch(/All is well\.\n$/)
}

describe('a backup', () => {
  test('brings everything back into another folder', async () => {
    await makeDesk()
    const made = await room.run('backup', 'desk.tar')
    expect(made).toMatchObject({ code: 0, stderr: '' })
    expect(made.stdout).toMatch(/^desk\.tar: the database and [12] large file\(s\), \d+ kB\.\n$/)
    const restored = await room.run('--state', 'other', 'restore', 'desk.tar')
    expect(restored).toMatchObject({ code: 0, stderr: '' })
    await verifiedAt('other')
    expect(await show('other')).toEqual(await show('var'))
    expect((await room.run('--state', 'other', 'outbox', '--json')).stdout).toContain('"reply"')
    expect((await readdir(room.path('var', 'spool'))).concat(await readdir(room.folder))).not.toContainEqual(
      expect.stringMatching(/unfinished|^\d+-/),
    )
  })

  test('carries on where the desk was: the next ticket has the next number, an answer finds its ticket', async () => {
    await makeDesk()
    await room.run('backup', 'desk.tar')
    await room.run('--state', 'other', 'restore', 'desk.tar')
    await room.write('4.eml', mail('Re: two', 'In-Reply-To: <two@example.com>\n'))
    await room.write('5.eml', mail('five'))
    const { stdout } = await room.run('--state', 'other', 'receive', '--json', '4.eml', '5.eml', 'in/1.eml')
    expect(
      stdout
        .trim()
        .split('\n')
        .map(line => JSON.parse(line)),
    ).toEqual([
      { file: '4.eml', outcome: 'appended', ref: 'HD-2' },
      { file: '5.eml', outcome: 'opened', ref: 'HD-4' },
      { file: 'in/1.eml', outcome: 'duplicate', ref: 'HD-1' },
    ])
  })

  test('is whole although the desk takes mail all the time, and the desk loses none', async () => {
    const desk = await room.start()
    const transport = createTransport({ host: '127.0.0.1', port: room.port, pool: true, maxConnections: 4 })
    let taken = 0
    let stop = false
    const sending = Array.from({ length: 4 }, async (_, sender) => {
      for (let count = 0; !stop; count += 1) {
        const attachments = count % 5 === 0 ? [{ filename: 'a.bin', content: LARGE.subarray(count + sender) }] : []
        const from = `ann${sender}-${count}@example.com`
        await transport.sendMail({
          from,
          to: 'help@desk.localhost',
          subject: `m${sender} ${count}`,
          text: 'Hi.',
          attachments,
        })
        taken += 1
      }
    })
    const counts: number[] = []
    for (let round = 0; round < 3; round += 1) {
      const before = taken
      expect((await room.run('backup', `desk${round}.tar`)).code).toBe(0)
      counts.push(before)
    }
    stop = true
    await Promise.all(sending)
    transport.close()
    desk.child.kill('SIGINT')
    expect((await desk.ended).stderr).toBe('')
    expect(await verified(room)).toMatchObject({ outcomes: { opened: taken } })
    for (const [round, before] of counts.entries()) {
      expect((await room.run('--state', `r${round}`, 'restore', `desk${round}.tar`)).code).toBe(0)
      await verifiedAt(`r${round}`)
      const { stdout } = await room.run('--state', `r${round}`, 'verify', '--json')
      expect(JSON.parse(stdout).tickets).toBeGreaterThanOrEqual(before)
    }
  })

  test('refuses a target that is there, and leaves it as it is', async () => {
    await makeDesk()
    await room.write('desk.tar', 'precious')
    const { code, stdout, stderr } = await room.run('backup', 'desk.tar')
    expect({ code, stdout }).toEqual({ code: 64, stdout: '' })
    expect(stderr).toMatch(/^relaydesk: .*desk\.tar already exists: choose another name\.\n$/)
    expect(await readFile(room.path('desk.tar'), 'utf8')).toBe('precious')
  })

  test('says so where it cannot be written, and leaves nothing behind', async () => {
    await makeDesk()
    const { code, stderr } = await room.run('backup', 'nowhere/desk.tar')
    expect(code).not.toBe(0)
    expect(stderr).toMatch(/^relaydesk: The backup was not written: [^\n]+\n$/)
    expect(existsSync(room.path('nowhere'))).toBe(false)
    expect(await readdir(room.path('var', 'spool'))).toEqual([])
  })

  test('can be made after one that was killed in the middle', async () => {
    await makeDesk()
    await room.write('desk.tar.unfinished', 'half of it')
    expect(await room.run('backup', 'desk.tar')).toMatchObject({ code: 0, stderr: '' })
    await room.run('--state', 'other', 'restore', 'desk.tar')
    await verifiedAt('other')
  })
})

describe('two backups at once', () => {
  test('to one target give one whole archive, and the other is told so', async () => {
    await makeDesk()
    const made = await Promise.all([room.run('backup', 'desk.tar'), room.run('backup', 'desk.tar')])
    expect(made.map(({ code }) => code).sort()).toEqual([0, 64])
    expect(made.find(({ code }) => code === 64)?.stderr).toMatch(/^relaydesk: [^\n]*desk\.tar already exists[^\n]*\n$/)
    expect((await readdir(room.folder)).filter(name => name.includes('unfinished'))).toEqual([])
    await room.run('--state', 'other', 'restore', 'desk.tar')
    await verifiedAt('other')
  })
})

describe('restoring', () => {
  test('is refused over a desk, which stays as it is', async () => {
    await makeDesk()
    await room.run('backup', 'desk.tar')
    await room.run('close', 'HD-1')
    const { code, stdout, stderr } = await room.run('restore', 'desk.tar')
    expect({ code, stdout }).toEqual({ code: 64, stdout: '' })
    expect(stderr).toMatch(/^relaydesk: .* already holds a desk: choose another folder with --state\.\n$/)
    expect((await room.run('show', 'HD-1')).stdout).toMatch(/^state +closed$/m)
  })

  test.each<[string, (archive: string, size: number) => Promise<void>]>([
    ['a byte of the database was changed', (archive, size) => changeByte(archive, Math.round(size / 3))],
    ['a byte of a large file was changed', (archive, size) => changeByte(archive, size - 100_000)],
    ['it was cut in the middle', (archive, size) => truncate(archive, Math.round(size / 2))],
    ['it was cut in a header', archive => truncate(archive, 300)],
    ['its list of digests is missing', (archive, size) => truncate(archive, size - 3_072)],
    ['it is empty', archive => truncate(archive, 0)],
    ['it is something else', archive => writeFile(archive, mail('no archive'))],
  ])('is refused when %s, and leaves no desk', async (_what, damage) => {
    await makeDesk()
    await room.run('backup', 'desk.tar')
    await damage(room.path('desk.tar'), (await stat(room.path('desk.tar'))).size)
    const { code, stdout, stderr } = await room.run('--state', 'other', 'restore', 'desk.tar')
    expect(code).not.toBe(0)
    expect(stdout).toBe('')
    expect(stderr).toMatch(/^relaydesk: [^\n]*desk\.tar[^\n]*\n$/)
    expect(existsSync(room.path('other', 'relaydesk.db'))).toBe(false)
  })

  /** An archive whose list of digests fits what is in it. */
  async function archiveWith(entry: { type?: 'symlink'; linkname?: string }, database: Uint8Array): Promise<void> {
    const archive = pack()
    const bytes = entry.type === undefined ? Buffer.from(database) : Buffer.alloc(0)
    archive.entry({ name: 'relaydesk.db', ...entry }, bytes)
    const digests = { 'relaydesk.db': createHash('sha256').update(bytes).digest('hex') }
    archive.entry({ name: 'manifest.json' }, JSON.stringify({ format: 1, at: new Date().toISOString(), digests }))
    archive.finalize()
    await writeFile(room.path('desk.tar'), await buffer(archive))
  }

  /** The bytes of a database that a script made. */
  async function databaseOf(script: string): Promise<Uint8Array> {
    const db = new Database(room.path('made.db'))
    db.exec(script)
    db.close()
    return readFile(room.path('made.db'))
  }

  /** A database of ours, changed in the middle of a page. */
  async function damaged(): Promise<Uint8Array> {
    await makeDesk()
    const bytes = await readFile(room.path('var', 'relaydesk.db'))
    return bytes.fill(
      0xff,
      Math.round(bytes.length / 8192 / 2) * 4096,
      Math.round(bytes.length / 8192 / 2) * 4096 + 4096,
    )
  }

  test.each<[string, () => Promise<void>]>([
    ['a link', () => archiveWith({ type: 'symlink', linkname: '/etc/passwd' }, Buffer.alloc(0))],
    ['a greeting', () => archiveWith({}, Buffer.from('hello'))],
    ['empty', () => archiveWith({}, Buffer.alloc(0))],
    [
      "another program's",
      async () => archiveWith({}, await databaseOf('CREATE TABLE tickets (id); PRAGMA user_version = 1')),
    ],
    ['damaged', async () => archiveWith({}, await damaged())],
  ])('is refused when its database is %s, and leaves no desk', async (_what, make) => {
    await make()
    const { code, stdout, stderr } = await room.run('--state', 'other', 'restore', 'desk.tar')
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(/^relaydesk: [^\n]+\n$/)
    expect(existsSync(room.path('other', 'relaydesk.db'))).toBe(false)
  })

  test('is refused when a newer Relaydesk wrote it, in a sentence', async () => {
    await makeDesk()
    const db = new Database(room.path('var', 'relaydesk.db'))
    db.pragma('user_version = 900')
    db.close()
    await archiveWith({}, await readFile(room.path('var', 'relaydesk.db')))
    const { code, stderr } = await room.run('--state', 'other', 'restore', 'desk.tar')
    expect(code).toBe(1)
    expect(stderr).toMatch(
      /has version 900, but this Relaydesk only knows versions up to \d+: use a newer Relaydesk\.\n$/,
    )
  })

  test('is refused when the archive is not there, or is a folder', async () => {
    const missing = await room.run('restore', 'nowhere.tar')
    expect(missing.code).toBe(66)
    expect(missing.stderr).toMatch(/^relaydesk: There is no file [^\n]*nowhere\.tar\.\n$/)
    const folder = await room.run('restore', '.')
    expect(folder.code).not.toBe(0)
    expect(folder.stderr).toMatch(/^relaydesk: [^\n]+\n$/)
  })

  test('works after a damaged archive was refused', async () => {
    await makeDesk()
    await room.run('backup', 'desk.tar')
    const whole = await readFile(room.path('desk.tar'))
    await changeByte(room.path('desk.tar'), whole.length - 100_000)
    await room.run('--state', 'other', 'restore', 'desk.tar')
    await writeFile(room.path('desk.tar'), whole)
    expect((await room.run('--state', 'other', 'restore', 'desk.tar')).code).toBe(0)
    await verifiedAt('other')
  })

  test('is not spoilt by what a lost database left beside it', async () => {
    await makeDesk()
    await room.run('backup', 'desk.tar')
    const desk = await room.start()
    const transport = createTransport({ host: '127.0.0.1', port: room.port })
    await transport.sendMail({ from: 'bob@example.com', to: 'help@desk.localhost', subject: 'lost', text: 'Hi.' })
    desk.child.kill('SIGKILL') // leaves its write-ahead log
    await desk.ended
    await rm(room.path('var', 'relaydesk.db'))
    expect((await stat(room.path('var', 'relaydesk.db-wal'))).size).toBeGreaterThan(0)
    expect((await room.run('restore', 'desk.tar')).code).toBe(0)
    await verifiedAt('var')
    expect(await subjects(room)).toEqual(['one', 'two', 'three'])
  })
})

async function changeByte(file: string, position: number): Promise<void> {
  const bytes = await readFile(file)
  bytes[position] = (bytes[position] ?? 0) ^ 0xff
  await writeFile(file, bytes)
}
