import { afterEach, expect, test, vi } from 'vitest'
import type { SlackChannel } from '../../../adapters/slack/adapter.ts'
import { allAgents } from '../../../src/store/people.ts'
import { eventually } from '../../support/eventually.ts'
import { makeSlackDesk, type SlackDesk, said } from '../../support/slack-desk.ts'

vi.mock('../../../adapters/slack/api/pacer.ts', () => import('../../support/fast-pacer.ts'))

let all: SlackDesk

afterEach(async () => {
  await all.desk.expectSound()
  await all.remove()
})

test('an agent who is not in the room is told of a new ticket in a direct message, one who is there is not', async () => {
  all = await makeSlackDesk('sqlite', {
    channels: [{ name: 'help' }, { name: 'triage', private: true, members: ['bob', 'desk'] }],
  })
  const { stand } = all
  // Once Slack has told the desk who they are, and who is in the room.
  const { store, channels } = all.desk.desk.context
  const slack = channels.get('slack')?.adapter as SlackChannel
  await eventually(async () => {
    const chats = (await allAgents(store.read)).flatMap(({ handle, chats: [first = ''] }) =>
      first ? [`${handle} ${slack.seesCards(first.split(' ')[1] ?? '')}`] : [],
    )
    return chats.includes('bob true') && chats.includes('eve false') ? true : undefined
  }, 'the desk knows who is where')
  await stand.as('ann').say('help', 'The printer burns')
  await all.card('HD-1')
  const told = async (name: string) => {
    const messages = await stand.messages(await stand.as(name).directMessages())
    return messages.filter(each => said(each).includes('HD-1'))
  }
  await eventually(async () => ((await told('eve')).length > 0 ? true : undefined), 'Eve is told')
  expect(said((await told('eve'))[0] as never)).toContain('The printer burns')
  expect(await told('bob')).toEqual([])
  expect(all.world.to('eve@staff.example')).toEqual([])
})
