import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { MemoryChannel } from '../../adapters/memory/adapter.ts'
import { MemoryChat } from '../../adapters/memory/chat.ts'
import type { Actor } from '../../src/channel/desk.ts'
import type { MessageParts } from '../../src/channel/inbound.ts'
import { DeliveryError, type OutboundMessage } from '../../src/channel/outbound.ts'
import { pack } from '../../src/content.ts'
import { verify } from '../../src/flow/upkeep/verify.ts'
import { type MemoryDesk, makeMemoryDesk, messageFrom } from '../support/memory-desk.ts'
import { ENGINES } from '../support/store/engines.ts'

const ANN = 'T/UANN'
const BOB = 'T/UBOB'
const CARL = 'T/UCARL'
/** What a line is beside its text: `in` names the channel; without a thread it begins one there. */
type Line = Partial<Omit<MessageParts, 'chat' | 'mail'>> & {
  in?: string
  thread?: string
  internal?: true
  shared?: boolean
}

const EMAIL: Record<string, string> = {
  [ANN]: 'ann@example.com',
  [BOB]: 'bob@staff.example',
  'T/UEVE': 'eve@staff.example',
}
const MINUTE_MS = 60_000

interface Shown {
  state: string
  owner: string | null
  rating: number | null
  participants: { address: string; role: string }[]
  messages: { direction: string; visible: string; what: string | null; author: { name: string } }[]
}

