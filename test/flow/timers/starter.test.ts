// Channels and ports start each by itself: one that fails is one alarm, and is tried again until it is up.
import { afterEach, beforeEach, expect, test } from 'vitest'
import { MemoryChannel } from '../../../adapters/memory/adapter.ts'
import { MemoryChat } from '../../../adapters/memory/chat.ts'
import { DeskError } from '../../../src/errors.ts'
import { Starter } from '../../../src/flow/timers/starter.ts'
import { standingAlarms } from '../../../src/store/alarms.ts'
import { eventually } from '../../support/eventually.ts'
import { type MemoryDesk, makeMemoryDesk } from '../../support/memory-desk.ts'

const SECOND_MS = 1_000
const TAKEN = new DeskError('unavailable', 'listen.port: port 2525 on 127.0.0.1 is in use: write another port.')
const SENTENCE = `The channel support is not running: ${TAKEN.message} The desk will try again within five minutes.`

let desk: MemoryDesk
let mail: MemoryChannel
let chat: MemoryChat
let made: Starter[]

beforeEach(async () => {
  mail = new MemoryChannel('support', 'help@desk.example')
  chat = new MemoryChat('slack', 'T/UDESK', true)
  desk = await makeMemoryDesk('sqlite', {
    channels: new Map<string, { kind: string; deskId: string; adapter: MemoryChannel }>([
      ['slack', { kind: 'slack', deskId: 'help', adapter: chat }],
      ['support', { kind: 'email', deskId: 'help', adapter: mail }],
    ]),
  })
  made = []
})

afterEach(async () => {
  await Promise.all(made.map(each => each.stop()))
  await desk.remove()
})

const alarms = async () => (await standingAlarms(desk.context.store.read)).map(each => each.sentence)

/** A channel of which an attempt rejects with what `fail` gives. */
function channel(name: string, fail: () => unknown) {
  const each = { name: `The channel ${name}`, channel: name, attempts: 0 }
  const start = async () => {
    each.attempts += 1
    const error = fail()
    if (error) throw error
  }
  return Object.assign(each, { start })
}

async function started(...all: ConstructorParameters<typeof Starter>[1]): Promise<Starter> {
  const starter = new Starter(desk.context, all)
  made.push(starter)
  await starter.start()
  return starter
}

test('one that fails is one alarm, tried again after longer and longer, and up as soon as it can be', async () => {
  let isTaken = true
  const support = channel('support', () => isTaken && TAKEN)
  const slack = channel('slack', () => undefined)
  const starter = await started(support, slack)
  const up: string[] = []
  let queued = 0
  starter.onUp = sentence => up.push(sentence)
  starter.onCommit = () => (queued += 1)
  expect([...starter.failures.values()].map(each => each.sentence)).toEqual([SENTENCE])
  expect(await alarms()).toEqual([SENTENCE])
  expect([support.attempts, slack.attempts]).toEqual([1, 1])

  await mail.start(desk.service.deskFor('support'))
  await desk.deliver()
  expect(mail.sent.map(each => each.recipients)).toEqual([['bob@staff.example'], ['eve@staff.example']])

  for (const [seconds, attempts] of [14, 1, 29, 1, 60, 120, 240, 299, 1, 300].entries()) {
    desk.clock.advance(attempts * SECOND_MS)
    await starter.pass()
    expect(support.attempts, `pass ${seconds}`).toBe([1, 2, 2, 3, 4, 5, 6, 6, 7, 8][seconds])
  }
  expect(queued).toBe(0)
  await desk.deliver()
  expect(mail.sent).toHaveLength(2)

  isTaken = false
  desk.clock.advance(300 * SECOND_MS)
  await starter.pass()
  expect(up).toEqual(['The channel support is running.'])
  expect(starter.failures.size).toBe(0)
  expect(await alarms()).toEqual([])
  await starter.pass()
  expect([support.attempts, slack.attempts]).toEqual([9, 1])
})

test('two that fail have an alarm each, and one that takes long holds up no other', async () => {
  const hanging = Promise.withResolvers<void>()
  let isDown = true
  const slack = channel('slack', () => isDown && new Error('fetch failed'))
  const support = channel('support', () => isDown && TAKEN)
  const starter = await started(slack, support)
  const ofSlack =
    'The channel slack is not running: fetch failed. See the log for more. The desk will try again within five minutes.'
  expect((await alarms()).toSorted()).toEqual([ofSlack, SENTENCE])
  isDown = false
  slack.start = () => hanging.promise
  desk.clock.advance(15 * SECOND_MS)
  const pass = starter.pass()
  await eventually(() => starter.failures.size === 1, 'the other is up')
  await eventually(async () => (await alarms()).join() === ofSlack, 'its alarm is over')
  hanging.resolve()
  await pass
  expect(await alarms()).toEqual([])
})

test('agents do not hear of a chat that is not up in that chat', async () => {
  const bob = [{ kind: 'email', address: 'bob@staff.example' }]
  await desk.service.deskFor('slack').vouch({ kind: 'slack', address: 'T/UBOB' }, bob)
  await started(channel('slack', () => new Error('fetch failed')))
  await mail.start(desk.service.deskFor('support'))
  await chat.start(desk.service.deskFor('slack'))
  await desk.deliver()
  expect(chat.sent).toEqual([])
  expect(mail.sent.map(each => each.recipients[0])).toContain('bob@staff.example')
})

test('what is wrong in the configuration ends the start, and raises no alarm', async () => {
  const wrong = new DeskError('config', 'channels[0].send.maildir: it cannot be written.')
  const support = channel('support', () => wrong)
  const slack = channel('slack', () => new Error('fetch failed'))
  await expect(started(slack, support)).rejects.toBe(wrong)
  expect(await alarms()).toEqual([])
})

test('what turns out to be wrong later is an alarm', async () => {
  let error: unknown = TAKEN
  const starter = await started(channel('support', () => error))
  error = new DeskError('config', 'listen.host: there is no such address.')
  desk.clock.advance(15 * SECOND_MS)
  await starter.pass()
  expect(await alarms()).toEqual([
    expect.stringContaining('not running: listen.host: there is no such address. The desk'),
  ])
})

test('an alarm of an earlier start stands until it is up, and agents are not told again', async () => {
  const slack = channel('slack', () => new Error('fetch failed'))
  const support = channel('support', () => TAKEN)
  const first = await started(slack, support)
  await first.stop()
  await mail.start(desk.service.deskFor('support'))
  await desk.deliver()
  const before = mail.sent.length
  const second = await started(
    channel('slack', () => undefined),
    support,
  )
  expect(await alarms()).toEqual([SENTENCE])
  await desk.deliver()
  expect(mail.sent).toHaveLength(before)
  expect(second.failures.size).toBe(1)
})

test('stopping waits for the attempt in hand, and makes no more', async () => {
  const hanging = Promise.withResolvers<void>()
  const support = channel('support', () => TAKEN)
  const starter = await started(support)
  support.start = () => hanging.promise
  desk.clock.advance(15 * SECOND_MS)
  void starter.pass()
  let isOver = false
  const stopped = starter.stop().then(() => {
    isOver = true
  })
  await new Promise(resolve => setImmediate(resolve))
  expect(isOver).toBe(false)
  hanging.resolve()
  await stopped
})
