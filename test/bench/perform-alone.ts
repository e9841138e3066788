import { open } from 'node:fs/promises'
import { join } from 'node:path'
import * as adapterKinds from '../../adapters/index.ts'
import { loadConfig } from '../../src/config.ts'
import { type OpenDesk, openDesk } from '../../src/main.ts'
import { SeededRandom } from '../support/seeded-random.ts'
import { one } from './made-tickets.ts'

// A desk with a filled store, in a process of its own: performs each command so many times, in turns, so that each finds
// the caches as the others left them, and says how long each time took. What is queued meanwhile is not sent.
const [file = '', rounds = ''] = process.argv.slice(2)
const WARM_UP = 10
const CLOCK = 'the clock, nothing due'
const JUST_NOW_MS = 15 * 60_000
const COMMIT_BYTES = 64 * 1024 // about what a claim writes

/** What a command took once. */
export interface Took {
  milliseconds: number
  /** Of all threads: hardly depends on what else the machine does. */
  cpuMilliseconds: number
}

/** A command line, made anew each time, and what goes with it. */
type Line = () => { actor: string; line: string; body?: string }

const kinds = Object.fromEntries(Object.entries(adapterKinds).map(([kind, each]) => [kind, each.settings]))
const desk = await openDesk(loadConfig({ file, kinds }).config)
try {
  process.stdout.write(JSON.stringify(await measureAll(desk)))
} finally {
  await desk.close()
}

async function measureAll({ config, service, context }: OpenDesk): Promise<Record<string, Took[]>> {
  const took = new Map<string, Took[]>()
  const { lines, most } = await linesOf(context.store.read)
  const count = Math.min(Number(rounds), most - WARM_UP)
  const probe = await open(join(config.state, 'probe'), 'w')
  const timed = async (name: string, round: number, work: () => Promise<unknown>) => {
    const [since, cpuSince] = [performance.now(), process.cpuUsage()]
    await work()
    const milliseconds = performance.now() - since
    const { user, system } = process.cpuUsage(cpuSince)
    const each = { milliseconds, cpuMilliseconds: (user + system) / 1000 }
    if (round >= 0) took.set(name, [...(took.get(name) ?? []), each])
  }
  for (let round = -WARM_UP; round < count; round += 1) {
    for (const [name, make] of Object.entries(lines)) {
      const { actor, line, body = '' } = make()
      await timed(name, round, () => service.perform({ actor: { handle: actor }, channel: 'cli', line, body }))
    }
    await timed(CLOCK, round, () => service.timekeeper.pass())
    await timed('disk', round, async () => {
      await probe.write(Buffer.alloc(COMMIT_BYTES), 0, COMMIT_BYTES, 0)
      await probe.datasync()
    })
  }
  await probe.close()
  return Object.fromEntries(took)
}

/** Every command by its name, and how often there is an open ticket left for each. */
async function linesOf(
  read: OpenDesk['context']['store']['read'],
): Promise<{ lines: Record<string, Line>; most: number }> {
  const random = new SeededRandom('perform')
  const [{ last } = { last: 0 }] = await read<{ last: number }>`SELECT max(number) AS last FROM tickets`
  const unowned = await shuffled(read, random, true)
  const owned = await shuffled(read, random, false)
  const handles = (await read<{ handle: string }>`SELECT handle FROM people WHERE handle > ''`).map(row => row.handle)
  const addresses = await read<{ address: string }>`SELECT address FROM identities WHERE person_id IN (
    SELECT requester_id FROM tickets WHERE closed_at IS NULL LIMIT 1000)`
  const text = 'Please hold the cover down until the second lamp goes out, then start it again.'
  const by = (line: string, body?: string) => ({ actor: one(random, handles), line, ...(body ? { body } : {}) })
  const next = (tickets: number[]) => tickets.pop() ?? 0
  const fixed = [
    ...[
      'list',
      'list mine',
      'list unowned',
      'list unowned older 1d',
      'list quiet 3d',
      'list tag vip',
      'list tag audit',
    ],
    ...['list category hardware', 'list priority P1', 'list requester ann', 'list waiting', 'list all'],
    ...['list all tag vip', 'list all category hardware', 'list all category security', 'list closed priority P1'],
    ...['list closed mine', 'list all requester ann'],
    ...['search heliotrope', 'search toner', 'search printer', 'search printer cable', 'search toner gasket'],
    ...['search printer requester ann'],
  ]
  const most = Math.min(unowned.length, Math.floor(owned.length / 2))
  const lines = {
    claim: () => by(`claim HD-${next(unowned)}`),
    reply: () => by(`reply HD-${next(owned)}`, text),
    note: () => by(`note HD-${next(owned)}`, text),
    ...Object.fromEntries(fixed.map(line => [line, () => by(line)])),
    'list requester ADDRESS': () => by(`list requester ${one(random, addresses).address}`),
    'list all requester ADDRESS': () => by(`list all requester ${one(random, addresses).address}`),
    show: () => by(`show HD-${random.whole(1, last)}`),
  }
  return { lines, most }
}

/** Numbers of open tickets in an order of chance, without those where a colleague may have answered just now. */
async function shuffled(
  read: OpenDesk['context']['store']['read'],
  random: SeededRandom,
  unowned: boolean,
): Promise<number[]> {
  const before = new Date(Date.now() - JUST_NOW_MS).toISOString()
  const rows = await read<{ number: number; owner: string | null }>`
    SELECT number, owner_id AS owner FROM tickets
    WHERE closed_at IS NULL AND state <> 'resolved' AND updated_at < ${before} ORDER BY number`
  const numbers = rows.filter(({ owner }) => (owner === null) === unowned).map(({ number }) => number)
  for (let at = numbers.length - 1; at > 0; at -= 1) {
    const other = random.whole(0, at)
    const [a = 0, b = 0] = [numbers[at], numbers[other]]
    numbers[at] = b
    numbers[other] = a
  }
  return numbers
}
