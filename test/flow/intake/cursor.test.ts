import { afterEach, describe, expect, test } from 'vitest'
import type { Cursor } from '../../../src/channel/message.ts'
import { pack } from '../../../src/content.ts'
import { type MemoryDesk, makeMemoryDesk, messageFrom } from '../../support/memory-desk.ts'
import { ENGINES } from '../../support/store/engines.ts'

let desk: MemoryDesk

afterEach(() => desk.remove())

const cursor = (from: number, to: number): Cursor => ({ key: 'folder', value: String(to), follows: String(from) })
const stored = () => desk.context.store.read<{ channel: string }>`SELECT channel FROM arrivals ORDER BY number`

describe.each(ENGINES)('cursors on %s', engine => {
  test('move on with their messages, and never past one that was not stored', async () => {
    desk = await makeMemoryDesk(engine)
    const channel = desk.service.deskFor('chat')
    const other = desk.service.deskFor('other')
    await channel.remember('folder', '0')
    const taken = await Promise.allSettled([
      channel.receive(messageFrom('ann@example.com'), cursor(0, 1)),
      channel.receive(messageFrom('carl@example.com'), cursor(2, 3)), // what stands between was not stored
      other.receive(messageFrom('dora@example.com')), // in the same group, and none of its business
      channel.receive(messageFrom('emil@example.com'), cursor(1, 2)),
    ])
    expect(taken.map(each => each.status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled'])
    expect((taken[1] as PromiseRejectedResult).reason).toMatchObject({ code: 'temporary' })
    expect(await channel.recall('folder')).toBe('2')
    expect((await stored()).map(each => each.channel)).toEqual(['chat', 'other', 'chat'])
  })

  test('a message that is gone is noted once, and nobody is told', async () => {
    desk = await makeMemoryDesk(engine)
    const channel = desk.service.deskFor('chat')
    const gone = { id: 'INBOX 1', raw: pack(new Uint8Array()), lost: 'gone' as const, detail: 'UID 1 was gone.' }
    expect(await channel.receive(gone)).toEqual({ outcome: 'ignored:gone', ref: null })
    expect(await channel.receive(gone)).toEqual({ outcome: 'duplicate', ref: null })
    await desk.deliver()
    expect(desk.channel.sent).toEqual([])
  })
})
