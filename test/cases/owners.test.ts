// Owners who are agents no more, merging into what is closed, another prefix, and until when somebody is away.
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { parse, stringify } from 'yaml'
import * as adapterKinds from '../../adapters/index.ts'
import { loadConfig } from '../../src/config.ts'
import { solvedAnswer } from '../../src/core/ticket/solved-answer.ts'
import { openDesk, startDesk } from '../../src/main.ts'
import { makeDesk, type TestDesk } from '../support/desk.ts'
import { eventually } from '../support/eventually.ts'
import { mailTo } from '../support/smtp-world.ts'

vi.stubEnv('TZ', 'Europe/Berlin')

const ends: (() => Promise<void>)[] = []

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

async function deskOf(): Promise<TestDesk> {
  const made = await makeDesk('sqlite', { maildir: 'mail' })
  ends.push(() => made.remove())
  return made
}

/** Hands a mail over; it is stored when this resolves. */
const ask = (desk: TestDesk, from: string, subject: string, text = 'It is black.') =>
  mailTo(desk.port, { from, to: 'help@desk.example', subject, text })

interface Settings {
  agents: { handle: string }[]
  desks?: object[]
}

/** The desk is stopped, and started with a changed configuration. Gives how Bob gives it commands. */
async function restartedWith(desk: TestDesk, change: (settings: Settings) => void) {
  await desk.stop()
  const file = join(desk.place.folder, 'relaydesk.yaml')
  const settings = parse(await readFile(file, 'utf8')) as Settings
  change(settings)
  await writeFile(file, stringify(settings))
  const kinds = Object.fromEntries(Object.entries(adapterKinds).map(([kind, each]) => [kind, each.settings]))
  const open = await openDesk(loadConfig({ file, kinds }).config)
  const running = await startDesk(open)
  ends.push(() => running.stop())
  const as = (line: string) =>
    open.service.perform({ actor: { handle: 'bob' }, channel: 'test', line, body: '' }).then(
      ({ text }) => text,
      (error: Error) => `refused: ${error.message}`,
    )
  const arrivals = async () => (await open.context.store.read`SELECT 1 AS one FROM arrivals`).length
  return { as, arrivals }
}

test.fails('an open ticket that is merged into a closed one is still among the open ones, or the agent is told', async () => {
  const desk = await deskOf()
  await ask(desk, 'ann@example.com', 'Monitor')
  await desk.as('bob', 'close HD-1')
  await ask(desk, 'carl@example.com', 'Monitor')
  const { text } = await desk.as('bob', 'merge HD-2 into HD-1')
  const list = (await desk.as('bob', 'list')).text
  expect(/closed|open/.test(text) ? ['told'] : (/HD-[12]/.exec(list) ?? [])).not.toEqual([])
})

describe('a ticket whose owner is no agent any more', () => {
  const restarted = async () => {
    const desk = await deskOf()
    await ask(desk, 'ann@example.com', 'Monitor')
    await desk.as('eve', 'claim HD-1')
    return restartedWith(desk, settings => {
      settings.agents = settings.agents.filter(({ handle }) => handle !== 'eve')
    })
  }

  test.fails('is among those that nobody owns', async () => {
    const { as } = await restarted()
    expect(await as('list unowned')).toContain('HD-1')
  })

  test.fails('can be claimed', async () => {
    const { as } = await restarted()
    expect(await as('claim HD-1')).toContain('is yours')
  })
})

describe('under a new prefix', () => {
  const restarted = async () => {
    const desk = await deskOf()
    await ask(desk, 'ann@example.com', 'Monitor')
    const again = await restartedWith(desk, settings => {
      settings.desks = [{ id: 'help', name: 'Help desk', prefix: 'IT' }]
    })
    return { ...again, desk }
  }

  test.fails('an old reference in a command means its ticket', async () => {
    const { as } = await restarted()
    expect(await as('claim HD-1')).toContain('is yours')
  })

  test.fails('an old reference in a subject means its ticket', async () => {
    const { as, arrivals, desk } = await restarted()
    await ask(desk, 'ann@example.com', 'Question about [HD-1]', 'Is there news?')
    await eventually(async () => (await arrivals()) === 2 || undefined, 'both mails are stored')
    expect(await as('list all')).not.toContain('IT-2')
  })
})

describe('asked whether it is solved, a person says yes by', () => {
  test.each(['Yes, it is fine', 'Thanks', 'Solved', '5'])('%s', text => {
    expect(solvedAnswer(text)?.solved).toBe(true)
  })

  test.fails.each([
    'Works again, thanks',
    'Great, solved.',
    'That did it.',
    '👍',
    'Super, läuft wieder. Danke!',
    'Please close this.',
    'It works again!',
    'All good now, thank you',
    'Thanks Bob, it prints again',
    'Yes, it works again',
  ])('%s', text => {
    expect(solvedAnswer(text)?.solved).toBe(true)
  })
})

test.fails('until when somebody is away is said in one time zone, or with its name', async () => {
  const desk = await deskOf()
  await ask(desk, 'ann@example.com', 'Monitor')
  const away = (await desk.as('eve', 'away until friday 17:00')).text
  expect(away).toContain('17:00')
  await desk.as('bob', 'claim HD-1')
  const said = await desk.as('bob', 'handover HD-1 @eve').then(
    ({ text }) => text,
    (error: Error) => error.message,
  )
  expect(said).toMatch(/17:00|UTC/)
})
