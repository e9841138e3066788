import { mkdtemp, open, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Verification } from '../../../src/flow/upkeep/verify.ts'
import type { GeneratedMail } from '../../support/mail/mail-generator.ts'
import { configure, type DeskPlace, DeskProcess } from '../desk-process.ts'
import { readPicture } from '../picture.ts'
import type { ImapScene } from './scene.ts'

const SLOWEST_IMPORT_MS = 300_000
const SLOWEST_VERIFY_MS = 120_000
const HEAD_BYTES = 4_096

export interface Outcome {
  places: { fire: DeskPlace; calm: DeskPlace }
  scene: ImapScene
  /** In the order of their delivery. */
  mails: readonly GeneratedMail[]
  /** Message-IDs of what may be missing, because somebody else removed it before it was taken. */
  removed: ReadonlySet<string>
  /** How many messages that was, duplicates and copies included. */
  removedUnmarked: number
  /** Everything that was to leave has left. */
  everyAnswer: boolean
}

/** What came out, in figures. */
export interface Found {
  tickets: number
  stored: number
  /** Deliveries that changed nothing: written twice, put in again, or read again after a fault. */
  duplicates: number
  /** Arrivals that were noted as gone. */
  gone: number
  /** Removed by somebody else, and never seen by the desk. */
  missing: number
  acknowledgements: number
  failures: string[]
}

/** Stops the desk and compares what it holds with an undisturbed import of the same messages. */
export async function checkOutcome(outcome: Outcome): Promise<Found> {
  const { places, scene, mails, removed, removedUnmarked } = outcome
  const failures: string[] = []
  if (!scene.deskRuns) failures.push('the desk ended by itself')
  const code = await scene.stopDesk()
  if (code !== 0) failures.push(`the desk ended with ${code} when told to stop`)
  const verified = await verify(places.fire)
  failures.push(...verified.failures, ...(await standingAlarms(places.fire)))

  const found = await readPicture(places.fire)
  const there = new Set(found.messageIds)
  const delivered = new Set(mails.map(mail => mail.messageId))
  const missing = [...delivered].filter(id => !there.has(id))
  failures.push(...missing.filter(id => !removed.has(id)).map(id => `lost: ${id}`))
  failures.push(...[...there].filter(id => !delivered.has(id)).map(id => `never delivered: ${id}`))
  failures.push(...repeated(found.messageIds).map(id => `stored more than once: ${id}`))
  const gone = found.outcomes['ignored:gone'] ?? 0
  if (gone > removedUnmarked) failures.push(`${gone} were noted as gone, and ${removedUnmarked} were removed`)
  const usual = ['opened', 'appended', 'duplicate', 'ignored:gone']
  const odd = Object.entries(found.outcomes).filter(([name]) => !usual.includes(name))
  failures.push(...odd.map(([name, times]) => `${times} arrivals ended as ${name}`))

  const stored = mails.filter(mail => there.has(mail.messageId))
  const expected = await importUndisturbed(places.calm, stored)
  const tickets = new Set(found.tickets)
  const wanted = new Set(expected.tickets)
  failures.push(...expected.tickets.filter(ticket => !tickets.has(ticket)).map(ticket => `missing ticket: ${ticket}`))
  failures.push(...found.tickets.filter(ticket => !wanted.has(ticket)).map(ticket => `no such ticket: ${ticket}`))

  const acknowledged = await acknowledgements(join(places.fire.folder, 'state', 'mail'))
  failures.push(...repeated(acknowledged).map(each => `acknowledged more than once: ${each}`))
  if (outcome.everyAnswer && acknowledged.length !== found.tickets.filter(isAcknowledged).length) {
    failures.push(`${acknowledged.length} acknowledgements left for ${found.tickets.length} tickets`)
  }
  return {
    tickets: found.tickets.length,
    stored: there.size,
    duplicates: verified.duplicates,
    gone,
    missing: missing.length,
    acknowledgements: acknowledged.length,
    failures,
  }
}

function isAcknowledged(ticket: string): boolean {
  return ticket.endsWith('acknowledged 1 times')
}

function repeated(values: readonly string[]): string[] {
  const seen = new Set<string>()
  return [...new Set(values.filter(value => seen.has(value) || !seen.add(value)))]
}

/** `relaydesk receive` of a folder, without anything that goes wrong. */
async function importUndisturbed(place: DeskPlace, mails: readonly GeneratedMail[]) {
  const folder = await mkdtemp(join(tmpdir(), 'relaydesk-mail-'))
  try {
    for (const mail of mails) await writeFile(join(folder, mail.file), mail.raw)
    await configure(place, undefined)
    const desk = new DeskProcess(place, ['receive', '--json', folder])
    const code = await desk.exitCode(SLOWEST_IMPORT_MS)
    if (code !== 0) throw new Error(`the undisturbed import ended with ${code}: ${desk.errors}`)
    return await readPicture(place)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function verify(place: DeskPlace): Promise<{ failures: string[]; duplicates: number }> {
  const desk = new DeskProcess(place, ['verify', '--json'])
  const code = await desk.exitCode(SLOWEST_VERIFY_MS)
  const said = JSON.parse(desk.lines.join('\n') || '{}') as Partial<Verification>
  const failures = [
    ...(code === 0 && said.unaccounted === 0 ? [] : [`verify ended with ${code}: ${desk.errors}`]),
    ...(said.problems ?? []),
  ]
  return { failures, duplicates: said.outcomes?.duplicate ?? 0 }
}

async function standingAlarms(place: DeskPlace): Promise<string[]> {
  const desk = new DeskProcess(place, ['alarms', '--json'])
  await desk.exitCode()
  const alarms = JSON.parse(desk.lines.join('\n') || '[]') as { sentence: string }[]
  return alarms.map(({ sentence }) => `open alarm: ${sentence}`)
}

/** Who was told of which message that it came in: one text for each acknowledgement in the Maildir. */
async function acknowledgements(maildir: string): Promise<string[]> {
  const all: string[] = []
  for (const part of ['new', 'cur']) {
    for (const name of await readdir(join(maildir, part)).catch(() => [])) {
      const head = await headOf(join(maildir, part, name))
      const to = field(head, 'To')
      if (!to.includes('@staff.example')) all.push(`${to} ${field(head, 'In-Reply-To')}`)
    }
  }
  return all
}

async function headOf(path: string): Promise<string> {
  const file = await open(path)
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0)
    const text = buffer.toString('utf8', 0, bytesRead)
    return text.slice(0, text.search(/\r?\n\r?\n/)).replace(/\r?\n[ \t]+/g, ' ')
  } finally {
    await file.close()
  }
}

function field(head: string, name: string): string {
  return new RegExp(`^${name}: *(.*)$`, 'im').exec(head)?.[1]?.trim() ?? ''
}
