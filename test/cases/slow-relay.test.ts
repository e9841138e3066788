// A relay that looks at a mail for most of a minute before it takes it, as one with a scanner does. One second of it
// stands for forty here.
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { ANN, Siege } from '../support/attack-desk.ts'
import { eventually } from '../support/eventually.ts'
import { patience } from '../support/patience.ts'

const FASTER = 40

vi.mock('nodemailer', async original => {
  const nodemailer = await original<typeof import('nodemailer')>()
  const createTransport = (options: { socketTimeout?: number }) => {
    const { socketTimeout } = options
    const timeout = socketTimeout === undefined ? {} : { socketTimeout: patience(socketTimeout / FASTER) }
    return nodemailer.createTransport({ ...options, ...timeout })
  }
  return { ...nodemailer, createTransport }
})

let siege: Siege

beforeAll(async () => {
  siege = await Siege.begin()
})

afterAll(() => siege.end())

/** What became of the newest answer, once an attempt to send it is over. */
async function delivery(): Promise<{ state: string; error: string | null }> {
  return eventually(async () => {
    const [row] = await siege.desk.desk.context.store.read<{ state: string; error: string | null }>`
      SELECT r.state, r.error FROM outbox_recipients r JOIN outbox o ON o.id = r.outbox_id
      WHERE r.recipient = ${ANN} ORDER BY o.id DESC LIMIT 1`
    return row && (row.state !== 'queued' || row.error !== null) ? row : undefined
  }, 'an attempt is over')
}

test.fails('gets an answer once, and has taken it', async () => {
  siege.world.looksFor = patience(50_000 / FASTER)
  await siege.desk.as('bob', 'reply 1', 'Here is the list of prices.')
  const became = await delivery()
  siege.world.looksFor = 0
  if (became.state === 'queued') {
    siege.clock.advance(2 * 60_000)
    await siege.quiet()
  }
  const copies = siege.world.to(ANN).filter(mail => mail.text?.includes('Here is the list of prices.'))
  expect(copies).toHaveLength(1)
})
