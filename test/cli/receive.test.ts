import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, symlink } from 'node:fs/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { holdWriter, type Line, mail, subjects, verified } from '../support/mail/cli-mail.ts'
import { jsonLines, makeRoom, type Room } from '../support/relaydesk-process.ts'

let room: Room

beforeEach(async () => {
  room = await makeRoom()
})

afterEach(() => room.remove())

async function receive(...args: string[]): Promise<Line[]> {
  const { code, stdout, stderr } = await room.run('receive', '--json', ...args)
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  return jsonLines<Line>(stdout)
}

describe('the exit code tells a mail server', () => {
  test('0 when the message was stored, whatever became of it', async () => {
    await room.write('a.eml', mail('a'))
    await room.write('empty.eml', '')
    const { code, stdout, stderr } = await room.run('receive', 'a.eml', 'empty.eml', 'a.eml')
    expect({ code, stdout, stderr }).toEqual({
      code: 0,
      stdout: '1 duplicate, 1 opened, 1 quarantined:unparsable\n',
      stderr: '',
    })
  })

  test.each([
    ['no path', ['receive']],
    ['an option there is not', ['receive', '--nope', 'a.eml']],
    ['a kind of mbox there is not', ['receive', '--mbox', 'x', 'a.eml']],
    ['a channel there is not', ['receive', '--channel', 'nope', 'a.eml']],
    ['a verb there is not', ['recieve', 'a.eml']],
  ])('64 for a mistake on the command line: %s', async (_what, args) => {
    await room.write('a.eml', mail('a'))
    const { code, stdout, stderr } = await room.run(...args)
    expect({ code, stdout }).toEqual({ code: 64, stdout: '' })
    expect(stderr).not.toBe('')
    expect(stderr).not.toContain('    at ')
  })

  test('65 for a message over the size limit; a file stays where it is, with its headers kept', async () => {
    await room.write(
      'relaydesk.yaml',
      `limits: { message: 2kB }\nchannels: [{ name: support, kind: email, address: help@desk.localhost, send: { maildir: mail } }]\n`,
    )
    const large = mail('large', 'X-Kept: yes\n', 'x'.repeat(5_000))
    await room.write('large.eml', large)
    await room.write('small.eml', mail('small'))
    const { code, stdout } = await room.run('receive', '--json', 'large.eml', 'small.eml')
    expect(code).toBe(65)
    expect(jsonLines<Line>(stdout)).toEqual([
      { file: 'large.eml', outcome: 'quarantined:too-large', ref: null },
      { file: 'small.eml', outcome: 'opened', ref: 'HD-1' },
    ])
    expect((await room.run('receive', 'large.eml')).code).toBe(65)
    expect(await verified(room)).toMatchObject({ arrivals: 3, unaccounted: 0 })
    const piped = await room.runWith({ input: large }, 'receive', '-')
    expect(piped.code).toBe(65)
    expect(piped.stderr).toMatch(/^relaydesk: -: .*limits\.message.*\n$/)
  })

  test('66 for a file that is not there, and then nothing is taken', async () => {
    await room.write('a.eml', mail('a'))
    const { code, stderr } = await room.run('receive', 'a.eml', 'nowhere.eml')
    expect({ code, stderr }).toEqual({ code: 66, stderr: 'relaydesk: There is no file or folder nowhere.eml.\n' })
    expect((await verified(room)).arrivals).toBe(0)
  })

  test('75 while another process keeps the database, and nothing was stored', async () => {
    await room.write('a.eml', mail('a'))
    await room.run('list')
    const holder = await holdWriter(room)
    const { code, stdout, stderr } = await room.runWith({ input: mail('a') }, 'receive', '-')
    expect({ code, stdout }).toEqual({ code: 75, stdout: '' })
    expect(stderr).toMatch(/^relaydesk: .*(again|wait|later).*\n$/)
    holder.kill('SIGKILL')
    await once(holder, 'exit')
    expect(await receive('a.eml')).toEqual([{ file: 'a.eml', outcome: 'opened', ref: 'HD-1' }])
  })

  test.each([
    ['before anything could be opened', 16, 1_000],
    ['when the message is stored', 128, 500_000],
    ['while a large message comes in', 1_024, 5_000_000],
  ])('75 when the disk takes no more, and nothing was stored: %s', async (_what, blocks, size) => {
    await room.run('list')
    const input = mail('a', '', randomBytes(size).toString('base64'))
    // A limit on the size of files stands for a full disk: it needs no rights, and writes fail in the same places.
    const limit = ['-c', `ulimit -f ${blocks}; exec "$@"`, 'sh']
    const { code, stderr } = await room.runWith({ input, through: ['sh', ...limit] }, 'receive', '-')
    expect(stderr).toMatch(/^relaydesk: [^\n]*(space|later|wait)[^\n]*\n$/)
    expect(code).toBe(75)
    expect(await verified(room)).toMatchObject({ arrivals: 0 })
    expect(await room.runWith({ input }, 'receive', '-')).toMatchObject({ code: 0, stderr: '' })
  })

  test('78 for a mistake in the configuration', async () => {
    await room.write('bad.yaml', 'chanels: []\n')
    const { code, stderr } = await room.runWith({ input: mail('a') }, '--config', 'bad.yaml', 'receive', '-')
    expect(code).toBe(78)
    expect(stderr).toMatch(/^relaydesk: chanels: .*\n$/)
  })

  test('0 for every one of many that a mail server pipes in at once, into a folder that is not there yet', async () => {
    const all = Array.from({ length: 8 }, (_, index) => room.runWith({ input: mail(`m${index}`) }, 'receive', '-'))
    expect((await Promise.all(all)).map(({ code, stderr }) => ({ code, stderr }))).toEqual(
      all.map(() => ({ code: 0, stderr: '' })),
    )
    expect(await verified(room)).toMatchObject({ arrivals: 8, tickets: 8, unaccounted: 0 })
  })
})

