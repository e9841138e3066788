// Writes and restores backups.
import { createHash, randomUUID } from 'node:crypto'
import { createReadStream, createWriteStream, existsSync } from 'node:fs'
import { link, mkdir, open, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { extract, type Header, type Pack, pack } from 'tar-stream'
import { syncPath } from '../../content.ts'
import { codeOf, DeskError, sentenceOf } from '../../errors.ts'
import { PRIVATE_FILE, rightsAt } from '../../rights.ts'
import { largeBlobs } from '../../store/blobs.ts'
import { databaseFault } from '../../store/engine/database-fault.ts'
import { openSqlite } from '../../store/engine/sqlite.ts'
import { takeStateFolder } from '../../store/engine/state-folder.ts'
import { DATABASE_FILE } from '../../store/engine/store.ts'
import { LARGE_FILES } from '../../store/files.ts'
import type { Context } from '../context.ts'

const MANIFEST = 'manifest.json'
const FORMAT = 1

interface Manifest {
  format: typeof FORMAT
  at: string
  /** SHA-256 of each file in the archive as it lies there. */
  digests: Record<string, string>
}

/**
 * Writes a tar archive: the database as it is at one moment, the large files it names, and last the digests of all. The
 * desk goes on meanwhile; large files are never changed once written. Rejects if `target` exists.
 */
export async function backup(context: Context, target: string): Promise<{ files: number; bytes: number }> {
  if (existsSync(target)) throw new DeskError('usage', `${target} already exists: choose another name.`)
  const snapshot = await context.files.spoolPath()
  // A name of its own: neither what a killed backup left nor one that runs beside may be in the way.
  const unfinished = `${target}.${process.pid}-${randomUUID().slice(0, 8)}.unfinished`
  try {
    await context.store.snapshot(snapshot)
    const copy = await openSqlite(snapshot)
    const large = await largeBlobs(copy.read)
    await copy.close()
    const archive = pack()
    const written = pipeline(archive, createWriteStream(unfinished, { flags: 'wx', mode: PRIVATE_FILE }))
    const digests: Record<string, string> = {}
    const fill = async () => {
      digests[DATABASE_FILE] = await addFile(archive, DATABASE_FILE, snapshot)
      for (const { sha256, encoding } of large) {
        const name = context.files.nameOf(sha256, encoding)
        digests[`files/${name}`] = await addFile(archive, `files/${name}`, join(context.files.folder, name))
      }
      const manifest: Manifest = { format: FORMAT, at: context.clock.now().toISOString(), digests }
      archive.entry({ name: MANIFEST, mode: PRIVATE_FILE }, JSON.stringify(manifest, null, 1))
      archive.finalize()
    }
    await Promise.all([fill().catch(error => archive.destroy(error as Error)), written])
    await syncPath(unfinished)
    await link(unfinished, target) // unlike a rename, this refuses a target that has come up meanwhile
    await syncPath(dirname(target))
    return { files: large.length, bytes: (await stat(target)).size }
  } catch (error) {
    if (error instanceof DeskError) throw error
    if (codeOf(error) === 'EEXIST') throw new DeskError('usage', `${target} already exists: choose another name.`)
    throw new DeskError('unavailable', `The backup was not written: ${sentenceOf(error)}.`, { cause: error })
  } finally {
    await rm(unfinished, { force: true })
    for (const ending of ['', '-wal', '-shm']) await rm(`${snapshot}${ending}`, { force: true })
  }
}

async function addFile(archive: Pack, name: string, path: string): Promise<string> {
  const digest = createHash('sha256')
  const { size } = await stat(path)
  const entry = archive.entry({ name, size, mode: PRIVATE_FILE })
  const source = createReadStream(path)
  source.on('data', chunk => digest.update(chunk))
  await pipeline(source, entry)
  return digest.digest('hex')
}

/** Unpacks a backup into a state folder without a desk, and checks every digest before it counts. */
export async function restore(archive: string, stateFolder: string): Promise<{ files: number }> {
  if (!existsSync(archive)) throw new DeskError('no-input', `There is no file ${archive}.`)
  if (existsSync(join(stateFolder, DATABASE_FILE))) {
    throw new DeskError('usage', `${stateFolder} already holds a desk: choose another folder with --state.`)
  }
  await takeStateFolder(stateFolder)
  const digests: Record<string, string> = {}
  let manifest: Manifest | undefined
  try {
    const reader = extract()
    const reading = pipeline(createReadStream(archive), reader)
    reading.catch(() => undefined) // awaited below; the loop may throw before
    for await (const entry of reader) {
      if (entry.header.name === MANIFEST)
        manifest = JSON.parse(await textOf(entry as AsyncIterable<Uint8Array>)) as Manifest
      else digests[entry.header.name] = await unpackFile(entry as AsyncIterable<Uint8Array>, entry.header, stateFolder)
    }
    await reading
  } catch (error) {
    if (error instanceof DeskError) throw error
    throw new DeskError('unavailable', `${archive} cannot be unpacked: ${sentenceOf(error)}.`, { cause: error })
  }
  if (manifest?.format !== FORMAT || !manifest.digests?.[DATABASE_FILE])
    throw new DeskError('unsound', `${archive} is not a complete Relaydesk backup: use another one.`)
  for (const [name, digest] of Object.entries(manifest.digests)) {
    if (digests[name] !== digest)
      throw new DeskError('unsound', `${archive}: ${name} is damaged or missing: use another backup.`)
  }
  const unpacked = join(stateFolder, `${DATABASE_FILE}.unfinished`)
  const fault = await databaseFault(unpacked)
  if (fault) throw new DeskError('unsound', `${archive}: its database ${fault}.`)
  // What an earlier database left here would be read as part of this one.
  for (const ending of ['-wal', '-shm']) await rm(join(stateFolder, `${DATABASE_FILE}${ending}`), { force: true })
  // The database gets its name last, so that a restore that broke off leaves no desk behind.
  await rename(unpacked, join(stateFolder, DATABASE_FILE))
  await syncPath(stateFolder)
  return { files: Object.keys(manifest.digests).length - 1 }
}

const KNOWN_NAME = /^files\/[0-9a-f]{2}\/[0-9a-f]{64}(\.zst)?$/

async function unpackFile(
  source: AsyncIterable<Uint8Array>,
  { name, type }: Header,
  stateFolder: string,
): Promise<string> {
  if (type !== 'file' || (name !== DATABASE_FILE && !KNOWN_NAME.test(name))) {
    throw new DeskError(
      'unsound',
      `The archive contains "${name}", which does not belong in a Relaydesk backup: use another one.`,
    )
  }
  const path = join(stateFolder, name === DATABASE_FILE ? `${DATABASE_FILE}.unfinished` : name)
  const rights = await rightsAt(name === DATABASE_FILE ? stateFolder : join(stateFolder, LARGE_FILES), stateFolder)
  await mkdir(dirname(path), { recursive: true, mode: rights.folder })
  const digest = createHash('sha256')
  const file = await open(path, 'w', rights.file)
  try {
    for await (const chunk of source) {
      digest.update(chunk)
      await file.writeFile(chunk)
    }
    await file.sync()
  } finally {
    await file.close()
  }
  return digest.digest('hex')
}

async function textOf(source: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = []
  for await (const chunk of source) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}
