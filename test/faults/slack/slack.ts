/**
 * Lets people ask and agents work in an emulated Slack workspace, and tells two desks of the same: one of everything in
 * order and once; the other in any order, late, twice or not at all, over HTTP and then by Socket Mode, while connections
 * break, the Web API slows down, fails and loses its answers, and the desk is killed, stopped and started. Compares what
 * comes of it with what should, and one with the other.
 *
 *   npm run faults:slack -- [--events 10000] [--faults 100] [--rate 25] [--seed N] [--postgres]
 *
 * Ends with 1 if anything was lost, doubled, acknowledged twice or put elsewhere.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { table } from '../../../src/core/text/table.ts'
import { PostgresServer } from '../../support/servers/postgres-server.ts'
import type { DeskPlace } from '../desk-process.ts'
import { type FaultResult, type RunReport, runSlackCampaign, type SlackReport } from './campaign.ts'
import { FAULT_KINDS } from './faults.ts'

const FAILURES_SHOWN = 40

const { values } = parseArgs({
  options: {
    events: { type: 'string', default: '10000' },
    faults: { type: 'string' },
    rate: { type: 'string', default: '25' },
    seed: { type: 'string' },
    postgres: { type: 'boolean', default: false },
  },
})
const events = Number(values.events)
const faults = values.faults === undefined ? Math.ceil(events / 100) : Number(values.faults)
const rate = Number(values.rate)
const seed = values.seed === undefined ? Date.now() % 1_000_000 : Number(values.seed)
if (![events, faults, rate, seed].every(Number.isSafeInteger) || rate < 1) {
  throw new Error('--events, --faults, --rate and --seed: write whole numbers.')
}
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130)) // ends the desks, too
process.exitCode = await main()

async function main(): Promise<number> {
  const server = values.postgres ? await PostgresServer.start() : undefined
  const newPlace = async (): Promise<DeskPlace> => ({
    folder: await mkdtemp(join(tmpdir(), 'relaydesk-slack-')),
    database: server ? await server.create() : 'sqlite',
  })
  const places = { calm: await newPlace(), fire: await newPlace() }
  let sound = false
  try {
    say(`${events} events, ${faults} faults on ${server ? 'PostgreSQL' : 'SQLite'}, seed ${seed}`)
    const campaign = { places, events, faults, seed, rate, answers: true }
    const report = await runSlackCampaign({ ...campaign, onFault: tell, onStep: say })
    sound = report.failures.length === 0
    show(report)
    return sound ? 0 : 1
  } finally {
    if (!sound) say(`The state of the desks and their logs are kept in ${places.calm.folder} and ${places.fire.folder}`)
    else for (const { folder } of Object.values(places)) await rm(folder, { recursive: true, force: true })
    await server?.stop()
  }
}

function tell({ fault, inFlight, catchUp }: FaultResult): void {
  const { number, kind, way, position, method } = fault
  const about = /^(?:Slack|answers)/.test(kind) ? `${way}, ${method}` : way
  void catchUp.then(took => {
    const after = took === undefined ? 'not caught up in time' : `caught up in ${(took / 1000).toFixed(1)} s`
    say(`${number}: ${kind} (${about}) at step ${position}, ${inFlight} in flight, ${after}`)
  })
}

function show(report: SlackReport): void {
  const rows = [...FAULT_KINDS, undefined].map(kind => {
    const some = report.faults.filter(each => kind === undefined || each.fault.kind === kind)
    const hits = some.filter(each => each.inFlight > 0)
    const mean = hits.reduce((sum, each) => sum + each.inFlight, 0) / (hits.length || 1)
    const waits = some.map(each => (each.catchUpMs ?? Number.POSITIVE_INFINITY) / 1000).sort((a, b) => a - b)
    const figures = [waits[Math.floor(waits.length / 2)] ?? 0, waits.at(-1) ?? 0].map(each => each.toFixed(1))
    return [kind ?? 'together', some.length, hits.length, mean.toFixed(1), ...figures].map(String)
  })
  say('')
  say(table(['FAULT', 'TIMES', 'IN FLIGHT', 'MESSAGES EACH', 'CATCH-UP MEDIAN S', 'WORST S'], rows))
  say('')
  say(`${report.events} events, seed ${seed}`)
  for (const [name, run] of [['told in order', report.calm] as const, ['under fire', report.fire] as const])
    showRun(name, run)
  say(`${report.failures.length} failures`)
  for (const failure of report.failures.slice(0, FAILURES_SHOWN)) say(`    ${failure}`)
  if (report.failures.length > FAILURES_SHOWN) say(`    and ${report.failures.length - FAILURES_SHOWN} more`)
}

function showRun(name: string, run: RunReport): void {
  const { tickets, stored, duplicates, acknowledgements, cards, entries, durationMs, figures, again } = run
  say(
    `${name}, in ${(durationMs / 1000).toFixed(0)} s: ${stored} stored in ${tickets} tickets, ${duplicates} times a duplicate,`,
  )
  say(`  ${acknowledgements} acknowledgements, ${cards} cards, ${entries} entries below them`)
  const { sent, twice, doubled, givenUp } = figures
  say(
    `  events were sent ${sent} times for ${figures.events} (the desk's own messages among them), ${twice} again although taken,`,
  )
  say(`  ${givenUp} given up; ${doubled} commands came twice, ${again} were given again`)
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
