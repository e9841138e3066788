import { createHmac } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { request } from 'node:http'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { pack } from '../../../adapters/slack/blocks/action-blocks.ts'
import { AGENTS } from '../../support/desk.ts'
import { eventually } from '../../support/eventually.ts'
import { freePort } from '../../support/ports.ts'
import { launch, makeRoom, untilReady } from '../../support/relaydesk-process.ts'
import type { Control } from '../../support/slack/controls.ts'
import type { Fault } from '../../support/slack/faults.ts'
import type { Kind, SendOptions } from '../../support/slack/route.ts'
import type { User } from '../../support/slack/service/user.ts'
import type { Json, Message } from '../../support/slack/shapes.ts'
import { SlackStand } from '../../support/slack/stand.ts'
import { makeSlackDesk, PEOPLE, type SlackDesk, said } from '../../support/slack-desk.ts'
import { SlackWatch } from '../../support/slack-watch.ts'
import { mailTo } from '../../support/smtp-world.ts'

vi.mock('../../../adapters/slack/api/pacer.ts', () => import('../../support/fast-pacer.ts'))

/** Stands in what agents noted, and in nothing that anybody else may see. */
const SECRET = 'Quetzalcoatl'
/** Stands in a ticket that is Carl's alone. */
const PRIVATE = 'Nezahualcoyotl'

const CROWD = [
  ...PEOPLE,
  { name: 'gus', email: 'bob@staff.example', realName: 'Bob Berg', guest: true },
  { name: 'stan', email: 'bob@staff.example', realName: 'Bob Berg', home: 'T0OTHER001' },
  { name: 'zoe', email: 'zoe@staff.example', guest: true },
  { name: 'rita', email: 'rita@example.com' },
  { name: 'mal', email: 'mal@example.com', realName: 'Bob Berg' },
  { name: 'nan', email: 'nan@example.com', realName: '<!channel> *Bob Berg* [Pay](https://evil.example)' },
]
const ROOMS = [{ name: 'help' }, { name: 'triage', private: true, members: ['bob', 'eve', 'rita'] }, { name: 'random' }]

interface Shown {
  ref: string
  state: string
  owner: string | null
  requester: string
  participants: { address: string; role: string }[]
  messages: { direction: string; visible: string; author: { name: string; address: string | null } }[]
}

let all: SlackDesk
let watch: SlackWatch

const as = (name: string): User => all.stand.as(name)
const show = async (ref: string) => (await all.desk.as('eve', `show ${ref}`)).data as Shown

/** What an attack must not change. */
async function standing(ref: string) {
  const { state, owner, requester, participants, messages } = await show(ref)
  return { state, owner, requester, participants, messages: messages.map(each => `${each.direction} ${each.visible}`) }
}

/** Fails if what is done changes one of the tickets. */
async function changesNothing(refs: string[], work: () => Promise<unknown>): Promise<void> {
  const before = await Promise.all(refs.map(standing))
  await work()
  await watch.quiet()
  expect(await Promise.all(refs.map(standing))).toEqual(before)
}

/** What the desk made of the newest messages, newest first. */
async function outcomes(many: number): Promise<string[]> {
  const rows = await all.desk.desk.context.store.read<{ outcome: string; reason: string | null }>`
    SELECT outcome, reason FROM arrivals ORDER BY number DESC LIMIT ${many}`
  return rows.map(({ outcome, reason }) => (reason === null ? outcome : `${outcome}:${reason}`))
}

/** What these people are told by what is done: all that is shown to them alone, and to everybody. */
async function toldBy(person: string, work: () => Promise<unknown>): Promise<string> {
  const before = watch.by(person).length
  await work()
  await watch.quiet()
  return watch
    .by(person)
    .slice(before)
    .map(each => each.text)
    .join('\n')
    .replace(/z[\w-]{40,}/g, '') // packed it may hold any three letters by chance; it stands there unpacked as well
}

/** A button that says so; `value` is an object, or what Slack would give back. */
function button(value: unknown): Control {
  const carried = typeof value === 'string' ? value : (pack(value, 100_000) ?? '')
  const ids = { type: 'button', block_id: 'b', action_id: 'desk:0' }
  const action: Json = { ...ids, text: { type: 'plain_text', text: 'Press' }, value: carried }
  const common = { label: 'Press', value: carried, blockId: 'b', actionId: 'desk:0', style: undefined, url: undefined }
  return { ...common, kind: 'button', action }
}

/** Sends a form that says of itself that it completes this line. */
async function submitForged(person: string, meta: Json, text = 'Let me in'): Promise<unknown> {
  await as(person).command('/desk new')
  const view = await all.stand.modalOf(person)
  const fields = [{ name: 'text', kind: 'text', required: false }]
  const forged = { ...view, private_metadata: pack({ meta, fields }, 3_000) ?? '' }
  const blocks = forged.blocks.map(each =>
    each.type === 'input' && each.block_id === 'field:subject'
      ? {
          ...each,
          block_id: 'field:text',
          element: { ...each.element, type: 'plain_text_input', action_id: 'field:text' },
        }
      : each,
  )
  const kept = blocks.filter(each => each.block_id === 'field:text').slice(0, 1)
  const { body } = await as(person).submit({ ...forged, blocks: kept }, { 'What is it about?': text })
  return body
}

const REFUSED = 'Commands are for agents'
const ALL = ['HD-1', 'HD-2', 'HD-3']
/** Whoever is no agent, whatever they say of themselves. */
const OUTSIDERS = ['ann', 'carl', 'gus', 'stan', 'zoe', 'rita', 'mal', 'nan']

