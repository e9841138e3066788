import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { chmod, chown, lstat, mkdir, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createTransport } from 'nodemailer'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { mail, mailWithFile, verified } from '../support/mail/cli-mail.ts'
import { type Ended, launch, makeRoom, type Room, untilReady } from '../support/relaydesk-process.ts'

/** More than the database takes: a file of its own. */
const LARGE = createHash('shake256', { outputLength: 600_000 }).update('a file').digest()
/** More than is read into memory: a spool file while it comes in. */
const HUGE = createHash('shake256', { outputLength: 2_000_000 }).update('another').digest()

const CLOSED = /other users of this machine could read/
const NOBODY = 65_534

let room: Room

beforeEach(async () => {
  room = await makeRoom(
    'agents: [{ handle: eve, name: Eve, email: eve@example.com }]\nacknowledge: { within: 3650d }\n',
  )
})

afterEach(() => room.remove())

function under(umask: string, ...args: string[]): Promise<Ended> {
  return room.runWith({ through: ['sh', '-c', `umask ${umask} && exec "$@"`, 'sh'] }, ...args)
}

/** What others than the user may do with a path or anything below it, links not followed; none is right. */
async function open(path: string): Promise<string[]> {
  const found = await lstat(path)
  if (found.isSymbolicLink()) return []
  const own = found.mode & 0o77 ? [`${path} ${(found.mode & 0o777).toString(8)}`] : []
  const names = found.isDirectory() ? await readdir(path) : []
  return [...own, ...(await Promise.all(names.map(name => open(join(path, name))))).flat()]
}

async function modeOf(path: string): Promise<string> {
  return ((await stat(path)).mode & 0o7777).toString(8)
}

async function makeMails(): Promise<void> {
  await room.write('in/1.eml', mail('one'))
  await room.write('in/2.eml', mailWithFile('two', LARGE))
  await room.write('in/3.eml', mailWithFile('three', HUGE))
  for (const name of ['1', '2', '3']) await chmod(room.path('in', `${name}.eml`), 0o666)
}

/** A desk as an older one left it: everything for everybody to read. */
async function makeOpenDesk(folder = 0o755, file = 0o644): Promise<void> {
  await makeMails()
  expect((await room.run('receive', 'in')).code).toBe(0)
  await writeFile(join(room.state, 'spool', 'left-behind'), 'half a mail')
  await reopen(room.state, folder, file)
}

async function reopen(path: string, folder: number, file: number): Promise<void> {
  const isFolder = (await lstat(path)).isDirectory()
  if (isFolder) for (const name of await readdir(path)) await reopen(join(path, name), folder, file)
  await chmod(path, isFolder ? folder : file)
}

describe.each(['000', '022'])('under umask %s', umask => {
  test('nobody else reads what the command line keeps, packs, unpacks and saves', async () => {
    await makeMails()
    expect((await under(umask, 'receive', 'in')).stdout).toContain('3 opened')
    await writeFile(room.path('mbox'), `From x Tue Dec  1 00:00:00 2026\n${mailWithFile('four', HUGE)}`)
    expect((await under(umask, 'receive', '--mbox', 'rd', 'mbox')).code).toBe(0)
    expect((await under(umask, 'reply', 'HD-1', 'We see to it.')).code).toBe(0)
    expect((await under(umask, 'backup', 'desk.tar')).code).toBe(0)
    expect((await under(umask, '--state', 'deep/er/restored', 'restore', 'desk.tar')).code).toBe(0)
    expect((await under(umask, 'save', 'HD-2', '--to', 'saved')).stdout).toContain('saved')
    expect(await readdir(join(room.state, 'files'))).not.toEqual([])
    for (const path of ['var', 'desk.tar', 'deep/er/restored', 'saved']) expect(await open(room.path(path))).toEqual([])
    const listed = spawnSync('tar', ['tvf', room.path('desk.tar')], { encoding: 'utf8' }).stdout
    expect(listed.split('\n').filter(line => line && !line.startsWith('-rw-------'))).toEqual([])
  })

  test('nobody else reads what a desk takes and sends while it runs', async () => {
    const desk = launch(['start'], { cwd: room.folder, through: ['sh', '-c', `umask ${umask} && exec "$@"`, 'sh'] })
    room.adopt(desk.child)
    await untilReady(desk)
    const transport = createTransport({ host: '127.0.0.1', port: room.port })
    const seen: string[] = []
    let over = false
    const looking = (async () => {
      while (!over) {
        seen.push(...(await open(room.state).catch(() => [])))
        await new Promise(resolve => setTimeout(resolve, 5))
      }
    })()
    for (const [index, content] of [LARGE, HUGE, HUGE.subarray(9)].entries()) {
      const attachments = [{ filename: 'a.bin', content }]
      await transport.sendMail({ from: `a${index}@example.com`, to: 'help@desk.localhost', text: 'Hi.', attachments })
    }
    await eventually(
      async () => (await readdir(join(room.state, 'mail', 'new')).catch(() => [])).length > 2,
      'mail left',
    )
    over = true
    await looking
    transport.close()
    expect(existsSync(join(room.state, 'relaydesk.db-wal'))).toBe(true)
    expect([...seen, ...(await open(room.state))]).toEqual([])
    expect(desk.stdout()).not.toMatch(CLOSED)
    desk.child.kill('SIGINT')
    expect((await desk.ended).stderr).toBe('')
    expect(await open(room.state)).toEqual([])
  })
})

