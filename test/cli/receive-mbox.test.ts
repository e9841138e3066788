import { randomBytes } from 'node:crypto'
import { open } from 'node:fs/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  inBase64,
  type Line,
  leftInSpool,
  MOST_MEMORY_KB,
  mail,
  mailWithFile,
  receiveWatched,
  verified,
} from '../support/mail/cli-mail.ts'
import { jsonLines, makeRoom, type Room } from '../support/relaydesk-process.ts'

const MB = 1_000_000
const FROM = 'From ann@example.com Mon Jan  1 00:00:00 2024\n'

let room: Room

beforeEach(async () => {
  room = await makeRoom('acknowledge: { within: 0s }\n')
})

afterEach(() => room.remove())

async function receive(...args: string[]): Promise<Line[]> {
  const { code, stdout, stderr } = await room.run('receive', '--json', ...args)
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  return jsonLines<Line>(stdout)
}

async function textOf(ticket: string): Promise<string> {
  const shown = JSON.parse((await room.run('show', ticket, '--json')).stdout) as { messages: { text: string }[] }
  return shown.messages[0]?.text.trim() ?? ''
}

describe('an mbox', () => {
  test.each([
    ['rd', '>From the start\n>>From deeper\n', 'From the start\n>From deeper'],
    ['o', '>From the start\n>>From deeper\n', 'From the start\n>>From deeper'],
  ])('with the quoting of mbox%s', async (kind, written, read) => {
    await room.write('old.mail', `${FROM}${mail('one', '', written)}\n${FROM}${mail('two')}\n${FROM}${mail('three')}`)
    expect((await receive('--mbox', kind, 'old.mail')).map(line => [line.file, line.ref])).toEqual([
      ['old.mail#1', 'HD-1'],
      ['old.mail#2', 'HD-2'],
      ['old.mail#3', 'HD-3'],
    ])
    expect(await textOf('HD-1')).toBe(read)
  })

  test('with the line ends of Windows', async () => {
    const text = `${FROM}${mail('one')}\n${FROM}${mail('two', '', '>From here')}`
    await room.write('old.mbox', text.replace(/\n/g, '\r\n'))
    expect((await receive('old.mbox')).map(line => line.outcome)).toEqual(['opened', 'opened'])
    expect(await textOf('HD-2')).toBe('From here')
  })

  test('whose last line has no end, or that ends with a From line', async () => {
    await room.write('a.mbox', `${FROM}${mail('one').trimEnd()}`)
    await room.write('b.mbox', `${FROM}${mail('two')}\n${FROM.trimEnd()}`)
    expect((await receive('a.mbox')).map(line => line.outcome)).toEqual(['opened'])
    expect((await receive('b.mbox'))[0]?.outcome).toBe('opened')
  })

  test('that is told by its name, in a folder beside other mail', async () => {
    await room.write('in/1.eml', mail('one'))
    await room.write('in/2.mbox', `${FROM}${mail('two')}\n${FROM}${mail('three')}`)
    await room.write('in/mbox', `${FROM}${mail('four')}`)
    expect((await receive('in')).map(line => line.file)).toEqual([
      'in/1.eml',
      'in/2.mbox#1',
      'in/2.mbox#2',
      'in/mbox#1',
    ])
  })

  test('in a folder taken with --mbox: a single message beside it is taken or listed, and not passed over', async () => {
    await room.write('in/1', mail('one'))
    await room.write('in/2', `${FROM}${mail('two')}\n${FROM}${mail('three')}`)
    const files = (await receive('--mbox', 'rd', 'in')).map(line => line.file.replace(/#\d+$/, ''))
    expect(files).toEqual(['in/1', 'in/2', 'in/2'])
  })

  test('with a message over the size limit, whether it is large or small', async () => {
    const channel = 'channels: [{ name: support, kind: email, address: a@b.example, send: { maildir: mail } }]'
    await room.write('relaydesk.yaml', `limits: { message: 2kB }\n${channel}\n`)
    const large = [5_000, 3 * MB].map(size => mail(`m${size}`, '', 'x'.repeat(size)))
    await room.write('old.mbox', [mail('one'), ...large, mail('two')].map(each => `${FROM}${each}\n`).join(''))
    const { code, stdout } = await room.run('receive', '--json', 'old.mbox')
    expect(code).toBe(65)
    expect(Object.fromEntries(jsonLines<Line>(stdout).map(line => [line.file, line.outcome]))).toEqual({
      'old.mbox#1': 'opened',
      'old.mbox#2': 'quarantined:too-large',
      'old.mbox#3': 'quarantined:too-large',
      'old.mbox#4': 'opened',
    })
    expect(await leftInSpool(room)).toEqual([])
  })
})

describe('a large mbox', () => {
  test.each<[string, number, (subject: string) => string]>([
    ['40 MB of small ones', 40, subject => mail(subject, '', inBase64(randomBytes(30_000)))],
    ['100 MB of nearly a megabyte each', 100, subject => mailWithFile(subject, randomBytes(700_000))],
    ['100 MB of several megabytes each', 100, subject => mailWithFile(subject, randomBytes(4 * MB))],
  ])('is taken in little memory, every message whole: %s', async (_what, megabytes, make) => {
    const file = await open(room.path('large.mbox'), 'w')
    let count = 0
    for (let size = 0; size < megabytes * MB; count += 1) {
      const message = make(`m${count}`)
      if (count % 20 === 0) await room.write(`alone/${count}.eml`, message)
      await file.writeFile(`${FROM}${message}\n`)
      size += message.length
    }
    await file.close()
    const { code, lines, peakKb } = await receiveWatched(room, 'large.mbox')
    expect(code).toBe(0)
    expect(lines.map(line => line.outcome)).toEqual(Array(count).fill('opened'))
    expect(peakKb).toBeLessThan(MOST_MEMORY_KB)
    expect(await verified(room)).toMatchObject({ tickets: count, unaccounted: 0 })
    expect(await leftInSpool(room)).toEqual([])
    const alone = await receive('alone')
    expect(alone.map(line => line.outcome)).toEqual(alone.map(() => 'duplicate'))
  })
})
