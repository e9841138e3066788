// The store on SQLite.
import { closeSync, existsSync, openSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import Database from 'better-sqlite3'
import { codeOf, DeskError } from '../../errors.ts'
import { PRIVATE_FILE } from '../../rights.ts'
import { LogKeeper } from './log-keeper.ts'
import { LoopTurns } from './loop-turns.ts'
import type { Migratable } from './migrate.ts'
import type { Sql, Store, Tx, Value } from './sql.ts'
import { type Run, statements } from './statements.ts'

const BUSY_MS = 5_000
const AGAIN_MS = 1 // after another process was in the way
const HELD_MS = 25 // so long others wait for what follows on each other here; then comes
const GAP_MS = 4 // in which each of them tries at least once
const FULL_CPU_MS = 20 // what a transaction that can be parted may take, so that a turn stays below 50 ms with its commit
const FULL_MS = 200 // the same where the disk or the machine is slow: smaller parts would cost more than they help
const WAKE_POLL_MS = 200
const MERGED_PAGES = 8 // for each message
const MOST_MERGED = 25 // messages that are paid for at once

/** What another process holds fails at once: `patiently` waits for it. */
const AT_ONCE = { timeout: 0 }

const SETTINGS = [
  'journal_mode = WAL',
  'synchronous = FULL',
  'wal_autocheckpoint = 0', // `LogKeeper` does that
  'foreign_keys = ON',
  'cache_size = -16000',
  'temp_store = MEMORY',
]

/** Waits of another process, a full disk, a folder that went away: nothing was stored, and it may work later. */
const TEMPORARY = /^SQLITE_(BUSY|LOCKED|FULL|IOERR|CANTOPEN|NOMEM|READONLY|PROTOCOL)/

/**
 * SQLite in WAL mode with `synchronous=FULL`: a commit is on the disk when it returns. Writing transactions begin
 * IMMEDIATE, because a deferred one fails as soon as another process writes between its read and its write, whatever
 * the busy timeout. See https://sqlite.org/isolation.html and https://sqlite.org/wal.html.
 */
export async function openSqlite(path: string): Promise<Store & { migratable: Migratable }> {
  if (!existsSync(path)) closeSync(openSync(path, 'a', PRIVATE_FILE)) // its logs take its rights over
  const writer = new Database(path, AT_ONCE)
  await patiently(() => {
    for (const setting of SETTINGS) writer.pragma(setting)
  })
  const reader = new Database(path, { readonly: true, ...AT_ONCE })

  const loopTurns = new LoopTurns()
  const begin = writer.prepare('BEGIN IMMEDIATE')
  const commit = writer.prepare('COMMIT')
  const write = statements(writer)
  const mergeWords = wordsMerger(writer)
  const log = new LogKeeper(writer, inTurn)
  const timers = new Set<NodeJS.Timeout>()
  let last: Promise<unknown> = Promise.resolve()
  let held = 0
  let freeSince = 0
  let closed = false

  /** One after the other: there is one writer. */
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = last.then(work)
    last = turn.catch(() => undefined)
    return turn
  }

  /** For other processes, which would hardly ever find the database free between two transactions. */
  async function leaveGap(): Promise<void> {
    const remainingMs = GAP_MS - (performance.now() - freeSince)
    if (remainingMs > 0 && held < HELD_MS) return
    if (remainingMs > 0) await pause(remainingMs)
    held = 0
  }

  /**
   * A transaction that waited for the network or a timer would hold the only writer meanwhile. Statements resolve within
   * the turn of the event loop that began it, so one that does not end in that turn waited for something else.
   */
  async function run<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    return guarded(async () => {
      await leaveGap()
      while (loopTurns.isLong) await loopTurns.next()
      await patiently(() => begin.run())
      const [turn, since] = [loopTurns.number, performance.now()]
      const lasted = () => performance.now() - since
      try {
        const numbers = new Map<string, number>()
        const computed = cpuTimer()
        const tx = transaction(write, numbers, () => computed() > FULL_CPU_MS || lasted() > FULL_MS)
        const result = await work(tx)
        for (const [counter, value] of numbers) await tx`UPDATE counters SET value = ${value} WHERE name = ${counter}`
        mergeWords()
        if (loopTurns.number !== turn) {
          throw new Error('A transaction waited for something that is no statement; do that before or after it.')
        }
        commit.run()
        log.look()
        return result
      } catch (error) {
        if (writer.inTransaction) writer.exec('ROLLBACK')
        throw error
      } finally {
        held += lasted()
        freeSince = performance.now()
      }
    })
  }

  /** Reads of which each waits for its turn, but not inside a transaction, which must end in its own. */
  function reads(db: Database.Database): Sql {
    const read = statements(db)
    return async <Row extends object>(text: TemplateStringsArray, ...values: Value[]): Promise<Row[]> => {
      while (loopTurns.isLong && !writer.inTransaction) await loopTurns.next()
      return patiently(() => read<Row>(text, values))
    }
  }

  return {
    engine: 'sqlite',
    read: reads(reader),
    async consistently(work) {
      const snapshot = new Database(path, { readonly: true, ...AT_ONCE })
      try {
        snapshot.exec('BEGIN')
        return await work(reads(snapshot))
      } finally {
        snapshot.close()
      }
    },
    async transact(work) {
      if (closed) throw new DeskError('unavailable', 'The database is closed: this process is stopping.')
      return inTurn(() => run(work))
    },
    onWake(listener) {
      // Moves with the commits of other connections only; the reader here never commits.
      const version = writer.prepare('PRAGMA data_version').pluck()
      let seen = version.get()
      const timer = setInterval(() => {
        if (!writer.open || writer.inTransaction) return
        const now = version.get()
        if (now === seen) return
        seen = now
        listener()
      }, WAKE_POLL_MS)
      timer.unref()
      timers.add(timer)
      return () => {
        clearInterval(timer)
        timers.delete(timer)
      }
    },
    migratable: migratable(writer),
    snapshot: target =>
      inTurn(() =>
        guarded(async () => {
          closeSync(openSync(target, 'wx', PRIVATE_FILE))
          await patiently(() => writer.prepare('VACUUM INTO ?').run(target))
        }),
      ),
    async close() {
      closed = true
      for (const timer of timers) clearInterval(timer)
      await last
      await log.stop()
      if (!writer.open) return
      reader.close()
      writer.close() // the last connection to close brings the log into the database
    },
  }
}

