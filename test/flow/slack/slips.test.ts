import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { AGENTS } from '../../support/desk.ts'
import { eventually } from '../../support/eventually.ts'
import type { User } from '../../support/slack/service/user.ts'
import type { Message } from '../../support/slack/shapes.ts'
import { makeSlackDesk, PEOPLE, type SlackDesk, said } from '../../support/slack-desk.ts'
import { SlackWatch } from '../../support/slack-watch.ts'
import { mailTo } from '../../support/smtp-world.ts'

vi.mock('../../../adapters/slack/api/pacer.ts', () => import('../../support/fast-pacer.ts'))

// What people do by mistake, and what must not come of it.

const SECRET = 'Quetzalcoatl'

let all: SlackDesk
let watch: SlackWatch

beforeAll(async () => {
  all = await makeSlackDesk('sqlite', {
    more: { oneTicketWithin: '1s' },
    people: [
      ...PEOPLE,
      { name: 'dora', email: 'dora@example.com' },
      { name: 'finn', email: 'finn@example.com' },
      { name: 'gil', email: 'gil@example.com' },
      { name: 'hal', email: 'hal@example.com' },
      { name: 'ivy', email: 'ivy@example.com' },
      { name: 'joe', email: 'joe@example.com' },
      { name: 'kim', email: 'kim@example.com' },
      { name: 'lea', email: 'lea@example.com' },
    ],
    channels: [{ name: 'help' }, { name: 'triage', private: true, members: ['bob', 'eve'] }, { name: 'random' }],
    root: { agents: AGENTS },
  })
  watch = await SlackWatch.begin(all)
})

afterAll(async () => {
  await all.desk.expectSound()
  await all.remove()
})

const as = (name: string): User => all.stand.as(name)
interface Shown {
  state: string
  messages: { direction: string; visible: string; number: string | null; deliveries: { state: string }[] }[]
}
const show = async (ref: string) => (await all.desk.as('eve', `show ${ref}`)).data as Shown

async function opens(work: () => Promise<unknown>): Promise<string> {
  const refs = async () =>
    (await all.desk.desk.context.store.read<{ ref: string }>`SELECT ref FROM tickets_read`).map(each => each.ref)
  const before = await refs()
  await work()
  await watch.quiet()
  const [ref] = (await refs()).filter(each => !before.includes(each))
  if (!ref) throw new Error('Nothing was opened')
  return ref
}

const saw = (person: string, text: string) =>
  watch.by(person, `${person}@example.com`).filter(each => each.text.includes(text))

test('a number at the beginning of an answer is no ticket', async () => {
  const first = await opens(() => as('ann').say('help', 'The printer burns'))
  const other = await opens(() => as('carl').dm('My chair is broken'))
  const { ts } = await all.card(first)
  await as('bob').say('triage', `@desk reply ${other.slice(3)} men come, I repair it`, { thread: ts })
  await watch.quiet()
  expect(saw('ann', 'I repair it')).not.toEqual([])
  expect(saw('carl', 'I repair it').filter(each => each.by === 'carl')).toEqual([])
  // One that is marked as that of a ticket may be one.
  await as('bob').say('triage', `@desk reply #${other.slice(3)} Your chair is new`, { thread: ts })
  await watch.quiet()
  expect([...saw('ann', 'chair is new'), ...saw('carl', 'chair is new')]).toEqual([])
  expect(saw('bob', 'chair is new').map(each => each.where)).toContain('ephemeral to bob')
})

test('a message of a colleague that is passed on with an answer, or linked to in one, does not leave with it', async () => {
  const ref = await opens(() => as('ann').dm('The lamp is dark'))
  const { ts } = await all.card(ref)
  const passed = { is_share: true, text: `She is a ${SECRET}`, fallback: `She is a ${SECRET}`, author_name: 'Eve' }
  await as('bob').say('triage', '@desk reply See below', { thread: ts, event: { attachments: [passed] } })
  await watch.quiet()
  expect(saw('ann', 'See below')).not.toEqual([])
  expect(saw('ann', SECRET)).toEqual([])
})

test('a mail that is split off from what was asked in a chat is answered by mail, and the other way round', async () => {
  const ref = await opens(() => as('dora').say('help', 'The door is open'))
  await mailTo(all.mailPort, {
    from: 'dora@example.com',
    to: 'help@desk.example',
    subject: `About [${ref}]`,
    text: 'The window as well',
  })
  await watch.quiet()
  const { number } = (await show(ref)).messages.find(each => each.visible.includes('window')) ?? {}
  const made = await opens(() => all.desk.as('bob', `split ${ref} ${number} "Window"`))
  await all.desk.as('bob', `reply ${made}`, 'The window is shut.')
  await watch.quiet()
  expect(all.world.to('dora@example.com').some(each => each.text?.includes('The window is shut'))).toBe(true)

  const byMail = await opens(() =>
    mailTo(all.mailPort, { from: 'finn@example.com', to: 'help@desk.example', subject: 'Heating', text: 'It is cold' }),
  )
  await as('finn').dm(`[${byMail}] and the lift is stuck`)
  await watch.quiet()
  const said = (await show(byMail)).messages.find(each => each.visible.includes('lift'))
  const second = await opens(() => all.desk.as('bob', `split ${byMail} ${said?.number} "Lift"`))
  await all.desk.as('bob', `reply ${second}`, 'The lift runs again.')
  await watch.quiet()
  expect(saw('finn', 'The lift runs again').map(each => each.where)).toContain('message to finn')
})

