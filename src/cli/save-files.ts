// Writes the files of a ticket into a folder.
import { mkdir, open, readdir } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { nameKey, nameToSave } from '../core/text/file-danger.ts'
import { parseReference } from '../core/ticket/reference.ts'
import { codeOf, DeskError, sentenceOf } from '../errors.ts'
import type { OpenDesk } from '../main.ts'
import { PRIVATE_FILE, PRIVATE_FOLDER } from '../rights.ts'
import { readBlob } from '../store/blobs.ts'
import { attachmentsOf, messagesOf } from '../store/messages.ts'
import { ticketIdByNumber } from '../store/tickets.ts'

const MOST_OF_ONE_NAME = 1_000

/** Writes the files of a ticket into a folder, under names that are safe everywhere; nothing there is overwritten. */
export async function saveFiles({ context }: OpenDesk, reference: string, folder: string): Promise<string[]> {
  const { store, files, desks } = context
  const prefixes = desks.map(desk => desk.prefix)
  const number = parseReference(reference, prefixes)
  const ticketId = number === null ? undefined : await ticketIdByNumber(store.read, number)
  if (!ticketId) throw new DeskError('not-found', `There is no ticket ${reference}: list shows those there are.`)
  await mkdir(folder, { recursive: true, mode: PRIVATE_FOLDER })
  const taken = new Set((await readdir(folder)).map(nameKey))
  const saved: string[] = []
  for (const message of await messagesOf(store.read, ticketId)) {
    for (const { name, sha256 } of await attachmentsOf(store.read, message.id)) {
      const bytes = await readBlob(store.read, files, sha256)
      saved.push(await write(folder, nameToSave(name) || 'file', bytes, taken).catch(sentenceOf))
    }
  }
  return saved
}

/** `taken` holds the keys of the names in the folder. */
async function write(folder: string, name: string, bytes: Uint8Array, taken: Set<string>): Promise<string> {
  const ending = extname(name)
  const stem = name.slice(0, name.length - ending.length)
  for (let count = 1; count <= MOST_OF_ONE_NAME; count += 1) {
    const free = count === 1 ? name : `${stem} (${count})${ending}`
    if (taken.has(nameKey(free))) continue
    taken.add(nameKey(free))
    const path = join(folder, free)
    const file = await open(path, 'wx', PRIVATE_FILE).catch(error => {
      if (codeOf(error) === 'EEXIST') return undefined
      throw new DeskError('unavailable', `${path} cannot be written: ${codeOf(error)}.`)
    })
    if (!file) continue
    try {
      await file.writeFile(bytes)
    } finally {
      await file.close()
    }
    return path
  }
  throw new DeskError('conflict', `${folder} has too many files called ${name}: name another folder.`)
}
