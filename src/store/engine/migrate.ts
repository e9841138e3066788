// Brings a database to the newest version.
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

import { DeskError } from '../../errors.ts'
import { packagePath } from '../../package.ts'

/** What an engine must do to be migrated. */
export interface Migratable {
  readonly engine: 'sqlite' | 'postgres'
  /** Runs `work` alone and in one transaction: a second process that starts meanwhile waits, then finds nothing to do. */
  exclusively(work: () => Promise<void>): Promise<void>
  version(): Promise<number>
  /** Runs a script of several statements. */
  script(text: string): Promise<void>
  setVersion(version: number): Promise<void>
}

const FOLDER = packagePath('src/store/migrations')

/** The scripts in order of their versions. */
async function scriptNames(folder: string): Promise<string[]> {
  return (await readdir(folder)).filter(name => /^\d{3}\..*sql$/.test(name)).sort()
}

function versionOf(name: string | undefined): number {
  return Number(name?.slice(0, 3) ?? 0)
}

/** The version of the databases that this program makes. */
export async function newestVersion(folder = FOLDER): Promise<number> {
  return versionOf((await scriptNames(folder)).at(-1))
}

/** Brings the database to the newest version; forward only. Refuses one that is newer than this program. */
export async function migrate(database: Migratable, folder = FOLDER): Promise<void> {
  const numbered = await scriptNames(folder)
  const newest = versionOf(numbered.at(-1))
  // Read first: nothing but statements may be waited for while the database is kept for ourselves.
  const scripts = new Map<string, string>()
  for (const name of numbered) scripts.set(name, await readFile(join(folder, name), 'utf8'))
  await database.exclusively(async () => {
    const current = await database.version()
    if (current > newest) {
      throw new DeskError(
        'config',
        `This database has version ${current}, but this Relaydesk only knows versions up to ${newest}: run the newer Relaydesk that wrote it.`,
      )
    }
    for (let version = current + 1; version <= newest; version += 1) {
      const prefix = String(version).padStart(3, '0')
      for (const name of [`${prefix}.sql`, `${prefix}.${database.engine}.sql`]) {
        const script = scripts.get(name)
        if (script !== undefined) await database.script(script)
      }
      await database.setVersion(version)
    }
  })
}