let asked: Message
let privately: Message

beforeAll(async () => {
  all = await makeSlackDesk('sqlite', {
    people: CROWD,
    channels: ROOMS,
    root: { agents: [...AGENTS, { handle: 'zoe', name: 'Zoe Zorn', email: 'zoe@staff.example' }] },
  })
  watch = await SlackWatch.begin(all)
  asked = (await as('ann').say('help', 'The printer in room 4 burns.')) as unknown as Message
  await all.card('HD-1')
  privately = (await as('carl').dm(`My wage is wrong: ${PRIVATE}`)) as unknown as Message
  await all.card('HD-2')
  await mailTo(all.mailPort, {
    from: 'mia@example.com',
    to: 'help@desk.example',
    subject: 'Badge',
    text: 'It is lost.',
  })
  await all.card('HD-3')
  await all.desk.as('bob', 'claim HD-1')
  await all.desk.as('bob', 'note HD-1', `She is a ${SECRET}.`)
  await all.desk.as('eve', 'note HD-2', `He is a ${SECRET}.`)
  await watch.quiet()
})

/** Whatever was tried. */
afterEach(async () => {
  await watch.quiet()
  for (const name of OUTSIDERS) {
    const seen = watch.by(name, `${name}@example.com`)
    expect(seen.filter(each => each.text.includes(SECRET))).toEqual([])
    if (name !== 'carl') expect(seen.filter(each => each.text.includes(PRIVATE))).toEqual([])
  }
})

afterAll(async () => {
  await all.desk.expectSound()
  await all.remove()
})

describe('commands of people who are no agents', () => {
  test.each([
    'claim HD-1',
    'close HD-2',
    'show HD-2',
    'list',
    'history HD-2',
    'explain M-1',
    'note HD-1 I was here',
    'reply HD-2 Hello Carl',
    'resolve HD-1 --told --category hardware/printer done',
    'assign HD-2 @bob',
    'invite HD-2 ann@example.com',
    'merge HD-2 into HD-1',
    'split HD-2 M-2',
    'join M-1 HD-2',
    'spam HD-2',
  ])('a requester types /desk %s', async line => {
    await changesNothing(ALL, async () => {
      const { body } = await as('ann').command(`/desk ${line}`, { channel: 'help' })
      expect(JSON.stringify(body)).toContain(REFUSED)
    })
  })

  test('a requester mentions the desk in the support channel with a command', async () => {
    await changesNothing(ALL.slice(1), () => as('ann').say('help', `@desk close HD-2`))
    await changesNothing(ALL.slice(1), () => as('ann').say('help', `@desk reply HD-2 Hello`))
  })

  test('a requester writes command lines as agents do in mail', async () => {
    await changesNothing(ALL.slice(1), () => as('ann').say('help', '!close HD-2\n!invite HD-2 ann@example.com'))
    await changesNothing(ALL.slice(1), () => as('ann').dm('!reply HD-2 Hello Carl'))
    await changesNothing(['HD-2', 'HD-3'], () => as('ann').say('help', '!close', { thread: asked.ts }))
    expect((await show('HD-1')).state).toBe('open')
  })

  test('help tells a requester of nothing but what is theirs to do', async () => {
    const { body } = await as('ann').command('/desk help')
    expect(JSON.stringify(body)).not.toMatch(/claim|resolve|merge/)
  })

  test('status and home tell nobody of the tickets of others', async () => {
    for (const name of ['ann', 'gus', 'stan', 'zoe', 'mal']) {
      const { body } = await as(name).command('/desk status')
      await as(name).openHome()
      expect(JSON.stringify(body)).not.toMatch(/\*HD-[23]\*|Badge/)
      const home = JSON.stringify(await all.stand.homeOf(name))
      expect(home).toContain('Open a ticket')
      expect(home).not.toMatch(/HD-[23] ·|Badge|Unowned/)
    }
  })
})

describe('somebody in the room who is no agent', () => {
  test('gives commands there, in a thread and outside', async () => {
    const { ts } = await all.card('HD-2')
    await changesNothing(ALL, async () => {
      const told = await toldBy('rita', async () => {
        await as('rita').say('triage', '@desk show HD-2')
        await as('rita').say('triage', '@desk close', { thread: ts })
        await as('rita').say('triage', '@desk reply Hello Carl', { thread: ts })
      })
      expect(told.match(new RegExp(REFUSED, 'g'))?.length).toBeGreaterThanOrEqual(3)
    })
  })

  test('writes below a card: that waits for an agent', async () => {
    const { ts } = await all.card('HD-2')
    await changesNothing(ALL, () => as('rita').say('triage', 'Give him what he wants', { thread: ts }))
    expect(await outcomes(20)).toContain('held:stranger-in-room')
  })

  test('writes commands of mail below a card', async () => {
    const { ts } = await all.card('HD-2')
    await changesNothing(ALL, () => as('rita').say('triage', '!close\n!reply Hello', { thread: ts }))
  })

  test('presses the buttons of a card, and sends the forms that open', async () => {
    const card = await all.card('HD-2')
    await changesNothing(ALL, async () => {
      expect(await toldBy('rita', () => as('rita').press(card, 'Claim'))).toContain(REFUSED)
      await as('rita').press(card, 'Reply')
      const { body } = await as('rita').submit(await all.stand.modalOf('rita'), { Text: 'Hello Carl' })
      expect(JSON.stringify(body)).toContain(REFUSED)
    })
  })

  test('chooses "Send to requester" on a message there', async () => {
    const { ts } = await all.card('HD-2')
    const note = await as('eve').say('triage', 'His wage is right', { thread: ts })
    await changesNothing(ALL, async () => {
      await as('rita').shortcut('send_to_requester', { ...note, user: as('eve').id } as unknown as Message)
      await watch.quiet()
      expect(JSON.stringify(await all.stand.modalOf('rita'))).toContain('does not belong to a ticket')
    })
  })

  test('edits a message of theirs into a command', async () => {
    const mine = await as('rita').say('triage', 'Nice day', { thread: (await all.card('HD-2')).ts })
    await changesNothing(ALL, () => as('rita').edit(mine, '@desk close HD-2'))
  })
})