describe('where mail is taken from', () => {
  test('a folder: in order of the paths, whatever is no mail is listed', async () => {
    for (const name of ['b/2', 'a/10', 'c', 'a/9', 'b/1/x']) await room.write(`in/${name}.eml`, mail(name))
    await room.write('in/a/notes.md', '# no mail\n')
    await room.write('in/picture.png', Buffer.from('89504e470d0a1a0a', 'hex'))
    await room.write('in/empty', '')
    await symlink('nowhere', room.path('in', 'broken'))
    const { code, stdout, stderr } = await room.run('receive', 'in')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const skipped = [...stdout.matchAll(/^skipped (\S+): /gm)].map(([, file]) => file)
    expect(skipped).toEqual(['in/a/notes.md', 'in/broken', 'in/empty', 'in/picture.png'])
    expect(stdout).toMatch(/\n5 opened, 4 skipped\n$/)
    expect(await subjects(room)).toEqual(['a/10', 'a/9', 'b/1/x', 'b/2', 'c'])
  })

  test('a folder with large and small mail: the lines for programs come in the order of the paths', async () => {
    await room.write('in/1.eml', mail('large', '', 'x'.repeat(3_000_000)))
    await room.write('in/2.eml', mail('small'))
    await room.write('in/3.png', 'no mail')
    expect((await receive('in')).map(line => line.file)).toEqual(['in/1.eml', 'in/2.eml', 'in/3.png'])
  })

  test('a conversation in a folder: an answer joins what it answers, although both are read at once', async () => {
    await room.write('in/1.eml', mail('first', '', 'x'.repeat(900_000)))
    await room.write('in/2.eml', mail('Re: first', 'In-Reply-To: <first@example.com>\n'))
    await room.write('in/3.eml', mail('Re: again', 'In-Reply-To: <Re--first@example.com>\n'))
    expect((await receive('in')).map(line => [line.outcome, line.ref])).toEqual([
      ['opened', 'HD-1'],
      ['appended', 'HD-1'],
      ['appended', 'HD-1'],
    ])
  })

  test('a Maildir: new and cur, and not what is still being delivered', async () => {
    for (const part of ['cur', 'new', 'tmp', '.Archive/cur', '.Archive/new', '.Archive/tmp']) {
      await room.write(`Maildir/${part}/1.host:2,S`, mail(part))
    }
    await room.write('Maildir/dovecot-uidlist', '3 V1 N2\n')
    await receive('Maildir')
    expect(await subjects(room)).toEqual(['.Archive/cur', '.Archive/new', 'cur', 'new'])
  })

  test('a folder that is called tmp but belongs to no Maildir', async () => {
    await room.write('in/tmp/1.eml', mail('kept'))
    expect(await receive('in')).toMatchObject([{ outcome: 'opened' }])
  })

  test('standard input: one message, also one with the `From ` line of a mail server', async () => {
    const piped = await room.runWith({ input: mail('plain') }, 'receive', '--json', '-')
    expect(jsonLines<Line>(piped.stdout)).toEqual([{ file: '-', outcome: 'opened', ref: 'HD-1' }])
    const from = 'From ann@example.com  Mon Jan  1 00:00:00 2024\n'
    const other = await room.runWith({ input: from + mail('with a From line') }, 'receive', '--json', '-')
    expect(jsonLines<Line>(other.stdout)).toMatchObject([{ outcome: 'opened' }])
    expect(await subjects(room)).toEqual(['plain', 'with a From line'])
  })

  test('an empty folder, and says so', async () => {
    await mkdir(room.path('in'))
    expect(await room.run('receive', 'in')).toMatchObject({ code: 0, stdout: 'There were no messages.\n' })
  })
})
