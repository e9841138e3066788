import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Corpus } from './corpus.ts'
import { median } from './figure.ts'
import { measure } from './measured-process.ts'

const PARSE_ALONE = fileURLToPath(new URL('./parse-alone.ts', import.meta.url))

/** What is known of a run beside its figures. */
export interface Bench {
  corpus: Corpus
  /** Temporary folder of the run. */
  root: string
  /** How many tickets the largest store holds; a million if left out. */
  tickets?: number
  /** Each time that mailparser alone was measured. */
  baselines: Round[]
}

/** What one round of a measure found. */
export interface Round {
  /** Messages per second. */
  rate: number
  /** Messages per second of processor time. */
  perCpuSecond: number
  peakBytes: number
  /** Cores that it kept busy, and that others did meanwhile, on average. */
  cores: number
  otherCores: number
}

/** What all rounds of a measure come to: medians, but of the memory the most. */
export interface Rounds {
  rates: number[]
  rate: number
  /** Rate through that of the baseline. */
  ratio: number
  /** Messages per second of processor time through those of the baseline: hardly depends on what else runs. */
  cpuRatio: number
  peakBytes: number
  cores: number
  otherCores: number
}

/** mailparser alone: messages per second from the first file to the last. The start of its process does not count. */
async function measureBaseline(bench: Bench): Promise<Round> {
  const { corpus, root } = bench
  const list = join(root, 'files.json')
  await writeFile(list, JSON.stringify(corpus.files))
  const { stdout, cpuSeconds, otherCores, peakBytes } = await measure(PARSE_ALONE, [list], { cwd: root }).ended
  const { seconds } = JSON.parse(stdout) as { seconds: number }
  const count = corpus.files.length
  const cores = cpuSeconds / seconds
  const round = { rate: count / seconds, perCpuSecond: count / cpuSeconds, peakBytes, cores, otherCores }
  bench.baselines.push(round)
  return round
}

/**
 * Measures in turns with the baseline. Machines get faster and slower meanwhile, so each round is compared with its own
 * baseline, and the median of these ratios is given, not the ratio of the medians.
 */
export async function inRounds(bench: Bench, rounds: number, once: () => Promise<Round>): Promise<Rounds> {
  const found: (Round & { ratio: number; cpuRatio: number })[] = []
  for (let round = 0; round < rounds; round += 1) {
    const baseline = await measureBaseline(bench)
    const measured = await once()
    const ratio = measured.rate / baseline.rate
    found.push({ ...measured, ratio, cpuRatio: measured.perCpuSecond / baseline.perCpuSecond })
  }
  const middle = (field: 'rate' | 'ratio' | 'cpuRatio' | 'cores' | 'otherCores') =>
    median(found.map(each => each[field]))
  return {
    rates: found.map(each => each.rate),
    rate: middle('rate'),
    ratio: middle('ratio'),
    cpuRatio: middle('cpuRatio'),
    peakBytes: Math.max(...found.map(each => each.peakBytes)),
    cores: middle('cores'),
    otherCores: middle('otherCores'),
  }
}