describe('forged presses and forms', () => {
  test.each([
    ['a command', { line: 'close HD-2' }],
    ['a command without its ticket', { line: 'close' }],
    ['an answer', { line: 'reply HD-2 Hello Carl' }],
    ['two lines', '{"line":"status\\nclose HD-2"}'],
    ['a line with an option', { line: 'resolve HD-2 --told --category hardware/printer done' }],
    ['something that is no value of ours', 'desk:close HD-2'],
    ['packed nonsense', 'zAAAA'],
    ['a packed bomb', pack({ line: `close HD-2${' '.repeat(90_000)}` }, 100_000) ?? ''],
    ['a form with a thousand fields', { line: 'close HD-2', form: form(1_000) }],
  ])('a requester presses a button that carries %s', async (_, value) => {
    await changesNothing(ALL, () => as('ann').use(asked, button(value)))
    await changesNothing(ALL, () => as('ann').use(privately, button(value)))
  })

  test('a thousand buttons in one press', async () => {
    const { action } = button({ line: 'close HD-2' })
    const overrides = { actions: Array.from({ length: 1_000 }, () => action) }
    await changesNothing(ALL, async () => {
      expect((await as('ann').use(asked, button({ line: 'close HD-2' }), { overrides })).acknowledged).toBe(true)
    })
  })

  test('a press that comes a hundred times is one', async () => {
    const card = await all.card('HD-3')
    const { trigger_id: trigger } = (await as('eve').use(card, button({ line: 'tag HD-3 lost' }))).payload
    const again = { overrides: { trigger_id: trigger } }
    const before = await standing('HD-3')
    await Promise.all(Array.from({ length: 100 }, () => as('eve').use(card, button({ line: 'note HD-3 Once' }), again)))
    await watch.quiet()
    expect(await standing('HD-3')).toEqual(before)
  })

  test('solved, said of a ticket of somebody else, which does not even tell whose it is', async () => {
    await all.desk.as('eve', 'resolve HD-3 --tell --category hardware/printer', 'Here is a new one.')
    await changesNothing(ALL, async () => {
      const told = await toldBy('ann', async () => {
        await as('ann').use(asked, button({ line: 'solved HD-3 no' }))
        await as('ann').use(asked, button({ line: 'solved HD-2 yes 1' }))
        await as('ann').use(privately, button({ line: 'solved yes 1' }))
        watch.toldAtOnce('ann', await as('ann').command('/desk solved HD-3 yes 5'))
      })
      expect(told).toContain('Only the requester can say')
      // Her own page has what she asked for, and is made anew in its own time.
      const answers = told.split('\n').filter(line => !line.includes('"type":"home"'))
      expect(answers.join('\n')).not.toMatch(/carl|mia/i)
      // Nor whether there is such a ticket.
      const { body: there } = await as('ann').command('/desk solved 3 yes')
      const { body: none } = await as('ann').command('/desk solved 999 yes')
      expect(JSON.stringify(none)).toBe(JSON.stringify(there).replaceAll('HD-3', 'HD-999'))
    })
    await all.desk.as('eve', 'reopen HD-3')
  })

  test('the question whether it is solved, pressed and answered by a bystander', async () => {
    await all.desk.as('bob', 'resolve HD-1 --tell --category hardware/printer', 'It is out.')
    const question = await all.inThread(
      'help',
      asked.ts,
      each => all.stand.buttonsOf(each).some(({ label }) => label === 'Not yet'),
      'the question',
    )
    await changesNothing(ALL, async () => {
      await as('carl').press(question, 'Not yet')
      const { body } = await as('carl').submit(await all.stand.modalOf('carl'), { 'What is still wrong?': 'All.' })
      expect(JSON.stringify(body)).toContain('Only the requester can say')
      await as('mal').press(question, 'Yes, it is solved')
      await as('mal').submit(await all.stand.modalOf('mal'), { 'How did we do?': '1' })
    })
    await all.desk.as('bob', 'reopen HD-1')
  })

  test('belongs, said of a message of somebody else', async () => {
    await watch.quiet()
    const rows = await all.desk.desk.context.store.read<{ number: number }>`SELECT number FROM arrivals`
    await changesNothing(ALL, async () => {
      for (const number of [...rows.slice(0, 12).map(each => each.number), 9_999]) {
        const { body } = await as('mal').command(`/desk belongs M-${number} yes`)
        expect(JSON.stringify(body)).toContain(`M-${number} is not waiting for an answer from you`)
      }
    })
  })

  test.each([
    ['a command', { line: 'close HD-2' }],
    ['an answer', { line: 'reply HD-2' }],
    ['a note', { line: 'note HD-1' }],
    ['the word of the requester of another ticket', { line: 'solved HD-2 yes' }],
  ])('a form whose metadata say that it completes %s', async (_, meta) => {
    await changesNothing(ALL, async () => {
      const body = await submitForged('ann', meta)
      expect(JSON.stringify(body)).toMatch(/Commands are for agents|Only the requester can say|takes no text/)
    })
  })

  test('a new ticket that says to be written in the conversation of another one', async () => {
    const card = await all.card('HD-2')
    const place = (channel: string, ts: string) => `${all.stand.workspace.team.id}/${channel}/${ts}`
    for (const where of [place(privately.channel, privately.ts), place(card.channel, card.ts)]) {
      await changesNothing(ALL, () => submitForged('ann', { line: 'new', place: where }))
    }
    const held = (await outcomes(20)).filter(each => each.startsWith('held:stranger'))
    expect(held.length).toBeGreaterThanOrEqual(2)
  })

  test('a form of ours that is sent once more', async () => {
    await as('ann').command('/desk new')
    const view = await all.stand.modalOf('ann')
    const entries = { 'What is it about?': 'A mouse', 'What happened?': 'It ran away.' }
    const first = await as('ann').submit(view, entries)
    const again = await as('ann').submit({ ...view, hash: 'another' }, entries)
    const ref = /HD-\d+/.exec(JSON.stringify(first.body))?.[0]
    expect(JSON.stringify(again.body)).toContain(ref)
  })
})

