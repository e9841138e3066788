import { createHash, randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { open, readdir } from 'node:fs/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Line, mail, verified } from '../support/cli-mail.ts'
import { type Ended, jsonLines, makeRoom, type Room } from '../support/relaydesk-process.ts'

const MB = 1_000_000
const MOST_MEMORY_KB = 600_000
const OUTCOME = /^(opened|appended|duplicate|ignored:.+|held:.+|quarantined:.+)$/

let room: Room

beforeEach(async () => {
  room = await makeRoom('acknowledge: { within: 0s }\n')
})

afterEach(() => room.remove())

/** Runs `receive --json` and watches the most memory the process ever had; 0 where the system does not tell. */
async function receiveWatched(...args: string[]): Promise<Ended & { lines: Line[]; peakKb: number }> {
  const running = room.launch('receive', '--json', ...args)
  let peakKb = 0
  const status = `/proc/${running.child.pid}/status`
  const timer = setInterval(() => {
    try {
      peakKb = Number(/VmHWM:\s+(\d+)/.exec(readFileSync(status, 'utf8'))?.[1] ?? peakKb)
    } catch {
      // it ended meanwhile
    }
  }, 20)
  const ended = await running.ended
  clearInterval(timer)
  if (existsSync('/proc/self/status')) expect(peakKb).toBeGreaterThan(0)
  return { ...ended, lines: jsonLines<Line>(ended.stdout), peakKb }
}

function outcomeOf(file: string, lines: Line[]): string | undefined {
  return lines.find(line => line.file === file)?.outcome
}

/** Files in the making that nobody needs any more. */
async function leftInSpool(): Promise<string[]> {
  return readdir(room.path('var', 'spool')).catch(() => [])
}

/** Base64 of bytes that do not repeat, in lines of 76 characters. */
function attachment(bytes: number): string {
  return randomBytes(bytes).toString('base64').replace(/.{76}/g, '$&\n')
}

function withAttachment(subject: string, bytes: number): string {
  const type = 'Content-Type: multipart/mixed; boundary=b\nMIME-Version: 1.0\n'
  const part =
    'Content-Type: application/zip\nContent-Transfer-Encoding: base64\nContent-Disposition: attachment; filename=a.zip'
  return mail(subject, type, `--b\n\nSee the file.\n--b\n${part}\n\n${attachment(bytes)}\n--b--`)
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
    ['parts nested 2,000 deep', () => nested(2_000), OUTCOME],
    ['a subject of 1 MB', () => mail('s'.repeat(MB)), /^opened$/],
    ['a charset there is not', () => mail('c', 'Content-Type: text/plain; charset=klingon\n', 'ä'), /^opened$/],
    ['two froms, none an address', () => 'From: nobody\nFrom: no one\nSubject: s\n\nHello.\n', /^held:no-sender$/],
  ])('%s', async (_what, make, outcome) => {
    await room.write('bad.eml', make())
    await room.write('z-good.eml', mail('good'))
    const { code, signal, lines, peakKb, stderr } = await receiveWatched('bad.eml', 'z-good.eml')
    expect({ code, signal, stderr }).toEqual({ code: 0, signal: null, stderr: '' })
    expect(outcomeOf('bad.eml', lines)).toMatch(outcome)
    expect(outcomeOf('z-good.eml', lines)).toBe('opened')
    expect(peakKb).toBeLessThan(MOST_MEMORY_KB)
    expect(await verified(room)).toMatchObject({ arrivals: 2, unaccounted: 0 })
    expect(await leftInSpool()).toEqual([])
  })
})

describe('large mail needs little memory', () => {
  test('a message of 50 MB with a file', async () => {
    await room.write('large.eml', withAttachment('large', 37 * MB))
    const { code, lines, peakKb } = await receiveWatched('large.eml')
    expect({ code, outcome: lines[0]?.outcome }).toEqual({ code: 0, outcome: 'opened' })
    expect(peakKb).toBeLessThan(MOST_MEMORY_KB)
    const shown = JSON.parse((await room.run('show', '1', '--json')).stdout) as {
      messages: { attachments: unknown[] }[]
    }
    expect(shown.messages[0]?.attachments).toMatchObject([{ name: 'a.zip', size: 37 * MB }])
    expect((await receiveWatched('large.eml')).lines[0]?.outcome).toBe('duplicate')
    expect(await leftInSpool()).toEqual([])
    await verified(room)
  })

  test.each(['plain', 'html'])('a message of 50 MB of text/%s', async type => {
    const words = type === 'html' ? '<p>All work and <b>no</b> play.</p>\n' : 'All work and no play.\n'
    const text = words.repeat(Math.ceil((50 * MB) / words.length))
    await room.write('large.eml', mail('large', `Content-Type: text/${type}\n`, text))
    const { code, lines, peakKb } = await receiveWatched('large.eml')
    expect({ code, outcome: lines[0]?.outcome }).toEqual({ code: 0, outcome: 'opened' })
    expect(peakKb).toBeLessThan(MOST_MEMORY_KB)
    await verified(room)
  })

  test('a message of 50 MB on standard input', async () => {
    const { code, stdout } = await room.runWith({ input: withAttachment('large', 37 * MB) }, 'receive', '--json', '-')
    expect({ code, lines: jsonLines<Line>(stdout) }).toEqual({
      code: 0,
      lines: [{ file: '-', outcome: 'opened', ref: 'HD-1' }],
    })
  })

  test.each([
    ['small ones', 10_000, 3],
    ['of nearly a megabyte', 700_000, 1],
    ['of several megabytes', 4 * MB, 1],
  ])(
    'an mbox of 100 MB: %s',
    async (_what, bytes, textual) => {
      const file = await open(room.path('large.mbox'), 'w')
      let count = 0
      for (let size = 0; size < 100 * MB; ) {
        const wanted =
          textual > 1
            ? mail(`m${count}`, '', `${attachment(bytes)}\n`.repeat(textual))
            : withAttachment(`m${count}`, bytes)
        const written = `From ann@example.com Mon Jan  1 00:00:00 2024\n${wanted}\n`
        await file.writeFile(written)
        size += written.length
        count += 1
      }
      await file.close()
      const { code, lines, peakKb } = await receiveWatched('large.mbox')
      expect(code).toBe(0)
      expect(lines.map(line => line.outcome)).toEqual(Array(count).fill('opened'))
      expect(peakKb).toBeLessThan(MOST_MEMORY_KB)
      expect(await verified(room)).toMatchObject({ tickets: count, unaccounted: 0 })
      expect(await leftInSpool()).toEqual([])
    },
    180_000,
  )
})

/** Multiparts in one another. */
function nested(depth: number): string {
  const levels = Array.from(
    { length: depth },
    (_, level) => `Content-Type: multipart/mixed; boundary=b${level}\n\n--b${level}\n`,
  )
  return `From: ann@example.com\nSubject: nested\n${levels.join('')}\nHello.\n`
}
