/** Whose the state folder is, and that nobody else reads it. */
import { randomUUID } from 'node:crypto'
import type { Stats } from 'node:fs'
import { chmod, lstat, open, readdir, readFile, realpath, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { codeOf, DeskError } from '../../errors.ts'
import { PRIVATE_FILE, PRIVATE_FOLDER } from '../../rights.ts'
import { LARGE_FILES, SPOOL } from '../files.ts'
import { DATABASE_FILE } from './store.ts'

const OTHERS = 0o077
const STICKY = 0o1000 // folders that everybody may write to, such as /tmp

/**
 * Takes the state folder for this user: rejects if it is somebody else's, whose desk would be stopped by files that it
 * may not read, and closes what others can read. Gives a sentence about what was open; undefined if nothing was, or
 * there is no folder yet.
 */
export async function takeStateFolder(folder: string): Promise<string | undefined> {
  const user = process.geteuid?.() // there is none on Windows, nor are there such rights
  const found = await stat(folder).catch(() => undefined)
  if (user === undefined || !found?.isDirectory()) return undefined
  await refuseToOthers(folder, found, user)
  const wasOpen = (found.mode & OTHERS) !== 0
  const closed = !wasOpen || (await closeFolder(folder, found, user))
  const count = await closeContents(await realpath(folder), user)
  if (!closed) {
    const owner = found.uid === user ? '' : `chown ${user} ${folder}; `
    return `state: other users of this machine can open ${folder}, and this user cannot change that: ${owner}chmod 700 ${folder}, or choose another folder.`
  }
  if (!wasOpen && count === 0) return undefined
  return `state: other users of this machine could read ${folder}; from now on only the user who runs the desk can.`
}

/** Folders that others need stay as they are, and some file systems know no rights. */
async function closeFolder(folder: string, { mode }: Stats, user: number): Promise<boolean> {
  if (mode & STICKY || (user === 0 && (await isOfTheSystem(folder)))) return false
  await chmod(folder, mode & PRIVATE_FOLDER).catch(() => undefined)
  return ((await stat(folder)).mode & OTHERS) === 0
}

/** Root may close what the whole machine needs, such as /etc, or /var/lib. */
async function isOfTheSystem(folder: string): Promise<boolean> {
  const path = await realpath(folder)
  if (dirname(path) === '/' || dirname(path) === path) return true
  const inside = await Promise.all((await pathsIn(path)).map(each => lstat(each).catch(() => undefined)))
  return inside.some(each => each !== undefined && each.uid !== 0)
}

/** Closes what a desk keeps below its folder; a link leads to what keeps its own rights. Gives how much was open. */
async function closeContents(folder: string, user: number): Promise<number> {
  const close = (path: string) => closeOwn(path, user)
  let count = 0
  for (const path of await pathsIn(folder)) {
    const name = basename(path)
    if (name.startsWith(DATABASE_FILE)) count += await close(path)
    if (name === SPOOL) count += sum(await Promise.all([path, ...(await pathsIn(path))].map(close)))
    if (name !== LARGE_FILES) continue
    count += await close(path)
    // There may be a million files: a folder that was closed is not looked into.
    for (const part of await pathsIn(path)) {
      if (await close(part)) count += 1 + sum(await Promise.all((await pathsIn(part)).map(close)))
    }
  }
  return count
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((all, each) => all + each, 0)
}

/** None where a link leads elsewhere. */
async function pathsIn(folder: string): Promise<string[]> {
  const found = await lstat(folder).catch(() => undefined)
  const names = found?.isSymbolicLink() ? [] : await readdir(folder).catch(() => [])
  return names.map(name => join(folder, name))
}

/** 1 if others could read it; 0 too if it is somebody else's, or gone. */
async function closeOwn(path: string, user: number): Promise<number> {
  try {
    const found = await lstat(path)
    const mode = found.isDirectory() ? PRIVATE_FOLDER : found.isFile() ? PRIVATE_FILE : undefined
    if (mode === undefined || found.uid !== user || (found.mode & OTHERS) === 0) return 0
    await chmod(path, found.mode & mode)
    return 1
  } catch {
    return 0
  }
}

/** A desk's user is whom its database belongs to; before there is one, whom its folder was made for. */
async function refuseToOthers(folder: string, { uid }: Stats, user: number): Promise<void> {
  const database = await stat(join(folder, DATABASE_FILE)).catch(() => undefined)
  const owner = database?.uid ?? uid
  if (owner === user) return
  const written = await uidOfNewFile(folder)
  if (written === owner || (written === user && !database && uid === 0)) return // root made it for us
  const name = await nameOf(owner)
  throw new DeskError(
    'temporary',
    `state: ${folder} belongs to the user ${name}, who could not read what another user writes there: run this as ${name} (sudo -u '${name}' relaydesk ...), or give the folder to this user (chown -R ${user} ${folder}).`,
  )
}

/** On some file systems everything belongs to one user, whoever writes. */
async function uidOfNewFile(folder: string): Promise<number | undefined> {
  const probe = join(folder, `.${randomUUID()}`)
  try {
    const file = await open(probe, 'wx', PRIVATE_FILE)
    const { uid } = await file.stat().finally(() => file.close())
    await rm(probe, { force: true })
    return uid
  } catch (error) {
    if (/^E(ACCES|PERM)$/.test(codeOf(error))) return undefined
    throw error
  }
}

/** As sudo reads it; the number where the system gives no name. */
async function nameOf(uid: number): Promise<string> {
  const users = await readFile('/etc/passwd', 'utf8').catch(() => '')
  const line = users.split('\n').find(each => each.split(':')[2] === String(uid))
  return line?.split(':')[0] || `#${uid}`
}
