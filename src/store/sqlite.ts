import { closeSync, existsSync, openSync } from 'node:fs'
import Database from 'better-sqlite3'
import { codeOf, DeskError } from '../errors.ts'
import { PRIVATE_FILE } from '../rights.ts'
import type { Migratable } from './migrate.ts'
import { bindable, expand, type Sql, type Store, type Tx, type Value, varies } from './sql.ts'

const BUSY_MS = 5_000
const WAKE_POLL_MS = 200
const WAL_RETRY_MS = 10
const MERGED_PAGES = 8 // for each message
const MOST_MERGED = 25 // messages that are paid for at once
const LIST_STATEMENTS = 500 // kept prepared, one for each length of a list

/** Waits of another process, a full disk, a folder that went away: nothing was stored, and it may work later. */
const TEMPORARY = /^SQLITE_(BUSY|LOCKED|FULL|IOERR|CANTOPEN|NOMEM|READONLY|PROTOCOL)/

/**
 * SQLite in WAL mode with `synchronous=FULL`: a commit is on the disk when it returns. Writing transactions begin
 * IMMEDIATE, because a deferred one fails as soon as another process writes between its read and its write, whatever
 * the busy timeout. See https://sqlite.org/isolation.html and https://sqlite.org/wal.html.
 */
export function openSqlite(path: string): Store & { migratable: Migratable } {
  if (!existsSync(path)) closeSync(openSync(path, 'a', PRIVATE_FILE)) // its logs take its rights over
  const writer = new Database(path, { timeout: BUSY_MS })
  useWal(writer)
  writer.pragma('synchronous = FULL')
  writer.pragma('wal_autocheckpoint = 10000') // pages: a checkpoint costs as much as many commits
  writer.pragma('foreign_keys = ON')
  writer.pragma('cache_size = -16000')
  writer.pragma('temp_store = MEMORY')
  const reader = new Database(path, { readonly: true, timeout: BUSY_MS })

  const begin = writer.prepare('BEGIN IMMEDIATE')
  const commit = writer.prepare('COMMIT')
  const write = statements(writer)
  const mergeWords = wordsMerger(writer)
  const timers = new Set<NodeJS.Timeout>()
  let last: Promise<unknown> = Promise.resolve()
  let closed = false

  /** One after the other: there is one writer. */
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = last.then(work)
    last = turn.catch(() => undefined)
    return turn
  }

  async function run<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    return guarded(async () => {
      begin.run()
      const leftTurn = alarmWhenTurnEnds()
      try {
        const numbers = new Map<string, number>()
        const result = await work(transaction(write, numbers))
        for (const [counter, value] of numbers)
          await write`UPDATE counters SET value = ${value} WHERE name = ${counter}`
        mergeWords()
        leftTurn.check()
        commit.run()
        return result
      } catch (error) {
        if (writer.inTransaction) writer.exec('ROLLBACK')
        throw error
      } finally {
        leftTurn.clear()
      }
    })
  }

  return {
    engine: 'sqlite',
    read: statements(reader),
    async consistently(work) {
      const snapshot = new Database(path, { readonly: true, timeout: BUSY_MS })
      try {
        snapshot.exec('BEGIN')
        return await work(statements(snapshot))
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
          writer.prepare('VACUUM INTO ?').run(target)
        }),
      ),
    async close() {
      closed = true
      for (const timer of timers) clearInterval(timer)
      await last
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

/** Switching a new database to WAL fails at once while another process does the same, whatever the busy timeout. */
function useWal(db: Database.Database): void {
  const end = Date.now() + BUSY_MS
  for (;;) {
    try {
      db.pragma('journal_mode = WAL')
      return
    } catch (error) {
      if (codeOf(error) !== 'SQLITE_BUSY' || Date.now() > end) throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, WAL_RETRY_MS)
    }
  }
}

function migratable(db: Database.Database): Migratable {
  return {
    engine: 'sqlite',
    exclusively: work =>
      guarded(async () => {
        db.exec('BEGIN IMMEDIATE')
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

function transaction(write: Sql, numbers: Map<string, number>): Tx {
  return Object.assign(write.bind(null) as Sql, {
    async lock() {}, // one writer at a time holds the whole database
    // Counted in memory and written once, before the commit.
    async number(counter: string) {
      const stored = numbers.has(counter) ? 0 : await currentNumber(write, counter)
      const next = Math.max(stored, numbers.get(counter) ?? 0) + 1 // somebody may have asked during the await
      numbers.set(counter, next)
      return next
    },
    wake() {}, // the other processes see the commit itself
  })
}

async function currentNumber(write: Sql, counter: string): Promise<number> {
  const [row] = await write<{ value: number }>`
    INSERT INTO counters (name, value) VALUES (${counter}, 0)
    ON CONFLICT (name) DO UPDATE SET value = counters.value RETURNING value`
  return row?.value ?? 0
}

/** Prepares each statement once: a template's strings are one object for each place in the code. */
function statements(db: Database.Database): Sql {
  const prepared = new WeakMap<TemplateStringsArray, Database.Statement>()
  const ofLists = new Map<string, Database.Statement>()
  return async <Row extends object>(text: TemplateStringsArray, ...values: Value[]): Promise<Row[]> => {
    if (varies(values)) {
      const expanded = expand(text, values, { engine: 'sqlite', placeholder: () => '?' })
      let statement = ofLists.get(expanded.text)
      if (!statement) {
        statement = db.prepare(expanded.text)
        if (ofLists.size < LIST_STATEMENTS) ofLists.set(expanded.text, statement)
      }
      return execute<Row>(statement, expanded.values)
    }
    let statement = prepared.get(text)
    if (!statement) {
      statement = db.prepare(text.join('?'))
      prepared.set(text, statement)
    }
    return execute<Row>(
      statement,
      values.map(value => bindable(value as string)),
    )
  }
}

function execute<Row>(statement: Database.Statement, values: unknown[]): Row[] {
  if (statement.reader) return statement.all(...values) as Row[]
  statement.run(...values)
  return []
}

/**
 * A transaction that waits for the network or a timer would hold the only writer meanwhile. Statements resolve within
 * the turn of the event loop that began the transaction, so an immediate that fires before the end catches any other.
 */
function alarmWhenTurnEnds(): { check(): void; clear(): void } {
  let ended = false
  const immediate = setImmediate(() => {
    ended = true
  })
  return {
    check() {
      if (ended) throw new Error('A transaction waited for something that is no statement; do that before or after it.')
    },
    clear: () => clearImmediate(immediate),
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
  return new DeskError('temporary', `The database cannot be written just now (${code}): free space or wait.`, {
    cause: error,
  })
}
