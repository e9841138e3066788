import { readFile } from 'node:fs/promises'
import type { Content } from '../channel.ts'
import { tellAgents } from '../commands/notify.ts'
import { unpack } from '../content.ts'
import type { Decision } from '../core/threading.ts'
import { raiseAlarm, settleAlarm } from '../store/alarms.ts'
import type { Tx } from '../store/sql.ts'
import type { Arriving } from './arriving.ts'
import type { ScanResult } from './clamd.ts'
import type { Context, Intake, Origin } from './context.ts'

const AT_ONCE = 8

/** What the scanner says of each message with files, by id; before the transaction, which cannot wait for it. */
export async function scanAll(
  { scanner }: Context,
  group: readonly { message: Arriving }[],
): Promise<Map<string, ScanResult>> {
  const results = new Map<string, ScanResult>()
  if (!scanner) return results
  const waiting = group.filter(({ message }) => 'attachments' in message && message.attachments.length > 0)
  for (let at = 0; at < waiting.length; at += AT_ONCE) {
    await Promise.all(
      waiting.slice(at, at + AT_ONCE).map(async ({ message }) => {
        results.set(message.id, await scanner.scan(await bytesOf(message.raw)))
      }),
    )
  }
  return results
}

async function bytesOf(content: Content): Promise<Uint8Array> {
  return unpack(content.encoding, 'path' in content ? await readFile(content.path) : content.bytes)
}

/** Holds what the scanner found something in, and what it could not look at; an alarm tells that it does not work. */
export async function passScan(
  tx: Tx,
  { scans, facts }: Intake,
  { channel }: Origin,
  id: string,
  decision: Decision,
): Promise<{ decision: Decision; found: string | null }> {
  const scan = scans.get(id)
  if (!scan || decision.action === 'ignore') return { decision, found: null }
  const ticketId = 'ticketId' in decision ? decision.ticketId : null
  if (scan.result === 'unscanned') {
    const sentence = `The virus scanner does not work, so messages with files are held: ${scan.reason}.`
    if (await raiseAlarm(tx, { channel, code: 'scanner', sentence, raisedAt: facts.at })) {
      await tellAgents(tx, facts, facts.agents, { kind: 'notify-alarm', purpose: 'internal', channel, note: sentence })
    }
    return { decision: { action: 'hold', ticketId, reason: 'unscanned' }, found: scan.reason }
  }
  await settleAlarm(tx, channel, 'scanner', facts.at)
  if (scan.result === 'clean') return { decision, found: null }
  return { decision: { action: 'hold', ticketId, reason: 'virus' }, found: scan.name }
}
