import { rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import Database from 'better-sqlite3'
import * as adapterKinds from '../../adapters/index.ts'
import { loadConfig } from '../../src/config.ts'
import { openDesk } from '../../src/main.ts'
import { DATABASE_FILE } from '../../src/store/engine/store.ts'
import type { Bench } from './baseline.ts'
import { type Figure, median, percentile } from './figure.ts'
import { fillStore } from './fill-store.ts'
import { cpuSecondsOf, type Measuring, memoryOf } from './measured-process.ts'
import { stopDesk } from './place.ts'
import { AGENTS, makeSlackPlace, type SlackPlace } from './slack/place.ts'
import type { Plan, Ran } from './slack/side.ts'
import { agentId } from './slack/workspace.ts'

const TICKETS = 20_000
const ROUNDS = 300
const APART_MS = 20
const PEOPLE = 4_000
const AT_ONCE = 100
const STREAM_S = 60
const IDLE_MS = 10_000
const SETTLE_MS = 3_000
const MEDIAN_MS = 20
const P99_MS = 60
const EVENTS_LEAST = 500
const NAMES = {
  question: 'a question in a channel',
  reply: 'an answer in a thread',
  read: '/desk list mine',
  write: '/desk claim',
} as const

const WAYS = [
  ['none', 'mail alone'],
  ['http', 'Slack by HTTP'],
  ['socket', 'Slack by Socket Mode'],
] as const

/** What one plan took of the desk, and what Slack's side says of it. */
interface Phase extends Ran {
  deskCpuSeconds: number
}

/** From a signed request of Slack to its answer, how many events a desk takes, and what it holds in memory. */
export async function measureSlack({ root, tickets = TICKETS }: Bench): Promise<Figure[]> {
  const place = await makeSlackPlace(root, 'http')
  const stored = await fill(place, tickets)
  const desk = await start(place)
  await pause(SETTLE_MS) // by then it knows the accounts of its agents
  const pid = desk.child.pid ?? 0
  const ask = async (plan: Plan): Promise<Phase> => {
    const before = cpuSecondsOf(pid)
    const ran = await place.slack.run(plan)
    return { ...ran, deskCpuSeconds: cpuSecondsOf(pid) - before }
  }
  const common = { url: place.url, people: PEOPLE }
  await ask({ ...common, what: 'questions', count: PEOPLE, at: 16 })
  const turns = await ask({ ...common, what: 'turns', turns: turnsIn(place), apart: APART_MS })
  const before = memoryOf(pid).now
  const stream = await ask({ ...common, what: 'stream', seconds: STREAM_S, at: AT_ONCE })
  await pause(IDLE_MS)
  const after = memoryOf(pid).now
  const { peakBytes, otherCores } = await stopDesk(desk)
  await place.slack.end()
  await expectAll(place, stored.arrivals + stream.events)
  const waiting = waitingIn(place)
  await rm(place.folder, { recursive: true })
  return [
    ...filledFigures(tickets, stored),
    ...turnFigures(turns),
    ...streamFigures(stream, { before, after, peakBytes, waiting }),
    ...(await idleFigures(root)),
  ].map(figure => ({ ...figure, otherCores: figure.otherCores ?? otherCores }))
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
async function expectAll(place: SlackPlace, arrivals: number): Promise<void> {
  const { stdout } = await place.run(['verify', '--json']).ended
  const found = JSON.parse(stdout) as { arrivals: number; unaccounted: number; problems: string[] }
  if (found.arrivals !== arrivals || found.unaccounted !== 0 || found.problems.length > 0) {
    throw new Error(`With ${arrivals} arrivals verify says: ${stdout.slice(0, 2_000)}`)
  }
}

/** Messages for Slack that are queued: it takes one a second in each channel. */
function waitingIn({ state }: SlackPlace): number {
  const sql = `SELECT count(*) AS count FROM outbox_recipients JOIN outbox ON outbox.id = outbox_id
    WHERE channel = 'slack' AND state = 'queued'`
  return query<{ count: number }>(state, sql)[0]?.count ?? 0
}

function figureOf(what: string, value: number, unit: Figure['unit']): Figure {
  return { measure: 'slack', what, value, unit, ratio: null, target: null, repeats: [value] }
}

function filledFigures(tickets: number, { seconds, bytes }: Stored): Figure[] {
  const at = `${tickets.toLocaleString('en')} tickets`
  return [
    figureOf(`filling the store with ${at}`, seconds, 's'),
    figureOf(`the database with ${at}`, bytes / 1e6, 'MB'),
  ]
}

function turnFigures({ took, deskCpuSeconds }: Phase): Figure[] {
  const atMost = (limit: number) => ({ of: 'value', at: 'most', limit }) as const
  const figures = Object.entries(NAMES).flatMap(([name, what]): Figure[] => {
    const times = took[name] ?? []
    return [
      { ...figureOf(`${what}, median`, median(times), 'ms'), target: atMost(MEDIAN_MS), repeats: times },
      { ...figureOf(`${what}, p99`, percentile(times, 99), 'ms'), target: atMost(P99_MS) },
    ]
  })
  const count = Object.keys(NAMES).reduce((sum, name) => sum + (took[name]?.length ?? 0), 0)
  const cpu = (deskCpuSeconds / count) * 1000
  return [...figures, figureOf('processor time of the desk for each of these, mean', cpu, 'ms')]
}

function streamFigures(
  { took, seconds, cpuSeconds, deskCpuSeconds, calls }: Phase,
  rest: { before: number; after: number; peakBytes: number; waiting: number },
): Figure[] {
  const times = took.event ?? []
  const count = times.length + (took.echo?.length ?? 0)
  const target = { of: 'value', at: 'least', limit: EVENTS_LEAST } as const
  const rate = figureOf(`events for ${STREAM_S} s, ${AT_ONCE} at a time`, count / seconds, 'events/s')
  const sender = figureOf('processor time of their sender for each, mean', (cpuSeconds / count) * 1000, 'ms')
  return [
    { ...rate, target, cores: deskCpuSeconds / seconds },
    figureOf('processor time of the desk for each, mean', (deskCpuSeconds / count) * 1000, 'ms'),
    { ...sender, cores: cpuSeconds / seconds },
    figureOf('until they were acknowledged, median', median(times), 'ms'),
    figureOf('until they were acknowledged, p99', percentile(times, 99), 'ms'),
    figureOf('messages posted since the start', calls['chat.postMessage'] ?? 0, 'messages'),
    figureOf('messages that wait to be posted at the end', rest.waiting, 'messages'),
    figureOf('memory before these events', rest.before / 1e6, 'MB'),
    figureOf(`memory ${IDLE_MS / 1000} s after them`, rest.after / 1e6, 'MB'),
    figureOf('peak memory', rest.peakBytes / 1e6, 'MB'),
  ]
}

/** What a desk holds that has nothing to do. */
async function idleFigures(root: string): Promise<Figure[]> {
  const figures: Figure[] = []
  for (const [way, what] of WAYS) {
    const place = await makeSlackPlace(root, way)
    const desk = await start(place)
    await pause(IDLE_MS)
    const value = memoryOf(desk.child.pid ?? 0).now / 1e6
    const { otherCores } = await stopDesk(desk)
    await place.slack.end()
    await rm(place.folder, { recursive: true })
    figures.push({ ...figureOf(`idle desk with ${what}`, value, 'MB'), otherCores })
  }
  return figures
}
