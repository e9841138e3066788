// Tells whether a file that somebody brings along is a database of ours, before it takes the place of one.
import Database from 'better-sqlite3'
import { sentenceOf } from '../../errors.ts'
import { newestVersion } from './migrate.ts'

const TABLES = ['arrivals', 'blobs', 'counters', 'events', 'messages', 'outbox', 'people', 'tickets']

/** What is wrong with it, as what follows on "its database"; undefined if nothing is. Closes it again. */
export async function databaseFault(file: string): Promise<string | undefined> {
  const newest = await newestVersion()
  let db: Database.Database | undefined
  try {
    db = new Database(file, { fileMustExist: true })
    const version = db.pragma('user_version', { simple: true }) as number
    const tables = new Set(db.prepare(`SELECT name FROM sqlite_master WHERE type = 'table'`).pluck().all())
    if (version < 1 || TABLES.some(name => !tables.has(name))) return 'is not a Relaydesk database'
    if (version > newest)
      return `has version ${version}, but this Relaydesk only knows versions up to ${newest}: use a newer Relaydesk`
    const found = db.pragma('quick_check(1)', { simple: true })
    return found === 'ok' ? undefined : 'is damaged'
  } catch (error) {
    return `cannot be read (${sentenceOf(error)})`
  } finally {
    db?.close()
  }
}
