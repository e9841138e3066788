// A form promises that its text goes to one person. While it is open a colleague merges that private ticket into one
// that everybody reads: the text stays where it is, and whoever merges is asked first.
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import type { Action } from '../../src/channel/surface.ts'
import { DeskError } from '../../src/errors.ts'
import { mailTo } from '../support/smtp-world.ts'
import { type SlackScene, slackScene } from './slack-scene.ts'

vi.mock('../../adapters/slack/api/pacer.ts', () => import('../support/fast-pacer.ts'))

let scene: SlackScene

beforeAll(async () => {
  scene = await slackScene(['dora', 'finn', 'gil', 'hal', 'ivy'])
})

afterAll(async () => {
  await scene.all.desk.expectSound()
  await scene.all.remove()
})

const as = (name: string) => scene.all.stand.as(name)
const inPublic = (text: string) => scene.watch.all().filter(each => each.where === '#help' && each.text.includes(text))
const merge = (ticket: string, into: string, more = '') =>
  scene.all.desk.as('eve', `merge ${ticket} into ${into}${more}`)

async function opened(work: () => Promise<unknown>): Promise<string> {
  const [ref] = await scene.opens(work)
  if (!ref) throw new Error('Nothing was opened.')
  return ref
}

/** Bob opens a form of a ticket. */
async function formOf(ref: string, label: string) {
  const { stand } = scene.all
  const card = await scene.all.card(ref, each => stand.buttonsOf(each).some(button => button.label === label))
  await as('bob').press(card, label)
  return stand.modalOf('bob')
}

const PRIVATE = [
  ['a direct message', 'ann', 'carl', () => as('carl').dm('I need my salary statement')],
  [
    'a mail',
    'gil',
    'zoe@example.com',
    () =>
      mailTo(scene.all.mailPort, {
        ...{ from: 'Zoe <zoe@example.com>', to: 'help@desk.example' },
        ...{ subject: 'Dismissal', text: 'When do I get my papers?' },
      }),
  ],
] as const

test.each(PRIVATE)('a reply to %s reaches nobody else', async (_what, person, who, ask) => {
  const everybody = await opened(() => as(person).say('help', 'The scanner is jammed'))
  const alone = await opened(ask)
  const form = await formOf(alone, 'Reply')
  expect(JSON.stringify(form.blocks)).toContain(who)
  await merge(alone, everybody, ' --anyway')
  await as('bob').submit(form, { Text: `For ${who}: 4711` })
  await scene.watch.quiet()
  expect(inPublic('4711')).toEqual([])
})

test('what solves a direct message reaches nobody else', async () => {
  const everybody = await opened(() => as('dora').say('help', 'The lamp flickers'))
  const alone = await opened(() => as('finn').dm('Please send me the result of my check'))
  const form = await formOf(alone, 'Resolve')
  await merge(alone, everybody, ' --anyway')
  await as('bob').submit(form, { Category: 'hardware/printer', 'What solved it?': 'Your result is MEDX1' })
  await scene.watch.quiet()
  expect(inPublic('MEDX1')).toEqual([])
})

test('merging what was asked in private into what everybody reads is refused, and how to do it all the same is said', async () => {
  const everybody = await opened(() => as('hal').say('help', 'The fridge is warm'))
  const alone = await opened(() => as('ivy').dm('My bank account has changed'))
  const refused = await merge(alone, everybody).catch((error: unknown) => error)
  expect(refused).toBeInstanceOf(DeskError)
  const { code, message, actions } = refused as DeskError & { actions?: Action[] }
  expect({ code, message }).toEqual({
    code: 'conflict',
    message: expect.stringMatching(/^Nothing was merged: .* asked in private, .* others read the answers/),
  })
  expect(actions).toMatchObject([{ label: 'Merge anyway', line: `merge ${alone} into ${everybody} --anyway` }])
  expect((await scene.all.desk.as('eve', `show ${alone}`)).text).toContain('My bank account has changed')
})
