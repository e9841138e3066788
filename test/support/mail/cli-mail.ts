import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { cleanEnvironment, type Ended, jsonLines, type Room } from '../relaydesk-process.ts'

/** A line of `receive --json`. */
export interface Line {
  file: string
  outcome: string
  ref: string | null
}

/** What `verify --json` prints. */
export interface Verified {
  arrivals: number
  outcomes: Record<string, number>
  unaccounted: number
  tickets: number
  problems: string[]
}

/** A mail by Ann. Its Message-ID follows from its subject; `fields` are further header lines. */
export function mail(subject: string, fields = '', text = 'Hello.'): string {
  const id = subject.replace(/[^a-z0-9]/gi, '-')
  const head = `From: ann@example.com\nTo: help@desk.localhost\nSubject: ${subject}\nMessage-ID: <${id}@example.com>\n`
  return `${head}${fields}\n${text}\n`
}

/** Bytes as base64 in lines of 76 characters. */
export function inBase64(bytes: Buffer): string {
  return bytes.toString('base64').replace(/.{76}/g, '$&\n')
}

/** A mail by Ann with a text and the file a.zip. */
export function mailWithFile(subject: string, bytes: Buffer): string {
  const part = [
    'Content-Type: application/zip',
    'Content-Transfer-Encoding: base64',
    'Content-Disposition: attachment; filename=a.zip',
  ].join('\n')
  const text = `--b\n\nSee the file.\n--b\n${part}\n\n${inBase64(bytes)}\n--b--`
  return mail(subject, 'Content-Type: multipart/mixed; boundary=b\nMIME-Version: 1.0\n', text)
}

/** Runs `relaydesk verify`; rejects if it finds anything. */
export async function verified(room: Room): Promise<Verified> {
  const { code, stdout, stderr } = await room.run('verify', '--json')
  if (code !== 0) throw new Error(`verify ended with ${code}: ${stdout}${stderr}`)
  return JSON.parse(stdout) as Verified
}

/** Subjects of all tickets in the order of their numbers; a desk of at most 200 tickets. */
export async function subjects(room: Room): Promise<string[]> {
  const { stdout } = await room.run('list', 'all', '--json')
  const tickets = JSON.parse(stdout) as { ref: string; subject: string }[]
  return tickets.sort((a, b) => Number(a.ref.slice(3)) - Number(b.ref.slice(3))).map(each => each.subject)
}

/** What taking mail may need at most, whatever comes in. */
export const MOST_MEMORY_KB = 600_000

/** Runs `receive --json` and watches the most memory the process ever had; 0 where the system does not tell. */
export async function receiveWatched(
  room: Room,
  ...args: string[]
): Promise<Ended & { lines: Line[]; peakKb: number }> {
  const running = room.launch('receive', '--json', ...args)
  let peakKb = 0
  const status = `/proc/${running.child.pid}/status`
  const timer = setInterval(() => {
    try {
      peakKb = Number(/VmHWM:\s+(\d+)/.exec(readFileSync(status, 'utf8'))?.[1] ?? peakKb)
    } catch {
      // it ended meanwhile, or this system tells nothing
    }
  }, 20)
  const ended = await running.ended
  clearInterval(timer)
  if (peakKb === 0 && existsSync('/proc/self/status')) throw new Error('The memory of the process was not seen.')
  return { ...ended, lines: jsonLines<Line>(ended.stdout), peakKb }
}

/** Files in the making that nobody needs any more. */
export async function leftInSpool(room: Room): Promise<string[]> {
  return readdir(room.path('var', 'spool')).catch(() => [])
}

/** Another process that holds the only writer of the room's database until it is killed. */
export async function holdWriter(room: Room): Promise<ChildProcess> {
  const script = `
    const db = new (require(process.argv[1]))(process.argv[2])
    db.exec('BEGIN IMMEDIATE')
    process.stdout.write('held')
    setInterval(() => {}, 60_000)`
  const driver = fileURLToPath(import.meta.resolve('better-sqlite3'))
  const args = ['-e', script, driver, room.path('var', 'relaydesk.db')]
  const child = spawn(process.execPath, args, { env: cleanEnvironment(), stdio: ['ignore', 'pipe', 'inherit'] })
  room.adopt(child)
  await once(child.stdout, 'data')
  return child
}