describe('people who look like agents', () => {
  test.each([
    ['a guest with the e-mail address of an agent', 'gus'],
    ['somebody of another workspace with the e-mail address of an agent', 'stan'],
    ['a guest with the address of an agent who has no other account', 'zoe'],
    ['somebody who calls themselves like an agent', 'mal'],
  ])('%s gives commands, presses and asks', async (_, name) => {
    const card = await all.card('HD-2')
    await changesNothing(ALL, async () => {
      const told = await toldBy(name, async () => {
        for (const line of ['show HD-2', 'note HD-1 I am Bob', 'close HD-2']) {
          watch.toldAtOnce(name, await as(name).command(`/desk ${line}`))
        }
        await as(name).use(card, button({ line: 'claim HD-2' }))
        await as(name).openHome()
      })
      expect(told.match(new RegExp(REFUSED, 'g'))?.length).toBeGreaterThanOrEqual(4)
    })
  })

  test.each(['gus', 'stan'])('%s asks for something, and is not taken for the agent', async name => {
    await as(name).dm(`I am ${name} and need a chair`)
    const found = await eventually(async () => {
      const rows = await all.desk.desk.context.store.read<{ ref: string }>`
        SELECT ref FROM tickets_read WHERE subject LIKE ${`%${name} and need%`}`
      return rows[0]
    }, 'the ticket')
    const { participants, messages } = await show(found.ref)
    expect(participants).toMatchObject([{ role: 'requester' }])
    expect(participants[0]?.address).toContain(as(name).id)
    expect(messages[0]).toMatchObject({ direction: 'in' })
    const bob = await all.desk.desk.context.store
      .read`SELECT 1 AS one FROM identities i JOIN people p ON p.id = i.person_id
      WHERE p.handle = 'bob' AND i.address LIKE ${`%${as(name).id}`}`
    expect(bob).toEqual([])
  })

  test('the same people write in the thread of a requester: that is no answer of the desk', async () => {
    for (const name of ['gus', 'stan', 'zoe'])
      await as(name).say('help', `I am ${name}: all is well`, { thread: asked.ts })
    await watch.quiet()
    const theirs = (await show('HD-1')).messages.filter(each => each.visible.includes('all is well'))
    expect(theirs.map(each => each.direction)).toEqual(['in', 'in', 'in'])
  })

  test('a member whose address the workspace has not confirmed', async () => {
    const { api } = all.stand
    const perform = api.perform.bind(api)
    const bob = as('mal').id
    api.perform = async call => {
      const answer = await perform(call)
      if (call.method !== 'users.info' || call.args.user !== bob) return answer
      const user = answer.user as Json
      const profile = { ...(user.profile as Json), email: 'eve@staff.example' }
      return { ...answer, user: { ...user, profile, is_email_confirmed: false } }
    }
    const change = { type: 'user_change', user: { id: bob }, event_ts: '1.1' }
    await all.stand.send(change)
    await changesNothing(ALL, async () => {
      const { body } = await as('mal').command('/desk close HD-2')
      expect(JSON.stringify(body)).toContain(REFUSED)
    })
    api.perform = perform
    await all.stand.send(change)
  })

  test('a person of whom Slack tells nothing', async () => {
    const { api } = all.stand
    const perform = api.perform.bind(api)
    api.perform = async call => (call.method === 'users.info' ? { ok: false, error: 'user_not_found' } : perform(call))
    await all.stand.send({ type: 'user_change', user: { id: as('carl').id }, event_ts: '1.2' })
    await changesNothing(ALL, async () => {
      const { body } = await as('carl').command('/desk close HD-1')
      expect(JSON.stringify(body)).toContain(REFUSED)
    })
    api.perform = perform
  })
})

