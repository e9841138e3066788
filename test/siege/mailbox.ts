// The entrance by IMAP: a mailbox whose server is of some mood, read by a desk that others want something of meanwhile.
import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import type { BesiegedDesk } from './besieged-desk.ts'
import type { Scene } from './scene.ts'

const GOES_ON_MS = 20_000 // for a mood that leads nowhere
const LONGEST_MS = 10 * 60_000
const LARGEST = '100MB'

/** A mailbox with so many messages; `arrivals` is what should have come of it in the end, by outcome. */
function scene(name: string, mood: string, messages: number, arrivals?: Record<string, number>): Scene {
  return {
    name,
    async options() {
      const server = new Worker(new URL('./mailbox-server.ts', import.meta.url), { workerData: { mood, messages } })
      const [port] = (await once(server, 'message')) as [number]
      const folders = [{ name: 'INBOX', import: 'all', after: 'keyword' }]
      const imap = [{ host: '127.0.0.1', port, security: 'plain', user: 'support', password: 'secret', folders }]
      return {
        mail: { imap },
        root: { floods: { tickets: 0, messages: 0 }, limits: { message: LARGEST } },
        end: async () => void (await server.terminate()),
      }
    },
    async play(desk) {
      if (!arrivals) {
        await pause(GOES_ON_MS)
        return []
      }
      const end = Date.now() + LONGEST_MS
      let came: Record<string, number> = {}
      while (Date.now() < end) {
        came = await outcomesOf(desk)
        if (Object.entries(arrivals).every(([outcome, count]) => came[outcome] === count)) return []
        await pause(1_000)
      }
      return [`Of ${JSON.stringify(arrivals)} came ${JSON.stringify(came)}.`]
    },
  }
}

export const mailbox: Scene[] = [
  scene('ten thousand messages in a mailbox', 'well', 10_000, { opened: 10_000 }),
  scene('500 MB come of a message of 100 bytes', 'literal', 1, { quarantined: 1 }),
  scene('5 GB are announced', 'huge literal', 1, { quarantined: 1 }),
  scene('messages of 30 MB are called small', 'thirty megabytes each', 6, { opened: 6 }),
  scene('a search answers with a million numbers', 'numbers', 1),
  scene('news of a mailbox without an end', 'news', 1),
  scene('folders without an end', 'folders', 1),
  scene('flags without an end', 'flags', 1),
  scene('a line without an end', 'line', 1),
  scene('empty literals without an end', 'literals', 1),
]

/** How many messages came to each outcome. */
async function outcomesOf(desk: BesiegedDesk): Promise<Record<string, number>> {
  const { stdout } = await desk.run('verify', '--json')
  const { outcomes = {} } = JSON.parse(stdout.trim() || '{}') as { outcomes?: Record<string, number> }
  const came: Record<string, number> = {}
  for (const [outcome, count] of Object.entries(outcomes)) {
    const [kind = ''] = outcome.split(':')
    came[kind] = (came[kind] ?? 0) + count
  }
  return came
}
