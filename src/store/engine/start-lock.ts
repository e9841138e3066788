// Keeps a second desk off a state folder: both would deliver the same mail and hold the same ports.
import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { codeOf, DeskError } from '../../errors.ts'
import { PRIVATE_FILE } from '../../rights.ts'
import { DATABASE_FILE } from './store.ts'

const LOCK_FILE = `${DATABASE_FILE}.lock`

/**
 * Holds the folder until the function that it gives is called, or the process ends in whatever way: SQLite locks the
 * file by the operating system. Throws a `DeskError` of code `unavailable` if another process holds it.
 */
export function holdStateFolder(folder: string): () => void {
  const file = join(folder, LOCK_FILE)
  closeSync(openSync(file, 'a', PRIVATE_FILE))
  const lock = new Database(file, { timeout: 0 })
  try {
    lock.pragma('journal_mode = MEMORY') // no file beside it
    lock.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    lock.close()
    if (codeOf(error) !== 'SQLITE_BUSY') throw error
    throw new DeskError(
      'unavailable',
      `Another desk is already running on the state folder ${folder}: stop it first, or choose another folder with --state.`,
      { cause: error },
    )
  }
  return () => lock.close()
}