/**
 * What was written is searched in parts, one for each transaction, which FTS5 must put together sooner or later: each
 * transaction pays for what it adds, so that none has to wait for megabytes.
 */
function wordsMerger(db: Database.Database): () => void {
  let newest: Database.Statement | undefined
  let merge: Database.Statement | undefined
  let seen: number | undefined
  return () => {
    newest ??= db.prepare('SELECT max(number) FROM message_numbers').pluck()
    merge ??= db.prepare(`INSERT INTO message_words (message_words, rank) VALUES ('merge', ?)`)
    const now = (newest.get() as number | null) ?? 0
    seen ??= now - 1 // what was there before was paid for
    if (now <= seen) return
    merge.run(MERGED_PAGES * Math.min(now - seen, MOST_MERGED))
    seen = now
  }
}

function migratable(db: Database.Database): Migratable {
  return {
    engine: 'sqlite',
    exclusively: work =>
      guarded(async () => {
        await patiently(() => db.exec('BEGIN IMMEDIATE'))
        try {
          await work()
          db.exec('COMMIT')
        } catch (error) {
          if (db.inTransaction) db.exec('ROLLBACK')
          throw error
        }
      }),
    version: async () => db.pragma('user_version', { simple: true }) as number,
    script: async text => void db.exec(text),
    setVersion: async version => void db.pragma(`user_version = ${version}`),
  }
}

function transaction(run: Run, numbers: Map<string, number>, isLong: () => boolean): Tx {
  const write: Sql = async (text, ...values) => run(text, values)
  return Object.assign(write, {
    async lock() {}, // one writer at a time holds the whole database
    // Counted in memory and written once, before the commit.
    async number(counter: string) {
      const stored = numbers.has(counter) ? 0 : await currentNumber(write, counter)
      const next = Math.max(stored, numbers.get(counter) ?? 0) + 1 // somebody may have asked during the await
      numbers.set(counter, next)
      return next
    },
    wake() {}, // the other processes see the commit itself
    isLong,
  })
}

async function currentNumber(write: Sql, counter: string): Promise<number> {
  const [row] = await write<{ value: number }>`
    INSERT INTO counters (name, value) VALUES (${counter}, 0)
    ON CONFLICT (name) DO UPDATE SET value = counters.value RETURNING value`
  return row?.value ?? 0
}

/** Gives the milliseconds that this thread has computed from now on. */
function cpuTimer(): () => number {
  const begin = process.threadCpuUsage()
  return () => {
    const { user, system } = process.threadCpuUsage(begin)
    return (user + system) / 1000
  }
}

/**
 * Tries again while another process is in the way, and lets the event loop turn meanwhile: SQLite's own waiting would
 * hold up everything else here, and leaves it to chance who comes next.
 */
async function patiently<T>(work: () => T): Promise<T> {
  const end = performance.now() + BUSY_MS
  for (;;) {
    try {
      return work()
    } catch (error) {
      if (!codeOf(error).startsWith('SQLITE_BUSY')) throw error
      if (performance.now() > end) throw asDeskError(error)
    }
    await pause(AGAIN_MS)
  }
}

async function guarded<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw asDeskError(error)
  }
}

/** A fault of the machine as a temporary failure, a damaged file as what it is; any other error as it came. */
export function asDeskError(error: unknown): unknown {
  if (error instanceof DeskError) return error
  const code = codeOf(error)
  if (code.startsWith('SQLITE_CORRUPT')) {
    return new DeskError('unsound', 'The database file is damaged: stop the desk and restore a backup.', {
      cause: error,
    })
  }
  if (!TEMPORARY.test(code)) return error
  return new DeskError(
    'temporary',
    `The database cannot be written at the moment (${code}): free some space, or wait and try again.`,
    {
      cause: error,
    },
  )
}
