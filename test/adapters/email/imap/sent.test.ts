import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { makeDesk, type TestDesk } from '../../../support/desk.ts'
import { eventually } from '../../../support/eventually.ts'
import { type Dovecot, dovecotMissing, startDovecot } from '../../../support/servers/dovecot.ts'

const ANN = 'ann@example.com'
const HELP = 'help@desk.example'

let dovecot: Dovecot
let desk: TestDesk

async function makeWatched(more: object = {}): Promise<void> {
  const { imapsPort: port, certFile: ca } = dovecot
  const mailbox = {
    host: 'localhost',
    port,
    user: 'support',
    password: 'secret',
    ca,
    poll: '1s',
    sent: 'Sent',
    ...more,
  }
  desk = await makeDesk('sqlite', { maildir: 'mail' }, { imap: [mailbox] })
  const cursors = () => desk.desk.context.store.read`SELECT key FROM channel_memory WHERE key LIKE 'imap %'`
  await eventually(async () => ((await cursors()).length === 2 ? true : undefined), 'both folders are watched')
}

interface Shown {
  firstResponseAt: string | null
  owner: string | null
  messages: { direction: string; text: string; author: string }[]
}

const ticket = async (number: number) => (await desk.as('bob', `show ${number}`)).data as Shown
const outcomes = () =>
  desk.desk.context.store.read<{ outcome: string; reason: string | null }>`
    SELECT outcome, reason FROM arrivals ORDER BY number`
const arrivals = (count: number) =>
  eventually(async () => ((await outcomes()).length >= count ? outcomes() : undefined), `${count} arrivals`)

const question = `From: Ann <${ANN}>\r\nTo: ${HELP}\r\nSubject: Printer\r\nMessage-ID: <q1@example.com>\r\n\r\nIt burns.\r\n`
const answer = (to: string, id: string) =>
  `From: Help <${HELP}>\r\nTo: ${to}\r\nSubject: Re: Printer\r\nMessage-ID: <${id}@desk.example>\r\n` +
  'In-Reply-To: <q1@example.com>\r\n\r\nPull the plug.\r\n\r\nOn Monday, Ann wrote:\r\n> It burns.\r\n'

describe.skipIf(dovecotMissing())('what colleagues send from the mailbox by hand', () => {
  beforeEach(async () => {
    dovecot = await startDovecot({ users: { support: 'secret' } })
  })

  afterEach(async () => {
    await desk.remove()
    await dovecot.remove()
  })

  test('joins its ticket as the first response, and agents are told', async () => {
    await makeWatched()
    await dovecot.deliver('support', question)
    await arrivals(1)
    await dovecot.deliver('support', answer(ANN, 'a1'), 'Sent')
    await arrivals(2)
    const shown = await ticket(1)
    expect(shown.messages.map(({ direction, text }) => [direction, text])).toEqual([
      ['in', 'It burns.\n'],
      ['out', 'Pull the plug.'],
    ])
    expect(shown.firstResponseAt).not.toBeNull()
    const kinds = await desk.desk.context.store.read<{ kind: string }>`SELECT kind FROM outbox ORDER BY number`
    expect(kinds.map(({ kind }) => kind)).toContain('notify-sent')
    expect(kinds.map(({ kind }) => kind)).not.toContain('reply')
    await dovecot.deliver(
      'support',
      `From: ${ANN}\r\nSubject: Re: Printer\r\nMessage-ID: <q2@example.com>\r\nIn-Reply-To: <a1@desk.example>\r\n\r\nThanks.\r\n`,
    )
    await arrivals(3)
    expect((await ticket(1)).messages).toHaveLength(3)
    await desk.expectSound()
  })

  test('to somebody who takes no part in the ticket, or on no ticket, is their own affair', async () => {
    await makeWatched()
    await dovecot.deliver('support', question)
    await arrivals(1)
    await dovecot.deliver('support', answer('carl@example.com', 'a1'), 'Sent')
    await dovecot.deliver(
      'support',
      `From: ${HELP}\r\nTo: ${ANN}\r\nSubject: Lunch\r\nMessage-ID: <l1@x>\r\n\r\nAt one?\r\n`,
      'Sent',
    )
    expect((await arrivals(3)).slice(1)).toEqual([
      { outcome: 'ignored', reason: 'sent-elsewhere' },
      { outcome: 'ignored', reason: 'sent-elsewhere' },
    ])
    expect((await ticket(1)).messages).toHaveLength(1)
    await desk.expectSound()
  })

  test('counts although a copy of it went to the desk, whichever comes first', async () => {
    await makeWatched()
    await dovecot.deliver('support', question)
    await arrivals(1)
    await dovecot.deliver(
      'support',
      `Received: by mx; Mon, 23 Nov 2026 10:00:00 +0000\r\n${answer(`${ANN}, ${HELP}`, 'a1')}`,
    )
    await arrivals(2)
    await dovecot.deliver('support', answer(`${ANN}, ${HELP}`, 'a1'), 'Sent')
    await arrivals(3)
    expect((await ticket(1)).messages.map(({ direction }) => direction)).toEqual(['in', 'out'])
    await desk.expectSound()
  })

  test("the desk's own answers are put there if wished, and are no news", async () => {
    await makeWatched({ appendSent: true })
    await dovecot.deliver('support', question)
    await arrivals(1)
    await desk.as('bob', 'claim 1')
    await desk.as('bob', 'reply 1', 'We are on our way.')
    expect((await arrivals(2)).at(-1)).toEqual({ outcome: 'ignored', reason: 'own-message' })
    const kept = await dovecot.doveadm('fetch', '-u', 'support', 'hdr.subject flags', 'mailbox', 'Sent', 'all')
    expect(kept).toContain('Re: [HD-1] Printer')
    expect(kept).toContain('\\Seen')
    expect((await ticket(1)).messages).toHaveLength(2)
    await desk.expectSound()
  })
})