describe('programs', () => {
  test('another app posts commands in the room, below a card, and where people ask', async () => {
    const { ts } = await all.card('HD-2')
    const { id } = all.stand.workspace.bot
    await changesNothing(ALL, async () => {
      await all.stand.otherApp('triage', `<@${id}> close HD-2`)
      await all.stand.otherApp('triage', `<@${id}> reply Hello`, { thread: ts })
      await all.stand.otherApp('triage', 'He is a liar', { thread: ts })
      await all.stand.otherApp('help', `<@${id}> close HD-2`)
      await all.stand.otherApp('help', '!close HD-1', { thread: asked.ts })
    })
    expect(new Set(await outcomes(5))).toEqual(new Set(['ignored:other-app']))
  })

  test('an app that says to be Bob', async () => {
    const { ts } = await all.card('HD-2')
    const event = {
      ...{ type: 'message', channel: all.stand.workspace.channel('triage'), thread_ts: ts, ts: '1700000001.000100' },
      ...{
        user: as('bob').id,
        bot_id: 'B0EVIL',
        app_id: 'A0EVIL',
        text: '<@U0DESKBOT> close',
        event_ts: '1700000001.000100',
      },
    }
    await changesNothing(ALL, () => all.stand.send(event))
  })

  test('what the desk said itself comes back, as an event and by a person', async () => {
    const mine = (await all.stand.thread('help', asked.ts)).find(each =>
      said(each).includes('has received your message'),
    )
    expect(mine).toBeDefined()
    const count = (await show('HD-1')).messages.length
    await all.stand.send({ ...mine, type: 'message', channel: asked.channel, event_ts: mine?.ts })
    await watch.quiet()
    expect((await show('HD-1')).messages.length).toBe(count)
  })

  test('a secret of a message of ours, which every app sees, brings nobody in: in a chat or by mail', async () => {
    const answers = (await all.stand.thread(privately.channel, privately.ts)).filter(each => each.metadata)
    const token = String(answers[0]?.metadata?.event_payload?.token)
    expect(token.length).toBeGreaterThan(20)
    await changesNothing(ALL.slice(1), async () => {
      await as('mal').dm(`${token} help+${token}@desk.example`)
      await mailTo(all.mailPort, {
        ...{ from: 'mal@example.com', to: `help+${token}@desk.example`, subject: 'Hello', text: 'Let me in' },
        inReplyTo: `<${token}@desk.example>`,
      })
    })
    expect(await outcomes(10)).toContain('held:stranger-with-token')
  })
})

describe('requests that Slack did not send', () => {
  const kinds = {
    command: () => commandOf('bob', 'close HD-1'),
    press: () => pressOf('bob', 'close HD-1'),
    event: () => eventOf('bob', '<@U0DESKBOT> close HD-1'),
  }

  test.each(Object.keys(kinds))('a %s that is signed wrongly, not at all, long ago, or tomorrow', async name => {
    const make = kinds[name as keyof typeof kinds]
    await changesNothing(ALL, async () => {
      const all = await Promise.all([
        send(await make(), { signature: 'wrong' }),
        send(await make(), { signature: 'missing' }),
        send(await make(), { ahead: -301 }),
        send(await make(), { ahead: 3_600 }),
      ])
      expect(all.map(each => each.status)).toEqual([401, 401, 401, 401])
    })
  })

  test.each(Object.keys(kinds))('a %s for another workspace, or another app', async name => {
    const make = kinds[name as keyof typeof kinds]
    const team = { id: 'T0OTHER001', domain: 'other' }
    const foreign =
      name === 'press'
        ? { team, user: { id: as('bob').id, team_id: 'T0OTHER001' } }
        : { team_id: 'T0OTHER001', context_team_id: 'T0OTHER001', authorizations: [] }
    await changesNothing(ALL, async () => {
      const answers = [
        await send(await make(), { overrides: foreign }),
        await send(await make(), { overrides: { api_app_id: 'A0EVIL' } }),
      ]
      expect(answers.map(each => each.status)).toEqual([403, 403])
    })
  })

  test('a good signature on another text', async () => {
    await changesNothing(ALL, async () => {
      const time = `${Math.floor(Date.now() / 1000)}`
      const good = 'command=%2Fdesk&text=status'
      const digest = createHmac('sha256', all.stand.signingSecret).update(`v0:${time}:${good}`).digest('hex')
      const body = `${good}+x`
      expect(await post(body, { 'x-slack-request-timestamp': time, 'x-slack-signature': `v0=${digest}` })).toBe(401)
      expect(await post('ssl_check=1&command=%2Fdesk&text=close+HD-1', {})).toBe(200)
      expect(await post('{"type":"url_verification","challenge":"x"}', {}, 'application/json')).toBe(401)
    })
  })

  test('everything that was recorded, sent again within five minutes', async () => {
    const card = await all.card('HD-3')
    const { ts } = card
    const command = await as('bob').command('/desk note HD-3 Recorded note')
    const press = await as('bob').use(card, button({ line: 'tag HD-3 recorded' }))
    const order = await as('bob').say('triage', '@desk note Recorded order', { thread: ts })
    const message = await as('ann').say('help', 'Recorded message', { thread: asked.ts })
    await watch.quiet()
    await changesNothing(ALL, async () => {
      for (const each of [command, press, ...order.deliveries, ...message.deliveries]) {
        expect((await all.stand.redeliver(each)).status).toBe(200)
      }
    })
  })
})

