import { afterEach, describe, expect, test } from 'vitest'
import { newId } from '../../src/store/engine/id.ts'
import { lastEventOf } from '../../src/store/events.ts'
import { messagesOf } from '../../src/store/messages.ts'
import { type MemoryDesk, makeMemoryDesk, messageFrom } from '../support/memory-desk.ts'
import { ENGINES } from '../support/store/engines.ts'

test('ids sort as they were made, within a millisecond too', () => {
  const ids = Array.from({ length: 20_000 }, newId)
  expect(ids.findIndex((id, at) => at > 0 && id <= (ids[at - 1] ?? ''))).toBe(-1)
})

describe.each(ENGINES)('what happens at one time, on %s', engine => {
  let desk: MemoryDesk
  afterEach(() => desk.remove())

  interface Shown {
    messages: { visible: string; at: string }[]
  }
  const shown = async (ref: string) => (await desk.as('bob', `show ${ref} --full`)).data as Shown
  const texts = async (ref: string) => (await shown(ref)).messages.map(each => each.visible)

  /** Says so many things on HD-1, in turn by the requester and by agents; `between` comes before each. */
  async function talk(rounds: number, between: (round: number) => void = () => undefined): Promise<string[]> {
    const said: string[] = []
    for (let round = 1; round <= rounds; round += 1) {
      between(round)
      said.push(`${round} is asked`, `${round} is noted`, `${round} is answered`)
      const subject = round === 1 ? 'Printer' : 'Re: [HD-1] Printer'
      await desk.channel.deliver(messageFrom('ann@example.com', { subject, text: `${round} is asked` }))
      await desk.as('eve', 'note 1', `${round} is noted`)
      await desk.as('bob', 'reply 1 --anyway', `${round} is answered`)
    }
    return said
  }

  test('is shown in the order in which it came', async () => {
    desk = await makeMemoryDesk(engine)
    const said = await talk(8)
    expect(await texts('HD-1')).toEqual(said)
    const stored = await messagesOf(desk.context.store.read, (await ticketIds())[0] ?? '')
    expect(new Set(stored.map(each => each.storedAt)).size).toBe(1)
  })

  test('stays in that order where the clock is set back, or belongs to another machine', async () => {
    desk = await makeMemoryDesk(engine)
    const said = await talk(4, () => desk.clock.advance(-3_000))
    expect(await texts('HD-1')).toEqual(said)
  })

  test('several that come in one group are in the order of their arrival', async () => {
    desk = await makeMemoryDesk(engine)
    await talk(1)
    const all = Array.from({ length: 12 }, (_, n) => `Word ${n}`)
    await Promise.all(
      all.map(text => desk.channel.deliver(messageFrom('ann@example.com', { subject: 'Re: [HD-1] Printer', text }))),
    )
    expect((await texts('HD-1')).slice(3)).toEqual(all)
  })

  test('of tickets that became one each stays in its order', async () => {
    desk = await makeMemoryDesk(engine)
    const first = await talk(2, () => desk.clock.advance(-1_000))
    await desk.channel.deliver(messageFrom('ann@example.com', { subject: 'Scanner', text: 'Scanner A' }))
    desk.clock.advance(-1_000)
    await desk.channel.deliver(messageFrom('ann@example.com', { subject: 'Re: [HD-2] Scanner', text: 'Scanner B' }))
    await desk.as('bob', 'merge 2 into 1')
    const together = await texts('HD-1')
    expect(together.filter(text => /^\d is/.test(text))).toEqual(first)
    expect(together.filter(text => text.startsWith('Scanner'))).toEqual(['Scanner A', 'Scanner B'])
  })

  test('mail that is due at one time leaves in the order in which it was queued', async () => {
    desk = await makeMemoryDesk(engine)
    await talk(6)
    await desk.deliver()
    const answers = desk.channel.sent
      .filter(each => JSON.stringify(each.text).includes('is answered'))
      .map(each => JSON.stringify(each.text))
    expect(answers.map(text => /\d is answered/.exec(text)?.[0])).toEqual(
      [1, 2, 3, 4, 5, 6].map(round => `${round} is answered`),
    )
  })

  test('a time that is given counts from when its command has its turn', async () => {
    desk = await makeMemoryDesk(engine)
    await talk(1)
    const { store } = desk.context
    const [ticket = ''] = await ticketIds()
    const before = store.transact(async tx => {
      await tx.lock([`ticket ${ticket}`])
      for (let count = 0; count < 2_000; count += 1) await tx`SELECT ${count} AS count`
      desk.clock.advance(5 * 60_000)
    })
    const scheduled = desk.as('bob', 'schedule 1 1m')
    await before
    await scheduled
    const event = await lastEventOf(store.read, ticket, 'scheduled')
    const at = Date.parse(event?.at ?? '')
    expect(event?.data).toMatchObject({ until: new Date(at + 60_000).toISOString() })
  })

  async function ticketIds(): Promise<string[]> {
    return (await desk.context.store.read<{ id: string }>`SELECT id FROM tickets ORDER BY number`).map(each => each.id)
  }
})
