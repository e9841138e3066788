/**
 * Delivers mail to mailboxes on a real server, that a desk watches over a network; kills and starts the server and the
 * desk, cuts and silences the network, numbers folders anew, empties and refills them, and revokes tokens meanwhile; and
 * compares what comes out with an undisturbed import of the same mail.
 *
 *   npm run faults:imap -- [--deliveries 5000] [--faults 100] [--rate 60] [--seed N] [--postgres]
 *
 * Ends with 1 if anything was lost, doubled, acknowledged twice or changed.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { table } from '../../../src/core/text/table.ts'
import { dovecotMissing } from '../../support/servers/dovecot.ts'
import { PostgresServer } from '../../support/servers/postgres-server.ts'
import type { DeskPlace } from '../desk-process.ts'
import { type FaultResult, type ImapReport, runImapCampaign } from './campaign.ts'
import { FAULT_KINDS } from './faults.ts'

const LARGE_SHARE = 0.01
const FAILURES_SHOWN = 40

const { values } = parseArgs({
  options: {
    deliveries: { type: 'string', default: '5000' },
    faults: { type: 'string', default: '100' },
    rate: { type: 'string', default: '60' },
    seed: { type: 'string' },
    postgres: { type: 'boolean', default: false },
  },
})
const deliveries = Number(values.deliveries)
const faults = Number(values.faults)
const rate = Number(values.rate)
const seed = values.seed === undefined ? Date.now() % 1_000_000 : Number(values.seed)
if (![deliveries, faults, rate, seed].every(Number.isSafeInteger) || rate < 1) {
  throw new Error('--deliveries, --faults, --rate and --seed: write whole numbers.')
}
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130)) // ends the servers, too
process.exitCode = await main()

async function main(): Promise<number> {
  const missing = dovecotMissing()
  if (missing !== undefined) {
    say(missing)
    return 1
  }
  const server = values.postgres ? await PostgresServer.start() : undefined
  const newPlace = async (): Promise<DeskPlace> => ({
    folder: await mkdtemp(join(tmpdir(), 'relaydesk-imap-')),
    database: server ? await server.create() : 'sqlite',
  })
  const places = { fire: await newPlace(), calm: await newPlace() }
  let sound = false
  try {
    say(`${deliveries} deliveries, ${faults} faults on ${server ? 'PostgreSQL' : 'SQLite'}, seed ${seed}`)
    const large = Math.ceil(deliveries * LARGE_SHARE)
    const campaign = { places, deliveries, large, faults, seed, rate, answers: true }
    const report = await runImapCampaign({ ...campaign, onFault: tell, onStep: say })
    sound = report.failures.length === 0
    show(report)
    return sound ? 0 : 1
  } finally {
    if (!sound) say(`The state of the desk and its log are kept in ${places.fire.folder}`)
    for (const { folder } of sound ? [places.fire, places.calm] : [places.calm]) {
      await rm(folder, { recursive: true, force: true })
    }
    await server?.stop()
  }
}

function tell({ fault, inFlight, catchUp }: FaultResult): void {
  const { number, kind, way, position, holdMs } = fault
  void catchUp.then(took => {
    const after = took === undefined ? 'NOT CAUGHT UP' : `caught up in ${(took / 1000).toFixed(1)} s`
    say(`${number}: ${kind} (${way}, ${holdMs} ms) after delivery ${position}, ${inFlight} in flight, ${after}`)
  })
}

function show(report: ImapReport): void {
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
  const { tickets, stored, duplicates, acknowledgements, copies, removedTaken, removedUnmarked, missing, gone } = report
  say(`${report.deliveries} deliveries in ${(report.durationMs / 1000).toFixed(0)} s, seed ${seed}`)
  say(`${stored} messages in ${tickets} tickets, ${duplicates} times a duplicate, ${acknowledgements} acknowledgements`)
  say(`put in again by somebody else ${copies}; numbered anew ${report.renumbered} times`)
  say(`removed by somebody else ${removedTaken} after and ${removedUnmarked} before they were marked as taken,`)
  say(`  of which ${missing} were never taken, and ${gone} times was noted that a message had gone`)
  say(`${report.failures.length} failures`)
  for (const failure of report.failures.slice(0, FAILURES_SHOWN)) say(`    ${failure}`)
  if (report.failures.length > FAILURES_SHOWN) say(`    and ${report.failures.length - FAILURES_SHOWN} more`)
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