test('who asked in a ticket that became part of another is answered, too', async () => {
  const one = await opens(() => as('finn').say('help', 'No network on floor two'))
  const two = await opens(() => as('dora').dm('My network is gone'))
  const three = await opens(() =>
    mailTo(all.mailPort, { from: 'ada@example.com', to: 'help@desk.example', subject: 'Network', text: 'Gone' }),
  )
  await all.desk.as('bob', `merge ${two} into ${one} --anyway`)
  await all.desk.as('bob', `merge ${one} into ${three}`)
  await all.desk.as('bob', `show ${three}`)
  await all.desk.as('bob', `reply ${three}`, 'The switch is new.')
  await watch.quiet()
  expect(all.world.to('ada@example.com').some(each => each.text?.includes('The switch is new'))).toBe(true)
  // What was asked by mail alone is not answered where everybody reads it.
  expect(saw('finn', 'The switch is new').map(each => each.where)).toEqual(['message to finn'])
  expect(saw('dora', 'The switch is new').map(each => each.where)).toContain('message to dora')
})

test('a reference to a private ticket in public does not make the desk talk of it there', async () => {
  const ref = await opens(() => as('hal').dm('Itztlacoliuhqui is why I am cold'))
  const named = await as('hal').say('help', `[${ref}] is there anything new?`)
  await watch.quiet()
  await pause(2_200)
  await as('hal').say('help', 'My keyboard lacks a key')
  await watch.quiet()
  expect(watch.seen.filter(each => each.by === null && each.text.includes('Itztlacoliuhqui'))).toEqual([])

  // What follows below it does not move the conversation there, and brings nobody into it.
  await as('hal').say('help', 'Hello?', { thread: named.ts })
  await as('carl').say('help', 'I am cold, too', { thread: named.ts })
  await as('bob').say('help', 'We look into it', { thread: named.ts })
  await watch.quiet()
  const { messages } = await show(ref)
  expect(messages.map(each => `${each.direction} ${each.visible}`).slice(2)).toEqual([
    'in Hello?',
    'internal We look into it',
  ])
  await all.desk.as('bob', `reply ${ref}`, 'Itztlacoliuhqui has left.')
  await watch.quiet()
  expect(saw('hal', 'has left').map(each => each.where)).toEqual(['message to hal'])
})

test('what was asked in private is not answered in public, though the same person asks in public as well', async () => {
  let open = { ts: '' }
  const one = await opens(async () => {
    open = await as('ivy').say('help', 'Public matters')
  })
  const two = await opens(() => as('ivy').dm('Private matters: Xochipilli'))
  await all.desk.as('bob', `merge ${one} into ${two}`)
  await as('ivy').say('help', 'Any news of it?', { thread: open.ts })
  await as('ivy').say('help', 'Of that, I mean')
  await all.desk.as('bob', `show ${two}`)
  await all.desk.as('bob', `reply ${two}`, 'Xochipilli is well.')
  await all.desk.as('bob', `resolve ${two} --told --category hardware/printer`, 'He is well')
  await watch.quiet()
  expect(watch.seen.filter(each => each.by === null && each.text.includes('Xochipilli'))).toEqual([])
  expect(saw('ivy', 'Xochipilli is well').map(each => each.where)).toContain('message to ivy')
})

test('an agent sees where an answer goes before it goes', async () => {
  const open = await opens(() => as('joe').say('help', 'Where does this go?'))
  await as('bob').press(await all.card(open), 'Reply')
  const form = await all.stand.modalOf('bob')
  expect(JSON.stringify(form)).toContain('sent to joe in Slack (others read it there)')
  await as('bob').cancel(form)
  const hidden = await opens(() => as('joe').dm('And where this?'))
  await as('bob').press(await all.card(hidden), 'Reply')
  expect(JSON.stringify(await all.stand.modalOf('bob'))).toContain('sent to joe in Slack.')
})

