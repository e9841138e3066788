import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { cleanEnvironment, type Room } from './relaydesk-process.ts'

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

/** Another process that holds the only writer of the room's database for so long, or until it is killed. */
export async function holdWriter(room: Room, milliseconds: number): Promise<ChildProcess> {
  const script = `
    const db = new (require(process.argv[1]))(process.argv[2])
    db.exec('BEGIN IMMEDIATE')
    process.stdout.write('held')
    setTimeout(() => { db.exec('ROLLBACK'); db.close() }, ${milliseconds})`
  const driver = fileURLToPath(import.meta.resolve('better-sqlite3'))
  const args = ['-e', script, driver, room.path('var', 'relaydesk.db')]
  const child = spawn(process.execPath, args, { env: cleanEnvironment(), stdio: ['ignore', 'pipe', 'inherit'] })
  room.adopt(child)
  await once(child.stdout, 'data')
  return child
}