describe('what others could read', () => {
  test.each<[string, number, number]>([
    ['as an older desk left it', 0o755, 0o644],
    ['for everybody to write', 0o777, 0o666],
    ['for a group', 0o2770, 0o660],
    ['unpacked by tar with other rights', 0o751, 0o755],
    ['behind a closed folder that was opened', 0o711, 0o604],
  ])('is closed at the start, %s, and one line says so', async (_what, folder, file) => {
    await makeOpenDesk(folder, file)
    const first = await room.start()
    await eventually(() => CLOSED.test(first.stderr()) && CLOSED.test(first.stdout()), 'it is told')
    expect(await open(room.state)).toEqual([])
    first.child.kill('SIGINT')
    const { stdout, stderr } = await first.ended
    expect([...stdout.matchAll(new RegExp(CLOSED, 'g')), ...stderr.matchAll(new RegExp(CLOSED, 'g'))]).toHaveLength(2)
    const second = await room.start()
    second.child.kill('SIGINT')
    expect((await second.ended).stderr).toBe('')
    expect(second.stdout()).not.toMatch(CLOSED)
    expect(await verified(room)).toMatchObject({ outcomes: { opened: 3 } })
  })

  test('is closed wherever it is: the database, the spool, large files, one part of them', async () => {
    await makeOpenDesk()
    await room.run('list')
    const [part = ''] = await readdir(join(room.state, 'files'))
    for (const name of ['relaydesk.db', 'spool', 'files', `files/${part}`]) {
      await reopen(join(room.state, name), 0o755, 0o644)
      expect((await room.run('list')).stderr).toMatch(CLOSED)
      expect(await open(room.state)).toEqual([])
    }
    expect((await room.run('list')).stderr).toBe('')
  })

  test('is closed by the verb that comes first, also by restore', async () => {
    await makeOpenDesk()
    await room.run('backup', 'desk.tar')
    await mkdir(room.path('other'), { mode: 0o755 })
    await chmod(room.path('other'), 0o755)
    await writeFile(room.path('other', 'relaydesk.db.unfinished'), 'of one that broke off', { mode: 0o644 })
    expect((await room.run('--state', 'other', 'restore', 'desk.tar')).code).toBe(0)
    expect(await open(room.path('other'))).toEqual([])
  })

  test('is closed where a link leads to the state folder, and beside a desk that runs', async () => {
    await makeMails()
    await mkdir(room.path('disk'), { mode: 0o755 })
    await symlink(room.path('disk'), room.state)
    const desk = await room.start()
    await reopen(room.path('disk'), 0o755, 0o644)
    expect((await room.run('receive', 'in')).stdout).toContain('3 opened')
    const found = await open(room.path('disk'))
    expect(found.filter(line => !/\/mail\b/.test(line))).toEqual([]) // a Maildir is its desk's, at the start
    desk.child.kill('SIGINT')
    expect((await desk.ended).code).toBe(0)
    expect(await verified(room)).toMatchObject({ outcomes: { opened: 3 } })
  })

  test('nothing else in the folder is touched', async () => {
    await makeOpenDesk()
    await writeFile(join(room.state, 'script.sh'), '#!/bin/sh\n', { mode: 0o755 })
    await mkdir(join(room.state, 'site'), { mode: 0o755 })
    await writeFile(room.path('target'), 'elsewhere')
    await chmod(room.path('target'), 0o644)
    await symlink(room.path('target'), join(room.state, 'spool', 'link'))
    await room.run('list')
    expect(await modeOf(join(room.state, 'script.sh'))).toBe('755')
    expect(await modeOf(join(room.state, 'site'))).toBe('755')
    expect(await modeOf(room.path('target'))).toBe('644')
    expect(await modeOf(room.state)).toBe('700')
  })

  test('a folder for everybody stays one, and each start says what to do', async () => {
    await makeOpenDesk()
    await chmod(room.state, 0o1777)
    for (const _ of [1, 2]) {
      expect((await room.run('list')).stderr).toContain('this user cannot change that: chmod 700')
      expect(await modeOf(room.state)).toBe('1777')
      expect(await modeOf(join(room.state, 'relaydesk.db'))).toBe('600')
    }
  })
})

