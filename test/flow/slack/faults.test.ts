import { expect, test } from 'vitest'
import { runSlackCampaign } from '../../faults/slack/campaign.ts'
import { FAULT_KINDS } from '../../faults/slack/faults.ts'
import { placesOfFile } from '../../support/store/engines.ts'

const SEED = 5

const newPlace = placesOfFile('sqlite')

test('a workspace under fire loses, doubles and splits nothing, in whichever order Slack tells of it', async () => {
  const report = await runSlackCampaign({
    places: { calm: await newPlace(), fire: await newPlace() },
    events: 250,
    faults: FAULT_KINDS.length,
    seed: SEED,
    rate: 40,
    answers: false,
  })
  expect(report.failures).toEqual([])
  expect(report.faults.map(({ fault }) => fault.kind).toSorted()).toEqual(FAULT_KINDS.toSorted())
  expect(report.faults.filter(({ inFlight }) => inFlight > 0).length).toBeGreaterThan(0)
  expect(report.fire.tickets).toBeGreaterThan(20)
  expect(report.fire.figures.twice).toBeGreaterThan(10)
})
