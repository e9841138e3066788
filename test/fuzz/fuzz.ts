/**
 * Spoils real mail in every way we know of and reads it as it is read when it arrives. Each message must come to an
 * outcome, within 2 s of processor time and 300 MB of memory, and what it was read as must be fit to be stored.
 *
 *   npm run fuzz -- [--seed N] [--runs 100000] [--minutes M] [--readers N] [--fast]
 *   npm run fuzz -- --replay FILE
 *
 * The mails are those below CORPORA, if that is set, and our own. One message of 20 goes into a store, which is
 * verified. `--fast` leaves out making failures smaller. Ends with 1 if there was a failure.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { problemsOf, readAlone, runCampaign } from './campaign.ts'
import { fillShelves } from './shelves.ts'
import type { Failure, Tally } from './tally.ts'

const TELL_EVERY_MS = 10_000
const MINUTE_MS = 60_000

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    runs: { type: 'string', default: '100000' },
    minutes: { type: 'string' },
    readers: { type: 'string', default: String(Math.max(1, availableParallelism() - 1)) },
    fast: { type: 'boolean', default: false },
    replay: { type: 'string' },
  },
})
const seed = values.seed === undefined ? Date.now() % 1_000_000 : Number(values.seed)
const [runs, readers] = [Number(values.runs), Number(values.readers)]
const minutes = values.minutes === undefined ? Number.POSITIVE_INFINITY : Number(values.minutes)
if (![seed, runs, readers].every(Number.isSafeInteger) || !(minutes > 0) || runs < 1 || readers < 1) {
  throw new Error('--seed, --runs, --readers and --minutes: write numbers.')
}
const folder = await mkdtemp(join(tmpdir(), 'relaydesk-fuzz-'))
try {
  process.exitCode = values.replay === undefined ? await fuzz() : await replay(values.replay)
} finally {
  await rm(folder, { recursive: true, force: true })
}

async function fuzz(): Promise<number> {
  const shelves = fillShelves(process.env.CORPORA)
  const mails = shelves.reduce((sum, each) => sum + each.length, 0)
  say(`${runs} messages out of ${mails} mails, seed ${seed}, ${readers} reader(s)`)
  const began = Date.now()
  let told = began
  const tally = await runCampaign({
    ...{ seed, runs, readers, shelves, folder, shrink: !values.fast },
    failed: join(tmpdir(), `relaydesk-fuzz-failed-${seed}`),
    until: began + minutes * MINUTE_MS,
    onFailure: tell,
    onMessage(so) {
      if (Date.now() - told < TELL_EVERY_MS) return
      told = Date.now()
      say(`  ${progress(so, told - began)}`)
    },
  })
  say(`\n${tally.show(seed)}`)
  if (tally.failures.length > 0) say(`\n${tally.failures.length} FAILED; their messages are kept.`)
  return tally.failures.length > 0 ? 1 : 0
}

function progress({ messages, failures, peakOfProcessMb }: Tally, tookMs: number): string {
  const rate = (messages / tookMs) * 1000
  return `${messages} messages, ${rate.toFixed(0)} a second, ${peakOfProcessMb.toFixed(0)} MB, ${failures.length} failure(s)`
}

function tell({ index, problems, file, how, small }: Failure): void {
  say(`FAILED ${seed}/${index}: ${how}`)
  for (const problem of problems.slice(0, 10)) say(`    ${problem}`)
  say(`    npm run fuzz -- --replay ${file}`)
  if (small) say(`    npm run fuzz -- --replay ${small}`)
}

async function replay(file: string): Promise<number> {
  const measured = await readAlone(await readFile(file), true, folder)
  const problems = problemsOf(measured)
  const { outcome, stored, cpuMs, grownMb } = measured
  say(`read as ${outcome}, ${stored || 'not stored'}; ${cpuMs.toFixed(0)} ms, ${grownMb.toFixed(0)} MB above idle`)
  for (const problem of problems) say(`    ${problem}`)
  return problems.length > 0 ? 1 : 0
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
