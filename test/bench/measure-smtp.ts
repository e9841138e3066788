import { rm } from 'node:fs/promises'
import { type Bench, inRounds, type Round } from './baseline.ts'
import type { Figure } from './figure.ts'
import { expectSound, makePlace, startDesk, stopDesk } from './place.ts'
import { sendFiles } from './smtp-load.ts'

const ROUNDS = 3
const CONNECTIONS = 8

/** The SMTP listener under load. The client is another process and shares the processor with the desk. */
export async function measureSmtp(bench: Bench): Promise<Figure[]> {
  const rounds = await inRounds(bench, ROUNDS, () => listenOnce(bench))
  const { rates, rate, ratio, cpuRatio, peakBytes, cores, otherCores } = rounds
  const measure = 'smtp'
  return [
    {
      measure,
      what: `SMTP, ${CONNECTIONS} connections, SQLite`,
      value: rate,
      unit: 'messages/s',
      ratio,
      target: { of: 'ratio', at: 'least', limit: 0.3 },
      repeats: rates,
      cpuRatio,
      cores,
      otherCores,
    },
    {
      measure,
      what: 'SMTP, peak memory',
      value: peakBytes / 1e6,
      unit: 'MB',
      ratio: null,
      target: null,
      repeats: [peakBytes / 1e6],
    },
  ]
}

async function listenOnce({ corpus, root }: Bench): Promise<Round> {
  const place = await makePlace(root)
  const { desk } = await startDesk(place)
  const seconds = await sendFiles(place, corpus.files, CONNECTIONS)
  const { cpuSeconds, otherCores, peakBytes } = await stopDesk(desk)
  await expectSound(place, corpus.files.length)
  await rm(place.folder, { recursive: true })
  const count = corpus.files.length
  const cores = cpuSeconds / seconds
  return { rate: count / seconds, perCpuSecond: count / cpuSeconds, peakBytes, cores, otherCores }
}
