import { once } from 'node:events'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { holdWriter, type Line, mail, verified } from '../support/cli-mail.ts'
import { eventually } from '../support/patience.ts'
import { jsonLines, makeRoom, type Room, type Running } from '../support/relaydesk-process.ts'

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

/** Waits until so many messages were stored. */
function untilStored(running: Running, count: number): Promise<true> {
  return eventually(() => linesOf(running).length >= count, `${count} messages are stored`)
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
    const running = room.launch('receive', '--json', 'in')
    await untilStored(running, 50)
    await holdWriter(room, 6_500) // longer than the desk waits, shorter than two such waits
    expect((await running.ended).code).toBe(75)
    const stored = linesOf(running).filter(line => line.outcome === 'opened')
    expect(stored.at(-1)?.file).toBe(names[stored.length - 1])
    const again = await room.run('receive', '--json', 'in')
    expect(again.code).toBe(0)
    expect(jsonLines<Line>(again.stdout).map(line => line.ref)).toEqual(names.map((_, index) => `HD-${index + 1}`))
  })

  test('ends taking an mbox soon, instead of trying every message in it', async () => {
    await writeMbox()
    const running = room.launch('receive', '--json', 'old.mbox')
    await untilStored(running, 50)
    const holder = await holdWriter(room, 120_000)
    const held = Date.now()
    expect((await running.ended).code).toBe(75)
    expect(Date.now() - held).toBeLessThan(25_000)
    holder.kill('SIGKILL')
    await once(holder, 'exit')
    expect((await room.run('receive', 'old.mbox')).code).toBe(0)
    expect(await verified(room)).toMatchObject({ outcomes: { opened: MESSAGES }, unaccounted: 0 })
  })
})
