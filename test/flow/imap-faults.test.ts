import { describe, expect, test } from 'vitest'
import { runImapCampaign } from '../faults/imap/campaign.ts'
import { FAULT_KINDS } from '../faults/imap/faults.ts'
import { dovecotMissing } from '../support/servers/dovecot.ts'
import { placesOfFile } from '../support/store/engines.ts'

const SEED = 11

const newPlace = placesOfFile('sqlite')

describe.skipIf(dovecotMissing())('mailboxes under fire', () => {
  test('lose, double and split nothing, whatever breaks meanwhile', async () => {
    const report = await runImapCampaign({
      places: { fire: await newPlace(), calm: await newPlace() },
      deliveries: 240,
      large: 4,
      faults: FAULT_KINDS.length,
      seed: SEED,
      rate: 100,
      answers: false,
    })
    expect(report.failures).toEqual([])
    expect(report.faults.map(({ fault }) => fault.kind).toSorted()).toEqual(FAULT_KINDS.toSorted())
    expect(report.faults.filter(({ inFlight }) => inFlight > 0).length).toBeGreaterThan(0)
    expect(report.stored).toBeGreaterThan(150)
  })
})
