import { rm } from 'node:fs/promises'
import { type Bench, inRounds, type Round } from './baseline.ts'
import type { Figure } from './figure.ts'
import { expectSound, makePlace } from './place.ts'

const ROUNDS = 3

/** `relaydesk receive FOLDER` into an empty SQLite database: wall time of the whole process, start and end included. */
export async function measureReceive(bench: Bench): Promise<Figure[]> {
  const rounds = await inRounds(bench, ROUNDS, () => receiveOnce(bench))
  const { rates, rate, ratio, cpuRatio, peakBytes, cores, otherCores } = rounds
  const measure = 'receive'
  return [
    {
      measure,
      what: 'receive, a folder into SQLite',
      value: rate,
      unit: 'messages/s',
      ratio,
      target: { of: 'ratio', at: 'least', limit: 0.6 },
      repeats: rates,
      cpuRatio,
      cores,
      otherCores,
    },
    {
      measure,
      what: 'receive, peak memory',
      value: peakBytes / 1e6,
      unit: 'MB',
      ratio: null,
      target: { of: 'value', at: 'most', limit: 600 },
      repeats: [peakBytes / 1e6],
    },
  ]
}

/** One import into a new desk; `database` as in a configuration. */
export async function receiveOnce({ corpus, root }: Bench, database?: string): Promise<Round> {
  const place = await makePlace(root, database)
  const { seconds, cpuSeconds, otherCores, peakBytes } = await place.run(['receive', corpus.folder]).ended
  await expectSound(place, corpus.files.length)
  await rm(place.folder, { recursive: true })
  const count = corpus.files.length
  const cores = cpuSeconds / seconds
  return { rate: count / seconds, perCpuSecond: count / cpuSeconds, peakBytes, cores, otherCores }
}
