import { rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import Database from 'better-sqlite3'
import { adapterKinds } from '../../adapters/index.ts'
import { loadConfig } from '../../src/config.ts'
import { openDesk } from '../../src/main.ts'
import { DATABASE_FILE } from '../../src/store/store.ts'
import type { Bench } from './baseline.ts'
import { type Figure, median, percentile } from './figure.ts'
import { fillStore } from './fill-store.ts'
import { cpuSecondsOf, type Measuring, memoryOf } from './measured-process.ts'
import { AGENTS, makeSlackPlace, type SlackPlace } from './slack-place.ts'
import type { Plan, Ran } from './slack-side.ts'
import { agentId } from './slack-workspace.ts'

const TICKETS = 20_000
const ROUNDS = 300
const APART_MS = 20
const PEOPLE = 4_000
const AT_ONCE = 100
const STREAM_S = 60
const IDLE_MS = 10_000
const MEDIAN_MS = 20
const P99_MS = 60
const EVENTS_LEAST = 500
const NAMES = {
  question: 'a question in a channel',
  reply: 'an answer in a thread',
  read: '/desk list mine',
  write: '/desk claim',
} as const

/** What one plan took of the desk, and what Slack's side says of it. */
interface Phase extends Ran {
  deskCpuSeconds: number
}

/** From a signed request of Slack to its answer, how many events a desk takes, and what it holds in memory. */
export async function measureSlack({ root, tickets = TICKETS }: Bench): Promise<Figure[]> {
  const place = await makeSlackPlace(root, 'http')
  const stored = await fill(place, tickets)
  const desk = await start(place)
  const pid = desk.child.pid ?? 0
  const ask = async (plan: Omit<Plan, 'url'>): Promise<Phase> => {
    const before = cpuSecondsOf(pid)
    const ran = await place.slack.run({ ...plan, url: place.url } as Plan)
    return { ...ran, deskCpuSeconds: cpuSecondsOf(pid) - before }
  }
  await ask({ what: 'questions', count: PEOPLE, people: PEOPLE, at: 16 } as Plan)
  const turns = await ask({ what: 'turns', people: PEOPLE, turns: turnsIn(place), apart: APART_MS } as Plan)
  const before = memoryOf(pid).now
  const stream = await ask({ what: 'stream', people: PEOPLE, seconds: STREAM_S, at: AT_ONCE } as Plan)
  await pause(IDLE_MS)
  const after = memoryOf(pid).now
  desk.child.kill('SIGINT')
  const { peakBytes, otherCores } = await desk.ended
  await place.slack.end()
  const outcomes = await expectAll(place, stored.arrivals + stream.events)
  await rm(place.folder, { recursive: true })
  console.log(outcomes, stream.calls, turns.said)
  return [
    ...filledFigures(tickets, stored),
    ...turnFigures(turns),
    ...streamFigures(stream, { before, after, peakBytes }).map(each => ({ ...each, otherCores })),
    ...(await idleFigures(root)),
  ]
}

interface Stored {
  seconds: number
  bytes: number
  arrivals: number
}

async function fill({ file, state }: SlackPlace, tickets: number): Promise<Stored> {
  const kinds = Object.fromEntries(Object.entries(adapterKinds).map(([kind, each]) => [kind, each.settings]))
  await (await openDesk(loadConfig({ file, kinds }).config)).close() // makes the tables, the agents and a key
  const since = performance.now()
  fillStore(state, { tickets, seed: 'slack', now: new Date() })
  const seconds = (performance.now() - since) / 1000
  const { size: bytes } = await stat(join(state, DATABASE_FILE))
  const [{ count } = { count: 0 }] = query<{ count: number }>(state, 'SELECT count(*) AS count FROM arrivals')
  return { seconds, bytes, arrivals: count }
}

function query<Row>(state: string, sql: string): Row[] {
  const db = new Database(join(state, DATABASE_FILE), { readonly: true })
  try {
    return db.prepare(sql).all() as Row[]
  } finally {
    db.close()
  }
}

/** Agents in turns; each claims a ticket that nobody has. */
function turnsIn({ state }: SlackPlace): { user: string; read: string; write: string }[] {
  const sql = `SELECT number FROM tickets WHERE closed_at IS NULL AND owner_id IS NULL AND channel <> 'slack'
    ORDER BY number DESC LIMIT ${ROUNDS}`
  return query<{ number: number }>(state, sql).map(({ number }, round) => {
    return { user: agentId((round % AGENTS) + 1), read: 'list mine', write: `claim HD-${number}` }
  })
}

async function start(place: SlackPlace): Promise<Measuring> {
  const desk = place.run(['start'])
  await desk.said('is ready')
  return desk
}

/** Rejects unless every arrival is accounted for, and there are as many as were acknowledged. */
async function expectAll(place: SlackPlace, arrivals: number): Promise<Record<string, number>> {
  const { stdout } = await place.run(['verify', '--json']).ended
  const found = JSON.parse(stdout) as {
    arrivals: number
    outcomes: Record<string, number>
    unaccounted: number
    problems: string[]
  }
  if (found.arrivals !== arrivals || found.unaccounted !== 0 || found.problems.length > 0) {
    throw new Error(`With ${arrivals} arrivals verify says: ${stdout.slice(0, 2_000)}`)
  }
  return found.outcomes
}

const FIGURE = { measure: 'slack', ratio: null, target: null, repeats: [] } as const

function filledFigures(tickets: number, { seconds, bytes }: Stored): Figure[] {
  const at = `${tickets.toLocaleString('en')} tickets`
  return [
    { ...FIGURE, what: `filling the store with ${at}`, value: seconds, unit: 's' },
    { ...FIGURE, what: `the database with ${at}`, value: bytes / 1e6, unit: 'MB' },
  ]
}

function turnFigures({ took, deskCpuSeconds }: Phase): Figure[] {
  const atMost = (limit: number) => ({ of: 'value', at: 'most', limit }) as const
  const figures = Object.entries(NAMES).flatMap(([name, what]): Figure[] => {
    const times = took[name] ?? []
    const slow = percentile(times, 99)
    return [
      {
        ...FIGURE,
        what: `${what}, median`,
        value: median(times),
        unit: 'ms',
        target: atMost(MEDIAN_MS),
        repeats: times,
      },
      { ...FIGURE, what: `${what}, p99`, value: slow, unit: 'ms', target: atMost(P99_MS) },
    ]
  })
  const count = Object.keys(NAMES).reduce((sum, name) => sum + (took[name]?.length ?? 0), 0)
  const value = (deskCpuSeconds / count) * 1000
  return [...figures, { ...FIGURE, what: 'processor time of the desk for each of these', value, unit: 'ms' }]
}

function streamFigures(
  { took, seconds, cpuSeconds, deskCpuSeconds, calls }: Phase,
  memory: { before: number; after: number; peakBytes: number },
): Figure[] {
  const times = took.event ?? []
  const count = times.length + (took.echo?.length ?? 0)
  const rate = count / seconds
  const target = { of: 'value', at: 'least', limit: EVENTS_LEAST } as const
  const figure = { ...FIGURE, cores: deskCpuSeconds / seconds }
  return [
    { ...figure, what: `events for ${STREAM_S} s, ${AT_ONCE} at a time`, value: rate, unit: 'events/s', target },
    { ...FIGURE, what: 'processor time of the desk for each', value: (deskCpuSeconds / count) * 1000, unit: 'ms' },
    { ...FIGURE, what: 'processor time of the sender for each', value: (cpuSeconds / count) * 1000, unit: 'ms' },
    { ...FIGURE, what: 'until they were acknowledged, median', value: median(times), unit: 'ms' },
    { ...FIGURE, what: 'the same, p99', value: percentile(times, 99), unit: 'ms' },
    { ...FIGURE, what: 'messages posted from start to end', value: calls['chat.postMessage'] ?? 0, unit: 'messages' },
    { ...FIGURE, what: 'memory before these events', value: memory.before / 1e6, unit: 'MB' },
    { ...FIGURE, what: `memory ${IDLE_MS / 1000} s after them`, value: memory.after / 1e6, unit: 'MB' },
    { ...FIGURE, what: 'peak memory', value: memory.peakBytes / 1e6, unit: 'MB' },
  ]
}

/** What a desk holds that has nothing to do. */
async function idleFigures(root: string): Promise<Figure[]> {
  const figures: Figure[] = []
  for (const [way, what] of [
    ['none', 'mail alone'],
    ['http', 'Slack by HTTP'],
    ['socket', 'Slack by Socket Mode'],
  ] as const) {
    const place = await makeSlackPlace(root, way)
    const desk = await start(place)
    await pause(IDLE_MS)
    const value = memoryOf(desk.child.pid ?? 0).now / 1e6
    desk.child.kill('SIGINT')
    await desk.ended
    await place.slack.end()
    await rm(place.folder, { recursive: true })
    figures.push({ ...FIGURE, what: `idle desk with ${what}`, value, unit: 'MB', repeats: [value] })
  }
  return figures
}
