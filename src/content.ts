// Packs contents, and names them by their digest.
import { createHash, hash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { open, rename, rm, stat } from 'node:fs/promises'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { constants, createZstdCompress, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import type { Content } from './channel/message.ts'
import { PRIVATE_FILE } from './rights.ts'

/** Packed content above this many bytes lives in a file of its own instead of the database. */
export const LARGE = 256 * 1024

const LEVEL = { params: { [constants.ZSTD_c_compressionLevel]: 1 } }
const WORTH = 0.9 // packed must be smaller than this share, or it stays as it is
const TOO_SMALL = 256

export function sha256(bytes: Uint8Array | string): string {
  return hash('sha256', bytes)
}

/** Names bytes by their digest and packs them where that helps. */
export function pack(bytes: Uint8Array): Content {
  const named = { sha256: sha256(bytes), size: bytes.length }
  if (bytes.length >= TOO_SMALL) {
    const packed = zstdCompressSync(bytes, { ...LEVEL, pledgedSrcSize: bytes.length, chunkSize: bytes.length })
    if (packed.length < bytes.length * WORTH) return { ...named, encoding: 'zstd', bytes: copyIfPart(packed) }
  }
  return { ...named, encoding: 'identity', bytes: copyIfPart(bytes) }
}

/** Without the larger buffer that it may be a part of, which would be kept, and sent between threads, with it. */
function copyIfPart(bytes: Uint8Array): Uint8Array {
  return bytes.byteLength === bytes.buffer.byteLength ? bytes : new Uint8Array(bytes)
}

/** The same for a spool file, in constant memory. The file is replaced by its packed form if that is smaller. */
export async function packFile(path: string): Promise<Content> {
  const digest = createHash('sha256')
  const packedPath = `${path}.zst`
  let size = 0
  const tap = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      digest.update(chunk)
      size += chunk.length
      done(null, chunk)
    },
  })
  await pipeline(
    createReadStream(path),
    tap,
    createZstdCompress(LEVEL),
    createWriteStream(packedPath, { mode: PRIVATE_FILE }),
  )
  const named = { sha256: digest.digest('hex'), size }
  const packedSize = (await stat(packedPath)).size
  if (packedSize < size * WORTH) {
    await rename(packedPath, path)
    return { ...named, encoding: 'zstd', path, packedSize }
  }
  await rm(packedPath)
  return { ...named, encoding: 'identity', path, packedSize: size }
}

export function unpack(encoding: string, packed: Uint8Array): Uint8Array {
  return encoding === 'zstd' ? zstdDecompressSync(packed) : packed
}

/** Makes what was written to a file, or the names in a folder, survive a power cut. */
export async function syncPath(path: string): Promise<void> {
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
