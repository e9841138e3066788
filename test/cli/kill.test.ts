import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runCampaign } from '../faults/campaign.ts'
import type { DeskPlace } from '../faults/desk-process.ts'
import { type MailFolder, writeMail } from '../faults/mail-folder.ts'
import { ReceivePath } from '../faults/receive-path.ts'
import { SmtpPath } from '../faults/smtp-path.ts'
import { ENGINES, type Engine, makePlace, type Place } from '../support/engines.ts'

const SEED = 11
const KILLS = { sqlite: 2, postgres: 1 }

describe.each(ENGINES)('kill -9 on %s', engine => {
  let mail: MailFolder
  beforeAll(async () => {
    mail = await writeMail(SEED, 160, 3)
  })
  afterAll(() => mail.remove())

  test('in the middle of receive loses, doubles and splits nothing once it is run again', async () => {
    await expectSound(engine, new ReceivePath(mail.folder, mail.mails), mail)
  })

  test('of the SMTP listener loses, doubles and splits nothing once senders try again', async () => {
    await expectSound(engine, new SmtpPath(mail.mails), mail)
  })
})

async function expectSound(engine: Engine, path: ReceivePath | SmtpPath, { mails }: MailFolder): Promise<void> {
  const places = new Map<DeskPlace, Place>()
  const results = await runCampaign({
    path,
    mails,
    kills: KILLS[engine],
    seed: SEED,
    wantedInFlight: 1,
    atStart: 0,
    async newPlace() {
      const place = await makePlace(engine)
      places.set(place, place)
      return place
    },
    leave: async place => places.get(place)?.remove(),
  })
  expect(results.flatMap(result => result.failures)).toEqual([])
  expect(results.filter(result => result.inFlight > 0).length).toBeGreaterThan(0)
}
