import { expect, test } from 'vitest'
import type { BoundedImap } from '../../../../adapters/email/imap/bounded-client.ts'
import { firstCursor } from '../../../../adapters/email/imap/cursor.ts'
import { FolderReader } from '../../../../adapters/email/imap/folder.ts'
import type { ImapSettings } from '../../../../adapters/email/settings.ts'
import type { Desk } from '../../../../src/channel/desk.ts'
import type { LostMessage } from '../../../../src/channel/message.ts'

// What imapflow says of a connection that ended between two commands can be shown on a real one by chance only.

interface Answers {
  /** UIDs, for each SEARCH in turn: what was there at first, what came since, what is there after all. */
  found: number[][]
  /** The connection ends before the messages are asked for. */
  ends?: boolean
}

function reading({ found, ends }: Answers) {
  const taken: LostMessage[] = []
  const memory = new Map<string, string>()
  const desk = {
    recall: async (key: string) => memory.get(key),
    remember: async (key: string, value: string) => void memory.set(key, value),
    receive: async (message: LostMessage) => {
      taken.push(message)
      return { outcome: 'ignored:gone', ref: null }
    },
  } as unknown as Desk
  const client = {
    usable: true,
    mailbox: { path: 'INBOX', uidValidity: 1n, uidNext: 8, exists: 7, permanentFlags: new Set(['\\*']) } as
      | object
      | false,
    uids: async () => found.shift() ?? [],
    // As imapflow does: without a selected folder there is nothing to fetch, and no error.
    each: async () => {
      if (ends) Object.assign(client, { usable: false, mailbox: false })
    },
  }
  const reader = new FolderReader({
    desk,
    mailbox: { user: 'support', host: 'localhost' } as ImapSettings,
    folder: { name: 'INBOX', import: 'all', after: 'keyword' },
    maxMessageBytes: 1_000_000,
    hold: async () => () => undefined,
    take: async () => undefined,
    spoolPath: async () => 'unused',
    now: () => new Date('2026-03-02T09:00:00Z'),
    warn: () => undefined,
    stopped: () => false,
  })
  // The folder is selected already, under the name that the server gave it.
  Object.assign(client, { mailboxOpen: async () => client.mailbox })
  return { taken, pass: () => reader.pass(client as unknown as BoundedImap) }
}

test('a connection that ends while messages are read makes none of them gone', async () => {
  const { taken, pass } = reading({ found: [[5, 6, 7], []], ends: true })
  await expect(pass()).rejects.toThrow('The connection ended while messages were read.')
  expect(taken).toEqual([])
})

test('a message that the server names and does not give is not gone while it is there', async () => {
  const { taken, pass } = reading({ found: [[5], [5]] })
  await expect(pass()).rejects.toThrow('The server has UID 5 of INBOX and did not give it.')
  expect(taken).toEqual([])
})

test('a message that the server no longer names is gone', async () => {
  const { taken, pass } = reading({ found: [[5], []] })
  await pass()
  expect(taken).toMatchObject([{ lost: 'gone', detail: 'UID 5 of INBOX was gone before it could be read.' }])
})

test('where reading begins says what is ours', () => {
  const now = new Date('2026-03-02T09:00:00Z')
  expect(firstCursor('1', 8, 'new', now)).toMatchObject({
    uid: 7,
    until: 7,
    from: 7,
    since: '2026-03-02T08:50:00.000Z',
  })
  expect(firstCursor('1', 8, 'all', now)).toMatchObject({ uid: 0, until: 7, from: 0, since: null })
})
