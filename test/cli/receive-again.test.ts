import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { LOCKED, struck } from '../faults/strike.ts'
import { type Line, mail, verified } from '../support/mail/cli-mail.ts'
import { type Ended, jsonLines, makeRoom, type Room, type Running } from '../support/relaydesk-process.ts'

const MESSAGES = 1_200 // enough that an import is still going on when a test interferes

let room: Room
let names: string[]

beforeEach(async () => {
  room = await makeRoom('acknowledge: { within: 0s }\n')
  names = Array.from({ length: MESSAGES }, (_, index) => `in/${String(index).padStart(4, '0')}.eml`)
})

afterEach(() => room.remove())

async function writeFolder(): Promise<void> {
  for (const name of names) await room.write(name, mail(name))
}

async function writeMbox(): Promise<void> {
  const from = 'From ann@example.com Mon Jan  1 00:00:00 2024\n'
  await room.write('old.mbox', names.map(name => `${from}${mail(name)}\n`).join(''))
}

function linesOf(running: Running): Line[] {
  return jsonLines<Line>(running.stdout().slice(0, running.stdout().lastIndexOf('\n') + 1))
}

/**
 * Resolves when so many messages were stored, and reads no further then: the program, which waits for whoever reads what
 * it writes, comes to a stop a few hundred messages later, however busy this process is.
 */
function untilStored(running: Running, count: number): Promise<void> {
  const { stdout } = running.child
  return new Promise((resolve, reject) => {
    stdout?.on('data', () => {
      if (linesOf(running).length < count) return
      stdout.pause()
      resolve()
    })
    void running.ended.then(({ code, stderr }) => reject(new Error(`It ended with ${code}: ${stderr}`)))
  })
}

/** Takes mail with a database that somebody else keeps from the second group of messages on, `once` or for `ever`. */
function receiveLocked(path: string, how: 'once' | 'ever'): Promise<Ended> {
  const env = struck({ at: 'written', time: 2 }, how)
  return room.runWith({ env }, 'receive', '--json', path)
}

describe('mail that is taken twice', () => {
  test('is a duplicate the second time, with the reference of the first', async () => {
    await writeFolder()
    const first = jsonLines<Line>((await room.run('receive', '--json', 'in')).stdout)
    expect(first).toEqual(names.map((file, index) => ({ file, outcome: 'opened', ref: `HD-${index + 1}` })))
    const second = jsonLines<Line>((await room.run('receive', '--json', 'in')).stdout)
    expect(second).toEqual(names.map((file, index) => ({ file, outcome: 'duplicate', ref: `HD-${index + 1}` })))
    expect(await verified(room)).toMatchObject({
      arrivals: 2 * MESSAGES,
      outcomes: { opened: MESSAGES, duplicate: MESSAGES },
      tickets: MESSAGES,
    })
  })

  test('is a duplicate when it lies in a folder as well as in an mbox', async () => {
    await writeFolder()
    await writeMbox()
    await room.run('receive', 'in')
    expect((await room.run('receive', 'old.mbox')).stdout).toBe(`${MESSAGES} duplicate\n`)
  })
})

describe('taking mail that is interrupted', () => {
  test.each([
    ['a folder', 'in', 'SIGINT'],
    ['a folder', 'in', 'SIGKILL'],
    ['an mbox', 'old.mbox', 'SIGINT'],
  ] as const)('carries on when run again: %s (%s), %s', async (_what, path, signal) => {
    await (path === 'in' ? writeFolder() : writeMbox())
    const running = room.launch('receive', '--json', path)
    await untilStored(running, 60)
    running.child.kill(signal)
    running.child.stdout?.resume()
    const ended = await running.ended
    expect(ended.signal ?? ended.code).not.toBe(0)
    const reported = linesOf(running)
    expect(reported.length).toBeLessThan(MESSAGES)
    expect((await verified(room)).outcomes.opened).toBeGreaterThanOrEqual(reported.length)
    const again = jsonLines<Line>((await room.run('receive', '--json', path)).stdout)
    expect(again.map(line => line.ref)).toEqual(names.map((_, index) => `HD-${index + 1}`))
    for (const [index] of reported.entries()) expect(again[index]?.outcome).toBe('duplicate')
    expect(await verified(room)).toMatchObject({ outcomes: { opened: MESSAGES }, tickets: MESSAGES, unaccounted: 0 })
  })
})

describe('a database that another process keeps while mail is taken', () => {
  test('ends it with 75, and what was stored is the beginning, so that run again it keeps the order', async () => {
    await writeFolder()
    const { code, stdout } = await receiveLocked('in', 'once')
    expect(code).toBe(75)
    const stored = jsonLines<Line>(stdout).filter(line => line.outcome === 'opened')
    expect(stored.length).toBeGreaterThan(0)
    expect(stored.at(-1)?.file).toBe(names[stored.length - 1])
    expect(await verified(room)).toMatchObject({ outcomes: { opened: stored.length } })
    const again = await room.run('receive', '--json', 'in')
    expect(again.code).toBe(0)
    expect(jsonLines<Line>(again.stdout).map(line => line.ref)).toEqual(names.map((_, index) => `HD-${index + 1}`))
  })

  test('ends taking an mbox soon, instead of trying every message in it', async () => {
    await writeMbox()
    const { code, stderr } = await receiveLocked('old.mbox', 'ever')
    expect(code).toBe(75)
    expect(stderr.split(LOCKED).length - 1).toBeLessThanOrEqual(3)
    expect((await room.run('receive', 'old.mbox')).code).toBe(0)
    expect(await verified(room)).toMatchObject({ outcomes: { opened: MESSAGES }, unaccounted: 0 })
  })
})