describe('threads and references of others', () => {
  test('the time of a thread in another channel', async () => {
    await changesNothing(ALL, () =>
      as('mal').say('random', '@desk all is well here', {
        event: { thread_ts: asked.ts, parent_user_id: as('ann').id },
      }),
    )
    await changesNothing(ALL, () => as('mal').dm('all is well here', { event: { thread_ts: privately.ts } }))
  })

  test('a thread that never was', async () => {
    await changesNothing(ALL, async () => {
      for (const [at, ts] of ['0.1', '9999999999.999999', '1700000000.000001', 'abc', '../../HD-2'].entries()) {
        const event = { thread_ts: ts, ts: `${Math.floor(Date.now() / 1000)}.09${at}007` }
        await as('mal').say('random', '@desk hello there', { event })
      }
    })
  })

  test('a reference in a message of somebody who takes no part', async () => {
    await changesNothing(ALL, async () => {
      const told = await toldBy('nan', async () => {
        await as('nan').dm('[HD-2] Tell me all of it, please')
        await as('nan').say('random', '@desk [HD-2] I am Carl, tell me')
      })
      expect(told).not.toMatch(/carl/i)
    })
    expect((await outcomes(10)).filter(each => each === 'held:stranger-with-reference').length).toBe(2)
  })

  test('a bystander in the thread of a requester brings somebody in by mail', async () => {
    const before = (await show('HD-1')).participants
    await as('mal').say('help', 'add evil@evil.example\nI need to see this', { thread: asked.ts })
    await watch.quiet()
    expect((await show('HD-1')).participants).toEqual(before)
    await mailTo(all.mailPort, { from: 'evil@evil.example', to: 'help@desk.example', subject: '[HD-1]', text: 'Hello' })
    expect(await outcomes(1)).toEqual(['held:stranger-with-reference'])
  })

  test('a bystander in the thread of a requester learns nothing from status or home', async () => {
    await as('mal').openHome()
    expect(JSON.stringify(await all.stand.homeOf('mal'))).not.toContain('HD-1 ')
  })

  test('a member of the channel marks a message of somebody else: it is the ticket of who wrote it', async () => {
    const theirs = await as('rita').say('random', 'My lamp is broken, does anybody know why?')
    await as('mal').react(theirs, 'ticket')
    await watch.quiet()
    const rows = await all.desk.desk.context.store.read<{ name: string }>`
      SELECT "requesterName" AS name FROM tickets_read WHERE subject LIKE 'My lamp is broken%'`
    expect(rows).toEqual([{ name: 'rita' }])
  })

  test('marking a message of the desk, or one in the room', async () => {
    const card = await all.card('HD-2')
    await changesNothing(ALL, async () => {
      const before = await outcomes(1_000)
      await as('rita').react(card, 'ticket')
      await watch.quiet()
      expect(await outcomes(1_000)).toEqual(before)
    })
  })
})

describe('what is written to mislead', () => {
  /** A mention, or a link that shows another address than its own. */
  const MISLEADING = /<!|<@U0DESKBOT>|<https:\/\/evil\.example\|/
  const NASTY =
    '<!channel> <!here> <@U0DESKBOT> @channel &lt;!everyone&gt; *bold* [https://bank.example](https://evil.example)'

  test('a mail mentions everybody, and shows a link that leads elsewhere', async () => {
    await mailTo(all.mailPort, {
      ...{ from: '"<!channel> Boss" <boss@evil.example>', to: 'help@desk.example' },
      ...{ subject: `<!channel> <@${as('carl').id}> <https://evil.example|Click> now`, text: NASTY },
    })
    await watch.quiet()
    const shown = watch.seen.filter(each => each.text.includes('evil.example'))
    expect(shown.map(each => each.where)).toContain('the room')
    for (const { text } of shown) {
      expect(mrkdwnIn(text)).not.toMatch(MISLEADING)
      expect(mrkdwnIn(text)).not.toContain(`<@${as('carl').id}>`)
    }
  })

  test('an agent is told in a direct message of the same', async () => {
    await all.desk.as('eve', 'assign HD-3 @bob')
    await mailTo(all.mailPort, { from: 'mia@example.com', to: 'help@desk.example', subject: 'Re: [HD-3]', text: NASTY })
    await all.desk.as('eve', 'note HD-3', NASTY)
    await all.desk.as('eve', 'assign HD-3 @eve', NASTY)
    await watch.quiet()
    const told = watch.seen.filter(each => each.by === 'bob' && each.text.includes('bank.example'))
    expect(told.length).toBeGreaterThan(0)
    for (const { text } of told) expect(mrkdwnIn(text)).not.toMatch(MISLEADING)
  })

  test('an answer written by mail mentions everybody in the channel of the requester', async () => {
    const told = await toldBy('ann', () => all.desk.as('bob', 'reply HD-1 --anyway', NASTY))
    expect(told).toContain('bank.example')
    expect(mrkdwnIn(told)).not.toMatch(/<!|<@/)
    expect(told).toContain(JSON.stringify({ type: 'text', text: '](' }))
  })

  test('a name that is made of marks, in a card, a refusal and a question', async () => {
    await as('nan').dm('My screen is black')
    await watch.quiet()
    const rows = await all.desk.desk.context.store.read<{ ref: string }>`
      SELECT ref FROM tickets_read WHERE subject = 'My screen is black'`
    const ref = rows[0]?.ref ?? ''
    const card = await all.card(ref)
    expect(mrkdwnIn(JSON.stringify(card))).not.toMatch(MISLEADING)
    const told = await toldBy('bob', async () => {
      watch.toldAtOnce('bob', await as('bob').command(`/desk show ${ref}`))
      await as('bob').press(card, 'Reply')
    })
    expect(told).toContain('evil.example')
    expect(mrkdwnIn(told)).not.toMatch(MISLEADING)
  })

  test('marks that stand for texts of others', async () => {
    await as('mal').dm('\uE0000\uE001 \uE0001\uE001 is broken \uE00F')
    await watch.quiet()
    expect(watch.by('bob').some(each => each.text.includes('undefined'))).toBe(false)
  })
})

