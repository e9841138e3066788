import { rm } from 'node:fs/promises'
import { type Bench, inRounds, type Round } from './baseline.ts'
import type { Figure } from './figure.ts'
import { expectSound, makePlace, startDesk, stopDesk } from './place.ts'
import { sendFiles } from './smtp-load.ts'

const ROUNDS = 3
const CONNECTIONS = 8

/** The SMTP listener under load. The client is another process and shares the processor with the desk. */
export async function measureSmtp(bench: Bench): Promise<Figure[]> {
  const { rates, rate, ratio, peakBytes, cores } = await inRounds(bench, ROUNDS, () => listenOnce(bench))
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
      cores,
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
  const { cpuSeconds, peakBytes } = await stopDesk(desk)
  await expectSound(place, corpus.files.length)
  await rm(place.folder, { recursive: true })
  return { rate: corpus.files.length / seconds, peakBytes, cores: cpuSeconds / seconds }
}
