import { constants } from 'node:fs'
import { access, mkdir, open, readdir, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { syncPath } from '../../src/content.ts'

/** A Maildir (https://cr.yp.to/proto/maildir.html): any mail program can look into it. */
export class Maildir {
  readonly folder: string

  constructor(folder: string) {
    this.folder = folder
  }

  async prepare(): Promise<void> {
    for (const part of ['tmp', 'new', 'cur']) await mkdir(join(this.folder, part), { recursive: true })
    await access(join(this.folder, 'tmp'), constants.W_OK)
  }

  /** Delivers a message durably. The same `id` replaces what a former attempt delivered. */
  async deliver(id: string, message: Uint8Array): Promise<void> {
    await this.prepare()
    const name = `${id}.relaydesk`
    const file = await open(join(this.folder, 'tmp', name), 'w')
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
