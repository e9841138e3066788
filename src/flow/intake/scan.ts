// Has files scanned for viruses.
import { readFile } from 'node:fs/promises'
import type { Content } from '../../channel/message.ts'
import { unpack } from '../../content.ts'
import type { ScanResult } from '../../core/intake/situation.ts'
import { settleAlarm } from '../../store/alarms.ts'
import type { Tx } from '../../store/engine/sql.ts'
import { raise } from '../alarm.ts'
import type { Context, Intake, Origin } from '../context.ts'
import type { InboundItem } from './inbound-item.ts'

const AT_ONCE = 8
const SLOWEST_MS = 20_000 // a whole group: mail without files waits behind it
const LATE: ScanResult = { result: 'unscanned', reason: 'it took too long', tooLarge: false }

/** What the scanner says of each message with files, by id; before the transaction, which cannot wait for it. */
export async function scanAll(
  { scanner }: Context,
  group: readonly { message: InboundItem }[],
): Promise<Map<string, ScanResult>> {
  const results = new Map<string, ScanResult>()
  if (!scanner) return results
  const until = performance.now() + SLOWEST_MS
  const waiting = group.filter(({ message }) => 'attachments' in message && message.attachments.length > 0)
  for (let at = 0; at < waiting.length; at += AT_ONCE) {
    await Promise.all(
      waiting.slice(at, at + AT_ONCE).map(async ({ message }) => {
        const remainingMs = until - performance.now()
        results.set(
          message.id,
          remainingMs > 0 ? await scanWithin(remainingMs, scanner.scan(await bytesOf(message.raw))) : LATE,
        )
      }),
    )
  }
  return results
}

async function scanWithin(milliseconds: number, scanning: Promise<ScanResult>): Promise<ScanResult> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<ScanResult>(resolve => {
    timer = setTimeout(() => resolve(LATE), milliseconds)
  })
  try {
    return await Promise.race([scanning, late])
  } finally {
    clearTimeout(timer)
  }
}

async function bytesOf(content: Content): Promise<Uint8Array> {
  return unpack(content.encoding, 'path' in content ? await readFile(content.path) : content.bytes)
}

/** Notes whether the scanner works: an alarm tells that it does not. */
export async function noteScan(tx: Tx, { facts }: Intake, { channel }: Origin, scan: ScanResult): Promise<void> {
  if (scan.result !== 'unscanned') {
    await settleAlarm(tx, channel, 'scanner', facts.at)
  } else if (!scan.tooLarge) {
    const sentence = `The virus scanner does not work (${scan.reason}), so messages with files are held: start clamd or correct scanner.clamd, then release them with open or join.`
    await raise(tx, facts, { channel, code: 'scanner', sentence })
  }
}
