// Much at once keeps nobody waiting: a group of messages goes on in another transaction, what is due is done in turns, and
// a ticket of thousands of messages is shown in pages.
import { afterEach, describe, expect, test } from 'vitest'
import { newId } from '../../../src/store/engine/id.ts'
import type { Store, Tx } from '../../../src/store/engine/sql.ts'
import { insertMessage, prepareMessage } from '../../../src/store/messages.ts'
import { longestTurn } from '../../support/longest-turn.ts'
import { type MemoryDesk, makeMemoryDesk, messageFrom } from '../../support/memory-desk.ts'
import { ENGINES } from '../../support/store/engines.ts'

let desk: MemoryDesk

afterEach(() => desk.remove())

/** Counts transactions, each of which says from its beginning that it has lasted long enough. */
function withLongTransactions(store: Store): { store: Store; count(): number } {
  let count = 0
  const transact: Store['transact'] = work =>
    store.transact(tx => {
      count += 1
      return work(Object.assign(tx, { isLong: () => true }) as Tx)
    })
  return { store: { ...store, transact }, count: () => count }
}

describe.each(ENGINES)('on %s', engine => {
  test('a group that takes long goes on in further transactions, in order', async () => {
    desk = await makeMemoryDesk(engine)
    const { store, count } = withLongTransactions(desk.context.store)
    desk.context.store = store
    const channel = desk.service.deskFor('chat')
    await channel.remember('folder', '0')
    const cursor = (from: number, to: number) => ({ key: 'folder', value: String(to), follows: String(from) })
    const take = (name: string, from: number, to: number) =>
      channel.receive(messageFrom(`${name}@example.com`), cursor(from, to))
    const before = count()
    await Promise.all([take('ann1', 0, 1), take('ann2', 1, 2), take('ann3', 2, 3)])
    expect(count() - before).toBe(3)
    const taken = await Promise.allSettled([take('ann4', 3, 4), take('late', 8, 9), take('last', 4, 5)])
    expect(taken.map(each => each.status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect(await channel.recall('folder')).toBe('5')
    const senders = await store.read<{ sender: string }>`SELECT sender FROM arrivals ORDER BY number`
    const names = ['ann1', 'ann2', 'ann3', 'ann4', 'last']
    expect(senders.map(each => each.sender)).toEqual(names.map(name => `${name}@example.com`))
  })

  test('a ticket of many messages is shown in pages, each message once and in order', async () => {
    desk = await makeMemoryDesk(engine)
    await desk.channel.deliver(messageFrom('ann@example.com', { text: 'message 0' }))
    await fill(249)
    const pages = await Promise.all([1, 2, 3].map(page => desk.as('bob', `show HD-1 --page ${page}`)))
    const texts = pages.map(({ data }) => (data as { messages: { text: string }[] }).messages.map(each => each.text))
    expect(texts.map(each => each.length)).toEqual([100, 100, 50])
    expect(texts.toReversed().flat()).toEqual(Array.from({ length: 250 }, (_, n) => `message ${n}`))
    expect(pages[0]?.text).toContain('150 older: show HD-1 --page 2 (of 3)')
    expect(pages[1]?.text).toContain('50 older: show HD-1 --page 3 (of 3)')
    expect(pages[2]?.text).not.toContain('older')
    expect(await desk.as('bob', 'show HD-1')).toEqual(pages[0])
    expect((await desk.as('bob', 'show HD-1 --full')).text).toContain('--page 2 --full (of 3)')
    for (const page of [0, 4]) {
      await expect(desk.as('bob', `show HD-1 --page ${page}`)).rejects.toThrow('HD-1 has 3 pages: show HD-1 --page 3')
    }
  })

  test('an older page of a ticket does not count as having seen what came last', async () => {
    desk = await makeMemoryDesk(engine)
    await desk.channel.deliver(messageFrom('ann@example.com'))
    await fill(150)
    await desk.as('eve', 'show HD-1 --page 2')
    expect(await desk.context.store.read`SELECT seq FROM looks`).toEqual([])
    await desk.as('eve', 'show HD-1')
    expect(await desk.context.store.read`SELECT seq FROM looks`).toHaveLength(1)
  })

  /** Further messages of the ticket's requester, straight into the store. */
  async function fill(count: number): Promise<void> {
    const { store } = desk.context
    const [ticket] = await store.read<{ id: string; requester: string }>`
      SELECT id, requester_id AS requester FROM tickets`
    await store.transact(async tx => {
      for (let n = 1; n <= count; n += 1) {
        const message = prepareMessage(
          {
            id: newId(),
            ticketId: ticket?.id ?? '',
            direction: 'in',
            authorId: ticket?.requester ?? '',
            authorName: 'Ann',
            authorAddress: 'ann@example.com',
            channel: 'chat',
            externalId: null,
            subject: 'More',
            text: `message ${n}`,
            visible: null,
            kind: 'person',
            sentAt: null,
            storedAt: desk.clock.now().toISOString(),
            raw: null,
          },
          [],
        )
        await tx`UPDATE tickets SET event_seq = event_seq + 1`
        await insertMessage(tx, message)
      }
    })
  }
})

test('hundreds of tickets that are due at once are done in many turns', async () => {
  desk = await makeMemoryDesk('sqlite')
  const DUE = 300
  await Promise.all(
    Array.from({ length: DUE }, (_, n) =>
      desk.channel.deliver(messageFrom(`ann${n}@example.com`, { subject: `No ${n}` })),
    ),
  )
  await desk.context.store.transact(
    tx => tx`UPDATE tickets SET state = 'waiting', resume_at = ${desk.clock.now().toISOString()}`,
  )
  desk.clock.advance(1_000)
  const before = process.threadCpuUsage()
  let done = 0
  const longest = await longestTurn(async () => {
    done = await desk.service.timekeeper.pass()
  })
  const { user, system } = process.threadCpuUsage(before)
  expect(done).toBe(DUE)
  expect(longest).toBeLessThan((user + system) / 1000 / 4)
})