describe('what the configuration places elsewhere keeps its own rights', () => {
  test.each<[string, (outside: string) => Promise<string>]>([
    ['by a relative path', async () => '../shared/mail'],
    ['by a whole path', async outside => outside],
    [
      'by a link',
      async outside => {
        await mkdir(room.state, { recursive: true })
        await symlink(outside, join(room.state, 'mail'))
        return 'mail'
      },
    ],
  ])('a Maildir, %s', async (_what, place) => {
    const outside = room.path('shared', 'mail')
    for (const part of ['', 'tmp', 'new', 'cur']) {
      await mkdir(join(outside, part), { recursive: true })
      await chmod(join(outside, part), 0o2775)
    }
    const config = await readFile(room.path('relaydesk.yaml'), 'utf8')
    await room.write('relaydesk.yaml', config.replace('maildir: mail', `maildir: ${await place(outside)}`))
    const desk = launch(['start'], { cwd: room.folder, through: ['sh', '-c', 'umask 002 && exec "$@"', 'sh'] })
    room.adopt(desk.child)
    await untilReady(desk)
    await room.write('a.eml', mail('one'))
    await room.run('receive', 'a.eml')
    await eventually(async () => (await readdir(join(outside, 'new'))).length > 0, 'mail left')
    const [name = ''] = await readdir(join(outside, 'new'))
    expect(await modeOf(join(outside, 'new', name))).toBe('664')
    for (const part of ['', 'tmp', 'new', 'cur']) expect(await modeOf(join(outside, part))).toBe('2775')
    expect(await open(room.state)).toEqual([])
  })

  test('a Maildir that is not there yet is made for its user alone', async () => {
    const outside = room.path('elsewhere', 'mail')
    const config = await readFile(room.path('relaydesk.yaml'), 'utf8')
    await room.write('relaydesk.yaml', config.replace('maildir: mail', `maildir: ${outside}`))
    const desk = launch(['start'], { cwd: room.folder, through: ['sh', '-c', 'umask 000 && exec "$@"', 'sh'] })
    room.adopt(desk.child)
    await untilReady(desk)
    await room.write('a.eml', mail('one'))
    await room.run('receive', 'a.eml')
    await eventually(async () => (await readdir(join(outside, 'new'))).length > 0, 'mail left')
    expect(await open(outside)).toEqual([])
  })

  test('a shared folder of large files, and what is put there is for whom it is for', async () => {
    await makeMails()
    await mkdir(room.path('shared'))
    await chmod(room.path('shared'), 0o2750)
    await mkdir(room.state)
    await symlink(room.path('shared'), join(room.state, 'files'))
    await under('077', 'receive', 'in')
    const parts = await readdir(room.path('shared'))
    expect(parts.length).toBeGreaterThan(0)
    for (const part of parts) {
      expect(await modeOf(room.path('shared', part))).toBe('2750')
      for (const name of await readdir(room.path('shared', part)))
        expect(await modeOf(room.path('shared', part, name))).toBe('640')
    }
    expect(await modeOf(room.path('shared'))).toBe('2750')
    expect(await open(room.state)).toEqual([])
    await room.run('backup', 'desk.tar')
    expect(await verified(room)).toMatchObject({ outcomes: { opened: 3 } })
  })

  test.skipIf(!existsSync('/dev/shm'))('large files on another file system', async () => {
    await makeMails()
    const elsewhere = join('/dev/shm', `relaydesk-${process.pid}`)
    try {
      await mkdir(elsewhere, { mode: 0o700 })
      await mkdir(room.state)
      await symlink(elsewhere, join(room.state, 'files'))
      expect((await room.run('receive', 'in')).stdout).toContain('3 opened')
      expect(await verified(room)).toMatchObject({ outcomes: { opened: 3 } })
      expect(await readdir(join(room.state, 'spool'))).toEqual([])
      const names = (await Promise.all((await readdir(elsewhere)).map(part => readdir(join(elsewhere, part))))).flat()
      expect(names.filter(name => !/^[0-9a-f]{64}(\.zst)?$/.test(name))).toEqual([])
    } finally {
      await rm(elsewhere, { recursive: true, force: true })
    }
  })
})

