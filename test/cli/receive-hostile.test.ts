import { createHash, randomBytes } from 'node:crypto'
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
const OUTCOME = /^(opened|appended|duplicate|ignored:.+|held:.+|quarantined:.+)$/

let room: Room

beforeEach(async () => {
  room = await makeRoom('acknowledge: { within: 0s }\n')
})

afterEach(() => room.remove())

function outcomeOf(file: string, lines: Line[]): string | undefined {
  return lines.find(line => line.file === file)?.outcome
}

describe('a message of any bytes reaches an outcome and ends nothing', () => {
  test.each<[string, () => string | Uint8Array, RegExp]>([
    ['nothing at all', () => '', /^quarantined:/],
    ['a million NULs', () => Buffer.alloc(MB), /^quarantined:/],
    [
      'random bytes',
      () =>
        createHash('shake256', { outputLength: 3 * MB })
          .update('seed')
          .digest(),
      OUTCOME,
    ],
    ['a head and NULs', () => mail('nul', '', '\0'.repeat(MB)), /^opened$/],
    ['NULs in the head', () => mail('nul\0 nul', 'X-Nul: \0\0\n'), /^opened$/],
    ['100,000 headers', () => mail('many', 'X-Much: of the same\n'.repeat(100_000)), /^opened$/],
    ['one header of 20 MB', () => mail('long', `X-Long: ${'y'.repeat(20 * MB)}\n`), /^opened$/],
    ['a head without an end', () => 'X-Much: of the same\n'.repeat(100_000), /^held:/],
    ['one line of 5 MB without an end', () => 'z'.repeat(5 * MB), OUTCOME],
    [
      '20,000 parts',
      () => mail('parts', 'Content-Type: multipart/mixed; boundary=b\n', '--b\n\nx\n'.repeat(20_000)),
      OUTCOME,
    ],
    ['a large file before 20,000 parts', () => fileAndParts(), /^quarantined:unparsable$/],
    ['parts nested 2,000 deep', () => nested(2_000), OUTCOME],
    ['a subject of 1 MB', () => mail('s'.repeat(MB)), /^opened$/],
    ['a charset there is not', () => mail('c', 'Content-Type: text/plain; charset=klingon\n', 'ä'), /^opened$/],
    ['two froms, none an address', () => 'From: nobody\nFrom: no one\nSubject: s\n\nHello.\n', /^held:no-sender$/],
  ])('%s', async (_what, make, outcome) => {
    await room.write('bad.eml', make())
    await room.write('z-good.eml', mail('good'))
    const { code, signal, lines, peakKb, stderr } = await receiveWatched(room, 'bad.eml', 'z-good.eml')
    expect({ code, signal, stderr }).toEqual({ code: 0, signal: null, stderr: '' })
    expect(outcomeOf('bad.eml', lines)).toMatch(outcome)
    expect(outcomeOf('z-good.eml', lines)).toBe('opened')
    expect(peakKb).toBeLessThan(MOST_MEMORY_KB)
    expect(await verified(room)).toMatchObject({ arrivals: 2, unaccounted: 0 })
    expect(await leftInSpool(room)).toEqual([])
  })
})

describe('large mail needs little memory', () => {
  test('a message of 50 MB with a file', async () => {
    await room.write('large.eml', mailWithFile('large', randomBytes(37 * MB)))
    const { code, lines, peakKb } = await receiveWatched(room, 'large.eml')
    expect({ code, outcome: lines[0]?.outcome }).toEqual({ code: 0, outcome: 'opened' })
    expect(peakKb).toBeLessThan(MOST_MEMORY_KB)
    const shown = JSON.parse((await room.run('show', '1', '--json')).stdout) as {
      messages: { attachments: unknown[] }[]
    }
    expect(shown.messages[0]?.attachments).toMatchObject([{ name: 'a.zip', size: 37 * MB }])
    expect((await receiveWatched(room, 'large.eml')).lines[0]?.outcome).toBe('duplicate')
    expect(await leftInSpool(room)).toEqual([])
    await verified(room)
  })

  test.each(['plain', 'html'])('a message of 50 MB of text/%s', async type => {
    const words = type === 'html' ? '<p>All work and <b>no</b> play.</p>\n' : 'All work and no play.\n'
    const text = words.repeat(Math.ceil((50 * MB) / words.length))
    await room.write('large.eml', mail('large', `Content-Type: text/${type}\n`, text))
    const { code, lines, peakKb } = await receiveWatched(room, 'large.eml')
    expect({ code, outcome: lines[0]?.outcome }).toEqual({ code: 0, outcome: 'opened' })
    expect(peakKb).toBeLessThan(MOST_MEMORY_KB)
    await verified(room)
  })

  test('a message of 50 MB on standard input', async () => {
    const { code, stdout } = await room.runWith(
      { input: mailWithFile('large', randomBytes(37 * MB)) },
      'receive',
      '--json',
      '-',
    )
    expect({ code, lines: jsonLines<Line>(stdout) }).toEqual({
      code: 0,
      lines: [{ file: '-', outcome: 'opened', ref: 'HD-1' }],
    })
  })
})

/** A file large enough for the spool, and then more parts than are read. */
function fileAndParts(): string {
  const file = `Content-Type: application/zip\nContent-Transfer-Encoding: base64\n\n${inBase64(randomBytes(2 * MB))}`
  const text = `--b\n${file}\n${'--b\n\nx\n'.repeat(20_000)}`
  return mail('file and parts', 'Content-Type: multipart/mixed; boundary=b\n', text)
}

/** Multiparts in one another. */
function nested(depth: number): string {
  const levels = Array.from(
    { length: depth },
    (_, level) => `Content-Type: multipart/mixed; boundary=b${level}\n\n--b${level}\n`,
  )
  return `From: ann@example.com\nSubject: nested\n${levels.join('')}\nHello.\n`
}