describe.each(ENGINES)('a chat on %s', engine => {
  let desk: MemoryDesk
  let chat: MemoryChat
  let mail: MemoryChannel
  let ts = 0

  beforeEach(async () => {
    ts = 0
    chat = new MemoryChat('slack', 'T/UDESK', true)
    mail = new MemoryChannel('support', 'help@desk.example')
    desk = await makeMemoryDesk(engine, {
      channels: new Map([
        ['support', { kind: 'email', deskId: 'help', adapter: mail }],
        ['slack', { kind: 'slack', deskId: 'help', adapter: chat }],
      ]),
    })
    await chat.start(desk.service.deskFor('slack'))
    await mail.start(desk.service.deskFor('support'))
  })

  afterEach(async () => {
    const { store, files } = desk.context
    expect((await store.consistently(sql => verify(sql, files))).problems).toEqual([])
    await desk.remove()
  })

  /** A line in a channel; without a thread it begins one. */
  const line = (person: string, text: string, about: Line = {}) => {
    ts += 1
    const { in: place = 'T/HELP', thread = `${place}/${ts}`, internal, shared = true, ...more } = about
    const email = EMAIL[person]
    const row = { key: `${place}/${person}`, within: 2 * MINUTE_MS }
    return messageFrom(person, {
      id: `${place}/${ts}`,
      replyTo: thread,
      from: { address: person, name: person.slice(3) },
      subject: text.split('\n')[0]?.slice(0, 80) ?? '',
      text,
      messageId: null,
      fingerprint: null,
      sentAt: desk.clock.now().toISOString(),
      live: true,
      authentication: { result: 'pass', reasons: ['the chat'] },
      alsoKnownAs: email ? [{ kind: 'email', address: email }] : [],
      mail: { addressedTo: [] },
      chat: {
        thread,
        ...(internal ? { internal } : {}),
        ...(shared ? { shared } : {}),
        ...(about.thread === undefined ? { row } : {}),
      },
      ...more,
    })
  }
  const say = (...args: Parameters<typeof line>) => chat.deliver(line(...args))
  const actor = (person: string): Actor => ({
    kind: 'slack',
    address: person,
    name: person.slice(3),
    alsoKnownAs: EMAIL[person] ? [{ kind: 'email', address: EMAIL[person] }] : [],
  })
  const press = (person: string, command: string, more: { body?: string; thread?: string; id?: string } = {}) =>
    desk.service.perform({ actor: actor(person), channel: 'slack', line: command, ...more })
  const settled = async () => {
    await desk.deliver()
    for (let at = 0; at < 5; at += 1) await desk.service.rooms.pass()
  }
  const later = async (milliseconds: number) => {
    desk.clock.advance(milliseconds)
    await desk.service.timekeeper.pass()
    await settled()
  }
  const words = ({ text }: OutboundMessage) =>
    text.markdown.replace(/\uE000(\d+)\uE001/g, (_, n) => text.verbatim[n] ?? '')
  const toldIn = (place: string) => chat.sent.filter(each => each.recipients.includes(place)).map(words)
  const shown = async (ref: string) => (await desk.as('bob', `show ${ref}`)).data as Shown
  const entries = (place = 'T/ROOM/1') =>
    (chat.entries.get(place) ?? []).map(({ from, author, text }) => `${from} ${author}: ${text}`)

  test('a question opens a ticket, is acknowledged where it was asked, and shows as a card', async () => {
    const { ref } = await say(ANN, 'The printer burns')
    await settled()
    expect(toldIn('T/HELP/1')[0]).toContain(`**${ref}**`)
    const card = chat.cards.get('T/ROOM/1')
    expect(card).toMatchObject({ ref, subject: 'The printer burns', done: false })
    expect(card?.latest?.text).toBe('The printer burns')
    expect(card?.actions.map(each => each.label).slice(0, 4)).toEqual(['Claim', 'Reply', 'Wait', 'Resolve'])
  })

  test('several lines in a row are one ticket; later ones are not', async () => {
    const first = await say(ANN, 'The printer burns')
    desk.clock.advance(MINUTE_MS)
    expect(await say(ANN, 'and it smells')).toEqual({ outcome: 'appended', ref: first.ref })
    desk.clock.advance(MINUTE_MS)
    expect(await say(CARL, 'My badge is lost')).toMatchObject({ outcome: 'opened' })
    desk.clock.advance(3 * 60 * MINUTE_MS)
    expect(await say(ANN, 'A new keyboard please')).toMatchObject({ outcome: 'opened' })
  })

  test('a line that names another ticket of its writer is about that one', async () => {
    const first = await say(ANN, 'The printer burns')
    desk.clock.advance(3 * 60 * MINUTE_MS)
    const second = await say(ANN, 'My badge is lost')
    expect(await say(ANN, `${first.ref} still burns`)).toEqual({ outcome: 'appended', ref: first.ref })
    expect(await say(ANN, `Worse than ${first.ref}, really`)).toMatchObject({ outcome: 'appended', ref: second.ref })
    expect(second.ref).not.toBe(first.ref)
    const other = await say(CARL, 'My chair')
    expect(await say(CARL, `${first.ref} is funny`)).toEqual({ outcome: 'appended', ref: other.ref })
  })

  test('lines that come at once are one ticket', async () => {
    const receipts = await Promise.all(['The printer', 'is', 'on fire'].map(text => say(ANN, text)))
    expect(new Set(receipts.map(each => each.ref)).size).toBe(1)
  })

  test('greetings and thanks open nothing', async () => {
    for (const text of ['Hi!', 'hello there', 'Guten Morgen', 'thanks a lot :tada:', '👍', 'Merci beaucoup']) {
      expect(await say(ANN, text)).toEqual({ outcome: 'ignored:small-talk', ref: null })
    }
    expect(await say(ANN, 'Hi, the printer burns')).toMatchObject({ outcome: 'opened' })
  })

  test('whoever may go on with a ticket is asked; the answer counts, and none becomes a ticket of its own', async () => {
    const { ref } = await say(ANN, 'The printer burns')
    desk.clock.advance(20 * MINUTE_MS)
    expect(await say(ANN, 'Now it is worse')).toEqual({ outcome: 'held:unclear', ref })
    await settled()
    const asked = chat.sent.find(each => words(each).includes('or is it something new?'))
    const [goesOn] = asked?.actions ?? []
    await expect(press(CARL, goesOn?.line ?? '')).rejects.toThrow('is not waiting for an answer from you')
    expect((await press(ANN, goesOn?.line ?? '')).text).toContain(`joined ${ref}`)
    expect((await shown(ref ?? '')).messages.map(each => each.visible)).toContain('Now it is worse')

    desk.clock.advance(20 * MINUTE_MS)
    await say(ANN, 'My chair is broken')
    await later(11 * MINUTE_MS)
    expect(JSON.stringify((await desk.as('bob', 'list')).data)).toContain('My chair is broken')
  })

  test('the one who mailed before is the same person, and what they mail goes on with the ticket', async () => {
    await mail.deliver(messageFrom('ann@example.com', { subject: 'VPN' }))
    const { ref } = await say(ANN, 'The printer burns')
    await press(BOB, `claim ${ref}`)
    await press(BOB, `wait ${ref}`)
    expect((await shown(ref ?? '')).state).toBe('waiting-on-requester')
    const answer = messageFrom('ann@example.com', { subject: `Re: [${ref}] printer`, text: 'It is out.' })
    expect(await mail.deliver(answer)).toEqual({ outcome: 'appended', ref })
    expect((await shown(ref ?? '')).state).toBe('open')
    expect((await press(ANN, 'status')).text.match(/HD-\d+/g)?.sort()).toEqual(['HD-1', 'HD-2'])
    await settled()
    await desk.as('bob', `reply ${ref}`, 'Thank you.')
    await settled()
    expect(toldIn('T/HELP/1').at(-1)).toBe('Thank you.')
  })

  test('the room is for agents: what is said there stays there, whoever says it', async () => {
    const { ref } = await say(ANN, 'The printer burns')
    await settled()
    const room = { in: 'T/ROOM', thread: 'T/ROOM/1', internal: true } as const
    expect(await say(BOB, 'She always says that', room)).toEqual({ outcome: 'appended', ref })
    expect(await say(CARL, 'Let me in', room)).toEqual({ outcome: 'held:stranger-in-room', ref })
    expect(await say(BOB, 'Lunch?', { in: 'T/ROOM', internal: true })).toEqual({
      outcome: 'ignored:room-talk',
      ref: null,
    })
    expect((await shown(ref ?? '')).messages.at(-1)).toMatchObject({
      direction: 'internal',
      visible: 'She always says that',
    })
    await press(BOB, 'reply', { body: 'On our way.', thread: 'T/ROOM/1' })
    await settled()
    expect(toldIn('T/HELP/1').join()).not.toContain('She always')
    expect(toldIn('T/HELP/1').at(-1)).toBe('On our way.')
    // Written in the room itself it is not told there again.
    expect(entries()).toEqual(['answer Bob Berg: On our way.', 'event Bob Berg: claimed it'])
    expect(mail.sent.filter(each => each.recipients.includes('ann@example.com'))).toEqual([])
  })

  test('what a colleague writes in an open conversation joins it; an agent answers there', async () => {
    const { ref } = await say(ANN, 'The printer burns')
    const thread = { thread: 'T/HELP/1' }
    expect(await say(CARL, 'Mine too', thread)).toMatchObject({ outcome: 'appended', ref })
    expect(await say(BOB, 'Have you tried water?', thread)).toMatchObject({ outcome: 'appended', ref })
    expect((await shown(ref ?? '')).messages.map(each => each.direction)).toEqual(['in', 'in', 'out'])
  })

  test('in a conversation that is not open a stranger is held', async () => {
    const { ref } = await say(ANN, 'The printer burns', { in: 'T/DANN', shared: false })
    const held = line(CARL, 'Me too', { thread: `T/DANN/${ts}` })
    delete held.chat?.shared
    expect(await chat.deliver(held)).toEqual({ outcome: 'held:stranger-in-thread', ref })
  })

  test('an agent is told in the chat as soon as the desk knows them there, and not of what the card shows', async () => {
    await press(BOB, 'list')
    const { ref } = await say(ANN, 'The printer burns')
    await settled()
    expect(mail.sent.map(each => each.recipients[0])).toEqual(['eve@staff.example'])
    await desk.as('eve', `claim ${ref}`)
    await desk.as('eve', `handover ${ref} @bob "you know printers"`)
    await settled()
    const told = chat.sent.filter(each => each.recipients.includes(BOB))
    expect(told.map(words).join()).toContain(ref)
    expect(told[0]?.actions.map(each => each.label)).toEqual(['Take it over', 'Decline'])
    // What Bob writes below it stays among agents.
    const begun = line(BOB, 'Oh no', { thread: 'T/UBOB/begun-1' })
    expect(await chat.deliver(begun)).toMatchObject({ outcome: 'appended', ref })
    expect((await shown(ref ?? '')).messages.at(-1)?.direction).toBe('internal')
  })

  test('an agent who is not in the room is told of a new ticket one by one', async () => {
    await press(BOB, 'list')
    chat.outside.add(BOB)
    const { ref } = await say(ANN, 'The printer burns')
    await settled()
    expect(
      chat.sent
        .filter(each => each.recipients.includes(BOB))
        .map(words)
        .join(),
    ).toContain(ref)
  })

  test('whoever no longer has the address of an agent is none any more', async () => {
    const { ref } = await say(ANN, 'The printer burns')
    await press(BOB, `claim ${ref}`)
    const slack = desk.service.deskFor('slack')
    await slack.vouch({ kind: 'slack', address: BOB }, [{ kind: 'email', address: 'bob@staff.example' }])
    await slack.vouch({ kind: 'slack', address: ANN }, [])
    expect((await press(BOB, `show ${ref}`)).text).toContain('Bob Berg')
    await slack.vouch({ kind: 'slack', address: BOB }, [])
    const gone: Actor = { kind: 'slack', address: BOB, name: 'BOB', alsoKnownAs: [] }
    await expect(desk.service.perform({ actor: gone, channel: 'slack', line: `show ${ref}` })).rejects.toThrow(
      'Commands are for agents',
    )
    const said = line(BOB, 'Let me in', { in: 'T/ROOM', thread: 'T/ROOM/1', internal: true, alsoKnownAs: [] })
    await settled()
    expect(await chat.deliver(said)).toMatchObject({ outcome: 'held:stranger-in-room' })
    // Ann's is hers: she is no agent.
    expect((await press(ANN, 'status')).text).toContain(ref)
    // Who wrote meanwhile is somebody else to the desk, until Slack vouches for the agent again.
    await say(BOB, 'Why can I not see it?', { alsoKnownAs: [] })
    await slack.vouch({ kind: 'slack', address: BOB }, [{ kind: 'email', address: 'bob@staff.example' }])
    expect((await press(BOB, `show ${ref}`)).text).toContain('Bob Berg')
  })

  test('whoever has another address of an agent than the configured one is no agent', async () => {
    const other = [{ kind: 'email', address: 'bob+home@staff.example' }]
    await mail.deliver(
      messageFrom('bob+home@staff.example', { authentication: { result: 'pass', reasons: ['signed'] } }),
    )
    const actor: Actor = { kind: 'slack', address: 'T/UBOB2', name: 'Bob', alsoKnownAs: other }
    for (let at = 0; at < 2; at += 1) {
      await expect(desk.service.perform({ actor, channel: 'slack', line: 'list' })).rejects.toThrow('for agents')
    }
    await say('T/UBOB2', 'Hello there, I need a chair', { alsoKnownAs: other })
    await expect(desk.service.perform({ actor, channel: 'slack', line: 'list' })).rejects.toThrow('for agents')
  })

  test('the requester says whether it is solved, with a button, and how it was', async () => {
    const { ref } = await say(ANN, 'The printer burns')
    await press(BOB, `resolve ${ref} --tell --category hardware/printer`, { body: 'Water.' })
    await settled()
    const [yes, no] = chat.sent.find(each => words(each).includes('Is it solved for you?'))?.actions ?? []
    expect(yes?.line).toBe(`solved ${ref} yes {score}`)
    await expect(press(CARL, `solved ${ref} yes`)).rejects.toThrow('Only the requester can say')
    expect((await press(ANN, no?.line ?? '', { body: 'Still burning' })).text).toContain('open again')
    expect((await shown(ref ?? '')).state).toBe('open')
    await press(BOB, `show ${ref}`)
    await press(BOB, `resolve ${ref} --tell`, { body: 'More water.' })
    await press(ANN, `solved ${ref} yes 5`, { body: 'Quick!' })
    expect(await shown(ref ?? '')).toMatchObject({ state: 'closed', rating: 5 })
    expect(await say(ANN, 'thank you!', { thread: 'T/HELP/1' })).toMatchObject({ outcome: 'appended' })
    expect((await shown(ref ?? '')).state).toBe('closed')
    await settled()
    expect(chat.cards.get('T/ROOM/1')).toMatchObject({ done: true })
  })

  test('edits and deletions are kept beside what stood there, also when they come first', async () => {
    const { ref } = await say(ANN, 'The printer burns')
    const original = `T/HELP/${ts}`
    const revise = (id: string, revises: string, text: string | null) =>
      desk.service.deskFor('slack').receive({
        id,
        revises,
        from: { address: ANN, name: 'ANN' },
        text,
        revisedAt: desk.clock.now().toISOString(),
        raw: pack(Buffer.from(id)),
      })
    expect(await revise(`${original}/edited/1`, original, 'The printer smokes')).toEqual({ outcome: 'appended', ref })
    expect(await revise(`${original}/edited/1`, original, 'The printer smokes')).toMatchObject({ outcome: 'duplicate' })
    expect(await revise(`${original}/deleted/1`, original, null)).toEqual({ outcome: 'appended', ref })
    const coming = `T/HELP/${ts + 1}`
    expect(await revise(`${coming}/edited/1`, coming, 'smells, too')).toEqual({ outcome: 'held:early', ref: null })
    await say(ANN, 'smels')
    expect((await shown(ref ?? '')).messages.map(each => [each.what, each.visible])).toEqual([
      [null, 'The printer burns'],
      ['revision', 'The printer smokes'],
      ['deletion', ''],
      [null, 'smels'],
      ['revision', 'smells, too'],
    ])
    expect(await revise('x/edited/1', 'x', 'of nothing')).toMatchObject({ outcome: 'held:early' })
  })

  test('a revision of what never came is given up, and waits for no agent', async () => {
    await desk.service.deskFor('slack').receive({
      ...{ id: 'T/HELP/9/edited/1', revises: 'T/HELP/9', from: null, text: 'x', raw: pack(Buffer.from('9')) },
      revisedAt: desk.clock.now().toISOString(),
    })
    const outcomes = async () => {
      const { store, files } = desk.context
      return (await store.consistently(sql => verify(sql, files))).reasons
    }
    expect(JSON.stringify(await outcomes())).toContain('held:early')
    await later(25 * 60 * MINUTE_MS)
    expect(JSON.stringify(await outcomes())).toContain('ignored:revision-of-nothing')
  })

  test('in the conversation of a ticket that was closed long ago a new one goes on, once', async () => {
    const { ref } = await say(ANN, 'The printer burns')
    await press(BOB, `close ${ref}`)
    await later(31 * 24 * 60 * MINUTE_MS)
    const next = await say(ANN, 'It burns again', { thread: 'T/HELP/1' })
    expect(next).toMatchObject({ outcome: 'opened' })
    expect(await say(ANN, 'Really', { thread: 'T/HELP/1' })).toEqual({ outcome: 'appended', ref: next.ref })
  })

  test('a command that comes twice under one id is given once', async () => {
    const { ref } = await say(ANN, 'The printer burns')
    const first = await press(BOB, `spent ${ref} 20m`, { id: 'trigger-1' })
    expect(await press(BOB, `spent ${ref} 20m`, { id: 'trigger-1' })).toEqual(first)
    expect(JSON.stringify((await desk.as('bob', `history ${ref}`)).data)).toContain('"minutes":20')
  })

  test('a command without its ticket offers some to choose from', async () => {
    const { ref } = await say(ANN, 'The printer burns')
    expect((await press(BOB, 'claim')).actions).toEqual([{ label: `${ref} The printer burns`, line: `claim ${ref}` }])
    await press(BOB, `claim ${ref}`)
    expect((await press(BOB, 'release')).actions?.[0]?.line).toBe(`release ${ref}`)
    await expect(desk.as('bob', 'release')).rejects.toThrow('Say which ticket')
  })

  test('requesters have the commands that are theirs, and no other', async () => {
    const { ref } = await say(ANN, 'The printer burns')
    await expect(press(ANN, `claim ${ref}`)).rejects.toThrow('Commands are for agents')
    await expect(press(ANN, `show ${ref}`)).rejects.toThrow('Commands are for agents')
    const { text } = await press(ANN, 'help')
    expect(text).toContain('status')
    expect(text).not.toContain('claim')
    await expect(press('T/USTRANGER', 'list')).rejects.toThrow('Commands are for agents')
  })

  test('what could not be shown is shown later, in order, each once', async () => {
    const { ref } = await say(ANN, 'The printer burns')
    chat.onShow = () => {
      throw new DeliveryError('Slow down.', { permanent: false })
    }
    await settled()
    await press(BOB, `claim ${ref}`)
    await say(ANN, 'and it smells', { thread: 'T/HELP/1' })
    await settled()
    expect(chat.cards.size).toBe(0)
    chat.onShow = () => undefined
    await later(10 * MINUTE_MS)
    expect(chat.cards.get('T/ROOM/1')?.facts[1]).toEqual({ label: 'Owner', value: 'Bob Berg' })
    expect(entries()).toEqual(['event Bob Berg: claimed it', 'requester ANN: and it smells'])
    expect(chat.entries.get('T/ROOM/1')?.[1]?.mentions).toEqual([BOB])
  })

  test('a page of their own shows agents the work and requesters what they asked for', async () => {
    const { ref } = await say(ANN, 'The printer burns')
    const forAnn = await desk.service.deskFor('slack').home(actor(ANN))
    expect(forAnn.sections.map(each => each.title)).toEqual(['My tickets'])
    expect(forAnn.sections[0]?.items[0]).toMatchObject({ ref, subject: 'The printer burns' })
    const forBob = await desk.service.deskFor('slack').home(actor(BOB))
    expect(forBob.sections.map(({ title, items }) => [title, items.length])).toEqual([
      ['Mine', 0],
      ['Due', 0],
      ['Unowned', 1],
      ['Stuck', 0],
    ])
  })
})
