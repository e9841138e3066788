// Contents by their digest.
import type { Content } from '../channel/message.ts'
import { unpack } from '../content.ts'
import { DeskError } from '../errors.ts'
import type { Sql, Tx } from './engine/sql.ts'
import { isLarge, type LargeFiles } from './files.ts'

/** Names content in the database, small content with its bytes; large content must have been kept before. */
export async function saveBlob(tx: Tx, content: Content): Promise<void> {
  const data = isLarge(content) || !('bytes' in content) ? null : content.bytes
  await tx`
    INSERT INTO blobs (sha256, size, encoding, data) VALUES (${content.sha256}, ${content.size}, ${content.encoding}, ${data})
    ON CONFLICT (sha256) DO NOTHING`
}

export interface Blob {
  sha256: string
  size: number
  encoding: string
  data: Uint8Array | null
}

/** The bytes as they came. */
export async function readBlob(sql: Sql, files: LargeFiles, sha256: string): Promise<Uint8Array> {
  const [blob] = await sql<Blob>`SELECT sha256, size, encoding, data FROM blobs WHERE sha256 = ${sha256}`
  if (!blob) throw new DeskError('unsound', `Content ${sha256} is named and not stored.`)
  return unpack(blob.encoding, blob.data ?? (await files.read(sha256, blob.encoding)))
}

export async function blobsAfter(sql: Sql, sha256: string, limit: number): Promise<Blob[]> {
  return sql<Blob>`SELECT sha256, size, encoding, data FROM blobs WHERE sha256 > ${sha256} ORDER BY sha256 LIMIT ${limit}`
}

/** What lies in files of its own. */
export async function largeBlobs(sql: Sql): Promise<{ sha256: string; encoding: string }[]> {
  return sql`SELECT sha256, encoding FROM blobs WHERE data IS NULL ORDER BY sha256`
}
