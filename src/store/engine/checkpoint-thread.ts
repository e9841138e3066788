// The program of the thread that `LogKeeper` starts: at each message it brings SQLite's log into the database, as far as
// nobody reads what lies there yet, while others write on, and says when it is done.
import { parentPort, workerData } from 'node:worker_threads'
import Database from 'better-sqlite3'

const ROUNDS = 5 // each finds what was written during the one before

const { path, rest } = workerData as { path: string; rest: number }

parentPort?.on('message', () => {
  const db = new Database(path, { fileMustExist: true })
  try {
    let remaining = Number.POSITIVE_INFINITY
    for (let round = 0; round < ROUNDS && remaining > rest; round += 1) {
      db.pragma('wal_checkpoint(PASSIVE)')
      const [state] = db.pragma('wal_checkpoint(NOOP)') as { log: number; checkpointed: number }[]
      remaining = (state?.log ?? 0) - (state?.checkpointed ?? 0)
    }
  } finally {
    db.close()
  }
  parentPort?.postMessage(null)
})
