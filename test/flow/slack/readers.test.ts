// In Slack: an answer waits where its writer has not seen what happened, and an edited command is not run by itself.
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { AGENTS } from '../../support/desk.ts'
import { eventually } from '../../support/eventually.ts'
import type { User } from '../../support/slack/service/user.ts'
import type { View } from '../../support/slack/shapes.ts'
import { makeSlackDesk, PEOPLE, type SlackDesk } from '../../support/slack-desk.ts'
import { SlackWatch } from '../../support/slack-watch.ts'
import { mailTo } from '../../support/smtp-world.ts'

vi.mock('../../../adapters/slack/api/pacer.ts', () => import('../../support/fast-pacer.ts'))

const OTHERS = ['dora', 'finn', 'gil', 'hal', 'ivy', 'joe', 'kim']

let all: SlackDesk
let watch: SlackWatch

beforeAll(async () => {
  all = await makeSlackDesk('sqlite', {
    more: { oneTicketWithin: '1s' },
    people: [...PEOPLE, ...OTHERS.map(name => ({ name, email: `${name}@example.com` }))],
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
const seenBy = (person: string, text: string) => watch.by(person).filter(each => each.text.includes(text))
const textsIn = (view: View) => JSON.stringify(view.blocks)

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

/** The form behind a button of the card. */
async function formOn(ref: string, label: string): Promise<View> {
  const card = await all.card(ref, each => all.stand.buttonsOf(each).some(button => button.label === label))
  await as('bob').press(card, label)
  return all.stand.modalOf('bob')
}

test('a form whose ticket a colleague has answered meanwhile shows what changed, and one press sends it', async () => {
  const ref = await opens(() => as('ann').dm('The printer burns'))
  const form = await formOn(ref, 'Reply')
  await all.desk.as('eve', `reply ${ref}`, 'Leave the room')
  await as('bob').submit(form, { Text: 'Try the other one' })
  await watch.quiet()
  expect(seenBy('ann', 'Try the other one')).toEqual([])
  const refusal = await all.stand.modalOf('bob')
  expect(refusal.title?.text).toBe('Not sent')
  expect(textsIn(refusal)).toMatch(/Eve Ek answered[\s\S]*Leave the room[\s\S]*Try the other one/)
  await as('bob').press(refusal, 'Send it anyway')
  await watch.quiet()
  expect(seenBy('ann', 'Try the other one').map(each => each.where)).toContain('message to ann')
})

test('a form of a private message whose ticket becomes part of a public one sends nothing there', async () => {
  const pub = await opens(() => as('dora').say('help', 'The scanner is jammed'))
  const own = await opens(() => as('finn').dm('I need my salary statement'))
  const form = await formOn(own, 'Reply')
  const resolving = await formOn(own, 'Resolve')
  await expect(all.desk.as('eve', `merge ${own} into ${pub}`)).rejects.toThrow('others read the answers to')
  await all.desk.as('eve', `merge ${own} into ${pub} --anyway`)
  await as('bob').submit(form, { Text: 'Your salary was 4711' })
  await as('bob').submit(resolving, { Category: 'hardware/printer', 'What solved it?': 'It was 4711' })
  await watch.quiet()
  expect(watch.all().filter(each => each.by === null && each.text.includes('4711'))).toEqual([])
  expect(seenBy('finn', '4711')).toEqual([])
})

test('a form of a mail whose ticket somebody is invited to names the new reader first', async () => {
  const ref = await opens(() =>
    mailTo(all.mailPort, { from: 'zoe@example.com', to: 'help@desk.example', subject: 'Papers', text: 'When?' }),
  )
  const form = await formOn(ref, 'Reply')
  expect(textsIn(form)).toContain('zoe@example.com')
  await all.desk.as('eve', `invite ${ref} rival@other.example`)
  await as('bob').submit(form, { Text: 'On Friday, for 100' })
  await watch.quiet()
  expect(all.world.to('rival@other.example')).toEqual([])
  const refusal = await all.stand.modalOf('bob')
  expect(textsIn(refusal)).toContain('rival@other.example')
  await as('bob').press(refusal, 'Send it anyway')
  await watch.quiet()
  expect(all.world.to('rival@other.example').some(each => each.text?.includes('for 100'))).toBe(true)
})

test('two open forms with the same text send once', async () => {
  const ref = await opens(() => as('gil').dm('The door squeaks'))
  const [one, two] = [await formOn(ref, 'Reply'), await formOn(ref, 'Reply')]
  await as('bob').submit(one, { Text: 'Oil is on its way' })
  await as('bob').submit(two, { Text: 'Oil is on its way' })
  await watch.quiet()
  const posts = watch.all().filter(each => each.where === 'message to gil' && each.text.includes('Oil is on its way'))
  expect(posts).toHaveLength(1)
})

test('a command that is edited after it left says so, and offers to send what it says now', async () => {
  const ref = await opens(() => as('hal').dm('The fridge is warm'))
  const { ts } = await all.card(ref)
  const said = await as('bob').say('triage', '@desk reply We come at ten', { thread: ts })
  await watch.quiet()
  expect(seenBy('hal', 'We come at ten')).not.toEqual([])
  await as('bob').edit(said, '@desk reply We come at eleven')
  await watch.quiet()
  expect(seenBy('hal', 'We come at eleven')).toEqual([])
  const told = await eventually(async () => {
    const ephemerals = await all.stand.ephemerals('triage')
    return ephemerals.find(each => JSON.stringify(each.blocks).includes('already carried out'))
  }, 'what became of the edit')
  await as('bob').press(told, 'Do the edited version')
  const form = await all.stand.modalOf('bob')
  expect(textsIn(form)).toContain('We come at eleven')
  await as('bob').submit(form, { Text: 'We come at eleven' })
  await watch.quiet()
  expect(seenBy('hal', 'We come at eleven')).not.toEqual([])
})

test('what an edited command offers to send names its readers, and waits if others read it by then', async () => {
  const ref = await opens(() => as('joe').dm('The alarm rings'))
  const { ts } = await all.card(ref)
  const said = await as('bob').say('triage', '@desk reply --anyway We come at ten', { thread: ts })
  await watch.quiet()
  await as('bob').edit(said, '@desk reply --anyway The code is 4712')
  await watch.quiet()
  const ephemerals = await all.stand.ephemerals('triage')
  const told = ephemerals.findLast(each => JSON.stringify(each.blocks).includes('already carried out'))
  if (!told) throw new Error('Nobody was told of the edit')
  await as('bob').press(told, 'Do the edited version')
  const form = await all.stand.modalOf('bob')
  expect(textsIn(form)).toContain('Your text will be sent to joe in Slack')
  await all.desk.as('eve', `invite ${ref} rival@other.example`)
  await watch.quiet()
  await as('bob').submit(form, { Text: 'The code is 4712' })
  await watch.quiet()
  expect(textsIn(await all.stand.modalOf('bob'))).toContain('rival@other.example')
  expect(all.world.to('rival@other.example').filter(each => each.text?.includes('4712'))).toEqual([])
  expect(seenBy('joe', '4712')).toEqual([])
})

test('of two texts that were kept each window sends its own, and the room is told that they were not sent', async () => {
  const ref = await opens(() => as('kim').dm('The lamp flickers'))
  const [one, two] = [await formOn(ref, 'Reply'), await formOn(ref, 'Reply')]
  await all.desk.as('eve', `reply ${ref}`, 'Turn it off')
  await as('bob').submit(one, { Text: 'Text number one' })
  const first = (await all.stand.views()).find(each => each.id === one.id)
  if (!first) throw new Error('The window is gone')
  await as('bob').submit(two, { Text: 'Text number two' })
  await watch.quiet()
  const inRoom = watch.all().filter(each => each.where === 'the room' && each.text.includes('Text number'))
  expect(inRoom.length).toBeGreaterThan(0)
  for (const { text } of inRoom) expect(text).toContain('was not sent')
  await as('bob').press(first, 'Send it anyway')
  await watch.quiet()
  expect(seenBy('kim', 'Text number one').map(each => each.where)).toContain('message to kim')
  await as('bob').press(first, 'Send it anyway')
  await watch.quiet()
  expect(watch.all().filter(each => each.where === 'message to kim' && each.text.includes('Text number'))).toHaveLength(
    1,
  )
})

test('an edit of a command that was refused is run', async () => {
  const ref = await opens(() => as('ivy').dm('The lift is stuck'))
  const { ts } = await all.card(ref)
  const said = await as('bob').say('triage', '@desk replay It goes again', { thread: ts })
  await watch.quiet()
  await as('bob').edit(said, '@desk reply It goes again')
  await watch.quiet()
  expect(seenBy('ivy', 'It goes again')).not.toEqual([])
})
