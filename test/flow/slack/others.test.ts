// What somebody does with the messages of others, and with the room of the agents.
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { alarmsOf } from '../../support/mail/mailbox-desk.ts'
import { makeSlackDesk, type SlackDesk } from '../../support/slack-desk.ts'
import { SlackWatch } from '../../support/slack-watch.ts'

vi.mock('../../../adapters/slack/api/pacer.ts', () => import('../../support/fast-pacer.ts'))

/** Messages that one person may point at within ten minutes. */
const MOST = 10

let all: SlackDesk
let watch: SlackWatch

beforeEach(async () => {
  all = await makeSlackDesk('sqlite', {
    root: { floods: { tickets: 12, messages: 12 } },
    channels: [{ name: 'help' }, { name: 'triage', private: true, members: ['bob', 'eve'] }, { name: 'random' }],
  })
  watch = await SlackWatch.begin(all)
})

afterEach(() => all.remove())

/** Each arrival's outcome and ticket, oldest first. */
async function arrivals(): Promise<string[]> {
  const rows = await all.desk.desk.context.store.read<{
    outcome: string
    reason: string | null
    merged: string | null
  }>`
    SELECT a.outcome, a.reason, t.merged_into AS merged FROM arrivals a LEFT JOIN tickets t ON t.id = a.ticket_id
    WHERE a.reason IS NULL OR a.reason <> 'own-message' ORDER BY a.number`
  return rows.map(({ outcome, reason, merged }) => `${outcome}${reason ? `:${reason}` : ''}${merged ? ' merged' : ''}`)
}

/** Ann says so many things in a channel that is none of the desk's. */
async function talk(many: number) {
  const places = []
  for (let n = 0; n < many; n += 1) places.push(await all.stand.as('ann').say('random', `Thing ${n} of the garden`))
  return places
}

/** Ann asks something with the form. */
async function ask(what: string): Promise<void> {
  await all.stand.as('ann').command('/desk new')
  const view = await all.stand.modalOf('ann')
  await all.stand.as('ann').submit(view, { 'What is it about?': what, 'What happened?': what })
}

describe('an emoji that others put on what somebody wrote', () => {
  test('counts for whoever put it there, who is told when it is too many', async () => {
    const places = await talk(MOST + 4)
    for (const place of places) await all.stand.as('carl').react(place, 'ticket')
    await watch.quiet()
    expect(await arrivals()).toEqual(Array(MOST).fill('opened'))
    const told = (await all.stand.ephemerals('random')).filter(each => each.shownTo === 'carl')
    expect(told.filter(each => JSON.stringify(each).includes(`more than ${MOST} messages`))).toHaveLength(1)
    // Others may still do it.
    const [last] = places.slice(-1)
    if (last) await all.stand.as('bob').react(last, 'ticket')
    await watch.quiet()
    expect(await arrivals()).toEqual(Array(MOST + 1).fill('opened'))
  })

  test('holds and merges nothing of whoever wrote it', async () => {
    const places = await talk(MOST + 4)
    for (const place of places) await all.stand.as('bob').react(place, 'ticket')
    await watch.quiet()
    for (let n = 0; n < 12; n += 1) await ask(`My own question ${n}`)
    await watch.quiet()
    expect(await arrivals()).toEqual(Array(places.length + 12).fill('opened'))
    // Her own flood is one, and nobody else's.
    await ask('And one more')
    await watch.quiet()
    const became = await arrivals()
    expect(became.at(-1)).toBe('held:flood')
    expect(became.slice(0, places.length)).toEqual(Array(places.length).fill('opened'))
  })
})

describe('a channel that is made public', () => {
  const sentences = async () => (await alarmsOf(all.desk)).map(each => JSON.stringify(each)).join()

  test('is an alarm at once where it is the room of the agents, until it is private again', async () => {
    expect(await sentences()).not.toContain('not private')
    expect(await all.stand.convert('triage', 'public', 'eve')).toMatchObject([{ acknowledged: true }])
    expect(await sentences()).toContain('everybody in the workspace can read every ticket there')
    await all.stand.convert('triage', 'private', 'eve')
    expect(await sentences()).not.toContain('not private')
  })

  test('is one where people ask, too', async () => {
    await all.stand.convert('help', 'public', 'ann')
    expect(await sentences()).toContain('where people ask, was made public')
    await all.stand.convert('help', 'private', 'ann')
    expect(await sentences()).not.toContain('was made public')
  })
})
