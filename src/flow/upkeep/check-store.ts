// Tries the store out, for relaydesk doctor.
import { statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Finding } from '../../channel/adapter.ts'
import { sentenceOf } from '../../errors.ts'
import { raiseAlarm, settleAlarm, standingAlarms } from '../../store/alarms.ts'
import { waitingArrivals } from '../../store/arrivals.ts'
import type { Context } from '../context.ts'

const LEAST_FREE = 500_000_000 // bytes
const EARLIEST = Date.UTC(2026, 0, 1) // no clock of a running desk shows less

/** Tries what every desk needs, whatever its channels. */
export async function checkDesk(context: Context): Promise<Finding[]> {
  return [
    await checkStore(context),
    await checkSpace(context),
    checkClock(context),
    ...(await checkScanner(context)),
    ...(await checkWaiting(context)),
  ]
}

/** Writes, reads and takes it back. */
async function checkStore({ store, clock }: Context): Promise<Finding> {
  const what = `the database (${store.engine}) can be written and read`
  const at = clock.now().toISOString()
  try {
    await store.transact(async tx => {
      await raiseAlarm(tx, { channel: 'doctor', code: 'trial', sentence: 'A test by relaydesk doctor.', raisedAt: at })
      await settleAlarm(tx, 'doctor', 'trial', at)
    })
    await standingAlarms(store.read)
    return { what, ok: true }
  } catch (error) {
    return { what, ok: false, advice: sentenceOf(error) }
  }
}

async function checkSpace({ files }: Context): Promise<Finding> {
  const folder = dirname(files.folder)
  const { bavail, bsize } = await statfs(folder)
  const free = bavail * bsize
  const what = `${Math.round(free / 1e6).toLocaleString('en')} MB are free in ${folder}`
  return free >= LEAST_FREE
    ? { what, ok: true }
    : { what, ok: false, advice: 'free some space: when the disk is full, no mail can come in.' }
}

function checkClock({ clock }: Context): Finding {
  const now = clock.now()
  const what = `the clock says ${now.toISOString()}`
  return now.getTime() >= EARLIEST
    ? { what, ok: true }
    : { what, ok: false, advice: 'set the clock of this machine (NTP).' }
}

async function checkScanner({ scanner }: Context): Promise<Finding[]> {
  if (!scanner) return []
  try {
    return [{ what: `the virus scanner answers: ${await scanner.version()}`, ok: true }]
  } catch (error) {
    const advice = `${sentenceOf(error)}: start clamd, or correct scanner.clamd; messages with files are held meanwhile.`
    return [{ what: `the virus scanner at ${scanner.address} answers`, ok: false, advice }]
  }
}

async function checkWaiting({ store }: Context): Promise<Finding[]> {
  const waiting = await waitingArrivals(store.read, 1000)
  const alarms = await standingAlarms(store.read)
  return [
    ...(waiting.length > 0
      ? [
          {
            what: `${waiting.length} message(s) waiting for a decision`,
            ok: false,
            advice: 'relaydesk inbox list shows them.',
          },
        ]
      : []),
    ...alarms.map(alarm => ({
      what: `open alarm: ${alarm.sentence}`,
      ok: false,
      advice: 'relaydesk alarms shows all of them.',
    })),
  ]
}
