import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import Database from 'better-sqlite3'
import { ImapFlow } from 'imapflow'
import { type Dovecot, dovecotMissing, startDovecot } from '../support/servers/dovecot.ts'
import { type Bench, inRounds, type Round } from './baseline.ts'
import { type Figure, median } from './figure.ts'
import { memoryOf } from './measured-process.ts'
import { expectSound, makePlace, startDesk, stopDesk } from './place.ts'

const ROUNDS = 3
const PUSHES = 30
const MAILBOXES = 50
const AFTER_START_MS = 10_000
const LOOK_MS = 20
const PASSWORD = 'secret'

/** Mail that waits on a server, how soon new mail is a ticket, and many mailboxes in which nothing happens. */
export async function measureImap(bench: Bench): Promise<Figure[]> {
  const missing = dovecotMissing()
  if (missing !== undefined) {
    process.stderr.write(`imap is left out. ${missing}\n`)
    return []
  }
  return [...(await measureImport(bench)), ...(await measurePush(bench)), ...(await measureMailboxes(bench))]
}

async function measureImport(bench: Bench): Promise<Figure[]> {
  const dovecot = await startDovecot({ users: { support: PASSWORD } })
  try {
    for (const file of bench.corpus.files) await dovecot.deliver('support', await readFile(file))
    const rounds = await inRounds(bench, ROUNDS, () => importOnce(bench, dovecot))
    const { rates, rate, ratio, cpuRatio, peakBytes, cores, otherCores } = rounds
    return [
      {
        measure: 'imap',
        what: 'IMAP, a mailbox on Dovecot into SQLite',
        value: rate,
        unit: 'messages/s',
        ratio,
        target: { of: 'ratio', at: 'least', limit: 0.4 },
        repeats: rates,
        cpuRatio,
        cores,
        otherCores,
      },
      {
        measure: 'imap',
        what: 'IMAP, peak memory',
        value: peakBytes / 1e6,
        unit: 'MB',
        ratio: null,
        target: { of: 'value', at: 'most', limit: 600 },
        repeats: [peakBytes / 1e6],
      },
    ]
  } finally {
    await dovecot.remove()
  }
}

/** From the start of the desk to the last commit. */
async function importOnce({ corpus, root }: Bench, dovecot: Dovecot): Promise<Round> {
  const count = corpus.files.length
  const place = await makePlace(root, 'sqlite', { imap: [mailbox(dovecot, 'support', 'all')] })
  const { desk } = await startDesk(place)
  const arrivals = countArrivals(place.folder)
  while (arrivals.count() < count) await pause(LOOK_MS)
  const seconds = (performance.now() - desk.since) / 1000
  arrivals.close()
  const { cpuSeconds, otherCores, peakBytes } = await stopDesk(desk)
  await expectSound(place, count)
  await rm(place.folder, { recursive: true })
  return { rate: count / seconds, perCpuSecond: count / cpuSeconds, peakBytes, cores: cpuSeconds / seconds, otherCores }
}

/** From the moment in which the server tells of a message to its committed ticket; the server itself waits before it tells. */
async function measurePush({ root }: Bench): Promise<Figure[]> {
  const dovecot = await startDovecot({ users: { support: PASSWORD } })
  const observer = new ImapFlow({ ...address(dovecot), auth: { user: 'support', pass: PASSWORD }, logger: false })
  try {
    const place = await makePlace(root, 'sqlite', { imap: [mailbox(dovecot, 'support', 'new')] })
    const { desk } = await startDesk(place)
    await observer.connect()
    await observer.mailboxOpen('INBOX', { readOnly: true })
    const arrivals = countArrivals(place.folder)
    while (!arrivals.watching()) await pause(LOOK_MS)
    const milliseconds: number[] = []
    for (let push = 1; push <= PUSHES; push += 1) {
      const told = new Promise<number>(resolve => observer.once('exists', () => resolve(performance.now())))
      void observer.idle()
      await dovecot.deliver(
        'support',
        `From: ann@example.com\r\nSubject: ${push}\r\nMessage-ID: <${push}@x>\r\n\r\nHi\r\n`,
      )
      let committed = 0
      while (arrivals.count() < push) await pause(1)
      committed = performance.now()
      milliseconds.push(Math.max(0, committed - (await told)))
    }
    arrivals.close()
    await stopDesk(desk)
    await rm(place.folder, { recursive: true })
    return [
      {
        measure: 'imap',
        what: 'IMAP, from the push to the committed ticket',
        value: median(milliseconds),
        unit: 'ms',
        ratio: null,
        target: { of: 'value', at: 'most', limit: 30 },
        repeats: milliseconds,
      },
    ]
  } finally {
    observer.close()
    await dovecot.remove()
  }
}

async function measureMailboxes({ root }: Bench): Promise<Figure[]> {
  const names = Array.from({ length: MAILBOXES }, (_, index) => `support${index}`)
  const dovecot = await startDovecot({ users: Object.fromEntries(names.map(name => [name, PASSWORD])) })
  try {
    const place = await makePlace(root, 'sqlite', { imap: names.map(name => mailbox(dovecot, name, 'new')) })
    const { desk } = await startDesk(place)
    const connected = async () =>
      (await dovecot.doveadm('who', '-1')).split('\n').filter(line => /^support\d/.test(line)).length
    while ((await connected()) < MAILBOXES) await pause(LOOK_MS)
    await pause(AFTER_START_MS)
    const held = memoryOf(desk.child.pid ?? 0).now / 1e6
    await dovecot.restart()
    const since = performance.now()
    while ((await connected()) < MAILBOXES) await pause(LOOK_MS)
    const seconds = (performance.now() - since) / 1000
    await stopDesk(desk)
    await rm(place.folder, { recursive: true })
    const one = { measure: 'imap', ratio: null } as const
    return [
      {
        ...one,
        what: `IMAP, ${MAILBOXES} idle mailboxes in one desk`,
        value: held,
        unit: 'MB',
        target: { of: 'value', at: 'most', limit: 200 },
        repeats: [held],
      },
      {
        ...one,
        what: `IMAP, all ${MAILBOXES} connected again after a restart`,
        value: seconds,
        unit: 's',
        target: { of: 'value', at: 'most', limit: 10 },
        repeats: [seconds],
      },
    ]
  } finally {
    await dovecot.remove()
  }
}

function address(dovecot: Dovecot): {
  host: string
  port: number
  secure: boolean
  tls: { rejectUnauthorized: boolean }
} {
  return { host: 'localhost', port: dovecot.imapsPort, secure: true, tls: { rejectUnauthorized: false } }
}

function mailbox(dovecot: Dovecot, user: string, policy: 'new' | 'all'): object {
  const { imapsPort: port, certFile: ca } = dovecot
  return { host: 'localhost', port, user, password: PASSWORD, ca, folders: [{ import: policy, after: 'nothing' }] }
}

/** Looks into the database beside the desk. */
function countArrivals(folder: string): { count(): number; watching(): boolean; close(): void } {
  const database = new Database(join(folder, 'var', 'relaydesk.db'), { readonly: true })
  const arrivals = database.prepare('SELECT count(*) FROM arrivals').pluck()
  const cursors = database.prepare("SELECT count(*) FROM channel_memory WHERE key LIKE 'imap %'").pluck()
  return {
    count: () => arrivals.get() as number,
    watching: () => (cursors.get() as number) > 0,
    close: () => void database.close(),
  }
}
