import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { runCampaign } from '../faults/campaign.ts'
import type { FaultPath } from '../faults/fault-path.ts'
import { type MailFolder, writeMail } from '../faults/mail-folder.ts'
import { ReceivePath } from '../faults/receive-path.ts'
import { SmtpPath } from '../faults/smtp-path.ts'
import type { Strike } from '../faults/strike.ts'
import { ENGINES, type Engine, makePlace, type Place } from '../support/store/engines.ts'

const SEED = 11
const WRITTEN: Strike = { at: 'written', time: 2 }
const COMMITTED: Strike = { at: 'committed', time: 1 }
const KILLS = { sqlite: [WRITTEN, COMMITTED], postgres: [WRITTEN] }

let mail: MailFolder
const places: Place[] = []
beforeAll(async () => {
  mail = await writeMail(SEED, 120, 3) // more than are stored at once
})
afterEach(() => Promise.all(places.splice(0).map(place => place.remove())))
afterAll(() => mail.remove())

async function newPlace(engine: Engine): Promise<Place> {
  const place = await makePlace(engine)
  places.push(place)
  return place
}

describe.each(ENGINES)('kill -9 on %s', engine => {
  test('in the middle of receive loses, doubles and splits nothing once it is run again', async () => {
    await expectSound(engine, new ReceivePath(mail.folder, mail.mails))
  })

  test('of the SMTP listener loses, doubles and splits nothing once senders try again', async () => {
    await expectSound(engine, new SmtpPath(mail.mails))
  })
})

test('receive clears away the files in the making that a killed one left', async () => {
  const large = await writeMail(SEED, 24, 18)
  const path: FaultPath = new ReceivePath(large.folder, large.mails)
  const place = await newPlace('sqlite')
  const spool = () => readdir(join(place.folder, 'state', 'spool')).catch(() => [])
  try {
    const killed = await path.killed(place, { at: 'spooled', time: 3 })
    expect(await spool()).not.toEqual([])
    await path.carryOn(place, killed)
    expect(await spool()).toEqual([])
  } finally {
    await large.remove()
  }
})

async function expectSound(engine: Engine, path: FaultPath): Promise<void> {
  const results = await runCampaign({
    path,
    mails: mail.mails,
    kills: KILLS[engine],
    seed: SEED,
    newPlace: () => newPlace(engine),
    leave: async () => undefined,
  })
  expect(results.flatMap(result => result.failures)).toEqual([])
  for (const { moment, inFlight } of results) {
    if ('at' in moment && moment.at === 'written') expect(inFlight).toBeGreaterThan(0)
  }
}
