import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { MessageParts } from '../../src/channel/inbound.ts'
import type { OutboundMessage } from '../../src/channel/outbound.ts'
import { verify } from '../../src/flow/upkeep/verify.ts'
import { type MemoryDesk, makeMemoryDesk, messageFrom } from '../support/memory-desk.ts'
import { ENGINES } from '../support/store/engines.ts'

const ANN = 'ann@example.com'
const BOB = 'bob@staff.example'
const EVE = 'eve@staff.example'
const DAY_MS = 86_400_000

interface Shown {
  ref: string
  state: string
  owner: string | null
  helpers: string[]
  offeredTo: string | null
  priority: string | null
  rating: number | null
  parts: string[]
  links: { kind: string; ref: string }[]
  counts: { reopened: { times: number }; passed: { times: number } }
  participants: { address: string; role: string }[]
  messages: { direction: string; visible: string; what: string | null; ref: string | null }[]
}

describe.each(ENGINES)('a ticket on %s', engine => {
  let desk: MemoryDesk

  beforeEach(async () => {
    desk = await makeMemoryDesk(engine)
    await take(ANN, { messageId: '<first@example.com>', subject: 'Printer' })
    await desk.deliver()
  })

  afterEach(async () => {
    const { store, files } = desk.context
    expect((await store.consistently(sql => verify(sql, files))).problems).toEqual([])
    await desk.remove()
  })

  const take = (address: string, about: Partial<MessageParts> = {}) =>
    desk.channel.deliver(messageFrom(address, { live: true, ...about }))
  const sentTo = (address: string): OutboundMessage[] =>
    desk.channel.sent.filter(each => each.recipients.includes(address))
  const words = ({ text }: OutboundMessage) =>
    text.markdown.replace(/\uE000(\d+)\uE001/g, (_, n) => text.verbatim[n] ?? '')
  const lastTo = (address: string) => {
    const mail = sentTo(address).at(-1)
    return mail ? `${mail.subject}\n${words(mail)}` : ''
  }
  const shown = async (ticket = 1) => (await desk.as('bob', `show ${ticket}`)).data as Shown
  const answering = (mail: OutboundMessage | undefined) => ({ mail: { references: [`<${mail?.token}@desk.example>`] } })
  const later = async (milliseconds: number) => {
    desk.clock.advance(milliseconds)
    await desk.service.timekeeper.pass()
    await desk.deliver()
  }
  const resolved = async () => {
    await desk.as('bob', 'show 1')
    await desk.as('bob', 'reply 1', 'A new toner is in.')
    await desk.as('bob', 'resolve 1 --category printer', 'New toner')
    await desk.deliver()
    return sentTo(ANN).findLast(each => each.subject.includes('Is it solved?'))
  }

  test('waits for a third party until its time, and comes back to its owner', async () => {
    await desk.as('bob', 'wait 1 for vendor until 2d "parts are ordered"')
    expect(await shown()).toMatchObject({ state: 'waiting-on-third-party', owner: 'bob' })
    await later(DAY_MS)
    expect(await shown()).toMatchObject({ state: 'waiting-on-third-party' })
    await later(DAY_MS)
    expect(await shown()).toMatchObject({ state: 'open' })
    expect(lastTo(BOB)).toContain('HD-1 is back')
  })

  test('that waits for its requester goes on when they write, and one that is scheduled does not', async () => {
    await desk.as('bob', 'wait 1 until friday "which printer?"')
    await take(ANN, { mail: { references: ['<first@example.com>'] } })
    expect(await shown()).toMatchObject({ state: 'open' })
    await desk.as('bob', 'schedule 1 2d')
    await take(ANN, { mail: { references: ['<first@example.com>'] } })
    expect(await shown()).toMatchObject({ state: 'scheduled' })
  })

  test('is refused what its state does not allow, with what to do instead', async () => {
    await expect(desk.as('bob', 'resume 1')).rejects.toThrow('HD-1 is new, so there is nothing to resume.')
    await desk.as('bob', 'close 1')
    await expect(desk.as('bob', 'wait 1')).rejects.toThrow('HD-1 is closed: reopen it first (reopen HD-1).')
    await expect(desk.as('bob', 'resolve 1', 'x')).rejects.toThrow('reopen it first')
    await expect(desk.as('bob', 'close 1')).rejects.toThrow('closed already')
    await expect(desk.as('bob', 'schedule 1 yesterday')).rejects.toThrow('a time in the future')
  })

  test('that is handed over changes hands once that is accepted, and returns if it is not in time', async () => {
    await desk.as('bob', 'claim 1')
    await desk.as('bob', 'handover 1 @eve "you know it"')
    await desk.deliver()
    expect(await shown()).toMatchObject({ owner: 'bob', offeredTo: 'eve' })
    expect(lastTo(EVE)).toContain('you know it')
    await expect(desk.as('bob', 'accept 1')).rejects.toThrow('not offered to you')
    await later(DAY_MS)
    expect(await shown()).toMatchObject({ owner: 'bob', offeredTo: null })
    expect(lastTo(BOB)).toContain('stays with you')
    await desk.as('bob', 'handover 1 @eve')
    await desk.as('eve', 'decline 1 "no time"')
    expect(await shown()).toMatchObject({ owner: 'bob', offeredTo: null })
    await desk.as('bob', 'handover 1 @eve')
    await desk.as('eve', 'accept 1')
    expect(await shown()).toMatchObject({ owner: 'eve', offeredTo: null, counts: { passed: { times: 1 } } })
    await expect(desk.as('bob', 'handover 1 @bob')).rejects.toThrow('belongs to Eve Ek')
  })

  test('has helpers beside its one owner', async () => {
    await desk.as('bob', 'claim 1')
    await desk.as('bob', 'swarm 1 @eve')
    expect(await shown()).toMatchObject({ owner: 'bob', helpers: ['eve'] })
    await desk.as('bob', 'assign 1 @eve')
    expect(await shown()).toMatchObject({ owner: 'eve', helpers: [] })
    await desk.as('bob', 'swarm 1')
    await desk.as('bob', 'leave 1')
    expect(await shown()).toMatchObject({ owner: 'eve', helpers: [] })
  })

  test('whose owner is away is told to whoever stands in', async () => {
    await desk.as('bob', 'claim 1')
    await desk.as('bob', 'away until 3d @eve')
    const before = sentTo(BOB).length
    await take(ANN, { mail: { references: ['<first@example.com>'] } })
    await desk.deliver()
    expect(lastTo(EVE)).toContain('HD-1')
    expect(sentTo(BOB)).toHaveLength(before)
    await desk.as('bob', 'back')
    await take(ANN, { mail: { references: ['<first@example.com>'] } })
    await desk.deliver()
    expect(sentTo(BOB)).toHaveLength(before + 1)
  })

  test('is not resolved before all is said, and what is missing is asked for at once', async () => {
    await expect(desk.as('bob', 'resolve 1', '')).rejects.toThrow(
      /what solved it[\s\S]*the category[\s\S]*that the requester knows/,
    )
    await expect(desk.as('bob', 'resolve 1 --category nonsense', 'x')).rejects.toThrow('There is no category')
    await desk.as('bob', 'resolve 1 --category printer --tell --workaround', 'Use the other one.')
    await desk.deliver()
    expect(await shown()).toMatchObject({ state: 'resolved', owner: 'bob', category: 'hardware/printer' })
    expect(sentTo(ANN).map(each => each.subject)).toEqual([
      '[HD-1] Printer',
      'Re: [HD-1] Printer',
      '[HD-1] Is it solved? Printer',
    ])
  })

  test('closes when its requester says yes, with the mark', async () => {
    const asked = await resolved()
    await take(ANN, { ...answering(asked), text: 'Yes, 5, quick!' })
    await desk.deliver()
    expect(await shown()).toMatchObject({ state: 'closed', rating: 5, counts: { reopened: { times: 0 } } })
    expect(lastTo(BOB)).toContain('solved, 5 of 5')
  })

  test('opens again when its requester says no, with their words', async () => {
    const asked = await resolved()
    await take(ANN, { ...answering(asked), text: 'No, it is still out of paper.' })
    await desk.deliver()
    expect(await shown()).toMatchObject({ state: 'open', counts: { reopened: { times: 1 } } })
    expect(lastTo(BOB)).toContain('still out of paper')
  })

  test('is found by words that stand in it, however they are written', async () => {
    await take(EVE, { subject: 'Büro', text: "The label-printer on floor_3 doesn't work: error 0x80070005 (again)." })
    const found = async (words: string) =>
      ((await desk.as('bob', `search ${words}`)).data as { ref: string }[]).map(each => each.ref)
    const there = ['label-printer', 'printer label', "doesn't", '0x80070005', 'büro error', '"on floor_3"', 'again).']
    for (const words of there) expect([words, await found(words)]).toEqual([words, ['HD-2']])
    for (const words of ['label-scanner', 'printe', '???']) expect([words, await found(words)]).toEqual([words, []])
  })

  test('what a program says again at once after a mail of ours opens nothing again; a person who says it later does', async () => {
    const robot = { text: 'Your request is important to us.', subject: 'Re: [HD-1] Printer' }
    const mail = await resolved()
    await take(ANN, { ...robot, ...answering(mail) })
    expect(await shown()).toMatchObject({ state: 'open', counts: { reopened: { times: 1 } } })
    const again = await resolved()
    desk.clock.advance(5_000)
    await take(ANN, { ...robot, ...answering(again) })
    expect(await shown()).toMatchObject({ state: 'resolved', counts: { reopened: { times: 1 } } })
    desk.clock.advance(11 * 60_000)
    await take(ANN, { ...robot, ...answering(again) })
    expect(await shown()).toMatchObject({ state: 'open', counts: { reopened: { times: 2 } } })
  })

  test('opens again by any other word of a person, and stays as it is by that of a machine', async () => {
    const asked = await resolved()
    await take(ANN, { ...answering(asked), text: 'I am away.', kind: 'auto-reply' })
    expect(await shown()).toMatchObject({ state: 'resolved' })
    await take(ANN, { ...answering(asked), text: 'The scanner is broken, too.' })
    expect(await shown()).toMatchObject({ state: 'open', counts: { reopened: { times: 1 } } })
  })

  test('that is resolved closes when nobody says anything, is opened again for a while, and followed after that', async () => {
    await resolved()
    await later(6 * DAY_MS)
    expect(await shown()).toMatchObject({ state: 'resolved' })
    await later(DAY_MS)
    expect(await shown()).toMatchObject({ state: 'closed' })
    await later(30 * DAY_MS)
    await take(ANN, { mail: { references: ['<first@example.com>'] } })
    expect(await shown()).toMatchObject({ state: 'open' })
    await desk.as('bob', 'close 1')
    await later(31 * DAY_MS)
    const receipt = await take(ANN, { mail: { references: ['<first@example.com>'] }, text: 'Once more.' })
    expect(receipt).toMatchObject({ outcome: 'opened', ref: 'HD-2' })
    expect(await shown(2)).toMatchObject({ state: 'new', links: [{ kind: 'followed', ref: 'HD-1' }] })
    expect(await shown(1)).toMatchObject({ state: 'closed', links: [{ kind: 'follows', ref: 'HD-2' }] })
  })

  test('that became part of another leads there, takes its people along, and can be taken out for a day', async () => {
    const dora = 'dora@example.com'
    await take(dora, { messageId: '<dora@example.com>', subject: 'Same printer' })
    await desk.as('bob', 'claim 2')
    await desk.as('bob', 'merge 2 into 1')
    expect(await shown(2)).toMatchObject({ ref: 'HD-1', parts: ['HD-2'] })
    expect((await shown()).participants.map(each => each.address)).toContain(dora)
    expect(await take(dora, { mail: { references: ['<dora@example.com>'] } })).toMatchObject({
      outcome: 'appended',
      ref: 'HD-1',
    })
    await expect(desk.as('bob', 'merge 1 into 2')).rejects.toThrow('the same ticket')
    await later(DAY_MS - 1000)
    await desk.as('bob', 'unmerge 2')
    expect(await shown(2)).toMatchObject({ ref: 'HD-2', state: 'open', owner: 'bob' })
    expect((await shown()).participants.map(each => each.address)).toContain(dora) // who wrote there, stays
    await desk.as('bob', 'merge 2 into 1')
    await later(DAY_MS + 1000)
    await expect(desk.as('bob', 'unmerge 2')).rejects.toThrow('more than a day ago')
  })

  test('has each answer of two agents at once, if the second wants it so', async () => {
    await desk.as('bob', 'reply 1', 'Turn it off and on.')
    desk.clock.advance(60_000)
    const { text, undone } = await desk.as('eve', 'reply 1', 'Use another one.')
    expect(text).toMatch(/Bob Berg answered[\s\S]*Turn it off and on/)
    expect(undone).toBe(true)
    await desk.as('eve', 'reply 1 --anyway')
    const out = (await shown()).messages.filter(each => each.direction === 'out').map(each => each.visible)
    expect(out).toEqual(['Turn it off and on.', 'Use another one.'])
  })

  test('keeps an answer by mail among agents that crosses one of a colleague', async () => {
    const notice = sentTo(EVE).find(each => each.subject.includes('New:'))
    desk.clock.advance(1000)
    await desk.as('bob', 'reply 1', 'Turn it off and on.')
    await take(EVE, { ...answering(notice), text: 'Use another one.' })
    await desk.deliver()
    expect((await shown()).messages.at(-1)).toMatchObject({ direction: 'internal', visible: 'Use another one.' })
    expect(lastTo(EVE)).toContain('Turn it off and on')
  })

  test('is told to whoever asks for it by mail, and nothing of others', async () => {
    await take('carl@example.com', { subject: 'Secret' })
    await desk.as('bob', 'claim 1')
    const receipt = await take(ANN, { subject: 'Status', text: 'status?' })
    expect(receipt).toMatchObject({ outcome: 'ignored:status', ref: null })
    await desk.deliver()
    expect(lastTo(ANN)).toContain('**HD-1** Printer: open, with Bob Berg')
    expect(lastTo(ANN)).not.toContain('Secret')
  })

  test('lets in a colleague whom its requester adds', async () => {
    const text = 'add fred@example.com\n\nHe sits beside it.'
    await take(ANN, {
      mail: { references: ['<first@example.com>'] },
      text,
      authentication: { result: 'pass', reasons: [] },
    })
    expect((await shown()).participants).toContainEqual(
      expect.objectContaining({ address: 'fred@example.com', role: 'copied' }),
    )
  })

  test('of a message of another is a ticket of its own, and its writer is told', async () => {
    await take('carl@example.com', { mail: { references: ['<first@example.com>'] }, text: 'held' })
    await take(ANN, {
      mail: { references: ['<first@example.com>'] },
      text: 'And my mouse is dead.',
      subject: 'Re: Printer',
    })
    const explained = (await desk.as('bob', 'explain HD-1')).data as { message: string }[]
    const made = (await desk.as('bob', `split 1 ${explained.at(-1)?.message} "Dead mouse"`)).data as { split: string }
    expect(made.split).toBe('HD-2')
    expect(await shown(2)).toMatchObject({ state: 'new', messages: [{ visible: 'And my mouse is dead.' }] })
    await desk.deliver()
    expect(lastTo(ANN)).toContain('HD-2')
  })

  test('that came by phone is recorded as any other', async () => {
    await desk.as('bob', 'log call ann "cannot log in, token reset"')
    await desk.deliver()
    expect(await shown(2)).toMatchObject({
      owner: 'bob',
      state: 'open',
      messages: [{ what: 'call', direction: 'internal' }],
    })
    expect(lastTo(ANN)).toContain('Bob Berg has recorded what you told us')
    await expect(desk.as('bob', 'log call zoe "x"')).rejects.toThrow('write their address')
  })

  test('that is a child or a duplicate knows its others, and none is above itself', async () => {
    await take('carl@example.com')
    await take('dora@example.com')
    await desk.as('bob', 'link 2 parent 1')
    await desk.as('bob', 'link 3 parent 2')
    await expect(desk.as('bob', 'link 1 parent 3')).rejects.toThrow('above')
    await expect(desk.as('bob', 'link 3 parent 1')).rejects.toThrow('already has a parent')
    await desk.as('bob', 'duplicate 3 of 2')
    expect(await shown(3)).toMatchObject({ state: 'closed' })
    await desk.as('bob', 'unlink 3 2')
    expect((await shown(3)).links).toEqual([])
  })

  test('is found by what it is and by what was written', async () => {
    await take('carl@example.com', { subject: 'Laptop', text: 'The battery swells.' })
    await desk.as('bob', 'tag 2 vip urgent')
    await desk.as('bob', 'set 2 impact=high urgency=high kind=incident category=computer')
    const refs = async (line: string) => ((await desk.as('bob', line)).data as { ref: string }[]).map(each => each.ref)
    expect(await refs('list tag vip')).toEqual(['HD-2'])
    expect(await refs('list priority P1')).toEqual(['HD-2'])
    expect(await refs('list category hardware')).toEqual(['HD-2'])
    expect(await refs('list requester carl')).toEqual(['HD-2'])
    expect(await refs('list unowned')).toHaveLength(2)
    expect(await refs('list older 1d')).toEqual([])
    await desk.as('bob', 'close 2')
    expect(await refs('list battery')).toEqual([])
    expect(await refs('search battery swells')).toEqual(['HD-2'])
    expect(await refs('search "battery printer"')).toEqual([])
    await desk.as('bob', 'view hot all tag vip')
    expect(await refs('list hot')).toEqual(['HD-2'])
    await desk.as('bob', 'view hot drop')
  })

  test('that a flood opened before it was one is one', async () => {
    desk.context.floods.tickets = 3
    for (let count = 0; count < 6; count += 1) {
      await take('flood@example.com', { subject: `Flood ${count}`, text: `Number ${count}` })
    }
    const open = (await desk.as('bob', 'list requester flood')).data as { ref: string }[]
    expect(open.map(each => each.ref)).toEqual(['HD-2'])
    expect((await shown(2)).parts).toEqual(['HD-3', 'HD-4'])
    await later(DAY_MS)
    expect(sentTo(BOB).filter(each => /held/i.test(each.subject))).toHaveLength(1)
  })
})
