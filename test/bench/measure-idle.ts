import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { generateMail } from '../support/mail/mail-generator.ts'
import type { Bench } from './baseline.ts'
import type { Figure } from './figure.ts'
import { memoryOf, threadsOf } from './measured-process.ts'
import { ADDRESS, expectSound, makePlace, startDesk, stopDesk } from './place.ts'
import { sendFiles } from './smtp-load.ts'

const AFTER_START_MS = 10_000
const AFTER_MAIL_MS = 8_000
const MAILS = 200
const LIMIT_MB = 110

/** What a desk holds that has nothing to do: fresh, and after it read and answered new mail. */
export async function measureIdle({ root }: Bench): Promise<Figure[]> {
  const place = await makePlace(root)
  const files = await writeNewMail(join(place.folder, 'mails'))
  const { desk } = await startDesk(place)
  const pid = desk.child.pid ?? 0
  await pause(AFTER_START_MS)
  const fresh = memoryOf(pid).now / 1e6
  const threads = threadsOf(pid) ?? 0
  await sendFiles(place, files, 4)
  const working = (threadsOf(pid) ?? 0) - threads
  await pause(AFTER_MAIL_MS)
  const later = memoryOf(pid).now / 1e6
  const left = Math.max(0, (threadsOf(pid) ?? 0) - threads)
  await stopDesk(desk)
  await expectSound(place, MAILS)
  await rm(place.folder, { recursive: true })
  const held = {
    measure: 'idle',
    unit: 'MB',
    ratio: null,
    target: { of: 'value', at: 'most', limit: LIMIT_MB },
  } as const
  return [
    { ...held, what: `idle desk, ${AFTER_START_MS / 1000} s after its start`, value: fresh, repeats: [fresh] },
    {
      measure: 'idle',
      what: `the same, ${AFTER_MAIL_MS / 1000} s after ${MAILS} mails`,
      value: later,
      unit: 'MB',
      ratio: null,
      target: null,
      repeats: [later],
    },
    {
      measure: 'idle',
      what: 'reading threads that stay then',
      value: left,
      unit: 'threads',
      ratio: null,
      target: { of: 'value', at: 'most', limit: 1 },
      repeats: [working, left],
    },
  ]
}

async function writeNewMail(folder: string): Promise<string[]> {
  await mkdir(folder)
  const mails = generateMail({ seed: 'idle', count: MAILS, large: 2, now: new Date(), to: ADDRESS })
  for (const { file, raw } of mails) await writeFile(join(folder, file), raw)
  return mails.map(({ file }) => join(folder, file))
}
