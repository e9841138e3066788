// Mailboxes of any size are asked for in pieces: each answer is short, and nothing is missed whatever happens meanwhile.
import type { SearchObject } from 'imapflow'
import { expect, test } from 'vitest'
import type { BoundedImap } from '../../../../adapters/email/imap/bounded-client.ts'
import type { FolderCursor } from '../../../../adapters/email/imap/cursor.ts'
import { uidsBefore, uidsOfOurs } from '../../../../adapters/email/imap/own-uids.ts'

/** A folder that answers as a server does, and counts what it is asked. */
class Box {
  questions = 0
  longest = 0
  /** UIDs, ascending. */
  uids: number[]
  /** Is done before each answer. */
  meanwhile: () => void = () => undefined

  constructor(uids: Iterable<number>) {
    this.uids = [...uids]
  }

  get client(): BoundedImap {
    const box = this
    const client = {
      get mailbox() {
        return { exists: box.uids.length }
      },
      uidAt: async (number: number) => {
        box.questions += 1
        return box.uids[number - 1]
      },
      uids: async (query: SearchObject) => {
        box.questions += 1
        box.meanwhile()
        const found = box.#search(query)
        box.longest = Math.max(box.longest, found.length)
        return found
      },
    }
    return client as unknown as BoundedImap
  }

  #search({ seq = '1:*', uid = '1:*' }: SearchObject): number[] {
    const [first = 1, end = '*'] = String(seq).split(':')
    const [low, high] = String(uid).split(':')
    const most = high === '*' ? Number.POSITIVE_INFINITY : Number(high)
    const some = this.uids.slice(Number(first) - 1, end === '*' ? undefined : Number(end))
    const found = some.filter(each => each >= Number(low) && each <= most)
    return found.length === 0 && high === '*' && seq === '1:*' ? this.uids.slice(-1) : found
  }
}

function* numbers(count: number, { from = 1, step = 1 } = {}): Generator<number> {
  for (let n = 0; n < count; n += 1) yield from + n * step
}

function cursorAt(uid: number, more: Partial<FolderCursor> = {}): FolderCursor {
  return { uidValidity: '1', uid, from: 0, until: uid, since: null, untouched: [], ...more }
}

async function all(some: AsyncGenerator<number[]>): Promise<number[]> {
  const found: number[][] = []
  for await (const each of some) found.push(each)
  return found.flat()
}

test.each([
  ['a hundred and fifty thousand messages', 150_000, 1],
  ['messages whose numbers are far apart', 5_000, 800_000],
  ['as many as fit into one answer', 1_000, 1],
  ['one more', 1_001, 1],
])('%s are named, each once, in short answers', async (_what, count, step) => {
  const box = new Box(numbers(count, { step }))
  const found = await all(uidsOfOurs(box.client, cursorAt(0), 0))
  expect(found).toEqual(box.uids)
  expect(box.longest).toBeLessThanOrEqual(1_000)
  expect(box.questions).toBeLessThanOrEqual(count / 1_000 + 2)
})

test.each([0, 1, 999, 1_000, 1_001, 2_500, 99_999])(
  'what is behind the last %i of many is named in few questions',
  async late => {
    const box = new Box(numbers(100_000, { step: 3 }))
    const after = box.uids.at(-1 - late) ?? 0
    expect(await all(uidsOfOurs(box.client, cursorAt(after), after))).toEqual(box.uids.slice(100_000 - late))
    expect(box.questions).toBeLessThanOrEqual(late / 1_000 + (late <= 1_000 ? 2 : 20))
    expect(box.longest).toBeLessThanOrEqual(1_000)
  },
)

test('nothing is missed while messages are moved away and others come', async () => {
  const box = new Box(numbers(10_000))
  let next = 20_000
  box.meanwhile = () => {
    box.uids.splice(0, 700)
    for (let n = 0; n < 300; n += 1, next += 1) box.uids.push(next)
  }
  const found = new Set(await all(uidsOfOurs(box.client, cursorAt(0), 0)))
  expect(box.uids.filter(uid => !found.has(uid))).toEqual([])
  expect(box.longest).toBeLessThanOrEqual(1_400)
})

test('answers stay short while all that was read is moved away', async () => {
  const box = new Box(numbers(20_000))
  let taken = 0
  for await (const uids of uidsOfOurs(box.client, cursorAt(0), 0)) {
    taken += uids.length
    box.uids = box.uids.filter(uid => uid > (uids.at(-1) ?? 0))
  }
  expect(taken).toBe(20_000)
  expect(box.longest).toBeLessThanOrEqual(1_000)
})

test('a server that names messages which it has not got comes to an end', async () => {
  const box = new Box(numbers(3_000))
  const client = Object.assign(box.client, { uids: async () => [4_294_967_295] })
  expect(await all(uidsOfOurs(client, cursorAt(0), 0))).toEqual([4_294_967_295])
})

test('what is not marked is found from the last message back, as long as there is any', async () => {
  const box = new Box(numbers(50_000))
  expect(await all(uidsBefore(box.client, cursorAt(30_000), {}))).toHaveLength(30_000)
  expect(box.longest).toBeLessThanOrEqual(1_000)
  const asked = box.questions
  box.meanwhile = () => {
    box.uids = []
  }
  expect(await all(uidsBefore(box.client, cursorAt(50_000), {}))).toEqual([])
  expect(box.questions - asked).toBeLessThanOrEqual(3)
})
