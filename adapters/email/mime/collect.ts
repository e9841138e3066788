// Gathers the bytes of a part, in a file if there are many.
import { type FileHandle, open, readdir, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { Readable } from 'node:stream'
import type { Content } from '../../../src/channel/message.ts'
import { pack, packFile } from '../../../src/content.ts'
import { PRIVATE_FILE } from '../../../src/rights.ts'

/** More than this goes to a spool file while it is read. */
export const IN_MEMORY = 1024 * 1024

export type Collected = { bytes: Buffer } | { path: string; size: number }

/** Counts bytes that several streams keep in memory. */
export interface Tally {
  /** Whether so many more may be kept; then they are counted. */
  keep(bytes: number): boolean
  /** All that was counted for one stream is in memory no more. */
  letGo(): void
}

/**
 * Reads a stream to its end, in bounded memory: what gets large goes to a file at `path`, and so does all where a tally
 * says that there is enough in memory. Of more than `limit` bytes nothing is kept, and the stream is read to its end all
 * the same.
 */
export async function spool(
  stream: Readable,
  path: string,
  limit: number,
  tally?: Tally,
): Promise<Collected | 'too-large'> {
  let chunks: Buffer[] = []
  let size = 0
  let file: FileHandle | undefined
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      size += chunk.length
      if (size > limit) {
        chunks = []
        continue
      }
      chunks.push(chunk)
      if (!file && size <= IN_MEMORY && (tally?.keep(chunk.length) ?? true)) continue
      file ??= await open(path, 'wx', PRIVATE_FILE)
      await file.writeFile(Buffer.concat(chunks))
      chunks = []
      tally?.letGo()
    }
    if (!file) return size > limit ? 'too-large' : { bytes: Buffer.concat(chunks) }
    await file.writeFile(Buffer.concat(chunks))
    await file.close()
    if (size <= limit) return { path, size }
    await rm(path, { force: true })
    return 'too-large'
  } catch (error) {
    await file?.close().catch(() => undefined)
    await rm(path, { force: true })
    throw error
  }
}

const START = 64 * 1024

/** A stream that was read to its end: as it came, not packed yet. */
export interface Gathered {
  collected: Collected
  /** All of its bytes, or the first ones of what is in a file. */
  start: Buffer
}

/** The same without a limit. */
export async function gather(stream: Readable, path: string): Promise<Gathered> {
  const collected = await spool(stream, path, Number.POSITIVE_INFINITY)
  if (collected === 'too-large') throw new RangeError('a stream longer than infinity')
  if ('bytes' in collected) return { collected, start: collected.bytes }
  const file = await open(collected.path)
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(START), 0, START, 0)
    return { collected, start: buffer.subarray(0, bytesRead) }
  } finally {
    await file.close()
  }
}

/** Ready to be stored. */
export async function packed(collected: Collected): Promise<Content> {
  return 'bytes' in collected ? pack(collected.bytes) : packFile(collected.path)
}

/** Removes the files that were collected under names which begin with `prefix`, and what came of them. */
export async function removeCollected(prefix: string): Promise<void> {
  const folder = dirname(prefix)
  const names = await readdir(folder).catch(() => [])
  const made = names.filter(name => name.startsWith(`${basename(prefix)}-`))
  await Promise.all(made.map(name => rm(join(folder, name), { force: true })))
}
