// Opens the store that the configuration names.
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { codeOf, DeskError } from '../../errors.ts'
import { PRIVATE_FOLDER } from '../../rights.ts'
import { type Migratable, migrate } from './migrate.ts'
import type { Store } from './sql.ts'
import { asDeskError, openSqlite } from './sqlite.ts'

export const DATABASE_FILE = 'relaydesk.db'

/**
 * Opens the database, made and migrated if need be. `database` is `sqlite` (a file in the state folder) or a
 * `postgres://` address. Rejects with a `DeskError` that says what to mend.
 */
export async function openStore(database: string, stateFolder: string): Promise<Store> {
  const store = database === 'sqlite' ? await openFile(stateFolder) : await openServer(database)
  try {
    await migrate(store.migratable)
  } catch (error) {
    await store.close()
    throw error
  }
  return store
}

/** Its client is loaded where there is a server. */
async function openServer(address: string): Promise<Store & { migratable: Migratable }> {
  const { openPostgres } = await import('./postgres.ts')
  return openPostgres(address)
}

/** What only a change of the configuration or of rights can mend; whatever else is in the way may go away by itself. */
const FOLDER_FAULTS = new Set([
  'EACCES',
  'EPERM',
  'EROFS',
  'ENOENT',
  'ENOTDIR',
  'EEXIST',
  'SQLITE_READONLY',
  'SQLITE_CANTOPEN',
])

async function openFile(folder: string): ReturnType<typeof openSqlite> {
  const file = join(folder, DATABASE_FILE)
  try {
    await mkdir(folder, { recursive: true, mode: PRIVATE_FOLDER })
    return await openSqlite(file)
  } catch (error) {
    const code = codeOf(error)
    if (code === 'SQLITE_NOTADB') {
      throw new DeskError('config', `${file} is not a Relaydesk database: choose another state folder.`)
    }
    if (FOLDER_FAULTS.has(code)) {
      const sentence = `state: the folder ${folder} cannot be written (${code}): give this user the right to, or choose another.`
      throw new DeskError('config', sentence, { cause: error })
    }
    if (/^E(NOSPC|DQUOT|MFILE|NFILE|IO|FBIG)$/.test(code)) {
      throw new DeskError(
        'temporary',
        `Nothing can be written to the folder ${folder} at the moment (${code}): free some space.`,
        {
          cause: error,
        },
      )
    }
    throw asDeskError(error)
  }
}
