import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { stringify } from 'yaml'
import * as adapterKinds from '../../adapters/index.ts'
import { loadConfig } from '../../src/config.ts'
import { openDesk } from '../../src/main.ts'
import { DATABASE_FILE } from '../../src/store/engine/store.ts'
import type { Bench } from './baseline.ts'
import { type Figure, median, percentile } from './figure.ts'
import { fillStore } from './fill-store.ts'
import { CHANNEL } from './made-tickets.ts'
import { measure } from './measured-process.ts'
import type { Took } from './perform-alone.ts'

const PERFORM_ALONE = fileURLToPath(new URL('./perform-alone.ts', import.meta.url))
const SMALL = 10_000
const MILLION = 1_000_000
const ROUNDS = 300
const AGENTS = 20
const WRITES = new Set(['claim', 'reply', 'note'])
/** Of what these find there is less than a page, or less than is looked at, in a small store: nothing to compare with. */
const TOO_FEW_BEFORE = new Set(['list tag audit', 'list priority P1', 'search heliotrope', 'search toner gasket'])
const DISK = 'disk'

/** What each command took, by its line. */
type Times = Record<string, Took[]>

interface Measured {
  tickets: number
  fillSeconds: number
  bytes: number
  times: Times
  otherCores: number
}

/** Commands of agents at a million tickets, and how much longer they take than at ten thousand. */
export async function measureMillion({ root, tickets = MILLION }: Bench): Promise<Figure[]> {
  const small = await measureAt(root, Math.min(SMALL, tickets))
  const large = await measureAt(root, tickets)
  const commands = Object.keys(large.times).filter(name => name !== DISK)
  return [
    ...[small, large].flatMap(filled),
    ...commands.flatMap(name => figuresOf(name, large)),
    ...commands.map(name => growthOf(name, small, large)),
  ]
}

/** Fills a store, measures each command on it in a process of its own, and removes it. */
async function measureAt(root: string, tickets: number): Promise<Measured> {
  const folder = await mkdtemp(join(root, 'filled-'))
  const file = await configure(folder)
  const kinds = Object.fromEntries(Object.entries(adapterKinds).map(([kind, each]) => [kind, each.settings]))
  const { config } = loadConfig({ file, kinds })
  await (await openDesk(config)).close() // makes the tables, the agents and a key
  const since = performance.now()
  fillStore(config.state, { tickets, seed: 'million', now: new Date() })
  const fillSeconds = (performance.now() - since) / 1000
  const bytes = (await stat(join(config.state, DATABASE_FILE))).size
  const { stdout, otherCores } = await measure(PERFORM_ALONE, [file, String(ROUNDS)], { cwd: folder }).ended
  await rm(folder, { recursive: true })
  return { tickets, fillSeconds, bytes, times: JSON.parse(stdout) as Times, otherCores }
}

async function configure(folder: string): Promise<string> {
  const file = join(folder, 'relaydesk.yaml')
  const agents = Array.from({ length: AGENTS }, (_, index) => ({
    handle: `agent${index + 1}`,
    name: `Agent ${index + 1}`,
    email: `agent${index + 1}@staff.example`,
  }))
  const channel = { name: CHANNEL, kind: 'email', address: 'help@desk.localhost', send: { maildir: 'mail' } }
  await writeFile(file, stringify({ state: join(folder, 'var'), log: 'silent', agents, channels: [channel] }))
  return file
}

/** Wall time and processor time of all repetitions. */
function columns(times: Times, name: string): { wall: number[]; cpu: number[] } {
  const took = times[name] ?? []
  return { wall: took.map(each => each.milliseconds), cpu: took.map(each => each.cpuMilliseconds) }
}

function filled({ tickets, fillSeconds, bytes, times, otherCores }: Measured): Figure[] {
  const at = `at ${tickets.toLocaleString('en')} tickets`
  const figure = { measure: 'million', ratio: null, target: null, otherCores } as const
  const { wall } = columns(times, DISK)
  return [
    { ...figure, what: `filling the store, ${at}`, value: fillSeconds, unit: 's', repeats: [fillSeconds] },
    { ...figure, what: `the database, ${at}`, value: bytes / 1e6, unit: 'MB', repeats: [bytes / 1e6] },
    { ...figure, what: `64 kB to the disk and no desk, median, ${at}`, value: median(wall), unit: 'ms', repeats: wall },
    { ...figure, what: `the same, p99, ${at}`, value: percentile(wall, 99), unit: 'ms', repeats: [] },
  ]
}

function figuresOf(name: string, { times, otherCores }: Measured): Figure[] {
  const { wall, cpu } = columns(times, name)
  const writes = WRITES.has(name)
  const figure = { measure: 'million', unit: 'ms', ratio: null, otherCores } as const // medians of lists stand with their growth
  const atMost = (limit: number) => ({ of: 'value', at: 'most', limit }) as const
  const middle = { value: median(wall), cpuMilliseconds: median(cpu), repeats: wall }
  const slow = { value: percentile(wall, 99), cpuMilliseconds: percentile(cpu, 99), repeats: [] }
  return [
    ...(writes ? [{ ...figure, ...middle, what: `${name}, median`, target: atMost(5) }] : []),
    { ...figure, ...slow, what: `${name}, p99`, target: atMost(writes ? 20 : 50) },
  ]
}

function growthOf(name: string, small: Measured, large: Measured): Figure {
  const [before, after] = [columns(small.times, name), columns(large.times, name)]
  return {
    measure: 'million',
    what: `${name}, median against that at ${small.tickets.toLocaleString('en')} tickets`,
    value: median(after.wall),
    unit: 'ms',
    ratio: median(after.wall) / median(before.wall),
    target: TOO_FEW_BEFORE.has(name) ? null : { of: 'ratio', at: 'most', limit: 2 },
    repeats: after.wall,
    cpuMilliseconds: median(after.cpu),
    cpuRatio: median(after.cpu) / median(before.cpu),
    otherCores: large.otherCores,
  }
}