/** Somebody else on this machine; the program must be readable for them. */
const SOMEBODY = ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups']
const PROBE = [
  ...SOMEBODY.slice(1),
  process.execPath,
  '-e',
  `require('fs').accessSync(${JSON.stringify(import.meta.filename)})`,
]
const onlyOne = process.getuid?.() !== 0 || spawnSync('setpriv', PROBE).status !== 0

describe.skipIf(onlyOne)('another user', () => {
  const asSomebody = (...args: string[]) => room.runWith({ through: SOMEBODY }, ...args)

  beforeEach(async () => {
    await chmod(room.folder, 0o755)
    await mkdir(room.state)
    await chown(room.state, NOBODY, NOBODY)
    await room.write('a.eml', mail('one'))
    await room.write('b.eml', mail('two'))
  })

  async function owners(path: string): Promise<number[]> {
    const found = await lstat(path)
    const names = found.isDirectory() ? await readdir(path) : []
    return [found.uid, ...(await Promise.all(names.map(name => owners(join(path, name))))).flat()]
  }

  test('root is told whose desk it is, and leaves nothing there', async () => {
    expect((await asSomebody('receive', 'a.eml')).code).toBe(0)
    const lines = [
      ['list'],
      ['claim', 'HD-1'],
      ['receive', 'b.eml'],
      ['backup', 'desk.tar'],
      ['save', 'HD-1'],
      ['start'],
    ]
    for (const { code, stdout, stderr } of await Promise.all(lines.map(words => room.run(...words)))) {
      expect({ code, stdout }).toEqual({ code: 75, stdout: '' }) // of a pipe, the mail waits in the mail server
      expect(stderr).toContain(`state: ${room.state} belongs to the user nobody`)
      expect(stderr).toContain("sudo -u 'nobody' relaydesk")
    }
    expect(new Set(await owners(room.state))).toEqual(new Set([NOBODY]))
    expect((await asSomebody('receive', 'b.eml')).stdout).toContain('1 opened')
  })

  test('root is told before there is a desk, also with restore', async () => {
    expect((await room.run('doctor')).stderr).toContain('belongs to the user nobody')
    expect((await room.run('--state', 'mine', 'receive', 'a.eml')).code).toBe(0)
    await room.run('--state', 'mine', 'backup', 'desk.tar')
    expect((await room.run('restore', 'desk.tar')).stderr).toContain('belongs to the user nobody')
    expect(await readdir(room.state)).toEqual([])
  })

  test('whoever is not root is told, too, and what root left behind is said', async () => {
    await chown(room.state, 0, 0)
    await chmod(room.state, 0o777)
    await room.run('receive', 'a.eml')
    const { code, stderr } = await asSomebody('list')
    expect({ code, told: stderr.includes('belongs to the user root') }).toEqual({ code: 75, told: true })
    await chown(room.state, NOBODY, NOBODY)
    expect((await asSomebody('list')).stderr).toContain(`chown -R ${NOBODY} ${room.state}`)
  })

  test('a folder that root made for a group is the desk’s that begins there', async () => {
    await chown(room.state, 0, NOBODY)
    await chmod(room.state, 0o770)
    expect((await asSomebody('receive', 'a.eml')).code).toBe(0)
    expect((await asSomebody('list')).stderr).toContain(`this user cannot change that: chown ${NOBODY}`)
    expect(await modeOf(join(room.state, 'relaydesk.db'))).toBe('600')
    expect((await room.run('list')).stderr).toContain('belongs to the user nobody')
  })

  test('what root shares with others is not closed for them', async () => {
    await chown(room.state, 0, 0)
    await chmod(room.state, 0o755)
    await writeFile(join(room.state, 'of-somebody'), '')
    await chown(join(room.state, 'of-somebody'), NOBODY, NOBODY)
    expect((await room.run('list')).stderr).toContain('this user cannot change that')
    expect(await modeOf(room.state)).toBe('755')
  })
})
