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
  /** Rate of each time that mailparser alone was measured. */
  baselines: number[]
}

/** mailparser alone: messages per second from the first file to the last. The start of its process does not count. */
async function baselineRate(bench: Bench): Promise<number> {
  const { corpus, root } = bench
  const list = join(root, 'files.json')
  await writeFile(list, JSON.stringify(corpus.files))
  const { stdout } = await measure(PARSE_ALONE, [list], { cwd: root }).ended
  const { seconds } = JSON.parse(stdout) as { seconds: number }
  const rate = corpus.files.length / seconds
  bench.baselines.push(rate)
  return rate
}

/** What one round of a measure found. */
export interface Round {
  rate: number
  peakBytes: number
  cores: number
}

/**
 * Measures in turns with the baseline. Machines get faster and slower meanwhile, so each round is compared with its own
 * baseline, and the median of these ratios is given, not the ratio of the medians.
 */
export async function inRounds(
  bench: Bench,
  rounds: number,
  once: () => Promise<Round>,
): Promise<{ rates: number[]; rate: number; ratio: number; peakBytes: number; cores: number }> {
  const found: (Round & { ratio: number })[] = []
  for (let round = 0; round < rounds; round += 1) {
    const baseline = await baselineRate(bench)
    const measured = await once()
    found.push({ ...measured, ratio: measured.rate / baseline })
  }
  const rates = found.map(each => each.rate)
  return {
    rates,
    rate: median(rates),
    ratio: median(found.map(each => each.ratio)),
    peakBytes: Math.max(...found.map(each => each.peakBytes)),
    cores: median(found.map(each => each.cores)),
  }
}
