import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { eventually } from '../../support/eventually.ts'
import { RecordingDesk } from '../../support/slack/recording-desk.ts'
import { Receiving } from '../../support/slack/service/receiving.ts'
import { SlackStand } from '../../support/slack/stand.ts'

const PEOPLE = [
  { name: 'ann', email: 'Ann@Example.com', realName: 'Ann Lee' },
  { name: 'bob', email: 'bob@example.com', guest: true },
  { name: 'cai', email: 'cai@other.example', home: 'T0OTHER' },
  { name: 'dia', email: 'dia@example.com', hidesEmail: true },
]

const team = 'T000000001'
let stand: SlackStand
let slack: Receiving
let desk: RecordingDesk
let time: Date
const people = () => slack.inbound.people
const idOf = (name: string) => stand.as(name).id

beforeAll(async () => {
  stand = await SlackStand.start({ users: PEOPLE, channels: [{ name: 'support' }, { name: 'agents', private: true }] })
})

afterAll(() => stand?.stop())

beforeEach(async () => {
  desk = new RecordingDesk()
  time = new Date()
  slack = await Receiving.start(stand, { desk, now: () => time, support: { support: 'all' } })
})

afterEach(async () => {
  stand.clearFaults()
  stand.route = undefined
  await slack.stop()
})

describe('who somebody is', () => {
  test('a full member has an e-mail address that may be trusted; nobody else has', async () => {
    expect(await people().find(idOf('ann'))).toEqual({
      ...{ address: `${team}/${idOf('ann')}`, userId: idOf('ann'), name: 'Ann Lee', email: 'ann@example.com' },
      ...{ isBot: false, isOurs: true },
    })
    expect(await people().find(idOf('bob'))).toMatchObject({ email: null, isOurs: true })
    expect(await people().find(idOf('dia'))).toMatchObject({ email: null, isOurs: true })
    const cai = { address: `T0OTHER/${idOf('cai')}`, email: null, isOurs: false }
    expect(await people().find(idOf('cai'), team)).toMatchObject(cai)
    expect(await people().find(stand.workspace.bot.id)).toMatchObject({ email: null, isBot: true })
    const nobody = { address: 'T9/U404', name: 'U404', email: null, isBot: false, isOurs: false }
    expect(await people().find('U404', 'T9')).toMatchObject(nobody)
  })

  test('is asked once an hour, however many want to know', async () => {
    const before = stand.calls('users.info')
    const found = await Promise.all(Array.from({ length: 20 }, () => people().find(idOf('ann'))))
    expect(new Set(found.map(each => each.name))).toEqual(new Set(['Ann Lee']))
    expect(stand.calls('users.info')).toBe(before + 1)
    await people().find(idOf('ann'))
    time = new Date(time.getTime() + 61 * 60_000)
    await people().find(idOf('ann'))
    expect(stand.calls('users.info')).toBe(before + 2)
    await stand.send({ type: 'user_change', user: { id: idOf('ann'), name: 'ann' }, event_ts: '1.000001' })
    await people().find(idOf('ann'))
    expect(stand.calls('users.info')).toBe(before + 3)
  })

  test.each([
    [{ status: 500 }, 'problem'],
    [{ error: 'invalid_auth' }, 'token'],
    [{ error: 'missing_scope' }, 'scope'],
    [{ error: 'org_login_required' }, 'org_login_required'],
    [{}, 'could not be reached'],
  ])('cannot be told just now: %j', async (fault, word) => {
    stand.fault({ method: 'users.info', ...fault })
    await expect(people().find(idOf('ann'))).rejects.toMatchObject({
      code: 'temporary',
      message: expect.stringContaining(word),
    })
    expect(await people().find(idOf('ann'))).toMatchObject({ name: 'Ann Lee' })
  })
})

test('agents are introduced; of those without an account here the operator hears once', async () => {
  desk.people = [
    { handle: 'ann', name: 'Ann', email: 'ANN@example.com' },
    { handle: 'bob', name: 'Bob', email: 'bob@example.com' },
    { handle: 'eve', name: 'Eve', email: 'eve@example.com' },
  ]
  await people().introduceAgents()
  await people().introduceAgents()
  const ann = { address: `${team}/${idOf('ann')}`, others: ['ann@example.com'] }
  const bob = { address: `${team}/${idOf('bob')}`, others: [] }
  expect(desk.vouched).toEqual([ann, bob, ann, bob])
  expect(slack.warnings).toEqual([
    'the Slack account with the address bob@example.com of @bob is not a full member of the workspace, so it does not count as the account of an agent',
    'no Slack account has the address eve@example.com of @eve',
  ])
})

test('whenever somebody is looked up the desk hears what Slack vouches for', async () => {
  await people().find(idOf('ann'))
  await people().find(idOf('bob'))
  await people().find(idOf('dia')) // Slack shows nothing of hers, and says nothing by that
  expect(desk.vouched).toEqual([
    { address: `${team}/${idOf('ann')}`, others: ['ann@example.com'] },
    { address: `${team}/${idOf('bob')}`, others: [] },
  ])
  desk.people = [{ handle: 'bob', name: 'Bob', email: 'bob@example.com' }]
  await people().introduceAgents()
  expect(desk.vouched.at(-1)).toEqual({ address: `${team}/${idOf('bob')}`, others: [] })
})

test('the accounts that the desk takes for those of agents are looked at anew', async () => {
  const chats = [`slack ${team}/${idOf('bob')}`, 'teams somebody', 'slack T0OTHER/U1']
  desk.people = [{ handle: 'ann', name: 'Ann', email: 'ann@example.com', chats }]
  await people().introduceAgents()
  const ann = { address: `${team}/${idOf('ann')}`, others: ['ann@example.com'] }
  expect(desk.vouched.splice(0)).toEqual([{ address: `${team}/${idOf('bob')}`, others: [] }, ann])
  for (const name of ['ann', 'bob', 'cai']) {
    await stand.send({ type: 'user_change', user: { id: idOf(name), name }, event_ts: '1.000001' })
  }
  expect(desk.vouched.map(each => each.address)).toEqual(['ann', 'bob'].map(name => `${team}/${idOf(name)}`))
})

test('who is in the room is known, and followed', async () => {
  await slack.stop()
  slack = await Receiving.start(stand, { desk, room: 'agents' })
  const { room } = slack.inbound
  expect(room.has('U404')).toBe(true) // nobody has told yet
  await eventually(() => (room.has('U404') ? undefined : 'told'), 'Slack tells who is there')
  expect(room.has(idOf('ann'))).toBe(true)
  await room.learn()
  const channel = stand.workspace.channel('agents')
  const member = (type: string) => ({ type, user: idOf('ann'), channel, channel_type: 'G', team, event_ts: '1.000001' })
  await stand.send(member('member_left_channel'))
  expect(room.has(idOf('ann'))).toBe(false)
  await stand.send(member('member_joined_channel'))
  expect(room.has(idOf('ann'))).toBe(true)
})

test('agents are introduced when the channel starts', async () => {
  await slack.stop()
  desk.people = [{ handle: 'ann', name: 'Ann', email: 'ann@example.com' }]
  slack = await Receiving.start(stand, { desk })
  await eventually(() => desk.vouched[0], 'Ann is introduced')
})
