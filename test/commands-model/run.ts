/**
 * Random commands of 20 agents in several processes on one store; afterwards every event is judged by a slow model of
 * the rules, and what the model comes to is compared with the rows and with the replay of the events.
 *
 *   npm run commands -- [--commands 100000] [--seed 1] [--store sqlite] [--processes 4] [--keep]
 *
 * The same seed asks the same lines; how they meet is up to the machine. `--store postgres` starts a server of its own,
 * `--keep` leaves the folder, with all that was asked, where it is. Ends with 1 if there was a failure.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { runCampaign } from './campaign.ts'
import { report } from './report.ts'

const { values } = parseArgs({
  options: {
    commands: { type: 'string', default: '100000' },
    seed: { type: 'string', default: '1' },
    store: { type: 'string', default: 'sqlite' },
    processes: { type: 'string', default: '4' },
    keep: { type: 'boolean', default: false },
  },
})
const run = { commands: Number(values.commands), seed: Number(values.seed), processes: Number(values.processes) }
if (!Object.values(run).every(Number.isSafeInteger) || run.commands < 1 || run.processes < 1 || run.processes > 20) {
  throw new Error('--commands, --seed and --processes: write whole numbers, and 1 to 20 processes.')
}
if (values.store !== 'sqlite' && values.store !== 'postgres') throw new Error('--store: write sqlite or postgres.')
const server = values.store === 'postgres' ? await startPostgres() : undefined
const folder = await mkdtemp(join(tmpdir(), 'relaydesk-commands-'))
try {
  const outcome = await runCampaign({ folder, database: server ? await server.create() : 'sqlite' }, run)
  say(`Seed ${run.seed}, ${values.store}, ${run.processes} processes: ${report(outcome)}`)
  process.exitCode = outcome.failures.length === 0 ? 0 : 1
} finally {
  if (values.keep) say(`All of it is kept in ${folder}`)
  else await rm(folder, { recursive: true, force: true })
  await server?.stop()
}

/** Loaded only where it is needed: once it is loaded, the process ends with 0 whatever the exit code was set to. */
async function startPostgres() {
  const { PostgresServer } = await import('../support/servers/postgres-server.ts')
  return PostgresServer.start()
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
