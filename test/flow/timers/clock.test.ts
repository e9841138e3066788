// What the clock brings about: each job, and each ticket or message within it, fails alone and is tried again.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { MemoryChannel } from '../../../adapters/memory/adapter.ts'
import { MemoryChat } from '../../../adapters/memory/chat.ts'
import { DeskError } from '../../../src/errors.ts'
import type { Pass } from '../../../src/flow/timers/job.ts'
import { Timekeeper } from '../../../src/flow/timers/timekeeper.ts'
import { standingAlarms } from '../../../src/store/alarms.ts'
import { type MemoryDesk, makeMemoryDesk, messageFrom } from '../../support/memory-desk.ts'
import { ENGINES } from '../../support/store/engines.ts'

const ANN = 'T/UANN'
const MINUTE_MS = 60_000

describe.each(ENGINES)('the clock on %s', engine => {
  let desk: MemoryDesk
  let mail: MemoryChannel
  const chats = new Map<string, MemoryChat>()
  let ts = 0

  beforeEach(async () => {
    mail = new MemoryChannel('support', 'help@desk.example')
    for (const name of ['gone', 'slack']) chats.set(name, new MemoryChat(name, 'T/UDESK', true))
    desk = await makeMemoryDesk(engine, {
      channels: new Map([
        ['support', { kind: 'email', deskId: 'help', adapter: mail }],
        ...[...chats].map(([name, adapter]) => [name, { kind: 'slack', deskId: 'help', adapter }] as const),
      ]),
    })
    await mail.start(desk.service.deskFor('support'))
    for (const [name, chat] of chats) await chat.start(desk.service.deskFor(name))
  })

  afterEach(() => desk.remove())

  const say = (channel: string, text: string) => {
    ts += 1
    const thread = `T/${channel}/${ts}`
    return chats.get(channel)?.deliver(
      messageFrom(ANN, {
        id: thread,
        replyTo: thread,
        from: { address: ANN, name: 'Ann' },
        ...{ subject: text, text, messageId: null, fingerprint: null },
        sentAt: desk.clock.now().toISOString(),
        live: true,
        authentication: { result: 'pass', reasons: ['the chat'] },
        chat: { thread, shared: true, row: { key: `T/${channel}/${ANN}`, within: 2 * MINUTE_MS } },
      }),
    )
  }

  /** A message of which the desk asks where it belongs. */
  const leaveUnclear = async (channel: string) => {
    await say(channel, `The printer of ${channel} burns`)
    desk.clock.advance(20 * MINUTE_MS)
    expect(await say(channel, `Now it is worse in ${channel}`)).toMatchObject({ outcome: 'held:unclear' })
  }

  const alarms = async () => (await standingAlarms(desk.context.store.read)).map(each => each.sentence)
  const toldAgents = async () => {
    await desk.deliver()
    return mail.sent.filter(each =>
      [each.text.markdown, ...each.text.verbatim].join(' ').includes('is not configured: add it again'),
    ).length
  }

  test('a message whose channel left the configuration holds up no other, and agents are told once', async () => {
    await leaveUnclear('gone')
    await leaveUnclear('slack')
    const channels = desk.context.channels as Map<string, unknown>
    const gone = channels.get('gone')
    channels.delete('gone')
    desk.clock.advance(11 * MINUTE_MS)
    await desk.service.timekeeper.pass()
    const listed = async () => JSON.stringify((await desk.as('bob', 'list')).data)
    expect(await listed()).toContain('Now it is worse in slack')
    expect(await listed()).not.toContain('Now it is worse in gone')
    expect(await alarms()).toEqual([
      'A regular task failed (messages whose writer did not say where they belong): M-2: The channel "gone" of M-2 is not configured: add it again. The desk will try again within five minutes.',
    ])
    const told = await toldAgents()
    expect(told).toBeGreaterThan(0)
    await desk.service.timekeeper.pass()
    expect(await toldAgents()).toBe(told)

    channels.set('gone', gone)
    await desk.service.timekeeper.pass()
    expect(await listed()).not.toContain('Now it is worse in gone') // it was tried a moment ago
    desk.clock.advance(5 * MINUTE_MS)
    await desk.service.timekeeper.pass()
    expect(await listed()).toContain('Now it is worse in gone')
    expect(await alarms()).toEqual([])
  })

  test('a job that fails holds up no other, and each has an alarm of its own', async () => {
    let well = false
    let done = 0
    const timekeeper = new Timekeeper(desk.context, [
      {
        name: 'the first',
        run: async () => {
          if (!well) throw new Error('a bug')
          return 1
        },
      },
      { name: 'the second', run: async () => (done += 1) },
    ])
    expect(await timekeeper.pass()).toBe(1)
    expect(await alarms()).toEqual([
      'A regular task failed (the first): a bug. See the log for more. The desk will try again within five minutes.',
    ])
    well = true
    await timekeeper.pass()
    expect(await alarms()).toEqual([])
    expect(done).toBe(2)
  })

  /** Tickets that are due, of which some fail as long as they are bad. */
  const dueOf = (all: number[], fail: (n: number) => Error | undefined) => {
    const tried: number[] = []
    const left = new Set(all)
    const run = (pass: Pass) =>
      pass.each({
        find: async limit => [...left].slice(0, limit),
        work: async n => {
          tried.push(n)
          const error = fail(n)
          if (error) throw error
          return left.delete(n)
        },
        nameOf: n => `HD-${n}`,
      })
    return { left, tried, timekeeper: new Timekeeper(desk.context, [{ name: 'many', run }]) }
  }

  test('more that fail than are looked at in one go hide none that would not, and are left alone for a while', async () => {
    const all = Array.from({ length: 1_350 }, (_, n) => n)
    const isBad = (n: number) => n < 1_250
    let mended = false
    const { left, tried, timekeeper } = dueOf(all, n => (isBad(n) && !mended ? new Error('bad') : undefined))
    expect(await timekeeper.pass()).toBe(100)
    expect([...left]).toEqual(all.filter(isBad))
    expect((await alarms())[0]).toContain('HD-0: bad. See the log for more. The same goes for 1249 more.')

    tried.length = 0
    left.add(2_000)
    desk.clock.advance(MINUTE_MS)
    expect(await timekeeper.pass()).toBe(1)
    expect(tried).toEqual([2_000])

    mended = true
    left.delete(7) // somebody saw to it
    desk.clock.advance(5 * MINUTE_MS)
    expect(await timekeeper.pass()).toBe(1_249)
    expect(await alarms()).toEqual([])
  })

  test('what passes by itself is tried again at the next time, and nobody is told', async () => {
    let busy = true
    const { left, timekeeper } = dueOf([1, 2], n =>
      busy && n === 1 ? new DeskError('temporary', 'The database is busy.') : undefined,
    )
    expect(await timekeeper.pass()).toBe(1)
    expect(await alarms()).toEqual([])
    busy = false
    expect(await timekeeper.pass()).toBe(1)
    expect(left.size).toBe(0)
  })

  test('an alarm of an earlier start ends where nothing fails any more', async () => {
    const failing = dueOf([1], () => new Error('bad'))
    await failing.timekeeper.pass()
    expect(await alarms()).toHaveLength(1)
    const started = dueOf([1], () => undefined)
    await started.timekeeper.pass()
    expect(await alarms()).toEqual([])
  })
})
