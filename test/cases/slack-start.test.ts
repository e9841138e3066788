// The desk is stopped, something changes in Slack, and it is started again: mail is taken in any case.
import { createConnection } from 'node:net'
import { afterEach, expect, test, vi } from 'vitest'
import { AGENTS } from '../support/desk.ts'
import { makeSlackDesk, type SlackDesk } from '../support/slack-desk.ts'

vi.mock('../../adapters/slack/api/pacer.ts', () => import('../support/fast-pacer.ts'))

let all: SlackDesk | undefined

afterEach(async () => {
  await all?.remove()
  all = undefined
})

const takesConnections = (port: number) =>
  new Promise<boolean>(resolve => {
    const socket = createConnection(port, '127.0.0.1')
    socket.on('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.on('error', () => resolve(false))
  })

/** Starts a desk, stops it, makes the change, and starts it again: what the second start says, and whether it takes mail. */
async function startedAfter(change: (all: SlackDesk) => unknown): Promise<{ said: string; mail: boolean }> {
  const made = await makeSlackDesk('sqlite', {
    channels: [{ name: 'help' }, { name: 'sales' }, { name: 'triage', private: true, members: ['bob', 'eve'] }],
    more: { support: [{ channel: '#help' }, { channel: '#sales' }] },
    root: { agents: AGENTS },
  })
  all = made
  if (!(await takesConnections(made.mailPort))) throw new Error('The first start takes no mail.')
  await made.desk.stop()
  await change(made)
  const said = await made.desk.start().then(
    () => 'started',
    error => String(error),
  )
  return { said, mail: await takesConnections(made.mailPort) }
}

const asAdmin = ({ stand }: SlackDesk, method: string, args: Record<string, unknown>) =>
  stand.api.perform({
    method,
    args: { channel: stand.workspace.channel('sales'), ...args },
    caller: { person: 'admin' },
  })

const RUNS = { said: 'started', mail: true }

test('nothing has changed', async () => {
  expect(await startedAfter(() => undefined)).toEqual(RUNS)
})

test('a support channel has another name', async () => {
  expect(await startedAfter(made => asAdmin(made, 'conversations.rename', { name: 'sales-emea' }))).toEqual(RUNS)
})

test('a support channel is in the archive', async () => {
  expect(await startedAfter(made => asAdmin(made, 'conversations.archive', {}))).toEqual(RUNS)
})

test('the app is no longer in a support channel', async () => {
  const kick = (made: SlackDesk) => asAdmin(made, 'conversations.kick', { user: made.stand.workspace.bot.id })
  expect(await startedAfter(kick)).toEqual(RUNS)
})

test('the token counts no more', async () => {
  const revoke = ({ stand }: SlackDesk) => stand.fault({ method: 'auth.test', error: 'token_revoked', times: 10_000 })
  expect(await startedAfter(revoke)).toEqual(RUNS)
})

test('Slack is down', async () => {
  expect(await startedAfter(({ stand }) => stand.fault({ status: 503, times: 10_000 }))).toEqual(RUNS)
})