/** All mrkdwn in what was sent: texts of messages and of blocks that are no plain text. */
function mrkdwnIn(json: string): string {
  const found: string[] = []
  const look = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return
    const { type, text } = value as { type?: string; text?: unknown }
    if (typeof text === 'string' && type !== 'plain_text' && type !== 'text') found.push(text)
    for (const each of Object.values(value)) look(each)
  }
  for (const line of json.split('\n')) {
    try {
      look(JSON.parse(line))
    } catch {
      // A mail, or a part of one.
    }
  }
  return found.join('\n')
}

describe('too much', () => {
  test.each([
    ['forty thousand signs', '<'.repeat(40_000)],
    ['brackets in brackets', `${'['.repeat(20_000)}${']'.repeat(20_000)}`],
    ['stars', '*a '.repeat(13_000)],
    ['quotes in quotes', `${'>'.repeat(10_000)} deep`],
    ['marks of code', '`'.repeat(39_999)],
    ['lines', 'x\n'.repeat(20_000)],
    ['links', '<https://a.example|b> '.repeat(1_800)],
    ['mentions', `<@${'U0DESKBOT'}> `.repeat(3_000)],
    ['emoji', ':a:'.repeat(13_000)],
  ])('a message of %s is taken, and shown', async (_, text) => {
    const done = await as('mal').dm(text, { raw: true })
    expect(done.deliveries.every(each => each.acknowledged)).toBe(true)
    await watch.quiet()
  })

  test('a form with more than it takes', async () => {
    await as('ann').command('/desk new')
    const view = await all.stand.modalOf('ann')
    const overrides = {
      view: { ...view, state: { values: { 'field:text': { 'field:text': { value: 'x'.repeat(500_000) } } } } },
    }
    const { body } = await as('ann').submit(view, { 'What is it about?': 'Much', 'What happened?': 'x' }, { overrides })
    expect(JSON.stringify(body)).toContain('errors')
  })

  test('somebody in Slack opens ticket after ticket', async () => {
    const opened = async () => (await outcomes(1_000)).filter(each => each === 'opened').length
    const before = await opened()
    for (let count = 0; count < 60; count += 1) {
      await as('stan').command('/desk new')
      const view = await all.stand.modalOf('stan')
      await as('stan').submit(view, { 'What is it about?': `Flood ${count}`, 'What happened?': `Water ${count}` })
    }
    await watch.quiet()
    expect((await opened()) - before).toBeLessThan(40)
    expect((await outcomes(1_000)).filter(each => each === 'held:flood').length).toBeGreaterThan(10)
    await as('rita').dm('Mine is another matter: my keyboard')
    expect((await outcomes(20)).some(each => each === 'opened')).toBe(true)
  })
})

describe('mail in the name of people in Slack', () => {
  test('commands in a mail that says to be from an agent', async () => {
    await changesNothing(ALL, async () => {
      for (const subject of ['Commands', '[HD-1]']) {
        await mailTo(all.mailPort, {
          from: 'Bob Berg <bob@staff.example>',
          to: 'help@desk.example',
          subject,
          text: '!close HD-1\n!reply HD-2 Hello',
        })
      }
    }).catch(async () => {
      // It is kept with the ticket among agents, and nothing is done.
      expect(await show('HD-1')).toMatchObject({ state: 'open', owner: 'bob' })
    })
    expect(all.world.to('carl@example.com')).toEqual([])
    expect(watch.by('carl').some(each => each.text.includes('Hello'))).toBe(false)
  })

  test('an answer in a mail that says to be from an agent stays among agents', async () => {
    await mailTo(all.mailPort, {
      from: 'bob@staff.example',
      to: 'help@desk.example',
      subject: 'Re: [HD-2] wage',
      text: `No raise for you, ${SECRET}`,
    })
    await watch.quiet()
    expect((await show('HD-2')).messages.at(-1)).toMatchObject({ direction: 'internal' })
  })

  test('the secret of a notification that Bob got in Slack, in a mail that says to be from Bob', async () => {
    await all.desk.as('eve', 'assign HD-2 @bob')
    await all.desk.as('bob', 'resolve HD-2 --tell --category hardware/printer', 'It is right.')
    await as('carl').command('/desk solved HD-2 no')
    await watch.quiet()
    const token = await newestToken('bob')
    await mailTo(all.mailPort, {
      ...{ from: 'bob@staff.example', to: 'help@desk.example', subject: 'Re: wage', text: `Never, ${SECRET}` },
      inReplyTo: `<${token}@desk.example>`,
    })
    await watch.quiet()
    const [newest] = (await show('HD-2')).messages.slice(-1)
    expect(newest).toMatchObject({ direction: 'internal', visible: expect.stringContaining('Never') })
  })

  test('a mail that says to be from a requester: it is read, and answers go where they went', async () => {
    await mailTo(all.mailPort, {
      ...{ from: 'ann@example.com', replyTo: 'evil@evil.example', to: 'help@desk.example' },
      ...{ subject: '[HD-1]', cc: 'evil@evil.example', text: 'add evil@evil.example\nAnswer me by mail' },
    })
    await all.desk.as('bob', 'reply HD-1 --anyway', 'Only where you asked.')
    await watch.quiet()
    expect(all.world.mails.filter(each => each.recipients.some(to => /evil@|ann@/.test(to)))).toEqual([])
    expect(watch.by('ann').some(each => each.text.includes('Only where you asked'))).toBe(true)
  })

  test('a mail of a requester about the ticket of another', async () => {
    await changesNothing(ALL, () =>
      mailTo(all.mailPort, { from: 'ann@example.com', to: 'help@desk.example', subject: '[HD-2]', text: 'Hello' }),
    )
    expect(await outcomes(1)).toEqual(['held:stranger-with-reference'])
  })
})

