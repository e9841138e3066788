// Large contents, each a file of its own.
import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { chmod, mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises'
import { hostname } from 'node:os'
import { dirname, join } from 'node:path'
import type { Content } from '../channel/message.ts'
import { LARGE, syncPath } from '../content.ts'
import { codeOf } from '../errors.ts'
import { copyPrivately, PRIVATE_FILE, PRIVATE_FOLDER, rightsAt } from '../rights.ts'

/** What it is called below the state folder. */
export const LARGE_FILES = 'files'
export const SPOOL = 'spool'

/** This machine and this process, as the names of spool files tell them; a process id alone may come again. */
const MACHINE = hostname().replace(/[^A-Za-z0-9-]/g, '-')
const PROCESS = randomUUID().slice(0, 8)

/** Content too large for the database: one file for each digest, written and synced before it is named anywhere. */
export class LargeFiles {
  readonly folder: string
  readonly #stateFolder: string
  readonly #spool: string
  readonly #made = new Set<string>()

  constructor(stateFolder: string) {
    this.#stateFolder = stateFolder
    this.folder = join(stateFolder, LARGE_FILES)
    this.#spool = join(stateFolder, SPOOL)
  }

  /** Path below `folder`: the digest is of the unpacked bytes, the ending says how they are packed. */
  nameOf(sha256: string, encoding: string): string {
    return join(sha256.slice(0, 2), encoding === 'zstd' ? `${sha256}.zst` : sha256)
  }

  /**
   * A place for a file in the making, on the same file system. Named after this machine and process, so that what a
   * dead one left behind can be told, also where several machines share the folder.
   */
  async spoolPath(): Promise<string> {
    await this.#makeFolder(this.#spool, PRIVATE_FOLDER)
    return join(this.#spool, `${MACHINE}.${process.pid}.${PROCESS}.${randomUUID()}`)
  }

  /** Makes large content durable. Content that belongs in the database is left alone. */
  async keep(content: Content): Promise<void> {
    if (!isLarge(content)) return
    const target = join(this.folder, this.nameOf(content.sha256, content.encoding))
    const folder = dirname(target)
    if (!existsSync(target)) {
      const path = 'path' in content ? content.path : await this.#write(content.bytes)
      const rights = await rightsAt(this.folder, this.#stateFolder)
      await this.#makeFolder(folder, rights.folder)
      await move(path, target, rights.file)
    } else if ('path' in content) {
      await rm(content.path, { force: true })
    }
    await syncPath(folder)
  }

  read(sha256: string, encoding: string): Promise<Uint8Array> {
    return readFile(join(this.folder, this.nameOf(sha256, encoding)))
  }

  /** Removes what processes of this machine that are gone left in the spool. Nothing in it was acknowledged. */
  async sweepSpool(): Promise<void> {
    for (const name of await readdir(this.#spool).catch(() => [])) {
      const [machine, pid, instance] = name.split('.')
      const alive = instance === PROCESS || (Number(pid) !== process.pid && isAlive(Number(pid)))
      if (machine === MACHINE && !alive) await rm(join(this.#spool, name), { force: true, recursive: true })
    }
  }

  async #write(bytes: Uint8Array): Promise<string> {
    const path = await this.spoolPath()
    const handle = await open(path, 'wx', PRIVATE_FILE)
    try {
      await handle.writeFile(bytes)
    } finally {
      await handle.close()
    }
    return path
  }

  async #makeFolder(folder: string, mode: number): Promise<void> {
    if (this.#made.has(folder)) return
    const first = await mkdir(folder, { recursive: true, mode })
    if (first) await chmod(folder, mode) // the umask has no say
    // Each folder that is new is an entry of the one above it.
    for (let made = folder; first && made.length >= first.length; made = dirname(made)) await syncPath(dirname(made))
    this.#made.add(folder)
  }
}

/** Moves a file durably, also to another file system, where it gets its name once it is whole. */
async function move(from: string, to: string, mode: number): Promise<void> {
  await chmod(from, mode)
  await syncPath(from)
  try {
    await rename(from, to)
  } catch (error) {
    if (codeOf(error) !== 'EXDEV') throw error
    const copy = `${to}.${randomUUID()}`
    await copyPrivately(from, copy)
    await chmod(copy, mode)
    await syncPath(copy)
    await rename(copy, to)
    await rm(from)
  }
}

export function isLarge(content: Content): boolean {
  return 'path' in content || content.bytes.length > LARGE
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
