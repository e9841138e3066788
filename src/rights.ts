/** Who may read a file that the program makes: this user alone, whatever the umask leaves. */
import { chmod, copyFile, realpath, stat } from 'node:fs/promises'
import { dirname, join, relative, sep } from 'node:path'

export const PRIVATE_FILE = 0o600
export const PRIVATE_FOLDER = 0o700

/** What is made in a place gets these modes. */
export interface Rights {
  file: number
  folder: number
  /** Whether the place lies outside the state folder, and keeps the rights that it has. */
  shared: boolean
}

/** What lies below the state folder is this user's alone, and what is made anew; elsewhere it is for those for whom its folder is. */
export async function rightsAt(folder: string, stateFolder: string): Promise<Rights> {
  const way = relative(await whereItLeads(stateFolder), await whereItLeads(folder))
  const shared = way === '..' || way.startsWith(`..${sep}`)
  if (!shared) return { file: PRIVATE_FILE, folder: PRIVATE_FOLDER, shared }
  const mode = (await stat(folder).catch(() => undefined))?.mode ?? PRIVATE_FOLDER
  return { file: mode & 0o666, folder: mode & 0o2777, shared }
}

/** The path without links, also of what is not there yet. */
async function whereItLeads(path: string): Promise<string> {
  const real = await realpath(path).catch(() => undefined)
  if (real !== undefined || dirname(path) === path) return real ?? path
  return join(await whereItLeads(dirname(path)), path.slice(dirname(path).length))
}

/** Copies a file for this user alone; a copy has the rights of what it was made from otherwise. */
export async function copyPrivately(from: string, to: string, flags?: number): Promise<void> {
  await copyFile(from, to, flags)
  await chmod(to, PRIVATE_FILE)
}
