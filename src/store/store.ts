import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { codeOf, DeskError } from '../errors.ts'
import { migrate } from './migrate.ts'
import { openPostgres } from './postgres.ts'
import type { Store } from './sql.ts'
import { openSqlite } from './sqlite.ts'

export const DATABASE_FILE = 'relaydesk.db'

/**
 * Opens the database, made and migrated if need be. `database` is `sqlite` (a file in the state folder) or a
 * `postgres://` address. Rejects with a `DeskError` that says what to mend.
 */
export async function openStore(database: string, stateFolder: string): Promise<Store> {
  const store = database === 'sqlite' ? await openFile(stateFolder) : openPostgres(database)
  try {
    await migrate(store.migratable)
  } catch (error) {
    await store.close()
    throw error
  }
  return store
}

async function openFile(folder: string): Promise<ReturnType<typeof openSqlite>> {
  try {
    await mkdir(folder, { recursive: true })
    return openSqlite(join(folder, DATABASE_FILE))
  } catch (error) {
    if (codeOf(error) === 'SQLITE_NOTADB') {
      throw new DeskError(
        'config',
        `${join(folder, DATABASE_FILE)} is no database of ours: choose another state folder.`,
      )
    }
    throw new DeskError(
      'config',
      `state: the folder ${folder} cannot be written (${codeOf(error)}): give this user the right to, or choose another.`,
      { cause: error },
    )
  }
}
