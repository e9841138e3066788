// A table that is pasted into Slack comes as an attachment with a block of the type "table", the text beside it.
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { type SlackScene, slackScene } from './slack-scene.ts'

vi.mock('../../adapters/slack/api/pacer.ts', () => import('../support/fast-pacer.ts'))

let scene: SlackScene

const cell = (text: string) => ({
  type: 'rich_text',
  elements: [{ type: 'rich_text_section', elements: [{ type: 'text', text }] }],
})
const rows = [
  [cell('Host'), cell('Fault')],
  [cell('srv-alpha'), cell('no route')],
]
const TABLE = { attachments: [{ id: 1, fallback: '[no preview available]', blocks: [{ type: 'table', rows }] }] }
const ONLY_TABLE = { event: { text: '', blocks: [], ...TABLE } }

beforeAll(async () => {
  scene = await slackScene(['dora', 'finn'])
})

afterAll(() => scene.all.remove())

const as = (name: string) => scene.all.stand.as(name)

test.fails('below a sentence: the cells are in the ticket', async () => {
  const [ref] = await scene.opens(() => as('ann').say('help', 'These are down', { event: TABLE }))
  expect((await scene.all.desk.as('bob', `show ${ref} --full`)).text).toContain('srv-alpha')
})

test.fails('alone in a support channel: a ticket is opened', async () => {
  expect(await scene.opens(() => as('carl').say('help', 'x', ONLY_TABLE))).toHaveLength(1)
})

test.fails('alone: what became of it is stored', async () => {
  const said = await as('finn').say('help', 'x', ONLY_TABLE)
  await scene.watch.quiet()
  const { store } = scene.all.desk.desk.context
  expect(await store.read`SELECT outcome FROM arrivals WHERE external_id LIKE ${`%${said.ts}`}`).toHaveLength(1)
})

test.fails('in an answer of an agent: the requester sees the cells', async () => {
  const [ref = ''] = await scene.opens(() => as('dora').say('help', 'Which hosts are affected?'))
  const { ts } = await scene.all.card(ref)
  await as('bob').say('triage', '@desk reply These:', { thread: ts, event: TABLE })
  await scene.watch.quiet()
  expect(scene.watch.by('dora').filter(each => each.text.includes('srv-alpha'))).not.toEqual([])
})