test('an agent answers a notification in its thread: that stays among agents', async () => {
  const ref = await opens(() => as('gil').dm('My mouse is dead'))
  await all.desk.as('eve', `assign ${ref} @bob`)
  const told = await eventually(async () => {
    const channel = await as('bob').directMessages()
    return (await all.stand.messages(channel)).findLast(each => said(each).includes(ref))
  }, 'the notification')
  await as('bob').say(told.channel, `He is a ${SECRET}`, { thread: told.ts })
  await as('bob').say(told.channel, `[${ref}] is a ${SECRET}`)
  await watch.quiet()
  expect((await show(ref)).messages.filter(each => each.visible.includes(SECRET)).map(each => each.direction)).toEqual([
    'internal',
    'internal',
  ])
})

test('an agent gives the desk commands in their own messages, and mends one there', async () => {
  const ref = await opens(() => as('kim').dm('My badge is lost'))
  await all.desk.as('eve', `assign ${ref} @bob`)
  const channel = await as('bob').directMessages()
  const told = await eventually(
    async () => (await all.stand.messages(channel)).findLast(each => said(each).includes(ref)),
    'the notification',
  )
  await as('bob').say(channel, '@desk reply Come at *ten*', { thread: told.ts })
  await watch.quiet()
  expect(saw('kim', 'Come at').map(each => each.where)).toEqual(['message to kim'])
  const count = async () => (await all.desk.desk.context.store.read`SELECT 1 FROM tickets`).length
  const before = await count()
  const typo = await as('bob').dm(`@desk replay ${ref} Or at eleven`)
  await watch.quiet()
  expect(saw('kim', 'eleven')).toEqual([])
  await as('bob').edit(typo, `@desk reply ${ref} Or at eleven`)
  await watch.quiet()
  expect(saw('kim', 'Or at eleven').map(each => each.where)).toEqual(['message to kim'])
  await as('bob').remove(typo)
  await watch.quiet()
  expect(await count()).toBe(before)
  // Whoever is no agent asks there, however they begin.
  expect(await opens(() => as('lea').dm(`@desk close ${ref}`))).not.toBe(ref)
  expect((await show(ref)).state).toBe('open')
})

test('how somebody marks an answer is not read where everybody asks', async () => {
  let asked = { ts: '' }
  const ref = await opens(async () => {
    asked = await as('kim').say('help', 'The blinds are stuck')
  })
  await all.desk.as('bob', `resolve ${ref} --tell --category hardware/printer`, 'They move.')
  await watch.quiet()
  const question = (await all.stand.thread('help', asked.ts)).findLast(each => all.stand.buttonsOf(each).length > 0)
  if (!question) throw new Error('Nobody was asked')
  await as('kim').press(question, 'Yes, it is solved')
  await as('kim').submit(await all.stand.modalOf('kim'), { 'How did we do?': '1' })
  await watch.quiet()
  expect((await all.desk.as('eve', `show ${ref}`)).text).toContain('1 of 5')
  expect(said(await newest(question))).toContain(`${ref} is closed`)
  expect(watch.all().filter(each => each.by === null && each.text.includes('of 5'))).toEqual([])
})

test('an agent answers a notice about no ticket: that opens none', async () => {
  await mailTo(all.mailPort, { from: 'x@evil.example', to: 'help@desk.example', subject: '[HD-1]', text: 'Let me in' })
  const told = await eventually(async () => {
    const channel = await as('bob').directMessages()
    return (await all.stand.messages(channel)).findLast(each => said(each).includes('waiting for your decision'))
  }, 'the notice')
  const count = async () => (await all.desk.desk.context.store.read`SELECT 1 FROM tickets`).length
  const before = await count()
  await as('bob').say(told.channel, `What a ${SECRET}`, { thread: told.ts })
  await watch.quiet()
  expect(await count()).toBe(before)
})

test('the question where a message belongs is answered by its writer alone, whoever presses', async () => {
  const ref = await opens(() => as('gil').say('help', 'My headset crackles'))
  await pause(2_200)
  const next = await as('gil').say('help', 'My telephone rings without end')
  const question = await all.inThread('help', next.ts, each => said(each).includes('something new'), 'the question')
  const { messages } = await show(ref)
  const [goesOn = '', isNew = ''] = all.stand.buttonsOf(question).map(each => each.label)
  await as('carl').press(question, goesOn)
  await as('dora').press(question, isNew)
  await watch.quiet()
  expect((await show(ref)).messages).toEqual(messages)
  expect(said(await newest(question))).toContain('something new')
  await as('gil').press(question, goesOn)
  await watch.quiet()
  expect((await show(ref)).messages.at(-1)).toMatchObject({
    direction: 'in',
    visible: 'My telephone rings without end',
  })
})

async function newest({ channel, ts, thread_ts: thread = ts }: Message): Promise<Message> {
  const found = (await all.stand.thread(channel, thread)).find(each => each.ts === ts)
  if (!found) throw new Error('The message is gone')
  return found
}
