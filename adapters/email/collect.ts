import { once } from 'node:events'
import { createWriteStream, type WriteStream } from 'node:fs'
import type { Readable } from 'node:stream'
import type { Content } from '../../src/channel.ts'
import { pack, packFile } from '../../src/content.ts'

/** More than this goes to a spool file while it is read. */
export const IN_MEMORY = 1024 * 1024

export type Collected = { bytes: Buffer } | { path: string; size: number }

/** Reads a stream to its end, in bounded memory: what gets large goes to a file at `path`. */
export async function spool(stream: Readable, path: string): Promise<Collected> {
  let chunks: Buffer[] = []
  let size = 0
  let file: WriteStream | undefined
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    size += chunk.length
    chunks.push(chunk)
    if (size <= IN_MEMORY) continue
    file ??= createWriteStream(path, { flags: 'wx' })
    const together = Buffer.concat(chunks)
    chunks = []
    if (!file.write(together)) await once(file, 'drain')
  }
  if (!file) return { bytes: Buffer.concat(chunks) }
  file.end()
  await once(file, 'finish')
  return { path, size }
}

/** The same, packed; and the first bytes as they came. */
export async function collect(stream: Readable, path: string): Promise<{ content: Content; start: Buffer }> {
  const collected = await spool(stream, path)
  if ('bytes' in collected) return { content: pack(collected.bytes), start: collected.bytes }
  return { content: await packFile(collected.path), start: Buffer.alloc(0) }
}
