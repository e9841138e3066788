// Below the card of one ticket an agent names another, or gives options, as people write them in Slack.
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { AGENTS } from '../../support/desk.ts'
import { makeSlackDesk, PEOPLE, type SlackDesk } from '../../support/slack-desk.ts'
import { SlackWatch } from '../../support/slack-watch.ts'

vi.mock('../../../adapters/slack/api/pacer.ts', () => import('../../support/fast-pacer.ts'))

let all: SlackDesk
let watch: SlackWatch
let ts = ''
let said = 0

beforeAll(async () => {
  all = await makeSlackDesk('sqlite', {
    more: { oneTicketWithin: '1s' },
    people: PEOPLE,
    channels: [{ name: 'help' }, { name: 'triage', private: true, members: ['bob', 'eve'] }, { name: 'random' }],
    root: { agents: AGENTS },
  })
  watch = await SlackWatch.begin(all)
  await all.stand.as('ann').say('help', 'The blue printer is broken')
  await watch.quiet()
  await all.stand.as('carl').dm('My salary statement is missing')
  await watch.quiet()
  ts = (await all.card('HD-1')).ts
})

afterAll(async () => {
  await all.remove()
})

const FORMS = [
  ...[
    'HD-2',
    'HD-2:',
    'HD-2,',
    'HD\u20132',
    'HD\u20112',
    '*HD-2*',
    '(HD-2)',
    '`HD-2`',
    'HD 2',
    '#HD-2',
    '"HD-2"',
    'hd2',
  ],
  ...['_HD-2_', '~HD-2~', '<https://desk.example/2|HD-2>', '<https://desk.example/HD-2>', '“HD-2”', '• HD-2', '> HD-2'],
  ...['[HD-2]', 'HD\u22122:', 'ＨＤ－２', 'H\u00ADD-2', ':ticket: HD-2', '\nHD-2:', '```HD-2```', '«HD-2»', '*HD*-2'],
]

/** Where a new secret came to be read, outside of the room and of agents' own messages. */
async function placesOf(secret: string): Promise<string[]> {
  await watch.quiet()
  const seen = watch.all().filter(each => each.text.includes(secret))
  return [...new Set(seen.map(each => each.where))].filter(
    where => where !== 'the room' && where !== 'ephemeral to bob',
  )
}

function newSecret(): string {
  said += 1
  return `S3CRET${said}x`
}

test.each(FORMS)('below the card of HD-1, %j is asked about', async form => {
  const secret = newSecret()
  await all.stand.as('bob').say('triage', `@desk reply ${form} it is ${secret}`, { thread: ts })
  expect(await placesOf(secret)).toEqual([])
  const shown = (await all.stand.ephemerals('triage')).at(-1)
  expect(JSON.stringify(shown)).toMatch(/conversation of HD-1/)
  expect(JSON.stringify(shown)).toMatch(/Reply on HD-2/)
})

test.each([
  ['behind a text in quotes', (text: string) => `"${text}" --anyway`],
  ['behind a text', (text: string) => `${text} --anyway`],
  ['with a long dash', (text: string) => `${text} —anyway`],
  ['in front of a text', (text: string) => `—anyway ${text}`],
  ['in front of a text below', (text: string) => `\n--anyway ${text}`],
  ['on a line of its own', (text: string) => `${text}\n--anyway`],
  ['behind a text in curly quotes', (text: string) => `“${text}” –-anyway`],
  ['in bold', (text: string) => `${text} *--anyway*`],
])('an option %s goes to nobody', async (_where, write) => {
  const secret = newSecret()
  await all.stand.as('bob').say('triage', `@desk reply ${write(`Look at ${secret} again`)}`, { thread: ts })
  expect(await placesOf(secret)).toEqual(['#help'])
  const read = watch.all().filter(each => each.where === '#help' && each.text.includes(secret))
  const texts = read.map(each => (JSON.parse(each.text) as { text: string }).text)
  expect([...new Set(texts)]).toEqual([`Look at ${secret} again`])
  const slash = newSecret()
  await all.stand.as('bob').command(`/desk reply HD–2: ${write(`Look at ${slash} again`)}`)
  const places = await placesOf(slash)
  expect(places).toHaveLength(1)
  expect(places[0]).not.toBe('#help')
  const sent = watch.all().filter(each => each.where === places[0] && each.text.includes(slash))
  expect(sent.map(each => each.text).join()).not.toMatch(/anyway/)
})

test.each([
  '1. HD-2',
  '1️⃣ HD-2',
  '@carl HD-2',
  'Hi HD-2:',
  '#2',
  '2:',
  '*#2*',
  'HD (2)',
  'see <https://desk.example/HD-2>',
])('below the card of HD-1, a text that begins with %j does not leave', async form => {
  const secret = newSecret()
  await all.stand.as('bob').say('triage', `@desk reply ${form} it is ${secret}`, { thread: ts })
  expect(await placesOf(secret)).toEqual([])
  expect(JSON.stringify((await all.stand.ephemerals('triage')).at(-1))).toMatch(/conversation of HD-1[\s\S]*HD-2/)
})

test('an item of a list that begins with another ticket does not leave', async () => {
  const secret = newSecret()
  const section = (...elements: object[]) => ({ type: 'rich_text_section', elements })
  const desk = { type: 'user', user_id: all.stand.workspace.bot.id }
  const elements = [
    section(desk, { type: 'text', text: ' reply\n' }),
    { type: 'rich_text_list', style: 'ordered', elements: [section({ type: 'text', text: `HD-2 it is ${secret}` })] },
  ]
  await all.stand
    .as('bob')
    .say('triage', '@desk reply', { thread: ts, event: { blocks: [{ type: 'rich_text', elements }] } })
  expect(await placesOf(secret)).toEqual([])
})

test('what was kept for another ticket than that of the conversation is sent with one press', async () => {
  const secret = newSecret()
  await all.desk.as('eve', 'reply HD-2', 'We look for it')
  await watch.quiet()
  await all.stand.as('bob').say('triage', `@desk reply --ticket HD-2 --read 1 it is ${secret}`, { thread: ts })
  expect(await placesOf(secret)).toEqual([])
  const kept = (await all.stand.ephemerals('triage')).at(-1)
  if (!kept) throw new Error('Nobody was told')
  await all.stand.as('bob').press(kept, 'Send it anyway')
  expect(await placesOf(secret)).toEqual(['message to carl'])
})

test('so is a command for another ticket that was edited', async () => {
  const [first, second] = [newSecret(), newSecret()]
  const bob = all.stand.as('bob')
  const said = await bob.say('triage', `@desk reply --ticket HD-2 it is ${first}`, { thread: ts })
  await watch.quiet()
  await bob.edit(said, `@desk reply --ticket HD-2 it is ${second}`)
  expect(await placesOf(second)).toEqual([])
  const told = (await all.stand.ephemerals('triage')).at(-1)
  if (!told) throw new Error('Nobody was told')
  await bob.press(told, 'Do the edited version')
  await bob.submit(await all.stand.modalOf('bob'), { Text: `it is ${second}` })
  expect((await placesOf(second)).filter(where => where !== 'form of bob')).toEqual(['message to carl'])
})

test('a misspelt option is asked about', async () => {
  const secret = newSecret()
  await all.stand.as('bob').say('triage', `@desk reply Look at ${secret} --anway`, { thread: ts })
  expect(await placesOf(secret)).toEqual([])
  expect(JSON.stringify((await all.stand.ephemerals('triage')).at(-1))).toContain('did you mean --anyway')
})
