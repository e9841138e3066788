import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { readAction } from '../../../adapters/slack/blocks/action-blocks.ts'
import { eventually } from '../../support/eventually.ts'
import { makeSlackDesk, type SlackDesk, said } from '../../support/slack-desk.ts'
import { mailTo } from '../../support/smtp-world.ts'
import { ENGINES } from '../../support/store/engines.ts'

interface Shown {
  state: string
  owner: string | null
  rating: number | null
  messages: { direction: string; visible: string; author: { name: string } }[]
}

const WAYS = [...ENGINES.map(engine => [engine, 'HTTP'] as const), ['sqlite', 'Socket Mode'] as const]

describe.each(WAYS)('the whole path in Slack on %s by %s', (engine, way) => {
  let all: SlackDesk

  beforeEach(async () => {
    all = await makeSlackDesk(engine, { socket: way === 'Socket Mode' })
  })

  afterEach(async () => {
    await all.desk.expectSound()
    await all.remove()
  })

  const shown = async (ref: string) => (await all.desk.as('bob', `show ${ref}`)).data as Shown
  const becomes = (ref: string, state: string) =>
    eventually(async () => ((await shown(ref)).state === state ? true : undefined), `${ref} is ${state}`)

  const newestEvent = async (number: number) => {
    const rows = await all.desk.desk.context.store.read<{ seq: number }>`
      SELECT event_seq AS seq FROM tickets WHERE number = ${number}`
    return rows[0]?.seq
  }

  test('Ann asks, Bob works with Eve and answers, she goes on by mail, says not yet, and rates it', async () => {
    const { stand, inThread, card, world } = all
    const [ann, bob, eve] = [stand.as('ann'), stand.as('bob'), stand.as('eve')]

    const asked = await ann.say('help', 'The printer in room 4 burns.\nIt smells, too.')
    const inHelp = (holds: Parameters<typeof inThread>[2], what: string) => inThread('help', asked.ts, holds, what)
    await inHelp(each => said(each).includes('HD-1'), 'the acknowledgement')

    const first = await card('HD-1')
    expect(said(first)).toContain('The printer in room 4 burns.')
    await bob.press(first, 'Claim')
    await becomes('HD-1', 'open')
    const claimed = await card('HD-1', each => said(each).includes('Bob Berg'))
    expect(claimed.ts).toBe(first.ts)
    expect(stand.buttonsOf(claimed).map(each => each.label)).not.toContain('Claim')

    await bob.say('triage', 'Annoying. Does anybody have a key?', { thread: first.ts })
    await eve.say('triage', 'I have one.', { thread: first.ts })
    await eventually(async () => ((await shown('HD-1')).messages.length === 3 ? true : undefined), 'the notes')

    await bob.press(claimed, 'Reply')
    const form = await stand.modalOf('bob')
    expect(JSON.stringify(form)).toContain('in Slack')
    await bob.submit(form, { Text: 'We are on our way, with *water*.' })
    const answer = await inHelp(each => said(each).includes('on our way'), 'the answer')
    expect(answer.username).toContain('Bob Berg')
    expect(JSON.stringify(await stand.thread('help', asked.ts))).not.toContain('Annoying')

    await ann.say('help', 'Thank you, hurry!', { thread: asked.ts })
    await inThread('triage', first.ts, each => said(each).includes('hurry'), 'her message in the room')

    await bob.say('triage', '@desk wait', { thread: first.ts })
    await becomes('HD-1', 'waiting-on-requester')

    await mailTo(all.mailPort, {
      from: 'Ann <ann@example.com>',
      to: 'help@desk.example',
      subject: 'About [HD-1]',
      text: 'The fire is smaller now.',
    })
    await becomes('HD-1', 'open')
    await inThread('triage', first.ts, each => said(each).includes('smaller now'), 'her mail in the room')

    const resolve = async (text: string) => {
      // An older card does not show yet what happened just now, and would be told so.
      const seq = await newestEvent(1)
      const isCurrent = ({ label, value }: { label: string; value: string }) =>
        label === 'Resolve' && readAction(value)?.line.includes(`--read ${seq}-`)
      await bob.press(await card('HD-1', each => stand.buttonsOf(each).some(isCurrent)), 'Resolve')
      const delivery = await bob.submit(await stand.modalOf('bob'), {
        Category: 'hardware/printer',
        'What solved it?': text,
      })
      expect(delivery.acknowledged).toBe(true)
      await becomes('HD-1', 'resolved')
    }
    await resolve('We put it out.')
    const question = await inHelp(
      each => stand.buttonsOf(each).some(({ label }) => label === 'Not yet'),
      'the question',
    )
    await ann.press(question, 'Not yet')
    await ann.submit(await stand.modalOf('ann'), { 'What is still wrong?': 'It still smells.' })
    await becomes('HD-1', 'open')

    await resolve('A new printer is here.')
    const again = await inHelp(
      each => each.ts > question.ts && stand.buttonsOf(each).some(({ label }) => label === 'Yes, it is solved'),
      'the second question',
    )
    await ann.press(again, 'Yes, it is solved')
    await ann.submit(await stand.modalOf('ann'), { 'How did we do?': '5' })
    await becomes('HD-1', 'closed')
    await card('HD-1', each => said(each).includes('closed'))

    const end = await shown('HD-1')
    expect(end).toMatchObject({ owner: 'bob', rating: 5 })
    const conversation = JSON.stringify(await stand.thread('help', asked.ts))
    for (const inside of ['Annoying', 'I have one']) expect(conversation).not.toContain(inside)
    expect(world.to('ann@example.com')).toEqual([])
    const { text } = await all.desk.as('bob', 'show HD-1')
    expect(text).toContain('ann in Slack')
    expect(text).toContain('We are on our way')
    expect(text).toContain('The fire is smaller now.')
  })

  test('each is answered where they asked, wherever the agent is', async () => {
    const { stand, world, inThread, card } = all
    const [ann, bob] = [stand.as('ann'), stand.as('bob')]
    await mailTo(all.mailPort, {
      from: 'Carl <carl@example.com>',
      to: 'help@desk.example',
      subject: 'My badge',
      text: 'It is lost.',
    })
    await world.next('carl@example.com')
    await bob.press(await card('HD-1'), 'Reply')
    const form = await stand.modalOf('bob')
    expect(JSON.stringify(form)).toContain('carl@example.com')
    await bob.submit(form, { Text: 'Here is a new one.' })
    expect((await world.next('carl@example.com')).text).toContain('Here is a new one.')

    const asked = await ann.say('help', 'My chair is broken')
    await card('HD-2')
    await all.desk.as('eve', 'reply HD-2', 'A new chair is on its way.')
    await inThread('help', asked.ts, each => said(each).includes('new chair'), 'the answer')
  })
})
