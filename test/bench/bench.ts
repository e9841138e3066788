import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { availableParallelism, cpus, loadavg, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Bench, Round } from './baseline.ts'
import { prepareCorpus } from './corpus.ts'
import { type Figure, isMet, median, showFigures } from './figure.ts'
import { measureAnswer } from './measure-answer.ts'
import { measureIdle } from './measure-idle.ts'
import { measureImap } from './measure-imap.ts'
import { measureMillion } from './measure-million.ts'
import { measurePostgres } from './measure-postgres.ts'
import { measureReady } from './measure-ready.ts'
import { measureReceive } from './measure-receive.ts'
import { measureSlack } from './measure-slack.ts'
import { measureSmtp } from './measure-smtp.ts'
import { endAll } from './measured-process.ts'

// npm run bench -- [--messages N] [--tickets N] [--out bench.json] [--only NAME]: prints a table and writes JSON. Every
// rate is also given as a ratio to what mailparser alone does with the same mails in the same run. A million tickets take
// a quarter of an hour and 13 GB in the temporary folder; --tickets makes it fewer.

const MEASURES: Record<string, (bench: Bench) => Promise<Figure[]>> = {
  receive: measureReceive,
  smtp: measureSmtp,
  imap: measureImap,
  postgres: measurePostgres,
  ready: measureReady,
  answer: measureAnswer,
  idle: measureIdle,
  million: measureMillion,
  slack: measureSlack,
}

const DISTURBED = 0.2 // cores
const OTHERS_BELONG = new Set(['smtp', 'imap', 'postgres', 'slack']) // the client, the servers

const { values: options } = parseArgs({
  options: {
    messages: { type: 'string' },
    tickets: { type: 'string' },
    out: { type: 'string' },
    only: { type: 'string', multiple: true },
  },
})

const names = options.only ?? Object.keys(MEASURES)
const unknown = names.find(name => !(name in MEASURES))
const messages = count(options.messages)
const tickets = count(options.tickets)
if (unknown !== undefined || Number.isNaN(messages) || Number.isNaN(tickets)) {
  const known = Object.keys(MEASURES).join(' | ')
  process.stderr.write(`bench: write --only ${known}, and --messages and --tickets with whole numbers.\n`)
  process.exit(64)
}

/** NaN for what is no whole number above 0. */
function count(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const value = Number(text)
  return Number.isInteger(value) && value > 0 ? value : Number.NaN
}

const root = await mkdtemp(join(tmpdir(), 'relaydesk-bench-'))
try {
  const report = await runAll(root)
  await writeFile(options.out ?? 'bench.json', `${JSON.stringify(report, null, 2)}\n`)
} finally {
  endAll()
  await rm(root, { recursive: true, force: true })
}

async function runAll(folder: string): Promise<object> {
  const loadBefore = loadavg()[0] ?? 0
  const corpus = await prepareCorpus(join(folder, 'corpus'), messages)
  const bench: Bench = { corpus, root: folder, baselines: [], ...(tickets === undefined ? {} : { tickets }) }
  const machine = { cores: availableParallelism(), processor: cpus()[0]?.model ?? '', memoryBytes: totalmem() }
  say(`${corpus.files.length} mails, ${(corpus.bytes / 1e6).toFixed(1)} MB: ${corpus.name}`)
  say(`${machine.cores} cores, ${machine.processor}, Node ${process.version}, load ${loadBefore.toFixed(1)} before`)
  const figures: Figure[] = []
  for (const name of names) {
    say(`measuring ${name} ...`)
    figures.push(...((await MEASURES[name]?.(bench)) ?? []))
  }
  const baseline: Figure[] = bench.baselines.length > 0 ? [baselineFigure(bench.baselines)] : []
  const all = [...baseline, ...figures]
  say(`\n${showFigures(all)}`)
  for (const remark of remarksOn(all)) say(`\n${remark}`)
  const results = all.map(figure => ({ ...figure, met: isMet(figure) }))
  return {
    at: new Date().toISOString(),
    node: process.version,
    machine,
    load: { before: loadBefore, after: loadavg()[0] },
    corpus: { name: corpus.name, messages: corpus.files.length, bytes: corpus.bytes },
    figures: results,
  }
}

function baselineFigure(rounds: readonly Round[]): Figure {
  const middle = (field: 'rate' | 'cores' | 'otherCores') => median(rounds.map(each => each[field]))
  return {
    measure: 'baseline',
    what: 'baseline: mailparser alone, one process',
    value: middle('rate'),
    unit: 'messages/s',
    ratio: 1,
    target: null,
    repeats: rounds.map(each => each.rate),
    cpuRatio: 1,
    cores: middle('cores'),
    otherCores: middle('otherCores'),
  }
}

function remarksOn(figures: readonly Figure[]): string[] {
  const disturbed = figures.some(({ measure, otherCores = 0 }) => !OTHERS_BELONG.has(measure) && otherCores > DISTURBED)
  return [
    'CPU RATIO: the ratio by processor time in place of time; it hardly depends on what else runs.',
    ...(figures.some(each => each.measure === 'smtp')
      ? ['SMTP: the client is another process, shares the cores with the desk and counts among the others.']
      : []),
    ...(disturbed ? ['Other programs kept the machine busy: RATIO is too low. Measure again when it is free.'] : []),
  ]
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
