// A message as it is stored, to be read again.
import { createReadStream, createWriteStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Content } from '../../../src/channel/message.ts'
import { pack, packFile } from '../../../src/content.ts'
import { PRIVATE_FILE } from '../../../src/rights.ts'
import type { KnownNames } from '../people/mentions.ts'
import type { Person } from '../people/workspace-people.ts'
import type { Fields } from '../text/text-fields.ts'

/** More than this goes to a file while it is read. */
export const IN_MEMORY = 1024 * 1024

/** Bytes in memory, or in a spool file. */
export type FileContent = { bytes: Uint8Array } | { path: string }

export interface DownloadedFile {
  name: string
  type: string
  size: number
  content: FileContent
}

/** A message with all that is needed to read it again without asking Slack. */
export interface StoredMessage {
  kind: 'message'
  /** The workspace of the desk, and what it is called there. */
  team: string
  botUserId: string
  deskName: string
  channel: string
  ts: string
  /** Parent of its thread, or itself. */
  thread: string
  person: Person
  names: KnownNames
  /** Written where agents talk among themselves. */
  internal: boolean
  shared: boolean
  /** In a row with what the same person wrote within so many milliseconds; null: by itself. */
  within: number | null
  /** Those that came along: their bytes follow, in this order. */
  files: { name: string; type: string; size: number }[]
  /** A line about each that stays in Slack. */
  left: string[]
  /** As Slack told it. */
  event: Fields
}

/**
 * The raw form of a message: a line of JSON, then the bytes of its files one after the other. What is large goes through
 * a file, which is the desk's to take; only then a path is asked for.
 */
export async function packStored(
  stored: StoredMessage,
  files: readonly DownloadedFile[],
  newPath: () => Promise<string>,
): Promise<Content> {
  const head = Buffer.from(`${JSON.stringify(stored)}\n`)
  const size = files.reduce((sum, each) => sum + each.size, head.length)
  if (size <= IN_MEMORY) return pack(Buffer.concat([head, ...files.map(each => bytesOf(each.content))]))
  const path = await newPath()
  try {
    await pipeline(Readable.from(chunksOf(head, files)), createWriteStream(path, { flags: 'wx', mode: PRIVATE_FILE }))
    return await packFile(path)
  } catch (error) {
    await rm(path, { force: true })
    throw error
  }
}

/** Undefined for what is no message in this form. */
export function readStored(raw: Uint8Array): { stored: StoredMessage; contents: Content[] } | undefined {
  const bytes = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength)
  const end = bytes.indexOf(10)
  const stored = headOf(bytes.subarray(0, end < 0 ? bytes.length : end))
  if (!stored) return undefined
  let from = end + 1
  const contents = stored.files.map(({ size }) => {
    const content = pack(bytes.subarray(from, from + size))
    from += size
    return content
  })
  return from === bytes.length ? { stored, contents } : undefined
}

function headOf(line: Buffer): StoredMessage | undefined {
  try {
    const stored = JSON.parse(line.toString()) as StoredMessage
    return stored.kind === 'message' ? stored : undefined
  } catch {
    return undefined
  }
}

/** Only what is small is asked for in one piece, and that is in memory. */
function bytesOf(content: FileContent): Uint8Array {
  return 'bytes' in content ? content.bytes : Buffer.alloc(0)
}

async function* chunksOf(head: Buffer, files: readonly DownloadedFile[]): AsyncGenerator<Uint8Array> {
  yield head
  for (const { content } of files) {
    if ('bytes' in content) yield content.bytes
    else yield* createReadStream(content.path)
  }
}