async function newestToken(person: string): Promise<string> {
  const channel = await as(person).directMessages()
  const messages = (await all.stand.messages(channel)).filter(each => each.metadata)
  return String(messages.at(-1)?.metadata?.event_payload?.token)
}

function form(fields: number): Json {
  const field = (index: number) => ({ name: `f${index}`, label: 'F', kind: 'line', required: false })
  return { title: 'F', submit: 'S', fields: Array.from({ length: fields }, (_, index) => field(index)) }
}

interface Recorded {
  kind: Kind
  payload: Json
}

/** What Slack would send for what is done; nothing is sent. */
async function recorded(work: () => Promise<unknown>): Promise<Recorded> {
  const real = all.stand.route
  const taken: Recorded[] = []
  all.stand.route = {
    async send(kind, payload) {
      taken.push({ kind, payload })
      return { kind, payload, attempt: 0, acknowledged: true, status: 200, body: undefined, took: 0 }
    },
  }
  await work().finally(() => {
    all.stand.route = real
  })
  if (!taken[0]) throw new Error('Nothing would be sent')
  return taken[0]
}

const commandOf = (person: string, line: string) => recorded(() => as(person).command(`/desk ${line}`))
const pressOf = (person: string, line: string) => recorded(() => as(person).use(asked, button({ line })))
const eventOf = (person: string, text: string) => recorded(() => as(person).say('triage', text, { raw: true }))

function send({ kind, payload }: Recorded, options: SendOptions) {
  return all.stand.route.send(kind, payload, options)
}

/** Gives the status of the answer. */
function post(
  body: string,
  headers: Record<string, string>,
  type = 'application/x-www-form-urlencoded',
): Promise<number> {
  return new Promise((resolve, reject) => {
    const url = new URL(String(all.slackUrl))
    const sent = request(url, { method: 'POST', headers: { 'content-type': type, ...headers }, agent: false })
    sent.on('response', response => resolve(response.resume().statusCode ?? 0))
    sent.on('error', reject)
    sent.end(body)
  })
}

describe('secrets', () => {
  test('whatever goes wrong, neither the token nor the signing secret is written or printed', async () => {
    const stand = await SlackStand.start({
      users: PEOPLE,
      channels: [{ name: 'help' }, { name: 'triage', private: true }],
    })
    const port = await freePort()
    const room = await makeRoom(
      [
        '  - name: slack',
        '    kind: slack',
        '    botToken: env:BOT_TOKEN',
        `    api: ${stand.apiUrl}`,
        `    http: { port: ${port}, signingSecret: env:SIGNING_SECRET }`,
        '    room: triage',
        '    support: [{ channel: help }]',
        'log: debug',
        'agents:',
        '  - { handle: bob, name: Bob Berg, email: bob@staff.example }',
        '',
      ].join('\n'),
    )
    const env = { BOT_TOKEN: stand.botToken, SIGNING_SECRET: stand.signingSecret }
    const running = launch(['start'], { cwd: room.folder, env })
    room.adopt(running.child)
    try {
      await untilReady(running)
      stand.route = stand.http(`http://127.0.0.1:${port}/slack/events`)
      await stand.as('ann').say('help', 'The printer burns')
      for (const fault of FAULTS) {
        stand.fault({ ...fault, times: 3 })
        await stand.as('ann').dm(`Trouble with ${JSON.stringify(fault)}`)
        await stand.as('bob').command('/desk status')
        await stand.as('bob').command('/desk new')
        await stand
          .as('ann')
          .upload('help', 'a.txt', Buffer.from('text'), { text: 'See there' })
          .catch(() => undefined)
        await stand.as('ann').openHome()
        await pause(300)
        stand.clearFaults()
      }
      await stand.send({ type: 'tokens_revoked', tokens: { bot: [stand.workspace.bot.id] } })
      await stand.http(`http://127.0.0.1:${port}/slack/events`).send('event', {}, { signature: 'wrong' })
      const outputs = await Promise.all(
        [
          ['doctor'],
          ['config'],
          ['show', 'HD-1', '--json'],
          ['list', '--json'],
          ['inbox', 'list', '--json'],
          ['alarms'],
        ].map(words => room.runWith({ env }, ...words)),
      )
      await pause(500)
      running.child.kill('SIGTERM')
      const { stdout, stderr } = await running.ended
      const printed = [stdout, stderr, ...outputs.flatMap(each => [each.stdout, each.stderr])]
      expect(stderr).toContain('Slack')
      expect(outputs[2]?.stdout).toContain('The printer burns')
      for (const file of await readdir(room.folder, { recursive: true, withFileTypes: true })) {
        if (file.isFile()) printed.push((await readFile(join(file.parentPath, file.name))).toString('latin1'))
      }
      for (const text of printed) {
        for (const secret of Object.values(env)) expect(around(text, secret)).toBe('')
      }
    } finally {
      await room.remove()
      await stand.stop()
    }
  })

  const FAULTS: Fault[] = [
    { status: 500 },
    { status: 429, retryAfter: 1 },
    { error: 'internal_error' },
    { error: 'missing_scope' },
    { method: 'chat.postMessage', error: 'invalid_auth' },
    { method: 'users.info', error: 'token_revoked' },
    { method: 'files-pri', status: 500 },
    { method: 'views.open', error: 'expired_trigger_id' },
    {},
  ]
})

function around(text: string, secret: string): string {
  const at = text.indexOf(secret)
  return at < 0 ? '' : text.slice(Math.max(0, at - 200), at + 100)
}
