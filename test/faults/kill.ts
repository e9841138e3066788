/**
 * Kills `relaydesk receive` and the SMTP listener at random moments, restarts them, and compares what comes out with an
 * unkilled run.
 *
 *   npm run faults -- [--runs 200] [--seed N] [--postgres] [--short]
 *
 * `--runs` kills are shared evenly by the two; `--postgres` does it on PostgreSQL instead of SQLite; `--short` is a
 * try-out of a few kills. Ends with 1 if anything was lost, doubled or changed, or if too few kills hit messages in flight.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { table } from '../../src/core/text/table.ts'
import { PostgresServer } from '../support/servers/postgres-server.ts'
import { type KillResult, runCampaign } from './campaign.ts'
import type { DeskPlace } from './desk-process.ts'
import type { FaultPath } from './fault-path.ts'
import { writeMail } from './mail-folder.ts'
import { ReceivePath } from './receive-path.ts'
import { SmtpPath } from './smtp-path.ts'

const ENOUGH_IN_FLIGHT = 0.75
const SHORT_RUNS = 12
const FAILURES_SHOWN = 10
const RECEIVED = { count: 400, large: 8 }
const SENT = { count: 250, large: 6 }

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '200' },
    seed: { type: 'string' },
    postgres: { type: 'boolean', default: false },
    short: { type: 'boolean', default: false },
  },
})
const runs = values.short ? SHORT_RUNS : Number(values.runs)
const seed = values.seed === undefined ? Date.now() % 1_000_000 : Number(values.seed)
if (!(runs >= 2 && Number.isSafeInteger(runs) && Number.isSafeInteger(seed))) {
  throw new Error('--runs and --seed: write whole numbers; at least 2 runs.')
}
process.exitCode = await main()

async function main(): Promise<number> {
  const server = values.postgres ? await PostgresServer.start() : undefined
  const received = await writeMail(seed, RECEIVED.count, RECEIVED.large)
  const sent = await writeMail(seed + 1, SENT.count, SENT.large)
  try {
    say(`${runs} kills on ${server ? 'PostgreSQL' : 'SQLite'}, seed ${seed}`)
    const kills = Math.ceil(runs / 2)
    const results = [
      ...(await killPath(new ReceivePath(received.folder, received.mails), received.mails, kills, server)),
      ...(await killPath(new SmtpPath(sent.mails), sent.mails, runs - kills, server)),
    ]
    return report(results)
  } finally {
    await Promise.all([received.remove(), sent.remove()])
    await server?.stop()
  }
}

function killPath(
  path: FaultPath,
  mails: Parameters<typeof runCampaign>[0]['mails'],
  kills: number,
  server: PostgresServer | undefined,
): Promise<KillResult[]> {
  return runCampaign({
    path,
    mails,
    kills,
    seed,
    async newPlace() {
      const folder = await mkdtemp(join(tmpdir(), 'relaydesk-kill-'))
      return { folder, database: server ? await server.create() : 'sqlite' }
    },
    leave: (place, sound) => leave(place, sound, server),
    onKill: tell,
  })
}

/** What went wrong stays where it is, to be looked at. */
async function leave({ folder, database }: DeskPlace, sound: boolean, server: PostgresServer | undefined) {
  if (!sound) return say(`  its state is kept in ${folder}`)
  await rm(folder, { recursive: true, force: true })
  await server?.drop(database)
}

function tell(result: KillResult): void {
  const { path, number, moment, inFlight, when, failures } = result
  const at =
    'at' in moment
      ? `${moment.at} for the ${moment.time}. time`
      : `${moment.delayMs.toFixed(1)} ms after ${moment.answers === 0 ? 'its start' : `answer ${moment.answers}`}`
  const hit = inFlight > 0 ? `${inFlight} in flight` : `nothing in flight (${when} the work)`
  say(`${path} ${number}: killed ${at}, ${hit}, ${failures.length === 0 ? 'well' : 'FAILED'}`)
  for (const failure of failures.slice(0, FAILURES_SHOWN)) say(`    ${failure}`)
  if (failures.length > FAILURES_SHOWN) say(`    and ${failures.length - FAILURES_SHOWN} more`)
}

function report(results: KillResult[]): number {
  const rows = [...Map.groupBy(results, result => result.path), ['together', results] as const].map(([name, each]) => {
    const hits = each.filter(result => result.inFlight > 0)
    const mean = hits.reduce((sum, result) => sum + result.inFlight, 0) / (hits.length || 1)
    const failed = each.filter(result => result.failures.length > 0)
    return [name, each.length, hits.length, mean.toFixed(1), failed.length, seed].map(String)
  })
  say('')
  say(table(['PATH', 'RUNS', 'IN FLIGHT', 'MESSAGES EACH', 'FAILURES', 'SEED'], rows))
  const failures = results.filter(result => result.failures.length > 0).length
  const hits = results.filter(result => result.inFlight > 0).length
  const tooFew = !values.short && hits < results.length * ENOUGH_IN_FLIGHT
  if (tooFew) say(`Only ${hits} of ${results.length} kills hit messages in flight: this run proves too little.`)
  return failures > 0 || tooFew ? 1 : 0
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
