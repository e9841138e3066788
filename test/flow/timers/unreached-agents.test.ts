import { afterEach, beforeEach, expect, test } from 'vitest'
import { MemoryChannel } from '../../../adapters/memory/adapter.ts'
import type { ChannelEntry } from '../../../src/flow/context.ts'
import { standingAlarms } from '../../../src/store/alarms.ts'
import { type MemoryDesk, makeMemoryDesk, messageFrom } from '../../support/memory-desk.ts'

let desk: MemoryDesk
let channels: Map<string, ChannelEntry>
const json = new MemoryChannel('json', 'desk')

beforeEach(async () => {
  channels = new Map([['json', { kind: 'json', deskId: 'help', adapter: json }]])
  desk = await makeMemoryDesk('sqlite', { channels })
  await json.start(desk.service.deskFor('json'))
})

afterEach(() => desk.remove())

const alarms = async () => (await standingAlarms(desk.context.store.read)).map(each => each.code)

test('what is for agents is never handed to a channel that does not reach them; it is an alarm until one does', async () => {
  await json.deliver(messageFrom('ann', { text: 'The VPN drops.' }))
  await json.deliver(messageFrom('ann', { spam: ['rspamd'], subject: 'Win', text: 'Click here' }))
  await desk.deliver()
  expect(json.sent.flatMap(each => each.recipients)).toEqual(['ann'])
  expect(await alarms()).toEqual(['unreached bob', 'unreached eve'])
  await desk.service.timekeeper.pass()
  expect(await alarms()).toEqual(['unreached bob', 'unreached eve'])
  channels.set('mail', { kind: 'email', deskId: 'help', adapter: new MemoryChannel('mail', 'help@desk.example') })
  await desk.service.timekeeper.pass()
  expect(await alarms()).toEqual([])
})
