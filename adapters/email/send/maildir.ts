// Writes mail into a Maildir.
import { constants } from 'node:fs'
import { access, chmod, mkdir, open, readdir, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { syncPath } from '../../../src/content.ts'
import { type Rights, rightsAt } from '../../../src/rights.ts'

/** A Maildir (https://cr.yp.to/proto/maildir.html): any mail program can look into it. */
export class Maildir {
  readonly folder: string
  readonly #stateFolder: string
  #rights: Rights | undefined

  /** Below the state folder it is this user's alone; elsewhere it keeps the rights that it has. */
  constructor(folder: string, stateFolder: string) {
    this.folder = folder
    this.#stateFolder = stateFolder
  }

  /** Makes what is missing. Gives the rights of what is put into it. */
  async prepare(): Promise<Rights> {
    const rights = this.#rights ?? (await rightsAt(this.folder, this.#stateFolder))
    for (const part of ['', 'tmp', 'new', 'cur']) {
      const path = join(this.folder, part)
      await mkdir(path, { recursive: true, mode: rights.folder })
      if (!this.#rights && !rights.shared) await chmod(path, rights.folder) // it may have been made by another umask
    }
    await access(join(this.folder, 'tmp'), constants.W_OK)
    this.#rights = rights
    return rights
  }

  /** Delivers a message durably. The same `id` replaces what a former attempt delivered. */
  async deliver(id: string, message: Uint8Array): Promise<void> {
    const rights = await this.prepare()
    const name = `${id}.relaydesk`
    const file = await open(join(this.folder, 'tmp', name), 'w', rights.file)
    try {
      await file.writeFile(message)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(join(this.folder, 'tmp', name), join(this.folder, 'new', name))
    await syncPath(join(this.folder, 'new'))
  }

  /** Messages in it, oldest first. */
  async read(): Promise<Buffer[]> {
    const files: { name: string; path: string }[] = []
    for (const part of ['cur', 'new']) {
      const names = await readdir(join(this.folder, part)).catch(() => [])
      files.push(...names.map(name => ({ name, path: join(this.folder, part, name) })))
    }
    files.sort((a, b) => (a.name < b.name ? -1 : 1))
    return Promise.all(files.map(file => readFile(file.path)))
  }
}
