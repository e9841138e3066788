import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises'
import { hostname } from 'node:os'
import { dirname, join } from 'node:path'
import type { Content } from '../channel.ts'
import { LARGE, syncPath } from '../content.ts'

/** This machine and this process, as the names of spool files tell them; a process id alone may come again. */
const MACHINE = hostname().replace(/[^A-Za-z0-9-]/g, '-')
const PROCESS = randomUUID().slice(0, 8)

/** Content too large for the database: one file for each digest, written and synced before it is named anywhere. */
export class LargeFiles {
  readonly folder: string
  readonly #spool: string
  readonly #made = new Set<string>()

  constructor(stateFolder: string) {
    this.folder = join(stateFolder, 'files')
    this.#spool = join(stateFolder, 'spool')
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
    await this.#makeFolder(this.#spool)
    return join(this.#spool, `${MACHINE}.${process.pid}.${PROCESS}.${randomUUID()}`)
  }

  /** Makes large content durable. Content that belongs in the database is left alone. */
  async keep(content: Content): Promise<void> {
    if (!isLarge(content)) return
    const target = join(this.folder, this.nameOf(content.sha256, content.encoding))
    const folder = dirname(target)
    if (!existsSync(target)) {
      const path = 'path' in content ? content.path : await this.#write(content.bytes)
      await syncPath(path)
      await this.#makeFolder(folder)
      await rename(path, target)
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
    const handle = await open(path, 'wx')
    try {
      await handle.writeFile(bytes)
    } finally {
      await handle.close()
    }
    return path
  }

  async #makeFolder(folder: string): Promise<void> {
    if (this.#made.has(folder)) return
    const first = await mkdir(folder, { recursive: true })
    // Each folder that is new is an entry of the one above it.
    for (let made = folder; first && made.length >= first.length; made = dirname(made)) await syncPath(dirname(made))
    this.#made.add(folder)
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
