import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { runCampaign } from '../../../fuzz/campaign.ts'
import { fillShelves } from '../../../fuzz/shelves.ts'
import { carryOutPlan, planOf } from '../../../fuzz/spoiled-mail.ts'

const SEED = 7
const RUNS = 300

test('mail spoiled in every way comes to an outcome in time and memory, and what is stored of it verifies', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'relaydesk-fuzz-'))
  try {
    const tally = await runCampaign({
      ...{ seed: SEED, runs: RUNS, until: Number.POSITIVE_INFINITY, readers: 1, shelves: fillShelves(undefined) },
      ...{ folder, failed: join(folder, 'failed'), shrink: false },
      onFailure: () => undefined,
      onMessage: () => undefined,
    })
    expect(tally.failures.map(({ index, how, problems }) => ({ index, how, problems }))).toEqual([])
    expect(tally).toMatchObject({ messages: RUNS, received: RUNS / 20, verified: 1 })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})

test('a seed and an index always make the same message', () => {
  const shelves = fillShelves(undefined)
  const made = (index: number) => carryOutPlan(planOf(SEED, index), shelves)
  expect(made(11)).toEqual(made(11))
  expect(made(11)).not.toEqual(made(12))
})

test('a step that would make more than a string can hold is left out', () => {
  const step = { where: 0, which: 0, much: 100, other: 0 }
  const mail = `Content-Type: multipart/mixed; boundary=a\n\n${'a'.repeat(100_000)}`
  const made = carryOutPlan({ shelf: 0, mail: 0, steps: [{ what: 'a long boundary', ...step }] }, [[mail]])
  expect(made.toString()).toBe(mail)
})
